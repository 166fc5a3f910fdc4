"""What conditions have in common: the pages on which a listener rated all of them."""

from __future__ import annotations

import pandas as pd

from analysis.ratings.tidy import cells


def average_shared_pages(frame: pd.DataFrame, names: list[str], attribute: str | None = None) -> pd.DataFrame:
    """Return each listener's mean scores [listeners, conditions] over the pages with all conditions.

    Means over different items would differ with the items.

    Args:
        frame: Tidy ratings.
        names: Conditions.
        attribute: The scale, if the frame has several.
    """
    table = cells(frame, attribute)
    table = table[table["condition"].isin(names)]
    pages = table.pivot(index=["listener", "item"], columns="condition", values="score")
    return pages.reindex(columns=names).dropna().groupby("listener").mean()
