"""The commands `serve`, `studio`, `export`, `backup` and `forget`."""
