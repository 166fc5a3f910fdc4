"""What `analysis.models.assumptions` looks at: one file per kind of check, each of which returns rows."""
