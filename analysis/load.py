"""`load_ratings`: from any source to one tidy, checked frame."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings import KEY, NUMBERS, choose_simulated, each, tidy
from analysis.readers import Problems, read_source
from analysis.readers.table import FILE, LINE
from analysis.study import read_study

logger = logging.getLogger(__name__)
_SHOWN = 5
_DECIMAL_COMMA = re.compile(r"^([+-]?\d+),(\d+)$")


def load_ratings(
    *sources: str | Path,
    listener: str | list[str] | None = None,
    columns: Mapping[str, str] | None = None,
    pattern: str | None = None,
    scale: tuple[float, float] | None = None,
    simulated: str = "refuse",
    bad_rows: str = "stop",
) -> pd.DataFrame:
    """Read ratings from one or several sources into one tidy frame (columns: see `analysis.ratings`).

    Args:
        sources: Each a database URL, a study folder, an SQLite file, our CSV, a CSV or a results folder of
            webMUSHRA, a JSON or CSV file of pymushra, or any other CSV together with `columns`.
        listener: The column or columns that tell listeners apart where the source has no session ids.
        columns: Our name to the table's header, for tables under other names; without `score` the table is
            wide.
        pattern: For wide tables: regular expression of the score columns with groups `item` and `condition`.
        scale: Lowest and highest score allowed; a score outside is a bad row.
        simulated: What becomes of simulated ratings beside real ones: `refuse`, `include`, `exclude` or
            `only`.
        bad_rows: `stop` at rows that are half-written, out of range or contradict each other, or `drop` them.

    Returns:
        The tidy frame. `frame.attrs` holds `notes` (in words, what was left out) and, of a study folder,
        `title`, `scale` and `expected` (see `screen`).

    Raises:
        RatingsError: A source cannot be read, or bad rows under `stop`: each with file and line.
    """
    if bad_rows not in ("stop", "drop"):
        raise RatingsError(f"bad_rows is '{bad_rows}'; expected stop or drop.")
    if not sources:
        raise RatingsError("No ratings were named; expected a CSV file, a study folder or a database URL.")
    names = [listener] if isinstance(listener, str) else listener
    problems = Problems()
    parts = [
        read_source(source, problems, listener=names, columns=columns, pattern=pattern) for source in sources
    ]
    raw = pd.concat(parts, ignore_index=True)
    raw = _numbers(raw, problems)
    frame = pd.concat([tidy(raw, source=_called(sources)), raw[[FILE, LINE]]], axis=1)
    frame = _identified(frame, problems)
    frame = _in_range(frame, scale, problems)
    frame, notes = _once(frame, problems)
    training = (frame["kind"] == "training") & frame["item"].str.lower().str.startswith("training")
    if training.any():
        notes.append(f"{int(training.sum())} ratings of pages named as training do not count.")
    if problems.found:
        _report(problems.found, bad_rows)
        notes.append(
            f"{len(problems.found)} unusable rows were left out: {'; '.join(problems.found[:_SHOWN])}."
        )
    frame = choose_simulated(frame.drop(columns=[FILE, LINE]), simulated)
    if frame["score"].notna().sum() == 0:
        raise RatingsError(f"{_called(sources)} holds no rating.")
    frame.attrs |= {"notes": notes, **_of_study(sources)}
    return frame


def _of_study(sources: tuple[str | Path, ...]) -> dict[str, object]:
    """What the configuration of a single study folder adds to its ratings."""
    if len(sources) != 1 or "://" in str(sources[0]) or not (Path(sources[0]) / "config.yaml").is_file():
        return {}
    study = read_study(sources[0])
    return {"title": study.title, "scale": study.scale, "expected": study.expected}


def _called(sources: tuple[str | Path, ...]) -> str:
    return ", ".join("the database" if "://" in str(source) else Path(source).name for source in sources)


def _numbers(raw: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    """Parse the number columns; a row whose score is no finite number is a problem, not a zero.

    Spreadsheets of half the world write 3,5 for 3.5, and then part cells with semicolons.
    """
    bad = pd.Series(False, index=raw.index)
    commas = raw[FILE].isin(problems.decimal_commas)
    for name in [column for column in NUMBERS if column in raw]:
        text = raw[name] if pd.api.types.is_numeric_dtype(raw[name]) else raw[name].replace("", np.nan)
        if commas.any() and not pd.api.types.is_numeric_dtype(text):
            text = text.where(~commas, text.str.replace(_DECIMAL_COMMA, r"\1.\2", regex=True))
        values = pd.to_numeric(text, errors="coerce").astype(float)
        wrong = (values.isna() & text.notna()) | np.isinf(values)
        for row in each(raw[wrong & ~bad].rename(columns={FILE: "file", LINE: "line", name: "found"})):
            problems.add(row.file, row.line, f"the {name} is '{row.found}', expected a number")
        bad |= wrong
        raw = raw.assign(**{name: values})
    return raw[~bad].reset_index(drop=True)


def _identified(frame: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    """Leave out rows that do not say who rated what."""
    for name in ("listener", "item", "condition"):
        empty = frame[name].isna()
        problems.add_rows(frame[empty], f"the {name} is empty")
        frame = frame[~empty]
    return frame


def _in_range(frame: pd.DataFrame, scale: tuple[float, float] | None, problems: Problems) -> pd.DataFrame:
    if scale is None:
        return frame
    outside = (frame["score"] < scale[0]) | (frame["score"] > scale[1])
    for file, line, score in frame.loc[outside, [FILE, LINE, "score"]].itertuples(index=False):
        problems.add(file, line, f"the score is {score:g}, expected {scale[0]:g} to {scale[1]:g}")
    return frame[~outside]


def _once(frame: pd.DataFrame, problems: Problems) -> tuple[pd.DataFrame, list[str]]:
    """Keep one of identical rows; rows of one rating with different scores contradict and all go."""
    place = frame["trial_position"].where(frame["kind"] != "trial", -1.0).fillna(-1.0)
    keys = [frame[name] for name in KEY] + [place]
    if not frame.assign(_place=place).duplicated([*KEY, "_place"]).any():
        return frame.reset_index(drop=True), []
    again = frame.groupby(keys, sort=False, dropna=False)["score"]
    contradictory = again.transform("nunique") > 1
    for _, rows in frame[contradictory].groupby([key[contradictory] for key in keys], sort=False):
        first = rows.iloc[0]
        lines, scores = ", ".join(map(str, rows[LINE])), " and ".join(f"{score:g}" for score in rows["score"])
        what = (
            f"listener '{first['listener']}' gives '{first['condition']}' of '{first['item']}' the "
            f"scores {scores} (lines {lines})"
        )
        problems.add(first[FILE], int(first[LINE]), what)
    frame = frame[~contradictory]
    copies = frame.assign(_place=place[frame.index]).duplicated([*KEY, "_place"])
    notes = []
    if copies.any():
        where = ", ".join(f"{row[FILE]} line {row[LINE]}" for _, row in frame[copies].head(_SHOWN).iterrows())
        notes.append(f"{int(copies.sum())} rows repeat another row exactly and count once ({where}).")
        logger.warning(notes[-1])
    return frame[~copies].reset_index(drop=True), notes


def _report(found: list[str], bad_rows: str) -> None:
    listed = "; ".join(found[:_SHOWN]) + (f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")
    if bad_rows == "stop":
        raise RatingsError(
            f"{len(found)} rows cannot be used ({listed}). Mend them, or leave them out with --bad-rows drop."
        )
    for sentence in found:
        logger.warning("left out: %s", sentence)
