"""Restricted likelihood of crossed listeners and items: equations, search, degrees of freedom, effects."""
