"""One file per method, behind one contract: `base.Explainer`."""
