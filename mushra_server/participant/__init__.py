"""The participant's routes, from admission to the last page."""
