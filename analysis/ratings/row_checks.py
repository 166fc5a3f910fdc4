"""What a row of ratings must be to count: numbers, a listener, a score on the scale, and only once."""

from __future__ import annotations

import logging
import re

import numpy as np
import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.missing import blank_words, strip_unit
from analysis.ratings.names import SLIDER_ENDS
from analysis.ratings.readers import Problems
from analysis.ratings.readers.table import FILE, LINE, MEASURE, SLIDER
from analysis.ratings.tidy import NUMBERS, iter_rows, map_values

logger = logging.getLogger(__name__)
SHOWN = 5
_DECIMAL_COMMA = re.compile(r"^([+-]?\d+),(\d+)$")


def numbers(raw: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    """Parse the number columns; a row whose score is not a finite number is a problem, not a zero.

    Spreadsheets of half the world write 3,5 for 3.5, and then part cells with semicolons.
    """
    bad = pd.Series(False, index=raw.index)
    commas = raw[FILE].isin(problems.decimal_commas)
    for name in [column for column in NUMBERS if column in raw]:
        text = raw[name] if pd.api.types.is_numeric_dtype(raw[name]) else raw[name].replace("", np.nan)
        if name == "score" and not pd.api.types.is_numeric_dtype(text):
            text, found = blank_words(text)
            problems.notes += [
                f"{n} scores are {word!r}, which means 'not rated': they do not count."
                for word, n in found.items()
            ]
            text = map_values(text, strip_unit)
        if commas.any() and not pd.api.types.is_numeric_dtype(text):
            text = text.where(~commas, text.str.replace(_DECIMAL_COMMA, r"\1.\2", regex=True))
        values = pd.to_numeric(text, errors="coerce").astype(float)
        wrong = (values.isna() & text.notna()) | np.isinf(values)
        for row in iter_rows(raw[wrong & ~bad].rename(columns={FILE: "file", LINE: "line", name: "found"})):
            problems.add(row.file, row.line, f"the {name} is '{row.found}', expected a number")
        bad |= wrong
        raw = raw.assign(**{name: values})
    return raw[~bad].reset_index(drop=True)


def drop_blank_rows(raw: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    """Pass over rows without item, condition and score: instructions and breaks of an experiment."""
    blank = pd.Series(True, index=raw.index)
    for name in ("item", "condition", "score"):
        blank &= raw[name].isna() | (raw[name].astype(str).str.strip() == "")
    if blank.any():
        problems.notes.append(f"{int(blank.sum())} rows without item, condition and score are no ratings.")
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
            f"the ratings mix {int(simulated.sum())} simulated rows with {int((~simulated).sum())} "
            "real ones; "
            "say --simulated include, exclude or only"
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
