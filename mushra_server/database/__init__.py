"""The database: its schema, and every statement that reads or writes sessions and ratings."""
