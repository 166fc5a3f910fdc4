"""A table of objective metrics: one row per item and condition, one column per metric."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.errors import RatingsError

KEY = ["item", "condition"]


def read_metrics(source: str | Path | pd.DataFrame) -> pd.DataFrame:
    """Return a table of metrics with `item` and `condition` as text and one column of numbers per metric.

    Args:
        source: CSV file, or a frame. Columns without a number, such as labels, are left out.

    Raises:
        RatingsError: The file cannot be read, has no `item` or `condition`, a row twice, or no metric.
    """
    name = "the frame of metrics" if isinstance(source, pd.DataFrame) else Path(source).name
    if isinstance(source, pd.DataFrame):
        table = source.copy()
    else:
        try:
            table = pd.read_csv(source, dtype=dict.fromkeys(KEY, str), encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            raise RatingsError(f"{name} cannot be read as a CSV file ({error})") from error
    missing = [key for key in KEY if key not in table]
    if missing:
        raise RatingsError(
            f"{name} has no column {missing[0]!r}; expected item, condition and one column per metric"
        )
    table = table.assign(**{key: table[key].astype(str) for key in KEY})
    metrics = [column for column in table.select_dtypes("number") if column not in KEY]
    if not metrics:
        raise RatingsError(f"{name} has no column of numbers; expected one per metric")
    twice = table[table.duplicated(KEY)]
    if len(twice):
        item, condition = twice.iloc[0][KEY]
        raise RatingsError(f"{name} has {condition!r} of {item!r} twice; expected one row per stimulus")
    return table[[*KEY, *metrics]].astype(dict.fromkeys(metrics, np.float64))
