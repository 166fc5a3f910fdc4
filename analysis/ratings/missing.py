"""What other programs write where nothing was rated: words such as NA, and numbers such as -1 or 999."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.ratings.marks import MEASURE, PAGE
from analysis.ratings.names import BEST_WORST, COMPARISON, DIFFERENCE
from analysis.ratings.tidy import map_values

# R, pandas and jamovi write NA or NaN; SPSS and SAS a point; spreadsheets a dash or their own error, which
# German and French ones spell otherwise.
_WORDS = frozenset(
    {
        "na",
        "n/a",
        "n.a.",
        "<na>",
        "nan",
        "null",
        "none",
        "nil",
        "undefined",
        "missing",
        "not rated",
        "unrated",
    }
    | {"not answered", "no answer", "no rating", "skipped", "skip", "k.a.", "k. a.", "keine angabe"}
    | {"#n/a", "#na", "#nv", "#value!", "#wert!", "#ref!", "#bezug!", "#div/0!", "#null!", "#num!", "#name?"}
    | {".", "..", "...", "-", "--", "\u2013", "\u2014", "?"}
)
_CODES = tuple(
    sign * float(digit * length)
    for sign, digits, lengths in ((-1, "1", (1,)), (-1, "789", (1, 2, 3, 4)), (1, "789", (2, 3, 4)))
    for digit in digits
    for length in lengths
)
_MOST_GRADES = 11
_ENOUGH = 10  # scores on a short scale that show that it is one


def blank_words(text: pd.Series) -> tuple[pd.Series, dict[str, int]]:
    """Empty the cells that say in a word that there is no score.

    Returns:
        The column with missing cells, and how often each word was found, as it is written.
    """
    is_word = map_values(text, lambda cell: isinstance(cell, str) and cell.strip().lower() in _WORDS)
    found = text[is_word.eq(True)]
    counts = {str(word): int(n) for word, n in found.value_counts().items()}
    return text.mask(text.index.isin(found.index)), counts


def describe_words(found: dict[str, int]) -> list[str]:
    """Return a sentence per word that stood for a missing score."""
    return [
        f"{n} score{' is' if n == 1 else 's are'} {word!r}, which means 'not rated', and "
        f"{'does' if n == 1 else 'do'} not count."
        for word, n in found.items()
    ]


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
            verdict = _verdict(code, len(where), others, scale)
            if verdict == "code":
                blank[where] = True
            elif verdict == "unsure":
                least, most = others.min(), others.max()
                why = (
                    "no other score is below 0" if code < 0 else f"the others are from {least:g} to {most:g}"
                )
                notes.append(_warn_of_code(len(where), code, why))
        notes += _find_zeros(others) if scale is None else []
    for code, n in frame.loc[blank, "score"].value_counts().sort_index().items():
        notes.append(
            f"{n} score{'' if n == 1 else 's'} of {code:g} {'does' if n == 1 else 'do'} not count: the code "
            "means 'not rated'."
        )
    return frame.assign(score=frame["score"].mask(blank, np.nan)), notes


def _warn_of_code(n: int, code: float, why: str) -> str:
    one = n == 1
    return (
        f"{n} score{'' if one else 's'} of {code:g} {'counts' if one else 'count'}, though {why}; if "
        f"{'it means' if one else 'they mean'} 'not rated', say --missing {code:g}."
    )


def _find_zeros(scores: pd.Series) -> list[str]:
    """Name zeros among grades that otherwise start at 1, which may be the form's 'not answered'."""
    rest = scores[scores != 0]
    n = len(scores) - len(rest)
    graded = len(rest) and bool((rest == rest.round()).all()) and 2 <= rest.max() < _MOST_GRADES
    if not n or not graded or rest.min() < 1 or n > 0.1 * len(scores):
        return []
    return [_warn_of_code(n, 0.0, f"the others are grades from {rest.min():g} to {rest.max():g}")]


def _verdict(code: float, n: int, others: pd.Series, scale: tuple[float, float] | None) -> str:
    """Return whether a number is a `code`, a `score` or `unsure`, from the others if there is no scale."""
    low, high = float(others.min()), float(others.max())
    if scale is not None:
        return "score" if scale[0] <= code <= scale[1] else "code"
    if code > 0:
        if high > code / 7:
            return "score"
        # A few low scores and a 99 may as well be those of a scale from 0 to 100.
        return "code" if code > 100 or (len(others) >= _ENOUGH and n <= len(others) / 5) else "unsure"
    if low < 0:
        return "score"
    return "code" if code < -1 - high or low >= 1 or high > 10 else "unsure"
