"""Which of many conditions the study separates: letters, and mean ranks with a critical difference."""
