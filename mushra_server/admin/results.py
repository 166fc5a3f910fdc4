"""Results so far, from `analysis`: screening, MOS with intervals, how often everything was rated, charts."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from mushra_server.database.database import Database
from mushra_server.study.served_study import Study as ServedStudy

if TYPE_CHECKING:
    import pandas as pd

    from analysis.ratings.study import Study

__all__ = ["Results", "compute"]

MOST_RATINGS = 300_000
"""More are counted here, and analysed by `listenable analyze`."""
CHART_CM = (14.2, 9.1)  # higher for many conditions
CHOICE_DRAWS = 200  # of a bootstrap: the page is looked at while ratings come in
_CHOICES = ("ab", "abx", "ccr", "best-worst", "staircase")


@dataclass(frozen=True)
class Scale:
    """The results of one attribute.

    Attributes:
        attribute: Its name.
        mos: One row per condition, as `analysis.mos` returns them.
        screening: One row per listener, as `analysis.screen` returns them.
        svg: The chart.
        note: What should be known of it, or None.
    """

    attribute: str
    mos: list[dict[str, Any]]
    screening: list[dict[str, Any]]
    svg: bytes
    note: str | None


@dataclass(frozen=True)
class Choice:
    """The results of a test that asks for choices: pairs, ABX, best and worst.

    Attributes:
        attribute: What was asked.
        sentences: The headline of its report, or why there is none.
    """

    attribute: str
    sentences: list[str]


@dataclass(frozen=True)
class Results:
    """Results at one moment.

    Attributes:
        scales: One entry per attribute that is a score.
        choices: One entry per attribute that is a choice.
        counts: Number of ratings by item, then condition.
        simulated: True if only simulated sessions exist.
        ratings: Number of scores without those of training and attention checks, None if it is not known.
        problem: Why there are no results, or None.
        pending: True while newer ones are being computed.
    """

    scales: list[Scale] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    simulated: bool = False
    ratings: int | None = None
    problem: str | None = None
    pending: bool = False

    def verdicts(self) -> dict[str, dict[str, Any]]:
        """Return the screening of each listener on the first scale."""
        return {row["listener"]: row for row in self.scales[0].screening} if self.scales else {}


def compute(served: ServedStudy, database: Database) -> Results:
    """Analyse the ratings so far: the real ones, or the simulated ones if there are no real ones."""
    from analysis import AnalysisError, load_ratings
    from analysis.ratings.choices import test_of
    from analysis.ratings.names import CORRECT, LEVEL
    from analysis.ratings.selection import BY_PRODUCTS
    from analysis.ratings.study import study_of

    with database.read(patient=True) as connection:
        rated = {int(row[0]): int(row[1]) for row in connection.execute(text(_RATED))}
        simulated = not rated.get(0)
        ratings = rated.get(int(simulated), 0)
        if not ratings:
            return Results(problem="no ratings yet", ratings=0)
        counts = _counts(connection.execute(text(_COUNTS), {"simulated": int(simulated)}).all())
    if ratings > MOST_RATINGS:
        most = f"at most {MOST_RATINGS:,}"
        problem = f"{ratings:,} ratings are too many to analyse here ({most}); run listenable analyze"
        return Results(counts=counts, simulated=simulated, ratings=ratings, problem=problem)
    url = database.url
    try:
        frame = load_ratings(url, simulated="only" if simulated else "exclude", bad_rows="drop")
        study = study_of(served.config, served.root)
        frame["label"] = [study.labels.get(name, name) for name in frame["condition"]]
        trials = frame[(frame["kind"] == "trial") & frame["score"].notna()]
        asked = [str(name) for name in trials["attribute"].unique() if name not in BY_PRODUCTS]
        asked = [name for name in asked if not (name == CORRECT and LEVEL in asked)]
        choices = [_choice(frame, name) for name in asked if test_of(name) in _CHOICES]
        scales = [_scale(study, frame, name) for name in asked if test_of(name) not in _CHOICES]
    except AnalysisError as error:
        return Results(counts=counts, simulated=simulated, ratings=ratings, problem=str(error))
    return Results(scales, choices, counts, simulated, ratings)


def _choice(frame: pd.DataFrame, attribute: str) -> Choice:
    from analysis import AnalysisError, Options
    from analysis.ratings.choices import test_of
    from analysis.report.choices.write import analyse_choices

    try:
        found = analyse_choices(
            frame, str(test_of(attribute)), Options(attribute=attribute, draws=CHOICE_DRAWS)
        )
    except AnalysisError as error:
        return Choice(attribute, [str(error)])
    return Choice(attribute, found.findings.headline)


def _scale(study: Study, frame: pd.DataFrame, attribute: str) -> Scale:
    from analysis import kept, mos, screen

    rows = frame[frame["attribute"] == attribute]
    screening = screen(rows, scale=study.scale_ends(attribute), expected=study.expected)
    remaining = kept(rows, screening)
    everyone = remaining[remaining["kind"] == "trial"].empty
    shown = rows if everyone else remaining
    note = "screening leaves nobody: the scores below are of all listeners" if everyone else None
    table = mos(shown)
    return Scale(
        attribute=attribute,
        mos=_records(table),
        screening=_records(screening),
        svg=_chart(shown, table),
        note=note,
    )


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _chart(frame: pd.DataFrame, table: pd.DataFrame) -> bytes:
    from matplotlib import rc_context

    from analysis import plot_mos
    from analysis.figures.room import rows_cm
    from analysis.figures.style import figure_of, new_axes
    from stimuli.names import collect_missing_letters, settings

    ax = new_axes(CHART_CM[0], max(CHART_CM[1], 1.9 + rows_cm(len(table), 0.78)))
    figure = figure_of(plot_mos(frame, ax, table=table))
    written = io.BytesIO()
    # Letters stay letters: the experimenter's browser has fonts for names that this machine may lack.
    with rc_context(settings("mos")), collect_missing_letters():
        figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()


def _counts(rows: Any) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for item, condition, count in rows:
        counts.setdefault(item, {})[condition] = count
    return counts


_RATED = "SELECT simulated, COUNT(score) FROM export_ratings WHERE kind = 'trial' GROUP BY simulated"
_COUNTS = """
    SELECT item, condition, COUNT(DISTINCT session) FROM export_ratings
    WHERE kind = 'trial' AND simulated = :simulated AND score IS NOT NULL
    GROUP BY item, condition ORDER BY item, condition"""
