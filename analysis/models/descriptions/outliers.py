"""Scores far from those that others gave to the same stimulus, by BS.1534-3, pages 5 and 6."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.models.mos import hinges
from analysis.ratings.tidy import cells, conditions, is_simulated, select_rated

_REACH = 1.5  # interquartile ranges
_FEWEST = 5  # scores that have quartiles worth the name
COLUMNS = [
    "condition",
    "label",
    "item",
    "listener",
    "score",
    "median",
    "q1",
    "q3",
    "n_listeners",
    "simulated",
]


def find_outliers(frame: pd.DataFrame, *, attribute: str | None = None) -> pd.DataFrame:
    """Find scores more than 1.5 interquartile ranges outside the quartiles of their stimulus.

    The standard leaves out such a score only if an error is shown, so that this is a list to look at: nothing
    is left out. Quartiles are Tukey's hinges; stimuli rated by fewer than five listeners have none.

    Args:
        frame: Tidy ratings.
        attribute: The scale, if the frame has several.

    Returns:
        One row per score, the farthest first: `condition, label, item, listener, score, median, q1, q3,
        n_listeners, simulated`; no row if there is none.
    """
    table = cells(frame, attribute)
    listed = conditions(select_rated(frame, attribute))
    labels = dict(zip(listed["condition"], listed["label"], strict=True))
    rows = []
    names = {name: table[name].to_numpy() for name in ("condition", "item", "listener")}
    scores = table["score"].to_numpy(float)
    codes = [pd.factorize(names[name])[0] for name in ("condition", "item")]
    stimuli = pd.factorize(codes[0] * (codes[1].max() + 1) + codes[1])[0]  # in the order of the table
    order = np.argsort(stimuli, kind="stable")
    for places in np.split(order, np.flatnonzero(np.diff(stimuli[order])) + 1):
        if len(places) < _FEWEST:
            continue
        q1, median, q3 = hinges(scores[places])
        reach = _REACH * (q3 - q1)
        condition, item = (names[name][places[0]] for name in ("condition", "item"))
        far = places[(scores[places] < q1 - reach) | (scores[places] > q3 + reach)]
        rows += [
            (condition, labels[str(condition)], item, names["listener"][place], scores[place], median, q1, q3,
             len(places))
            for place in far
        ]  # fmt: skip
    found = pd.DataFrame(rows, columns=COLUMNS[:-1]).assign(simulated=is_simulated(frame))
    distance = (found["score"] - found["median"]).abs()
    return found.loc[distance.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)
