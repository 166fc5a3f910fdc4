"""Everything that a report says, computed once, with and without the excluded listeners."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from analysis.errors import DesignError
from analysis.measurement.agreement import metric_agreement
from analysis.measurement.metrics_file import read_metrics
from analysis.models.anova import omnibus
from analysis.models.assumptions import assumptions
from analysis.models.compare import compare
from analysis.models.descriptions.outliers import find_outliers
from analysis.models.descriptions.panel import describe_listeners
from analysis.models.equivalence import equivalence
from analysis.models.groups import analyse_groups, compare_groups
from analysis.models.influence import influence
from analysis.models.likelihood.ordinal import MOST_GRADES, ordinal_model
from analysis.models.mixed import mixed_model
from analysis.models.mos import mos
from analysis.models.ranking.letters import compact_letters
from analysis.models.reliability import listeners, reliability
from analysis.models.screening import default_rules, kept, screen
from analysis.models.subject_model import subject_model
from analysis.ratings.labels import item_labels
from analysis.ratings.reuse import reuse
from analysis.ratings.selection import choose_attribute, choose_conditions
from analysis.ratings.tidy import conditions, is_simulated, iter_rows, scale_of, select_rated

_FEWEST_ITEMS = 5
_FEWEST_FOR_LETTERS = 4  # conditions; the pairs of three are soon read
_ASKED_FOR = ("equivalence", "metrics", "groups", "group_differences")
NAMELESS = "mushra-nmr"
"""The test of several sounds at once that names no reference."""


@dataclass(frozen=True)
class Options:
    """The choices of an analysis; all of them are printed in the report.

    `exclude` None stands for the rules of BS.1534-3 on its own scale, and for none on another.
    """

    interval: str = "two-way"
    against: str | None = None
    test: str = "two-way"
    correction: str = "holm"
    attribute: str | None = None
    order: list[str] | None = None
    scale: tuple[float, float] | None = None
    by: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None
    draws: int = 10_000
    seed: int = 0
    margin: float | None = None
    metrics: str | None = None
    between: str | None = None
    variances: str = "equal"


@dataclass(frozen=True)
class Results:
    """Tables of one analysis; those that the design does not allow are absent, and `missing` says why."""

    options: Options
    attribute: str
    scale: tuple[float, float]
    ratings: pd.DataFrame
    screened: pd.DataFrame
    screening: pd.DataFrame
    mos: pd.DataFrame
    mos_unscreened: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    missing: dict[str, str]
    notes: list[str] = field(default_factory=list)

    @property
    def simulated(self) -> bool:
        """Whether any rating was made by a program."""
        return is_simulated(self.ratings)

    @property
    def digits(self) -> int:
        """Decimals of the scores: one on wide scales."""
        return 1 if self.scale[1] - self.scale[0] > 10 else 2

    @property
    def excluded(self) -> int:
        """Number of listeners excluded by screening."""
        return int((~self.screening["kept"]).sum())


def analyse(
    frame: pd.DataFrame, options: Options = Options(), *, announce: Callable[[str], None] = lambda step: None
) -> Results:
    """Screen the listeners and compute every table of the report.

    Args:
        frame: Tidy ratings.
        options: The choices of the analysis.
        announce: Called with what is computed next, for a line that shows the progress.

    Raises:
        DesignError: No ratings of the attribute, an unknown choice, or nobody left after screening.
    """
    attribute, more = choose_attribute(frame, options.attribute)
    rows = frame[frame["attribute"] == attribute].reset_index(drop=True)
    scale = options.scale or scale_of(select_rated(rows, attribute))
    rows.attrs["scales"] = {attribute: scale}
    expected = frame.attrs.get("expected")
    if options.exclude is None:
        # A reference that nobody named need not be recognised: those who score it low are not at fault.
        unnamed = NAMELESS in frame.attrs.get("tests", ())
        options = replace(options, exclude=() if unnamed else default_rules(scale))
    announce("screening")
    reuse(rows)
    screening = screen(rows, attribute=attribute, scale=scale, exclude=options.exclude, expected=expected)
    # The same frame if nobody is excluded: what is computed of it holds for both.
    same = bool(screening["kept"].all()) and options.order is None
    left = rows if same else kept(rows, screening)
    if left.empty:
        raise DesignError(
            f"screening excludes every listener ({_list_first(screening)}); use --exclude none to keep them "
            "and see what they rated"
        )
    shared: dict[str, Any] = {"interval": options.interval, "draws": options.draws, "seed": options.seed}
    order = list(conditions(left, options.order)["condition"])
    left.attrs["order"] = order  # for the figures
    reuse(rows, left)
    mushra = frame.attrs.get("page_types", {}).get(attribute, "mushra") == "mushra" and scale == (0, 100)
    notes = [*frame.attrs.get("notes", []), *more, *_warn_of_few_items(left, mushra)]
    tables, missing = _tables(left, rows, options, scale, order, announce)
    announce("mean opinion scores")
    scores = mos(left, order=order, **shared)
    if not mushra and "assumptions" in tables:  # the clauses are those of BS.1534-3
        tables["assumptions"] = tables["assumptions"].assign(clause="")
    results = Results(
        options=options,
        attribute=attribute,
        scale=scale,
        ratings=rows,
        screened=left,
        screening=screening,
        mos=scores,
        mos_unscreened=scores if left is rows else mos(rows, order=order, **shared),
        tables=tables,
        missing=missing,
        notes=notes,
    )
    reuse(results)
    return results


def _warn_of_few_items(left: pd.DataFrame, mushra: bool) -> list[str]:
    """Return a warning if there are fewer items than BS.1534-3 asks for, whose test `mushra` says it is."""
    n_items = select_rated(left)["item"].nunique()
    if n_items >= _FEWEST_ITEMS:
        return []
    return [
        f"There {'is' if n_items == 1 else 'are'} {n_items} item{'s' if n_items > 1 else ''}: how methods "
        f"compare on others is {'not known' if n_items == 1 else 'hardly known, and intervals are wide'}."
        + (
            f" ITU-R BS.1534-3 asks for at least {_FEWEST_ITEMS}, and for about 1.5 times as many as there "
            "are systems."
            if mushra
            else ""
        )
    ]


def _list_first(screening: pd.DataFrame) -> str:
    """The first listeners of a screening with the reasons."""
    said = [f"{row.listener}: {row.reason}" for row in iter_rows(screening.head(3))]
    return "; ".join(said) + (f"; and {len(screening) - 3} more" if len(screening) > 3 else "")


def _add_labels(by_item: pd.DataFrame, left: pd.DataFrame) -> pd.DataFrame:
    return by_item.assign(item_label=by_item["item"].map(item_labels(left)))


def _tables(
    left: pd.DataFrame,
    rows: pd.DataFrame,
    options: Options,
    scale: tuple[float, float],
    order: list[str],
    announce: Callable[[str], None],
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Compute every further table separately, so that one that the design does not allow affects no other."""
    pairs: dict[str, Any] = {
        "against": options.against, "test": options.test, "correction": options.correction,
        "draws": options.draws, "seed": options.seed,
    }  # fmt: skip
    shared: dict[str, Any] = {
        "interval": options.interval, "draws": options.draws, "seed": options.seed, "order": order,
    }  # fmt: skip
    repeats = str(left.attrs.get("repeats", "average"))
    model = functools.cache(lambda: mixed_model(left, variances=options.variances, repeats=repeats))
    compared = functools.cache(lambda: compare(left, **pairs))
    makers: dict[str, Callable[[], pd.DataFrame]] = {
        "comparisons": compared,
        "omnibus": lambda: omnibus(left),
        "influence": lambda: influence(left, correction=options.correction),
        "subjects": lambda: subject_model(left).listeners,
        "mixed": lambda: model().differences(),
        "mixed_means": lambda: model().condition_means(),
        "variance": lambda: model().variance_components(),
        "reliability": lambda: reliability(left),
        "listeners": lambda: listeners(left),
        "assumptions": lambda: assumptions(left, scale=scale),
        "outliers": lambda: _add_labels(find_outliers(left), left),
        "items": lambda: _add_labels(mos(left, by="item", **shared), left),
    }
    if any(str(name).startswith("q_") for name in left.columns):
        makers["panel"] = lambda: describe_listeners(left)
    if options.against is None and len(choose_conditions(select_rated(left))) >= _FEWEST_FOR_LETTERS:
        makers["letters"] = lambda: compact_letters(compared())
    if options.metrics is not None:
        measured = read_metrics(options.metrics)
        makers["metrics"] = lambda: metric_agreement(left, measured, draws=options.draws, seed=options.seed)
    if options.margin is not None:
        margin = options.margin
        makers["equivalence"] = lambda: equivalence(
            left, margin, against=options.against, correction=options.correction
        )
    if scale[1] - scale[0] < MOST_GRADES:
        makers["ordinal"] = lambda: ordinal_model(left).differences(correction=options.correction)
    if options.between is not None:
        column = options.between
        makers["groups"] = lambda: analyse_groups(left, column)
        makers["group_differences"] = lambda: compare_groups(left, column, correction=options.correction)
    if len(left) != len(rows):
        makers["comparisons_unscreened"] = lambda: compare(rows, **pairs)
    for name in options.by:
        by = functools.partial(mos, left, by=name, **shared)
        makers[f"by_{name}"] = by if name != "item" else makers["items"]
    tables, missing = {}, {}
    for name, make in makers.items():
        announce(name.replace("_", " "))
        try:
            tables[name] = make()
        except DesignError as error:
            asked = name == "mixed" and options.variances != "equal"
            if (name == "comparisons" and options.against) or name in _ASKED_FOR or asked:
                raise
            missing[name] = str(error)
    return tables, missing
