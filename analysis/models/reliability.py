"""How far listeners agree with each other and with themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import DesignError
from analysis.models.repeats import repeat_differences
from analysis.ratings.reuse import reusable
from analysis.ratings.selection import choose_conditions
from analysis.ratings.tidy import cells, is_simulated, select_rated
from analysis.statistics.intervals import LEVEL
from analysis.statistics.jackknife import jackknife_interval
from analysis.statistics.variance import Floats, components

_FEW = "an interval needs three listeners"


def reliability(
    frame: pd.DataFrame,
    *,
    attribute: str | None = None,
    among: list[str] | None = None,
    level: float = LEVEL,
) -> pd.DataFrame:
    """Agreement of the panel: ICC(2,1), ICC(2,k), Krippendorff's alpha and Kendall's W.

    A stimulus (item x condition) is what is measured, a listener is the measure. If every listener rated
    every stimulus, the ICCs are those of Shrout & Fleiss (1979) with McGraw & Wong's (1996) intervals;
    otherwise they come from the variance components of the existing ratings (`statistics.variance`).
    Alpha is Krippendorff's for interval scales; W is over the listeners' mean scores of the conditions, and
    its interval that of the mean rank correlation of two listeners, which W is a function of. The intervals
    of alpha, W and the incomplete ICCs come from a jackknife over listeners (`statistics.jackknife`): they
    speak about new listeners and the same stimuli.

    Args:
        frame: Tidy ratings.
        attribute: The scale, if the frame has several.
        among: Conditions that count; by default the methods, since everybody agrees on references and anchors
            (all conditions if there are fewer than two methods).
        level: Coverage of the intervals.

    Returns:
        Columns `measure, value, ci_low, ci_high, n_listeners, n_stimuli, note, simulated`.

    Raises:
        DesignError: Fewer than two listeners or stimuli.
    """
    table = _cells_of_methods(frame, attribute, among)
    table = table.assign(stimulus=table["item"] + "\0" + table["condition"])
    wide = table.pivot(index="stimulus", columns="listener", values="score")
    if min(wide.shape) < 2:
        raise DesignError(
            f"agreement needs two listeners and two stimuli; found {wide.shape[1]} and {wide.shape[0]}"
        )
    scores = wide.to_numpy(float)
    complete = not np.isnan(scores).any()
    single, average = icc(scores, level) if complete else _icc_incomplete(scores, level)
    note = "" if complete else "incomplete design: variance components, jackknife over listeners"
    alpha = krippendorff(scores), *jackknife_interval(lambda rows: krippendorff(rows.T), scores.T, level)
    rows = [
        ("ICC(2,1)", *single, note),
        ("ICC(2,k)", *average, note),
        ("Krippendorff's alpha", *alpha, "" if scores.shape[1] > 2 else _FEW),
        ("Kendall's W", *_kendall_of(table, level)),
    ]
    out = pd.DataFrame(rows, columns=["measure", "value", "ci_low", "ci_high", "note"])
    return out.assign(n_listeners=scores.shape[1], n_stimuli=scores.shape[0], simulated=is_simulated(frame))


@reusable
def listeners(frame: pd.DataFrame, *, attribute: str | None = None) -> pd.DataFrame:
    """Compare each listener with the panel on the methods (all conditions if there are fewer than two).

    Returns:
        Columns `listener, n_ratings, agreement` (correlation with the mean of the others on the same
        stimuli), `p_agreement` (one-sided, of no agreement), `bias` (mean distance from it), `lowest,
        highest, sd` (use of the scale), `repeatability` (standard deviation of the difference between a
        hidden repeat and its trial), `simulated`.
    """
    table = _cells_of_methods(frame, attribute)
    by = table.groupby(["item", "condition"])["score"]
    n = by.transform("size")
    others = (by.transform("sum") - table["score"]) / (n - 1).where(n > 1)
    table = table.assign(others=others, gap=table["score"] - others)
    by_listener = table.groupby("listener", sort=True)
    out = by_listener.agg(
        n_ratings=("n", "sum"), bias=("gap", "mean"), lowest=("score", "min"), highest=("score", "max"),
        sd=("score", "std"),
    )  # fmt: skip
    both = table.dropna(subset="others")
    out.insert(1, "agreement", _correlations(both, "score", "others"))
    out.insert(2, "p_agreement", _p_of_none(out["agreement"], both.groupby("listener").size()))
    out = out.reset_index()
    out["repeatability"] = out["listener"].map(_repeatability(frame, attribute))
    return out.assign(simulated=is_simulated(frame))


def icc(
    scores: Floats, level: float = LEVEL
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """ICC(2,1) and ICC(2,k) of a complete table [stimuli, listeners], with McGraw & Wong's intervals."""
    n, k = scores.shape
    grand = scores.mean()
    rows, columns = scores.mean(axis=1) - grand, scores.mean(axis=0) - grand
    residual = scores - grand - rows[:, None] - columns[None, :]
    r, c = k * (rows**2).sum() / (n - 1), n * (columns**2).sum() / (k - 1)
    e = (residual**2).sum() / ((n - 1) * (k - 1))
    if r + c + e <= 0:
        return (np.nan,) * 3, (np.nan,) * 3
    single = (r - e) / (r + (k - 1) * e + k * (c - e) / n)
    average = (r - e) / (r + (c - e) / n)
    if e <= 0:
        return (single, np.nan, np.nan), (average, np.nan, np.nan)
    a, b = k * single / (n * (1 - single)), 1 + k * single * (n - 1) / (n * (1 - single))
    df = (a * c + b * e) ** 2 / ((a * c) ** 2 / (k - 1) + (b * e) ** 2 / ((n - 1) * (k - 1)))
    q = 0.5 + level / 2
    upper, lower = stats.f.ppf(q, n - 1, df), stats.f.ppf(q, df, n - 1)
    rest = k * c + (k * n - k - n) * e
    low = n * (r - upper * e) / (upper * rest + n * r)
    high = n * (lower * r - e) / (rest + n * lower * r)
    return (float(single), float(low), float(high)), (float(average), *_step_up_ends(low, high, k))


