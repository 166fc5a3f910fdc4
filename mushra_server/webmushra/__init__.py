"""webMUSHRA's own client: its wire format, its routes and its CSV files."""
