"""Names in figures: how wide they are, shortened if there is no room, in a font that has their letters."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.text import Text

_WIDE, _NARROW = set("mwMW@%‰—…ЖМФШЩЮЫжмшщюыф"), set("fijlrtI !'()*,-./:;[]`{|}·")
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_JOINER = "\u200d"

# The fonts of the house, and behind them what the machine may have for other scripts.
_HOUSE = ["Inter", "Helvetica Neue", "Helvetica", "Arial", "Liberation Sans", "DejaVu Sans"]
_FURTHER = [
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Hiragino Sans", "PingFang SC", "Yu Gothic", "Microsoft YaHei",
    "Malgun Gothic", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "IPAGothic", "NanumGothic",
    "Droid Sans Fallback", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari",
]  # fmt: skip


def ems(text: str) -> float:
    """Estimate how wide a text is, in ems, the same on every machine.

    No letter of the usual fonts is much wider than estimated here (DejaVu Sans, the widest of them, was
    measured), so that what has room by this number has room in the figure.
    """
    return sum(map(_ems, text))


def shorten(names: Iterable[str], most: float) -> list[str]:
    """Return the names on one line each, and an ellipsis for the middle of those that are too wide.

    The ends are kept because names of one study often differ there. Names that differ only in the part left
    out get a number, the same one in every figure.

    Args:
        names: Any texts; combining characters stay with their letters.
        most: Width in ems.
    """
    listed = [_BREAKS.sub(" ", name) for name in names]
    alike: dict[str, list[str]] = {}
    for name in sorted(set(listed)):
        alike.setdefault(_cut(name, most), []).append(name)
    found = {}
    for short, group in alike.items():
        for place, name in enumerate(group, 1):
            mark = f" #{place}"
            found[name] = short if len(group) == 1 else _cut(name, most - ems(mark)) + mark
    return [found[name] for name in listed]


def _cut(name: str, most: float) -> str:
    if ems(name) <= most:
        return name
    letters, room = _letters(name), most - ems("…")
    head = _fit(letters, 0.6 * room)
    tail = _fit(letters[::-1], room - ems("".join(head)))[::-1]
    while tail and tail[0][0].isspace():  # with the accent that a blank may have
        del tail[0]
    return f"{''.join(head).rstrip()}…{''.join(tail)}"


def _fit(letters: list[str], room: float) -> list[str]:
    taken, width = 0, 0.0
    while taken < len(letters) and (width := width + ems(letters[taken])) <= room:
        taken += 1
    return letters[:taken]


def _letters(name: str) -> list[str]:
    """Split a text where it may be cut: not before a combining character, nor next to a joiner."""
    letters: list[str] = []
    for letter in name:
        if letters and (_ems(letter) == 0 or letters[-1].endswith(_JOINER)):
            letters[-1] += letter
        else:
            letters.append(letter)
    return letters


def _ems(letter: str) -> float:
    kind = unicodedata.category(letter)
    if kind in ("Mn", "Me", "Cf", "Cc"):
        return 0.0
    if letter in _WIDE or unicodedata.east_asian_width(letter) in "WF":
        return 1.02
    if letter in _NARROW:
        return 0.42
    if kind == "Lu":
        return 0.8
    if letter < "\u0500":  # Latin, Greek and Cyrillic
        return 0.66 if kind in ("Ll", "Nd") else 0.84
    return 0.95


def settings(salt: str) -> Any:
    """Return matplotlib's settings for writing a figure; the salt fixes the ids in an SVG."""
    return {"svg.fonttype": "none", "svg.hashsalt": salt, "font.sans-serif": _HOUSE}


def dress(figure: Figure) -> None:
    """Show every text as it is written, dollars included, in a font that has the letters of its script.

    A text keeps the families that it was made with, so that setting them while the figure is saved would be
    too late. Of the further ones only those that are there are named, and not for the bold mark SIMULATED:
    matplotlib warns of families that it does not find, and of weights that they lack.
    """
    installed = {font.name for font in fontManager.ttflist}
    families = ["sans-serif", *(name for name in _FURTHER if name in installed)]
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_parse_math(False)
        # A text may have become bold since the figure was dressed before.
        text.set_fontfamily(families[:1] if text.get_fontweight() == "bold" else families)


@contextmanager
def collect_missing_letters() -> Iterator[list[str]]:
    """Collect matplotlib's warnings of letters that no font has, one per letter; others stay warnings."""
    missing: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield missing
    for one in caught:
        if "missing from" in str(one.message):
            missing.append(str(one.message))
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
