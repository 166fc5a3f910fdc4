"""Participants' own ids: kept as they were first typed, compared without what typing changes."""

from __future__ import annotations

import unicodedata

__all__ = ["fold_id", "normalise_id"]

INVISIBLE = {"Cc", "Cf", "Zl", "Zp"}
"""Of Unicode's categories. A line end in an id would be several participants in a list of one per line, and
an escape would be obeyed by the terminal that shows it."""


def normalise_id(text: str) -> str:
    """Return an id in one form: full-width letters as usual ones, no blanks around it, nothing invisible."""
    plain = "".join(letter for letter in text if unicodedata.category(letter) not in INVISIBLE)
    return unicodedata.normalize("NFKC", plain).strip()


def fold_id(text: str) -> str:
    """Return what two writings of one id have in common: `P1` and `p1` are one participant."""
    return unicodedata.normalize("NFKC", normalise_id(text).casefold())
