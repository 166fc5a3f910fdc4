"""From sounds and choices to a study folder."""