def krippendorff(scores: Floats) -> float:
    """Krippendorff's alpha for interval data [units, raters], `nan` if not rated (Krippendorff 2011)."""
    there = ~np.isnan(scores)
    m = there.sum(axis=1)
    kept = scores[m >= 2]
    if len(kept) == 0:
        return float("nan")
    m, values = m[m >= 2], kept[~np.isnan(kept)]
    n = len(values)
    within = np.nansum((kept - np.nanmean(kept, axis=1, keepdims=True)) ** 2, axis=1)
    observed = float((2 * m * within / (m - 1)).sum()) / n
    expected = 2 * n * float(((values - values.mean()) ** 2).sum()) / (n * (n - 1))
    return 1 - observed / expected if expected > 0 else float("nan")


def kendall_w(scores: Floats) -> float:
    """Kendall's coefficient of concordance of a complete table [listeners, objects], corrected for ties."""
    n, k = scores.shape
    ranks = stats.rankdata(scores, axis=1)
    spread = ((ranks.sum(axis=0) - n * (k + 1) / 2) ** 2).sum()
    counts = [np.unique(row, return_counts=True)[1] for row in scores]
    ties = sum(float((c**3 - c).sum()) for c in counts)
    scale = n**2 * (k**3 - k) - n * ties
    return float(12 * spread / scale) if scale > 0 else float("nan")


