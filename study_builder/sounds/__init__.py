"""The sounds of a study: found, measured, compared."""
