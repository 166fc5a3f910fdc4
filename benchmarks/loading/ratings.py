"""Simulated ratings in the format of the export, as many listeners as wanted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

ITEMS = 20
MEANS = {
    "reference": 97.0, "m1": 74.0, "m2": 66.0, "m3": 58.0, "m4": 51.0, "m5": 44.0, "anchor70": 36.0,
    "anchor35": 14.0,
}  # fmt: skip


def write_ratings(path: Path, listeners: int, items: int = ITEMS, seed: int = 0) -> int:
    """Write a CSV of complete ratings; return its number of rows."""
    rng = np.random.default_rng(seed)
    k = len(MEANS)
    shape = (listeners, items, k)
    scores = (
        np.array(list(MEANS.values()))
        + rng.normal(0, 10, (listeners, 1, 1))
        + rng.normal(0, 6, (1, items, 1))
    )
    scores = (
        scores
        + rng.normal(0, 4, (listeners, 1, k))
        + rng.normal(0, 4, (1, items, k))
        + rng.normal(0, 10, shape)
    )
    scores[:, :, 0] = 100 - rng.poisson(1.5, shape[:2])
    listener, item, condition = (axis.ravel() for axis in np.indices(shape))
    names = list(MEANS)
    sessions = np.array([f"s{number:06d}" for number in range(listeners)])
    items_named = np.array([f"item-{number:02d}" for number in range(items)])
    frame = pd.DataFrame(
        {
            "study": "benchmark", "session": sessions[listener], "listener": sessions[listener],
            "item": items_named[item],
            "condition": np.array(names)[condition], "attribute": "score",
            "role": np.array(["hidden_reference", *["method"] * 5, "mid_anchor", "low_anchor"])[condition],
            "kind": "trial",
            "score": scores.ravel().clip(0, 100).round(), "time_ms": 30000, "listened_ms": 3000,
            "comment": "",
            "trial_position": item + 1, "condition_position": condition + 1, "simulated": 1, "finished": 1,
            "submitted_at": "2026-01-01T00:00:00Z",
        }
    )  # fmt: skip
    frame.to_csv(path, index=False)
    return len(frame)
