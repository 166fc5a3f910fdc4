"""Circular triads: Kendall's formula and tournaments by hand; stochastic transitivity by definition."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.choices.transitivity import Violations, circular_triads, transitivity


def tournament(size: int, seed: int) -> np.ndarray:
    upper = np.triu(np.random.default_rng(seed).random((size, size)) < 0.5, 1)
    return (upper + np.tril(~upper.T, -1)).astype(float)


def test_circular_triads_are_kendalls() -> None:
    """Kendall & Babington Smith: d = k (k - 1) (2 k - 1) / 12 - sum a^2 / 2."""
    for seed in range(30):
        size = 3 + seed % 7
        wins = tournament(size, seed)
        expected = size * (size - 1) * (2 * size - 1) / 12 - (wins.sum(axis=1) ** 2).sum() / 2
        assert circular_triads(wins) == (round(expected), size * (size - 1) * (size - 2) // 6)


def test_ties_and_pairs_that_were_not_compared_are_not_judged() -> None:
    wins = np.array([[0, 2.0, 0, 1], [0, 0, 2, 0], [2, 0, 0, 0], [1, 0, 0, 0]])
    assert circular_triads(wins) == (1, 1)


def test_shares_that_rise_with_distance_violate_nothing() -> None:
    worths = np.array([0.0, 0.7, 1.1, 2.0])
    assert transitivity(100 / (1 + np.exp(worths - worths[:, None]))) == Violations(4, 0, 0, 0)


def test_each_degree_by_an_example() -> None:
    def shares(near: float, further: float, far: float) -> np.ndarray:
        return np.array([[0, near, far], [1 - near, 0, further], [1 - far, 1 - further, 0]])

    assert transitivity(shares(0.7, 0.8, 0.4)) == Violations(1, 1, 1, 1)
    assert transitivity(shares(0.7, 0.8, 0.6)) == Violations(1, 0, 1, 1)
    assert transitivity(shares(0.7, 0.8, 0.75)) == Violations(1, 0, 0, 1)
    assert transitivity(shares(0.7, 0.8, 0.8)) == Violations(1, 0, 0, 0)


def test_sound_quality(sound_quality: pd.DataFrame) -> None:
    """Few violations: Choisel & Wickelmaier scale these data with Bradley and Terry's model."""
    found = transitivity(sound_quality.to_numpy(float))
    assert (found.triads, found.weak, found.moderate) == (56, 1, 1)
    assert circular_triads(sound_quality.to_numpy(float)) == (1, 56)
