"""Contact sheets of every screen that a participant can see: for looking at, and checked by program."""
