"""Numbers as text."""

from __future__ import annotations


def number(value: float, digits: int) -> str:
    """Print a number with a true minus sign, and never a negative zero."""
    text = f"{value:z.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")
