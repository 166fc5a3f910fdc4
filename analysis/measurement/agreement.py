"""How well metrics follow the listeners, with intervals that know of listeners and items.

A stimulus is an item under a condition; its score is the mean of its listeners. The intervals of Pearson's,
Spearman's and Kendall's correlations (tau-b) come from a bootstrap over listeners and items together (Owen
2007, Annals of Applied Statistics 1:386-411): mean scores are uncertain, and the stimuli of one item belong
together, so that Fisher's interval of independent stimuli would be too narrow. They are symmetric on Fisher's
z scale.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import DesignError
from analysis.measurement.mapping import errors_of, fit_first, fit_third
from analysis.measurement.metrics_file import KEY, match_items
from analysis.ratings.tidy import cells, fill_columns, is_simulated
from analysis.statistics.variance import Floats

_FEWEST, _MOST_DRAWS = 5, 1000
_CORRELATIONS: dict[str, Callable[[Floats, Floats], float]] = {
    "pearson": lambda x, y: float(stats.pearsonr(x, y).statistic),
    "spearman": lambda x, y: float(stats.spearmanr(x, y).statistic),
    "kendall": lambda x, y: float(stats.kendalltau(x, y).statistic),
}


def stimulus_scores(frame: pd.DataFrame, metrics: pd.DataFrame, attribute: str | None = None) -> pd.DataFrame:
    """Return the stimuli that have ratings and metrics: `item, condition, mos, half, n`, then the metrics.

    `half` is half of the t interval over the stimulus' listeners, `nan` for a single one.
    """
    grouped = cells(fill_columns(frame), attribute).groupby(KEY)["score"]
    table = grouped.agg(mos="mean", sd="std", n="size").reset_index()
    table["half"] = stats.t.ppf(0.975, (table["n"] - 1).clip(lower=1)) * table["sd"] / table["n"] ** 0.5
    return table.drop(columns="sd").merge(match_items(metrics, table["item"]), on=KEY, how="inner")


def metric_agreement(
    frame: pd.DataFrame,
    metrics: pd.DataFrame,
    *,
    attribute: str | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Correlate each metric with the mean scores of the stimuli, and map it onto their scale.

    Args:
        frame: Tidy ratings.
        metrics: From `read_metrics`; values that are not finite are left out.
        attribute: The scale, if the frame has several.
        draws: Draws of the bootstrap, at most 1,000.
        seed: Its seed.

    Returns:
        One row per metric: `metric, n_stimuli, n_items, n_conditions`, `pearson, spearman, kendall` each with
        `_low` and `_high` (95 %), and `rmse, rmse_star, outliers`, each `_first` and `_third` order, `about,
        note, simulated`.

    Raises:
        DesignError: The ratings and the metrics have no stimulus in common.
    """
    frame = fill_columns(frame)
    table = stimulus_scores(frame, metrics, attribute)
    if table.empty:
        raise DesignError(
            "the ratings and the metrics have no item and condition in common; expected the same names"
        )
    wide = cells(frame, attribute).pivot(index="listener", columns=KEY, values="score")
    scores = wide.reindex(columns=pd.MultiIndex.from_frame(table[KEY])).to_numpy(float)
    rows = [
        _row(str(name), table, scores, min(draws, _MOST_DRAWS), seed)
        for name in metrics.columns
        if name not in KEY
    ]
    return pd.DataFrame(rows).assign(simulated=is_simulated(frame))


def _row(name: str, table: pd.DataFrame, scores: Floats, draws: int, seed: int) -> dict[str, object]:
    known = np.isfinite(table[name].to_numpy(float))
    part, scores = table[known], scores[:, known]
    x, y, half = (part[key].to_numpy(float) for key in (name, "mos", "half"))
    row: dict[str, object] = {
        "metric": name, "n_stimuli": len(part), "n_items": part["item"].nunique(),
        "n_conditions": part["condition"].nunique(),
    }  # fmt: skip
    nan = float("nan")
    ends = [f"{key}{end}" for key in _CORRELATIONS for end in ("", "_low", "_high")]
    errors = [f"{key}_{order}" for order in ("first", "third") for key in ("rmse", "rmse_star", "outliers")]
    row |= dict.fromkeys([*ends, *errors], nan) | {"about": "new listeners and items", "note": ""}
    if len(part) < _FEWEST or np.ptp(x) == 0 or np.ptp(y) == 0:
        return row | {"note": f"needs {_FEWEST} stimuli whose scores and values differ"}
    item = pd.factorize(part["item"])[0]
    drawn = _bootstrap(x, scores, item, draws, seed)
    for place, (key, correlate) in enumerate(_CORRELATIONS.items()):
        value = correlate(x, y)
        low, high = _interval(value, drawn[:, place])
        row |= {key: value, f"{key}_low": low, f"{key}_high": high}
    for order, fitted in (("first", fit_first(x, y)), ("third", fit_third(x, y))):
        mapped = np.polynomial.polynomial.polyval(x, fitted)
        for key, value in errors_of(mapped, y, half, len(fitted))._asdict().items():
            row[f"{key}_{order}"] = value
    return row


def _interval(value: float, drawn: Floats) -> tuple[float, float]:
    """Return the 95 % interval on Fisher's z scale, around the value and as wide as the draws scatter.

    Quantiles of the draws would lie too low: drawn mean scores have the listeners' noise twice.
    """
    most = 1 - 1e-9
    z = np.arctanh(np.clip(drawn[~np.isnan(drawn)], -most, most))
    if len(z) < 2:
        return float("nan"), float("nan")
    half = float(stats.norm.ppf(0.975)) * float(z.std(ddof=1))
    middle = float(np.arctanh(np.clip(value, -most, most)))
    return float(np.tanh(middle - half)), float(np.tanh(middle + half))


def _bootstrap(x: Floats, scores: Floats, item: np.ndarray, draws: int, seed: int) -> Floats:
    """Draw the correlations under resampling of listeners and items [draws, correlations]."""
    rng = np.random.default_rng(seed)
    there, filled = ~np.isnan(scores), np.nan_to_num(scores)
    n_listeners, n_items = len(scores), int(item.max()) + 1
    stimuli_of = [np.flatnonzero(item == place) for place in range(n_items)]
    out = np.full((draws, len(_CORRELATIONS)), np.nan)
    for draw in range(draws):
        weights = np.bincount(rng.integers(0, n_listeners, n_listeners), minlength=n_listeners).astype(float)
        chosen = np.concatenate([stimuli_of[place] for place in rng.integers(0, n_items, n_items)])
        counts = weights @ there
        chosen = chosen[counts[chosen] > 0]
        means = (weights @ filled)[chosen] / counts[chosen]
        if len(chosen) < 3 or np.ptp(x[chosen]) == 0 or np.ptp(means) == 0:
            continue
        out[draw] = [correlate(x[chosen], means) for correlate in _CORRELATIONS.values()]
    return out
