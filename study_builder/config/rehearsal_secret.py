"""Where a rehearsal finds the secret that lets it start simulated sessions: in the study's own database."""

from __future__ import annotations

# In the table `meta` of the ratings database, drawn by the server at its first start.
REHEARSAL_SECRET = "rehearsal_secret"
