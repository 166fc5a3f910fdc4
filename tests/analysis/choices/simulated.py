"""Simulated choices that several tests read."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd


def draw_pairs(
    worths: list[float], n_listeners: int = 12, n_items: int = 3, *, ties: float = 0.0, spread: float = 0.5,
    seed: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """Return each pair once per listener and item; `ties` is Davidson's nu, `spread` the listeners' SD."""
    rng = np.random.default_rng(seed)
    rows = []
    for listener in range(n_listeners):
        own = np.array(worths) + rng.normal(0, spread, len(worths))
        for item in range(n_items):
            for a, b in combinations(range(len(worths)), 2):
                first, second = (a, b) if rng.random() < 0.5 else (b, a)
                p, q = np.exp(own[first]), np.exp(own[second])
                tie = ties * np.sqrt(p * q)
                choice = rng.choice([1.0, 0.0, 0.5], p=np.array([p, q, tie]) / (p + q + tie))
                rows.append((f"L{listener:02}", f"item{item}", f"c{first}", f"c{second}", choice))
    return pd.DataFrame(rows, columns=["listener", "item", "first", "second", "choice"])


def draw_best_worst(
    worths: list[float], n_listeners: int = 12, n_trials: int = 6, *, size: int = 4, seed: int = 0
) -> pd.DataFrame:
    """Return trials with `size` random conditions each, chosen from by the sequential model."""
    rng = np.random.default_rng(seed)
    rows = []
    for listener in range(n_listeners):
        for trial in range(n_trials):
            members = rng.permutation(len(worths))[:size]
            utility = np.exp(np.array(worths)[members])
            best = rng.choice(size, p=utility / utility.sum())
            against = np.where(np.arange(size) == best, 0.0, 1 / utility)
            worst = rng.choice(size, p=against / against.sum())
            for place, member in enumerate(members):
                choice = 1 if place == best else -1 if place == worst else 0
                rows.append((f"L{listener:02}", f"item{trial % 3}", trial, f"c{member}", choice))
    return pd.DataFrame(rows, columns=["listener", "item", "trial", "condition", "choice"])
