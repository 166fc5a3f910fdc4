"""From items to the faithfulness table: means, intervals, and how many explanations were silent."""

from __future__ import annotations

import pandas as pd

from interpreter.evaluation.ground_truth import TRUTH_SCORES
from interpreter.evaluation.mask_statistics import MASK_STATISTICS
from interpreter.faithfulness import METRICS, bootstrap_mean

AGREEMENT = ("agree_in", "agree_out")

COLUMNS = (
    "method",
    "setting",
    "n_items",
    *METRICS,
    *(f"{metric}_{end}" for metric in METRICS for end in ("low", "high")),
    "n_silent",
    "accuracy",
    *MASK_STATISTICS,
)
"""Columns of every faithfulness table; `TRUTH_SCORES` and `AGREEMENT` follow if known, then `label`."""


def summarise(items: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Average items into one row per method and setting, in the order in which they occur.

    Intervals are 95 % percentile bootstrap intervals over clips: mixtures of one clip are drawn together.

    Labels that several methods share get what distinguishes them: their options, or the names of their runs.
    `accuracy` is the classifier's in this setting, in percent: the same in every row.

    Args:
        items: from `evaluate_items`.
        seed: of the bootstrap.
    """
    extra = [name for name in (*TRUTH_SCORES, *AGREEMENT) if name in items and items[name].notna().any()]
    rows = []
    for (method, setting), group in items.groupby(["method", "setting"], sort=False):
        row: dict[str, object] = {"method": method, "setting": setting, "n_items": len(group)}
        for metric in METRICS:
            interval = bootstrap_mean(group[metric], list(group["clip"]), seed=seed)
            row |= {
                metric: interval.mean,
                f"{metric}_low": interval.low,
                f"{metric}_high": interval.high,
            }
        row["n_silent"] = int(group["silent"].sum())
        row["accuracy"] = 100 * group["correct"].mean()
        row |= {name: group[name].mean() for name in (*MASK_STATISTICS, *extra)}
        row["label"] = group["label"].iloc[0]
        rows.append(row)
    table = pd.DataFrame(rows, columns=[*COLUMNS, *extra, "label"])
    shared = table.duplicated(["setting", "label"], keep=False)
    longer = table["label"] + " [" + table["method"].map(_distinguish) + "]"
    return table.assign(label=table["label"].where(~shared, longer))


def _distinguish(method: str) -> str:
    """Return what distinguishes a method from others of its label: its options, else its whole name."""
    return method.partition(":")[2] or method
