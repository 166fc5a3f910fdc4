"""The commands `render` and `study`."""
