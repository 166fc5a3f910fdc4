"""What conditions and items are called in figures and tables: labels that no two names share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pandas as pd

from analysis.ratings.tidy import select_rated, separate_items


def distinct(labels: Mapping[str, str]) -> dict[str, str]:
    """Put the name behind a label that others have too: `dog (1-dog-003)`."""
    count = Counter(labels.values())
    return {name: label if count[label] == 1 else f"{label} ({name})" for name, label in labels.items()}


def item_labels(frame: pd.DataFrame) -> dict[str, str]:
    """Return the label of each item that was rated, with the names that `separate_items` gives."""
    rows = select_rated(frame)
    rows = separate_items(rows, rows).drop_duplicates("item")
    return distinct(dict(zip(rows["item"], rows["item_label"], strict=True)))
