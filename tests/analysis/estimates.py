"""Tables of estimates as the figures of choices draw them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

FIGURES_OF_ESTIMATES: dict[str, dict[str, Any]] = {
    "plot_shares": {},
    "plot_category_differences": {},
    "plot_scale": {"label": "Place"},
}
"""The figures that take such a table instead of ratings, and what else they need."""
OTHER_FIGURES = frozenset({"plot_metric", "plot_power"})
"""Figures of other tables, which have separate tests."""


def estimates(names: Mapping[str, str], *, simulated: bool = False) -> pd.DataFrame:
    """Return one row per condition with all columns that the three figures read."""
    return pd.DataFrame(
        {
            "condition": list(names), "name": list(names.values()), "role": "method", "p": 0.2, "share": 0.5,
            "difference": 0.5, "ci_low": 0.2, "ci_high": 0.8, "centre": 0.5, "low": 0.2, "high": 0.8,
            "simulated": simulated,
        }
    )  # fmt: skip
