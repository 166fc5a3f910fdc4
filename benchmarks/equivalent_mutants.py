"""Mutants that cannot be told from the original by anything that a user could see, each with the reason."""

from __future__ import annotations

# Module -> "the line as it is | the change" -> reason.
EQUIVALENT: dict[str, dict[str, str]] = {}