def mean_rank_correlation(scores: Floats) -> float:
    """Mean rank correlation of two listeners [listeners, objects], `(nW - 1) / (n - 1)` for n listeners."""
    n = len(scores)
    ranks = stats.rankdata(scores, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    own = float((ranks**2).sum())
    return (float((ranks.sum(axis=0) ** 2).sum()) - own) / ((n - 1) * own) if own > 0 else float("nan")


def _kendall_of(table: pd.DataFrame, level: float) -> tuple[float, float, float, str]:
    frame = table.groupby(["listener", "condition"])["score"].mean().unstack().dropna()
    nan, n = float("nan"), len(frame)
    if min(frame.shape) < 2:
        return nan, nan, nan, "needs two listeners who rated two conditions"
    means = frame.to_numpy(float).round(10)
    low, high = (
        float(np.clip((1 + (n - 1) * end) / n, 0.0, 1.0)) if n > 2 else nan
        for end in jackknife_interval(mean_rank_correlation, means, level)
    )
    w = kendall_w(means)
    note = _FEW if n < 3 else "all listeners rank the conditions equally" if w > 1 - 1e-9 else ""
    return w, low, high, note


def _icc_incomplete(
    scores: Floats, level: float
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    k = 1 / float(np.mean(1 / np.maximum((~np.isnan(scores)).sum(axis=1), 1)))
    value = _icc_components(scores)
    # Shares of variance: the jackknife may reach beyond 0 and 1, where they are not defined.
    low, high = np.clip(jackknife_interval(lambda rows: _icc_components(rows.T), scores.T, level), 0.0, 1.0)
    return (value, float(low), float(high)), (_step_up(value, k), *_step_up_ends(low, high, k))


def _icc_components(scores: Floats) -> float:
    stimulus, listener = np.nonzero(~np.isnan(scores))
    parts = components(scores[stimulus, listener], listener, stimulus)
    return float(parts[1] / parts.sum()) if parts.sum() > 0 else float("nan")


def _step_up(single: float, k: float) -> float:
    """Spearman-Brown: the reliability of a mean of k listeners."""
    return float(k * single / (1 + (k - 1) * single))


def _step_up_ends(low: float, high: float, k: float) -> tuple[float, float]:
    """Step the ends of an interval up, from 0 and 1 at most: below 0 the formula has its pole."""
    return _step_up(float(np.clip(low, 0.0, 1.0)), k), _step_up(float(np.clip(high, 0.0, 1.0)), k)


def _cells_of_methods(
    frame: pd.DataFrame, attribute: str | None, among: list[str] | None = None
) -> pd.DataFrame:
    chosen = choose_conditions(select_rated(frame, attribute), among)
    table = cells(frame, attribute)
    return table[table["condition"].isin(chosen)].reset_index(drop=True)


def _p_of_none(correlation: pd.Series, n: pd.Series) -> pd.Series:
    """One-sided p value of a correlation of 0 or less: Student's t with n - 2 degrees of freedom."""
    df = (n.reindex(correlation.index) - 2).clip(lower=1)
    t = correlation * np.sqrt(df / (1 - correlation.clip(-1 + 1e-12, 1 - 1e-12) ** 2))
    return pd.Series(stats.t.sf(t, df), index=correlation.index)


def _correlations(table: pd.DataFrame, a: str, b: str) -> pd.Series:
    """Pearson's correlation of two columns per listener; `nan` for fewer than three rows or no spread."""
    by = table["listener"]
    x, y = (table[name] - table.groupby(by)[name].transform("mean") for name in (a, b))
    sums = pd.DataFrame({"xy": x * y, "xx": x**2, "yy": y**2, "n": 1.0}).groupby(by).sum()
    spread = (sums["n"] >= 3) & (sums["xx"] > 1e-9) & (sums["yy"] > 1e-9)
    found: pd.Series = sums["xy"].where(spread) / (sums["xx"] * sums["yy"]).where(spread) ** 0.5
    return found


def _repeatability(frame: pd.DataFrame, attribute: str | None) -> pd.Series:
    rows = frame if attribute is None else frame[frame["attribute"] == attribute]
    return repeat_differences(rows).groupby("listener").std()
