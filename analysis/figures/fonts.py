"""The fonts of the figures: those of the house, and behind them what the machine has for other scripts."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.text import Text

_HOUSE = ["Inter", "Helvetica Neue", "Helvetica", "Arial", "Liberation Sans", "DejaVu Sans"]
_FURTHER = [
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Hiragino Sans", "PingFang SC", "Yu Gothic", "Microsoft YaHei",
    "Malgun Gothic", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "IPAGothic", "NanumGothic",
    "Droid Sans Fallback", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari",
]  # fmt: skip


def settings(salt: str) -> Any:
    """Return matplotlib's settings for writing a figure; the salt fixes the ids in an SVG."""
    return {"svg.fonttype": "none", "svg.hashsalt": salt, "font.sans-serif": _HOUSE}


def dress(figure: Figure) -> None:
    """Take every text as it is written: a dollar starts no formula, and every script gets a font that has it.

    A text keeps the families that it was made with, so that setting them while the figure is saved would be
    too late. Of the further ones only those that are there are named, and not for the bold mark SIMULATED:
    matplotlib warns of families that it does not find, and of weights that they lack.
    """
    installed = {font.name for font in fontManager.ttflist}
    families = ["sans-serif", *(name for name in _FURTHER if name in installed)]
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_parse_math(False)
        if text.get_fontweight() != "bold":
            text.set_fontfamily(families)


@contextmanager
def collect_missing_letters() -> Iterator[list[str]]:
    """Collect matplotlib's warnings of letters that no font has, one a letter; others stay warnings."""
    missing: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield missing
    for one in caught:
        if "missing from" in str(one.message):
            missing.append(str(one.message))
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
