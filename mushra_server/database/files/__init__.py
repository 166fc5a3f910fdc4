"""The files of an SQLite database: private, whole, and still those that were opened."""
