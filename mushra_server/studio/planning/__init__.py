"""What a study would be if it were built as chosen, and how many listeners it needs."""
