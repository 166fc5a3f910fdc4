"""`load_ratings`: from any source to one tidy, checked frame."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings import row_checks as checks
from analysis.ratings.names import of_page_type
from analysis.ratings.readers import Problems, read_source
from analysis.ratings.readers.table import FILE, LINE, MEASURE, PAGE
from analysis.ratings.study import Study, is_study, read_study
from analysis.ratings.tidy import tidy


def load_ratings(
    *sources: str | Path,
    listener: str | list[str] | None = None,
    columns: Mapping[str, str] | None = None,
    pattern: str | None = None,
    scale: tuple[float, float] | None = None,
    simulated: str = "refuse",
    bad_rows: str = "stop",
) -> pd.DataFrame:
    """Read ratings from one or several sources into one tidy frame (columns: see `analysis.ratings.tidy`).

    Args:
        sources: Each a database URL, a study folder, an SQLite file, our CSV, a CSV or a results folder of
            webMUSHRA, a JSON or CSV file of pymushra, or any other CSV together with `columns`.
        listener: The column or columns that tell listeners apart where the source has no session ids.
        columns: Our name to the table's header, for tables under other names; without `score` the table is
            wide.
        pattern: For wide tables: regular expression of the score columns with groups `item` and `condition`.
        scale: Lowest and highest score allowed; a score outside is a bad row. What is computed from scores
            has ends of its own: the difference of two grades from 1 to 5 is -4 to 4.
        simulated: What becomes of simulated ratings beside real ones: `refuse`, `include`, `exclude` or
            `only`.
        bad_rows: `stop` at rows that are half-written, out of range or contradict each other, or `drop` them.

    Returns:
        The tidy frame. `frame.attrs` holds `notes` (in words, what was left out), `scales` (attribute to the
        ends of its scale: `scale`, or what study folders say) and, of a study folder, `title` and `expected`
        (see `screen`).

    Raises:
        RatingsError: A source cannot be read, or bad rows under `stop`: each with file and line.
    """
    if bad_rows not in ("stop", "drop"):
        raise RatingsError(f"bad_rows is '{bad_rows}'; expected stop or drop.")
    if not sources:
        raise RatingsError("No ratings were named; expected a CSV file, a study folder or a database URL.")
    names = [listener] if isinstance(listener, str) else listener
    problems = Problems()
    parts, studies = [], []
    for source in sources:
        part = read_source(source, problems, listener=names, columns=columns, pattern=pattern)
        if is_study(source):
            studies.append(read_study(source))
            part = _labelled(part, studies[-1])
        parts.append(part)
    raw = _apart(pd.concat(parts, ignore_index=True))
    raw = checks.numbers(raw, problems)
    places = raw.reindex(columns=[FILE, LINE, MEASURE])
    frame = pd.concat([tidy(raw, source=_called(sources)), places], axis=1)
    frame = checks.identified(frame, problems)
    frame = checks.in_range(frame, scale, problems)
    frame, notes = checks.once(frame, problems)
    training = (frame["kind"] == "training") & frame["item"].str.lower().str.startswith("training")
    if training.any():
        notes.append(f"{int(training.sum())} ratings of pages named as training do not count.")
    if problems.found:
        checks.report(problems.found, bad_rows)
        notes.append(
            f"{len(problems.found)} unusable rows were left out: {'; '.join(problems.found[: checks.SHOWN])}."
        )
    frame = checks.choose_simulated(frame, simulated)
    if frame["score"].notna().sum() == 0:
        raise RatingsError(f"{_called(sources)} holds no rating.")
    about = (
        {"title": studies[0].title, "expected": studies[0].expected}
        if len(sources) == len(studies) == 1
        else {}
    )
    scales = _scales(frame, scale, studies if len(studies) == len(sources) else [])
    frame = frame.drop(columns=places.columns)
    frame.attrs |= {"notes": notes, "scales": scales, **about}
    return frame


def _labelled(part: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Add what a study calls its conditions and items."""
    return part.assign(
        label=part["condition"].map(lambda name: study.labels.get(name, name)),
        item_label=part["item"].map(lambda name: study.item_labels.get(name, name)),
    )


def _scales(
    frame: pd.DataFrame, scale: tuple[float, float] | None, studies: list[Study]
) -> dict[str, tuple[float, float]]:
    """The ends of each attribute's scale: those asked for, or those that every study has for it."""
    if scale is not None:
        measures = frame.groupby("attribute")[MEASURE].first()
        return {str(name): checks.ends_of(measure, scale) for name, measure in measures.items()}
    agreed: dict[str, tuple[float, float]] = {}
    for name in frame["attribute"].unique():
        ends = {study.scale_ends(str(name)) for study in studies}
        found = ends.pop() if len(ends) == 1 else None
        if found is not None:
            agreed[str(name)] = found
    return agreed


def _apart(raw: pd.DataFrame) -> pd.DataFrame:
    """Put the type of page before attributes that pages of several types have, each on a scale of its own."""
    if PAGE not in raw:
        return raw
    types = raw.groupby("attribute")[PAGE].transform("nunique")
    several = raw[PAGE].notna() & (types > 1)
    return raw.assign(attribute=raw["attribute"].where(~several, of_page_type(raw[PAGE], raw["attribute"])))


def _called(sources: tuple[str | Path, ...]) -> str:
    return ", ".join("the database" if "://" in str(source) else Path(source).name for source in sources)
