"""What makes a kind of training one thing: its record, and the kinds that explain nothing by themselves."""
