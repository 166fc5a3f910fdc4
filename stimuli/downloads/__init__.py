"""Data sets from elsewhere: where they are, and how an archive is fetched, checked and unpacked."""
