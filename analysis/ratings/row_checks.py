"""What a row of ratings must have to count: numbers, a listener, and a score on the scale."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.marks import FILE, LINE, MEASURE, SLIDER
from analysis.ratings.missing import blank_words, describe_words
from analysis.ratings.names import SLIDER_ENDS
from analysis.ratings.numerals import (
    describe_cell,
    describe_grades,
    parse_numbers,
    read_grades,
    strip_labels,
)
from analysis.ratings.readers import Problems
from analysis.ratings.tidy import NUMBERS, iter_rows

logger = logging.getLogger(__name__)
SHOWN = 5


def numbers(raw: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    """Parse the number columns; a row whose score is not a finite number is a problem, not a zero."""
    bad = pd.Series(False, index=raw.index)
    parted = raw[FILE].isin(problems.decimal_commas)
    for name in [column for column in NUMBERS if column in raw]:
        text = raw[name]
        if not pd.api.types.is_numeric_dtype(text):
            text, found = blank_words(text.replace("", np.nan))
            if name == "score":
                problems.notes += describe_words(found)
                text, grades = read_grades(text)
                problems.notes += describe_grades(grades)
                text = strip_labels(text)
        values = parse_numbers(text, parted | (name == "score"))
        wrong = (values.isna() & text.notna()) | np.isinf(values)
        for row in iter_rows(raw[wrong & ~bad].rename(columns={FILE: "file", LINE: "line", name: "found"})):
            problems.add(row.file, row.line, f"the {name} is {describe_cell(row.found)}")
        bad |= wrong
        raw = raw.assign(**{name: values})
    return raw[~bad].reset_index(drop=True)


def drop_blank_rows(raw: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    """Pass over rows without item, condition and score: instructions and breaks of an experiment."""
    blank = pd.Series(True, index=raw.index)
    for name in ("item", "condition", "score"):
        blank &= raw[name].isna() | (raw[name].astype(str).str.strip() == "")
    if blank.any():
        n = int(blank.sum())
        problems.notes.append(
            f"{n} row{' has' if n == 1 else 's have'} no item, condition or score and "
            f"{'does' if n == 1 else 'do'} not count."
        )
    return raw[~blank].reset_index(drop=True)


def drop_unidentified(frame: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    """Leave out rows that do not say who rated what."""
    for name in ("listener", "item", "condition"):
        empty = frame[name].isna()
        problems.add_rows(frame[empty], f"the {name} is empty")
        frame = frame[~empty]
    return frame


def drop_out_of_range(
    frame: pd.DataFrame, scale: tuple[float, float] | None, problems: Problems
) -> pd.DataFrame:
    """Leave out rows whose score is not on the scale; without one, only webMUSHRA's sliders have ends."""
    judged = frame if scale is not None else frame[frame[MEASURE] == SLIDER]
    if judged.empty:
        return frame
    ends = judged[MEASURE].map(lambda measure: ends_of(measure, scale or SLIDER_ENDS))
    low, high = ends.str[0], ends.str[1]
    outside = (judged["score"] < low) | (judged["score"] > high)
    rows = judged.loc[outside, [FILE, LINE, "score"]].assign(low=low[outside], high=high[outside])
    for file, line, score, least, most in rows.itertuples(index=False):
        problems.add(file, line, f"the score is {score:g}, expected {least:g} to {most:g}")
    return frame.drop(index=rows.index)


def ends_of(measure: object, scale: tuple[float, float]) -> tuple[float, float]:
    """Return the lowest and highest score of a measure where listeners rate on a scale."""
    width = scale[1] - scale[0]
    return {"difference": (-width, width), "share": (0.0, 1.0)}.get(str(measure), scale)


def choose_simulated(frame: pd.DataFrame, choice: str = "refuse") -> pd.DataFrame:
    """Decide what becomes of simulated ratings; they are never mixed with real ones silently.

    Args:
        frame: Tidy ratings.
        choice: `refuse` a mixture (the default), `include` both kinds, `exclude` the simulated or keep `only`
            them.

    Raises:
        RatingsError: A mixture under `refuse`, or nothing left.
    """
    if choice not in ("refuse", "include", "exclude", "only"):
        raise RatingsError(f"simulated ratings can be include, exclude or only, not {choice!r}")
    simulated = frame["simulated"]
    if choice == "refuse" and simulated.any() and not simulated.all():
        raise RatingsError(
            f"the ratings mix {int(simulated.sum())} simulated rows with {int((~simulated).sum())} real "
            "ones; say --simulated include, exclude or only"
        )
    kept = {"exclude": frame[~simulated], "only": frame[simulated]}.get(choice, frame)
    if kept.empty and not frame.empty:
        raise RatingsError(f"--simulated {choice} leaves none of the {len(frame)} ratings")
    return kept.reset_index(drop=True)


def report(found: list[str], bad_rows: str) -> None:
    """Stop at rows that cannot be used, or report for each that it is left out."""
    listed = "; ".join(found[:SHOWN]) + (f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else "")
    if bad_rows == "stop":
        rows, them = ("1 row", "it") if len(found) == 1 else (f"{len(found)} rows", "them")
        raise RatingsError(
            f"{rows} cannot be used ({listed}); fix {them}, or skip {them} with --bad-rows drop"
        )
    for sentence in found:
        logger.warning("left out: %s", sentence)
