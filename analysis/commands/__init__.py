"""The commands `analyze`, `power`, `metrics` and `companion`."""
