"""Permutation tests: every pattern and every deal written out, and what a p value can be at least."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.permutation import medians, sign_flip


@pytest.mark.parametrize("draws", [16, 10_000])
def test_all_patterns_are_tried_when_there_are_no_more_than_draws(draws: int) -> None:
    sums = np.array([[3.0, 1.0], [1.0, -2.0], [2.0, 4.0], [-1.0, 0.5]])
    found = sign_flip(sums, draws=draws)
    for column in range(2):
        totals = [abs(np.dot(signs, sums[:, column])) for signs in itertools.product((-1, 1), repeat=4)]
        assert found[column] == np.mean([total >= abs(sums[:, column].sum()) for total in totals])


def test_the_smallest_p_value_counts_the_observed_pattern() -> None:
    # 2 of 2^40 patterns are as far from zero: none of the drawn ones is.
    strong = np.full((40, 1), 5.0)
    assert sign_flip(strong, draws=999)[0] == pytest.approx(1 / 1000)
    assert sign_flip(strong)[0] == pytest.approx(1 / 10_001)
    low = np.arange(30.0)
    assert medians(low, low + 100, draws=999) == pytest.approx(1 / 1000)
    assert medians(low, low + 100) == pytest.approx(1 / 10_001)


@pytest.mark.parametrize("draws", [1000, 1001, 2300])
def test_every_draw_counts_also_those_after_the_last_full_batch(draws: int) -> None:
    level = np.zeros((30, 2))  # every pattern is as far from zero as the observed one
    assert sign_flip(level, draws=draws) == pytest.approx([1.0, 1.0])
    assert medians(np.ones(4), np.ones(5), draws=draws) == 1.0


def test_patterns_follow_from_the_seed_and_are_those_of_the_generator() -> None:
    sums = np.random.default_rng(1).normal(0.3, 1, (25, 1))
    signs = 2 * np.random.default_rng(6).integers(0, 2, size=(400, 25), dtype=np.int8).astype(int) - 1
    hits = sum(abs(row @ sums[:, 0]) >= abs(sums.sum()) for row in signs)
    assert sign_flip(sums, draws=400, seed=6)[0] == (hits + 1) / 401
    assert sign_flip(sums)[0] == sign_flip(sums, draws=10_000, seed=0)[0]


def test_a_listener_who_did_not_take_part_changes_nothing() -> None:
    sums = np.array([[3.0], [1.0], [2.0], [np.nan]])
    assert sign_flip(sums)[0] == sign_flip(sums[:3])[0] == 0.25


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([1.0, 2, 7], [3.0, 4, 9, 9]),
        ([1.0, 2], [3.0, 4]),
        ([5.0], [1.0, 2, 3, 4]),
        ([0.0, 0, 1, 1], [0.0, 1, 1, 1, 1]),
    ],
)
def test_the_test_of_medians_against_every_deal(a: list[float], b: list[float]) -> None:
    pooled = [*a, *b]
    deals = list(itertools.combinations(range(len(pooled)), len(a)))
    gaps = []
    for deal in deals:
        rest = [pooled[at] for at in range(len(pooled)) if at not in deal]
        gaps.append(abs(np.median([pooled[at] for at in deal]) - np.median(rest)))
    expected = np.mean([gap >= abs(np.median(a) - np.median(b)) for gap in gaps])
    found = medians(np.array(a), np.array(b), draws=20_000, seed=3)
    assert found == pytest.approx(expected, abs=4 * (0.25 / 20_000) ** 0.5)
    assert medians(np.array(a), np.array(b)) == medians(np.array(a), np.array(b), draws=10_000, seed=0)


def test_the_sign_flip_agrees_with_scipys_for_many_listeners() -> None:
    sums = np.random.default_rng(4).normal(0.4, 1, (30, 1))
    witness = stats.permutation_test(
        (sums[:, 0],), np.mean, permutation_type="samples", n_resamples=20_000, rng=np.random.default_rng(0)
    )
    found = sign_flip(sums, draws=20_000, seed=1)[0]
    assert found == pytest.approx(witness.pvalue, abs=4 * (found / 20_000) ** 0.5)
    assert sign_flip(sums, draws=20_000, seed=1)[0] == found


def test_ties_of_the_observed_pattern_count() -> None:
    assert sign_flip(np.array([[0.1], [0.2], [0.3]]))[0] == 0.25
    assert sign_flip(np.array([[0.0], [0.0]]))[0] == 1


def test_the_test_of_medians_agrees_with_scipys_permutation() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.integers(0, 20, 31).astype(float), rng.integers(4, 24, 28).astype(float)
    witness = stats.permutation_test(
        (a, b), lambda x, y, axis: np.abs(np.median(x, axis=axis) - np.median(y, axis=axis)),
        n_resamples=20_000,
        vectorized=True, alternative="greater", rng=np.random.default_rng(1),
    )  # fmt: skip
    assert medians(a, b, draws=20_000) == pytest.approx(witness.pvalue, abs=0.01)
    assert medians(a, a) == 1
