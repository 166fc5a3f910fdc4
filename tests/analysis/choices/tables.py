"""A table of ratings of each test that asks for choices, as people and servers write them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.analysis.choices.simulated import draw_best_worst, draw_pairs

WORTHS = {"ab": [0.0, 0.9, 0.4, -0.5], "best-worst": [0.0, 0.9, -0.7, 0.4, -0.2]}


def draw_table(test: str, n_listeners: int = 19, n_items: int = 4, seed: int = 0) -> pd.DataFrame:
    """Return ratings of one test, to be read by `load_ratings`."""
    rng = np.random.default_rng(seed)
    if test == "ab":
        return draw_pairs(WORTHS["ab"], n_listeners, n_items, ties=0.3, seed=seed)
    if test == "best-worst":
        table = draw_best_worst(WORTHS["best-worst"], n_listeners, seed=seed)
        renamed = table.rename(columns={"trial": "trial_position", "choice": "score"})
        return renamed.assign(attribute="choice")
    rows: list[dict[str, object]] = []
    for listener in range(n_listeners):
        own = rng.normal(0, 0.4)
        for item in range(n_items):
            shared = {"listener": f"L{listener:02}", "item": f"item{item}"}
            for condition, effect in (("codec", 0.5), ("new", 1.2)):
                pair = {"first": "old", "second": condition}
                if rng.random() < 0.5:
                    pair = {"first": condition, "second": "old"}
                strength = effect + own + rng.normal(0, 0.7)
                if test == "abx":
                    right = rng.random() < 0.5 + 0.22 * effect
                    rows.append({**shared, **pair, "correct": int(right)})
                elif test == "ccr":
                    sign = 1 if pair["second"] == condition else -1
                    rows.append(
                        {**shared, **pair, "score": int(np.clip(np.round(sign * strength + 0.2), -3, 3))}
                    )
                else:
                    row = {**shared, "condition": condition, "attribute": "difference"}
                    rows.append({**row, "score": round(min(0.6, -strength), 1)})
    return pd.DataFrame(rows)
