"""Baselines that need no training: they follow the classifier's gradients."""
