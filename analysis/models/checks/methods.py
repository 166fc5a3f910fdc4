"""Which conditions the checks are about."""

from __future__ import annotations

import pandas as pd

from analysis.ratings.tidy import conditions


def list_methods(rows: pd.DataFrame) -> list[str]:
    """Return the methods, even a single one, in the order of the tables; all conditions if there is none."""
    listed = conditions(rows)
    methods = list(listed.loc[listed["role"] == "method", "condition"])
    return methods or list(listed["condition"])
