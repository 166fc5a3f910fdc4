"""ITU-R BS.1116-3: the difference grade, and whose grades show that they heard the impairment.

A trial has the open reference and two hidden sounds, one of them the reference again. The difference grade
is the grade of the object minus that of the hidden reference: 0 is imperceptible, -4 very annoying, and above
0 the listener took the reference for the object. A listener whose difference grades are not below 0 on
average (one-sided t test, 5 %; section 4.1.2 on post-screening) cannot be distinguished from one who guesses.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import DesignError

_ALPHA = 0.05


def expertise(trials: pd.DataFrame) -> pd.DataFrame:
    """Return for each listener whether the difference grades are below 0.

    Args:
        trials: One row per trial with `listener` and `score`, the difference grade.

    Returns:
        Columns `listener, n, mean, identified` (trials with the object below the reference), `t, p`
        (one-sided), `hears`. With fewer than two trials, or grades that are all equal, there is no t, and
        `hears` says whether the mean is below 0.

    Raises:
        DesignError: There is no grade.
    """
    rows = trials[trials["score"].notna()]
    if rows.empty:
        raise DesignError("there is no difference grade")
    found = []
    for listener, group in rows.groupby("listener", sort=True):
        grades = group["score"].to_numpy(float)
        varies = len(grades) > 1 and np.ptp(grades) > 0
        t, p = stats.ttest_1samp(grades, 0.0, alternative="less") if varies else (np.nan, np.nan)
        found.append(
            {
                "listener": listener, "n": len(grades), "mean": float(grades.mean()),
                "identified": int((grades < 0).sum()), "t": float(t), "p": float(p),
                "hears": bool(p < _ALPHA) if varies else bool(grades.mean() < 0),
            }
        )  # fmt: skip
    return pd.DataFrame(found)
