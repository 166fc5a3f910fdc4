"""Which conditions an analysis of all conditions at once is about."""

from __future__ import annotations

import pandas as pd

from analysis.errors import DesignError
from analysis.ratings import conditions


def chosen_conditions(rows: pd.DataFrame, among: list[str] | None = None) -> list[str]:
    """Return the conditions named, or the methods, or all conditions where there are fewer than two methods.

    Args:
        rows: The ratings of one attribute (`analysis.ratings.rated`).
        among: Conditions named by the caller.

    Raises:
        DesignError: A named condition has no rating of this attribute.
    """
    listed = conditions(rows)
    known = list(listed["condition"])
    methods = list(listed.loc[listed["role"] == "method", "condition"])
    unknown = [name for name in among or [] if name not in known]
    if unknown:
        names = ", ".join(f"'{name}'" for name in known)
        raise DesignError(f"No rating has the condition '{unknown[0]}' to compare with; found {names}.")
    return among or (methods if len(methods) >= 2 else known)
