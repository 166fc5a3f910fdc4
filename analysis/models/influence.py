"""What one listener or one item does to the differences: each is left out in turn."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.errors import DesignError
from analysis.models.compare import compare_pairs, list_pairs
from analysis.models.pair_table import PairTable
from analysis.ratings.tidy import cells, conditions, fill_columns, is_simulated, select_rated
from analysis.statistics.corrections import adjust
from analysis.statistics.variance import Floats

_ALPHA, _MOST = 0.05, 3000


def influence(
    frame: pd.DataFrame,
    *,
    among: list[str] | None = None,
    correction: str = "holm",
    attribute: str | None = None,
) -> pd.DataFrame:
    """Leave out each listener, then each item, and compare the conditions again.

    Args:
        frame: Tidy ratings.
        among: Conditions to compare; by default the methods.
        correction: Of the p values of the two-way test.
        attribute: The scale, if the frame has several.

    Returns:
        One row per listener and item, those that change most first: `factor, left_out, pair, change` (the
        pair whose difference changes most, and by how many points), `findings` (pairs with a corrected p
        below 0.05 without it), `lost, gained` (compared with all ratings), `simulated`.

    Raises:
        DesignError: As `compare`, or more than 3,000 comparisons to repeat.
    """
    rows = select_rated(fill_columns(frame), attribute)
    pairs, table = list_pairs(rows, None, among), cells(rows)
    names = {name for pair in pairs for name in pair}
    table = table[table["condition"].isin(names)]
    units = [(factor, name) for factor in ("listener", "item") for name in sorted(table[factor].unique())]
    if len(units) * len(pairs) > _MOST:
        raise DesignError(f"{len(units)} listeners and items x {len(pairs)} pairs are too many to leave out")
    labels = dict(zip(*(conditions(rows)[name] for name in ("condition", "label")), strict=True))
    means, found = _differences(table, pairs, correction)
    records = []
    for factor, name in units:
        left = table[table[factor] != name]
        if left[factor].nunique() < 2 or set(left["condition"]) != names:
            continue
        others, still = _differences(left, pairs, correction)
        changes = np.nan_to_num(np.abs(others - means))
        most = int(changes.argmax())
        records.append(
            {"factor": factor, "left_out": name, "pair": " − ".join(labels[one] for one in pairs[most]),
             "change": float(others[most] - means[most]), "findings": int(still.sum()),
             "lost": int((found & ~still).sum()), "gained": int((still & ~found).sum())}
        )  # fmt: skip
    if not records:
        raise DesignError("influence needs three listeners or three items")
    out = pd.DataFrame(records).assign(simulated=is_simulated(rows))
    return out.sort_values("change", key=np.abs, ascending=False, kind="stable").reset_index(drop=True)


def _differences(
    table: pd.DataFrame, pairs: list[tuple[str, str]], correction: str
) -> tuple[Floats, np.ndarray]:
    """Return each pair's difference, in the pair's own order, and whether it is a finding."""
    compared = compare_pairs(PairTable.of(table), pairs)
    signs = [1 if (one.a, one.b) == pair else -1 for one, pair in zip(compared, pairs, strict=True)]
    means = np.array([sign * one.mean.mean for sign, one in zip(signs, compared, strict=True)])
    p = adjust(np.array([one.mean.p_value() for one in compared]), correction)
    return means, p < _ALPHA
