"""The leaderboard: one page with the table to sort, what it costs, each class, and clips to listen to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from interpreter.evaluation.tables import BESIDE, METRICS_SHOWN
from stimuli.tokens import TOKENS

BY_CLASS = ("ai", "ad", "ff")
"""The metrics that are shown class by class."""

_PAGE = Environment(
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    loader=PackageLoader("interpreter.evaluation", "templates"),
).get_template("leaderboard.html")


@dataclass(frozen=True)
class HeardClip:
    """A clip to listen to.

    Attributes:
        caption: which clip it is.
        sounds: the name of each sound and its FLAC file in base64.
    """

    caption: str
    sounds: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sample:
    """What a method made of a few clips.

    Attributes:
        cpu_ms: processor time of one explanation, the median of the clips, in milliseconds.
        passes: clips that the classifier heard for one explanation; None if they cannot be counted.
        clips: those whose interpretation gains most and least of the class's probability.
    """

    cpu_ms: float
    passes: float | None
    clips: tuple[HeardClip, ...]


@dataclass(frozen=True)
class Cell:
    """A number of the table: what is sorted by, and what is shown."""

    value: float | None
    text: str
    interval: str = ""


def render_leaderboard(
    table: pd.DataFrame, figures: pd.DataFrame, samples: Mapping[str, Sample], title: str
) -> str:
    """Return the page, which needs no other file and no network.

    Args:
        table: from `summarise`.
        figures: from `evaluate_items`.
        samples: by method; bounds have none.
        title: what was evaluated.
    """
    beside = [name for name in BESIDE if name in table and table[name].notna().any()]
    headings = [("Method", "")]
    headings += [
        (name, "more is better" if up else "less is better") for name, _, up in METRICS_SHOWN.values()
    ]
    headings += [("CPU (ms)", "of one explanation"), ("Passes", "clips heard for it")]
    headings += [(BESIDE[name][0], "") for name in beside]
    rows = []
    for row in table.to_dict("records"):
        method = str(row["method"])
        sample = samples.get(method)
        cells = [_metric(row, name, decimals) for name, (_, decimals, _) in METRICS_SHOWN.items()]
        cells.append(_number(None if sample is None else sample.cpu_ms, 1))
        cells.append(_number(None if sample is None else sample.passes, 0))
        cells += [_number(row[name], BESIDE[name][1]) for name in beside]
        rows.append((str(row["label"]), method.startswith(("floor-", "oracle-")), cells))
    labels = dict(zip(table["method"], table["label"], strict=True))
    page = _PAGE.render(
        title=title,
        headings=headings,
        rows=rows,
        classes=[(METRICS_SHOWN[name][0], *_average_by_class(figures, name, labels)) for name in BY_CLASS],
        heard=[(labels[method], sample.clips) for method, sample in samples.items()],
        accuracy=float(table["accuracy"].iloc[0]),
        items=int(table["n_items"].max()),
        tokens=Markup(TOKENS.read_text("utf-8")),
    )
    return page + "\n"


def _metric(row: Mapping[object, object], name: str, decimals: int) -> Cell:
    low, high = (_number(row[f"{name}_{end}"], decimals).text for end in ("low", "high"))
    cell = _number(row[name], decimals)
    return Cell(cell.value, cell.text, f"{low} to {high}" if low and high else "")


def _number(value: object, decimals: int) -> Cell:
    number = float("nan") if value is None else float(value)  # type: ignore[arg-type]
    if number != number:
        return Cell(None, "")
    return Cell(number, f"{round(number, decimals) + 0.0:.{decimals}f}")


def _average_by_class(
    figures: pd.DataFrame, metric: str, labels: Mapping[str, str]
) -> tuple[Sequence[str], Sequence[tuple[str, Sequence[Cell]]]]:
    """Return the classes, with how many clips of each there are, and each method's mean in each."""
    means = figures.groupby(["method", "category"], sort=False)[metric].mean().unstack()
    first = figures[figures["method"] == figures["method"].iloc[0]]
    counts = first["category"].value_counts()
    classes = sorted(means.columns)
    decimals = METRICS_SHOWN[metric][1]
    rows = [
        (labels[method], [_number(means.loc[method, name], decimals) for name in classes])
        for method in labels
        if method in means.index
    ]
    return [f"{name} ({counts[name]})" for name in classes], rows
