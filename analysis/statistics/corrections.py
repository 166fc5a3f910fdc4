"""Corrections of p values for the number of comparisons made."""

from __future__ import annotations

import numpy as np

from analysis.errors import DesignError
from analysis.statistics.variance import Floats

CORRECTIONS = ("holm", "hochberg", "none")


def adjust(p: Floats, method: str = "holm") -> Floats:
    """Adjust a family of p values; missing ones stay missing and do not count.

    Args:
        p: P values.
        method: `holm` (Holm 1979, step down, valid under any dependence), `hochberg` (Hochberg 1988, step up,
            as in BS.1534-3 attachment 4) or `none`.

    Raises:
        DesignError: An unknown method.
    """
    if method not in CORRECTIONS:
        raise DesignError(f"unknown correction {method!r}; expected one of {', '.join(CORRECTIONS)}")
    out = np.array(p, dtype=float)
    there = np.flatnonzero(~np.isnan(out))
    if method == "none" or len(there) == 0:
        return out
    order = there[np.argsort(out[there], kind="stable")]
    scaled = out[order] * np.arange(len(order), 0, -1)
    if method == "holm":
        out[order] = np.maximum.accumulate(scaled)
    else:
        out[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return np.asarray(np.minimum(out, 1.0))
