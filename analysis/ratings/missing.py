"""What stands for a score in other programs' tables: codes for 'not rated', percent signs, labels."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from analysis.ratings.names import BEST_WORST, COMPARISON, DIFFERENCE
from analysis.ratings.readers.table import MEASURE, PAGE

# R, pandas and jamovi write NA or NaN; SPSS and SAS a point; spreadsheets a dash or their own error.
_WORDS = frozenset(
    {"na", "n/a", "n.a.", "#n/a", "nan", "null", "none", "nil", "missing", "not rated", "unrated"}
    | {"not answered", ".", "-", "--", "\u2013", "\u2014", "?"}
)
_CODES = (-1.0, -9.0, -99.0, -999.0, -9999.0, 99.0, 999.0, 9999.0)
_PERCENT = re.compile(r"^([+-]?\d+(?:[.,]\d+)?)\s*%$")
# A dash needs blanks around it: 5-6 is no score, 5 - Excellent is.
_LABELLED = re.compile(
    r"^([+-]?\d+(?:\.\d+)?)(?:\s+[-\u2013\u2014]\s+|\s*[:=)]\s*|\s*\(|\.\s+|\s+)(?=[^\W\d])[^\d]*$"
)


def blank_words(text: pd.Series) -> tuple[pd.Series, dict[str, int]]:
    """Empty the cells that say in a word that there is no score.

    Returns:
        The column with missing cells, and how often each word was found, as it is written.
    """
    found = text[text.map(lambda cell: isinstance(cell, str) and cell.strip().lower() in _WORDS)]
    counts = {str(word): int(n) for word, n in found.value_counts().items()}
    return text.mask(text.index.isin(found.index)), counts


def strip_unit(cell: object) -> object:
    """Return the number of `80 %` or `5 - Excellent` as text; any other cell as it is."""
    if not isinstance(cell, str):
        return cell
    match = _PERCENT.match(cell.strip()) or _LABELLED.match(cell.strip())
    return match[1].replace(",", ".") if match else cell


def blank_codes(
    frame: pd.DataFrame, scale: tuple[float, float] | None, missing: list[float]
) -> tuple[pd.DataFrame, list[str]]:
    """Empty the scores that are another program's number for 'not rated', and say so.

    Such a number (-1, -99, 999, ...) is a code where it lies off the scale or, without one, far from all
    other scores of its attribute. A -1 next to scores from 0 to 10 may be either: it stays, and is named.

    Args:
        frame: Ratings with number scores; pages of our own server and webMUSHRA's have no codes.
        scale: The ends that were asked for.
        missing: Codes that the caller named; they are codes everywhere.
    """
    foreign = pd.Series(True, index=frame.index)
    for name in (MEASURE, PAGE):
        if name in frame:
            foreign &= frame[name].isna()
    notes: list[str] = []
    blank = frame["score"].isin(missing)
    attributes = (
        frame["attribute"].fillna("score") if "attribute" in frame else pd.Series("score", frame.index)
    )
    foreign &= ~attributes.isin([COMPARISON, BEST_WORST, DIFFERENCE])  # whose -1 is an answer
    for _, scores in frame.loc[foreign & ~blank, "score"].dropna().groupby(attributes):
        others = scores[~scores.isin(_CODES)]
        if others.empty:
            continue
        for code in sorted(set(scores) & set(_CODES)):
            where = scores.index[scores == code]
            verdict = _verdict(code, float(others.min()), float(others.max()), scale)
            if verdict == "code":
                blank[where] = True
            elif verdict == "unsure":
                notes.append(
                    f"{len(where)} scores of {code:g} count, though no other score is below 0; if they mean "
                    f"'not rated', say --missing {code:g}."
                )
    for code, n in frame.loc[blank, "score"].value_counts().sort_index().items():
        notes.append(f"{n} scores of {code:g} do not count: the code means 'not rated'.")
    return frame.assign(score=frame["score"].mask(blank, np.nan)), notes


def _verdict(code: float, low: float, high: float, scale: tuple[float, float] | None) -> str:
    if scale is not None:
        return "score" if scale[0] <= code <= scale[1] else "code"
    if code > 0:
        return "code" if high <= code / 9 else "score"
    if low < 0:
        return "score"
    return "code" if code < -1 - high or low >= 1 or high > 10 else "unsure"
