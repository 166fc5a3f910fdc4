"""Numbers as text."""

from __future__ import annotations

import math


def number(value: float, digits: int) -> str:
    """Print a number with a true minus sign, and never a negative zero."""
    text = f"{value:z.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def percent(share: float) -> str:
    """Print a share as a whole percentage, with a space before the sign as SI has it."""
    return f"{100 * share:.0f} %"


def group_digits(number_of: int) -> str:
    """Return a whole number with its thousands apart."""
    return f"{number_of:,}".replace(",", "\u202f")


def p_in_words(p: float) -> str:
    """Return a p value as journals print it."""
    if math.isnan(p):
        return "p not estimable"
    if p < 0.0001:
        return "p < 0.0001"
    return f"p = {p:.4f}" if p < 0.001 else f"p = {p:.3f}" if p < 0.9995 else "p = 1"
