"""Bootstrap of means over listeners and items together, with bias-corrected and accelerated (BCa) ends.

One draw takes as many listeners and, independently, as many items with replacement; a rating counts as often
as its listener times as often as its item was drawn (the pigeonhole bootstrap: Owen 2007, Annals of Applied
Statistics 1:386-411, mildly conservative). Ends: Efron 1987, JASA 82:171-185, the acceleration from the
jackknife over listeners and items.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse, stats

from analysis.statistics.intervals import LEVEL
from analysis.statistics.variance import Floats

_CHUNK = 500  # draws at once: bounds the memory, does not change the numbers


def bootstrap_means(
    cells: pd.DataFrame, conditions: list[str], *, draws: int = 10_000, seed: int = 0
) -> Floats:
    """Draw the conditions' means under resampling of listeners and items.

    All conditions share each draw, so that a difference of two columns is a draw of the paired difference.

    Args:
        cells: From `analysis.ratings.tidy.cells`.
        conditions: Names, in the order of the columns.
        draws: Number of draws.
        seed: Seed of the draws.

    Returns:
        Means [draws, conditions]; `nan` if a draw has no ratings of a condition.
    """
    scores, counts, n_items = _tables(cells, conditions)
    rng = np.random.default_rng(seed)
    out = np.empty((draws, len(conditions)))
    # In a complete design the summed counts are the product of the two sums of weights.
    complete = (
        bool((counts.toarray() == 1).all()) if counts.shape[0] * counts.shape[1] == counts.nnz else False
    )
    for start in range(0, draws, _CHUNK):
        size = min(_CHUNK, draws - start)
        by_listener = _weights(rng, size, scores.shape[0])
        by_item = _weights(rng, size, n_items)
        sums = _weigh(scores, by_listener, by_item)
        if complete:
            total = (by_listener.sum(axis=1) * by_item.sum(axis=1))[:, None]
        else:
            total = _weigh(counts, by_listener, by_item)
        with np.errstate(invalid="ignore", divide="ignore"):
            out[start : start + size] = sums / total
    return out


def bca(estimate: float, draws: Floats, influence: Floats, level: float = LEVEL) -> tuple[float, float]:
    """Return the BCa ends of an interval.

    Args:
        estimate: The statistic of the ratings themselves.
        draws: The statistic of each draw.
        influence: Jackknife influence of each listener and item (mean of the others minus the estimate, sign
            reversed).
        level: Coverage wanted.
    """
    draws = draws[~np.isnan(draws)]
    if len(draws) == 0 or np.ptp(draws) == 0:
        return (estimate, estimate) if len(draws) else (float("nan"), float("nan"))
    # Draws that equal the estimate count half, so that discrete scores do not bias the correction.
    below = ((draws < estimate).mean() + (draws <= estimate).mean()) / 2
    bias = stats.norm.ppf(np.clip(below, 1 / len(draws), 1 - 1 / len(draws)))
    scale = (influence**2).sum() ** 1.5
    acceleration = (influence**3).sum() / (6 * scale) if scale > 0 else 0.0
    z = bias + stats.norm.ppf([0.5 - level / 2, 0.5 + level / 2])
    low, high = np.quantile(draws, stats.norm.cdf(bias + z / (1 - acceleration * z)))
    return float(low), float(high)


def influences(cells: pd.DataFrame) -> Floats:
    """Influence of each listener, then each item, on the mean score of the cells, by the jackknife."""
    total, n = float(cells["score"].sum()), len(cells)
    parts = []
    for factor in ("listener", "item"):
        groups = cells.groupby(factor, sort=False)["score"].agg(["sum", "size"])
        rest = n - groups["size"].to_numpy()
        kept = rest > 0
        without = (total - groups["sum"].to_numpy()[kept]) / rest[kept]
        parts.append((len(groups) - 1) * (total / n - without))
    return np.concatenate(parts)


def _tables(cells: pd.DataFrame, conditions: list[str]) -> tuple[sparse.csr_array, sparse.csr_array, int]:
    """Scores and counts [listeners, conditions x items]."""
    listener, _ = pd.factorize(cells["listener"])
    item, items = pd.factorize(cells["item"])
    condition = pd.Index(conditions).get_indexer(pd.Index(cells["condition"]))
    chosen = condition >= 0
    shape = (int(listener.max()) + 1, len(conditions) * len(items))
    at = (listener[chosen], (condition * len(items) + item)[chosen])
    scores = sparse.csr_array((cells["score"].to_numpy(float)[chosen], at), shape=shape)
    return scores, sparse.csr_array((np.ones(int(chosen.sum())), at), shape=shape), len(items)


def _weights(rng: np.random.Generator, draws: int, n: int) -> Floats:
    """How often each of n things was drawn [draws, n]."""
    drawn = rng.integers(0, n, size=(draws, n)) + n * np.arange(draws)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=draws * n)
    return counts.reshape(draws, n).astype(np.float64)


def _weigh(table: sparse.csr_array, by_listener: Floats, by_item: Floats) -> Floats:
    """Sum a table over listeners and items with weights [draws, conditions]."""
    dense = table.nnz > 0.3 * table.shape[0] * table.shape[1]
    over_listeners = by_listener @ (table.toarray() if dense else table)
    shaped = over_listeners.reshape(len(by_listener), -1, by_item.shape[1])
    return np.asarray(np.einsum("rkj,rj->rk", shaped, by_item))
