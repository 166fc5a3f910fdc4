"""Trials that came twice: how far a listener's second scores are from the first."""

from __future__ import annotations

import pandas as pd


def repeat_differences(frame: pd.DataFrame) -> pd.Series:
    """Return the score of each hidden repeat minus that of its trial, by listener, item and condition.

    Args:
        frame: tidy ratings of one attribute, or of several, which are then averaged.
    """
    keys = ["listener", "item", "condition"]
    first, again = (
        frame[frame["kind"] == kind].groupby(keys)["score"].mean() for kind in ("trial", "repeat")
    )
    found: pd.Series = (again - first).dropna()
    return found
