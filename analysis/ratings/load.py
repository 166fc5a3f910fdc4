"""`load_ratings`: from any source to one tidy, checked frame."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings import row_checks as checks
from analysis.ratings.marks import FILE, LINE, MEASURE, PAGE
from analysis.ratings.missing import blank_codes
from analysis.ratings.names import of_page_type
from analysis.ratings.pooling import join_files, separate_listeners
from analysis.ratings.readers import Columns, Problems, Reading, read_source
from analysis.ratings.repeats import drop_repeats
from analysis.ratings.roles import apply_roles, find_lookalikes, parse_roles
from analysis.ratings.study import Study, is_study, read_study
from analysis.ratings.tidy import tidy
from analysis.ratings.training import find_untouched, mark_training


def load_ratings(
    *sources: str | Path | pd.DataFrame,
    listener: str | list[str] | None = None,
    columns: Columns | None = None,
    pattern: str | None = None,
    scale: tuple[float, float] | None = None,
    simulated: str = "refuse",
    bad_rows: str = "stop",
    reference: str | list[str] | None = None,
    anchor: str | list[str] | None = None,
    roles: Mapping[str, str] | None = None,
    leave_out: str | list[str] | None = None,
    repeats: str | None = None,
    missing: float | list[float] | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    same_listeners: bool = False,
) -> pd.DataFrame:
    """Read ratings from one or several sources into one tidy frame (columns: see `analysis.ratings.tidy`).

    Args:
        sources: Each a database URL, a study folder, an SQLite file, our CSV, a CSV or a results folder of
            webMUSHRA, a file of pymushra, mushraJS, beaqleJS or WAET, or any other CSV, Excel workbook
            or data frame, together with `columns` where its columns have other names.
        listener: The column or columns that tell listeners apart where the source has no session ids.
        columns: Our name to the table's header, for tables under other names; without `score` the table is
            wide. Several headers together may make up a listener, an item or a condition.
        pattern: For wide tables: regular expression of the score columns with some of the groups `listener`,
            `item` and `condition`.
        scale: Lowest and highest score allowed; a score outside is a bad row. What is computed from scores
            has other ends: the difference of two grades from 1 to 5 is -4 to 4.
        simulated: What to do with simulated ratings mixed with real ones: `refuse`, `include`, `exclude` or
            `only`.
        bad_rows: `stop` at rows that are half-written or out of range, or `drop` them.
        reference: Condition(s) that are the hidden reference, where the name does not say so.
        anchor: Condition(s) that are the low anchor.
        roles: Condition to role, one of `stimuli.vocabulary.ROLES`.
        leave_out: Items that do not count, with `*` and `?`, for example training; `none` counts all,
            training in its usual names too.
        repeats: What becomes of ratings given more than once with different scores: `average`, `first` or
            `last`; `model` keeps all of them, as repeats of the mixed model.
        missing: Score(s) that mean 'not rated'. The usual codes (NA, -1, -99, ...) are known where they are
            plain.
        encoding: Of CSV files that are neither UTF-8 nor cp1252.
        sheet: Of Excel workbooks; the first with cells by default.
        same_listeners: Whether a listener id that occurs in several studies is the same person. By default
            it is not, and the study is put before it.

    Returns:
        The tidy frame. `frame.attrs` holds `notes` (in words, what was left out), `scales` (attribute to the
        ends of its scale: `scale`, or what study folders say), `repeats` (`model`, if there are
        repeats and it was asked for), `page_types` (attribute to the type of its
        pages, where that is known) and, of a study folder, `title` and `expected` (see `screen`).

    Raises:
        RatingsError: A source cannot be read, or bad rows under `stop`: each with file and line.
    """
    if bad_rows not in ("stop", "drop"):
        raise RatingsError(f"bad_rows is {bad_rows!r}; expected stop or drop")
    asked = parse_roles(_list(reference), _list(anchor), dict(roles or {}))
    if not sources:
        raise RatingsError("no ratings were named; expected a CSV file, a study folder or a database URL")
    codes = [missing] if isinstance(missing, int | float) else list(missing or [])
    how = Reading(_list(listener), columns, pattern, encoding, sheet)
    problems = Problems()
    parts, studies = [], []
    for source in sources:
        part = read_source(source, problems, how)
        if not isinstance(source, pd.DataFrame) and is_study(source):
            studies.append(read_study(source))
            part = _add_labels(part, studies[-1])
        parts.append(part)
    parts, joined = join_files(parts, sources)
    raw = _separate_attributes(pd.concat(parts, ignore_index=True))
    raw = checks.drop_blank_rows(raw, problems)
    raw, training = mark_training(raw, _list(leave_out))
    raw = checks.numbers(raw, problems)
    raw, coded = blank_codes(raw, scale, codes)
    places = raw.reindex(columns=[FILE, LINE, MEASURE, PAGE])
    frame = pd.concat([tidy(raw, source=_name_sources(sources)), places], axis=1)
    frame = checks.drop_unidentified(frame, problems)
    frame = apply_roles(frame, asked)
    frame = checks.drop_out_of_range(frame, scale, problems)
    frame = checks.choose_simulated(frame, simulated)  # who repeats what a program rated repeats nothing
    frame, told = drop_repeats(frame, repeats)
    frame, pooled = separate_listeners(frame, same_listeners)
    notes = [*problems.notes, *joined, *training, *coded, *told, *pooled]
    if problems.found:
        checks.report(problems.found, bad_rows)
        n = len(problems.found)
        notes.append(
            f"{n} unusable row{' was' if n == 1 else 's were'} left out: "
            f"{'; '.join(problems.found[: checks.SHOWN])}."
        )
    if frame["score"].notna().sum() == 0:
        raise RatingsError(f"no ratings in {_name_sources(sources)}")
    about = (
        {name: getattr(studies[0], name) for name in ("title", "expected", "tests", "active")}
        if len(sources) == len(studies) == 1
        else {}
    )
    scales = _scales(frame, scale, studies if len(studies) == len(sources) else [])
    notes += [*find_untouched(frame), *find_lookalikes(frame)]
    types = frame.dropna(subset=[PAGE]).groupby("attribute")[PAGE].agg(["first", "nunique"])
    page_types = dict(types.loc[types["nunique"] == 1, "first"])
    frame = frame.drop(columns=places.columns)
    if repeats == "model" and told:
        frame.attrs["repeats"] = repeats
    frame.attrs |= {"notes": notes, "scales": scales, "page_types": page_types, **about}
    return frame


def _add_labels(part: pd.DataFrame, study: Study) -> pd.DataFrame:
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


def _separate_attributes(raw: pd.DataFrame) -> pd.DataFrame:
    """Put the type of page before attributes that pages of several types have, each on its own scale."""
    if not {PAGE, "attribute"} <= set(raw):
        return raw
    types = raw.groupby("attribute")[PAGE].transform("nunique")
    several = raw[PAGE].notna() & (types > 1)
    return raw.assign(attribute=raw["attribute"].where(~several, of_page_type(raw[PAGE], raw["attribute"])))


def _list(names: str | list[str] | None) -> list[str] | None:
    return [names] if isinstance(names, str) else names


def _name_sources(sources: tuple[str | Path | pd.DataFrame, ...]) -> str:
    return ", ".join(
        "the data frame"
        if isinstance(source, pd.DataFrame)
        else "the database"
        if "://" in str(source)
        else Path(source).name
        for source in sources
    )
