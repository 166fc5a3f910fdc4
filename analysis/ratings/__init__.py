"""From files of ratings to one tidy frame."""
