"""What `study check` looks at before the first listener does."""
