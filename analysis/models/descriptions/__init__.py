"""Who listened, and which scores stand out."""
