"""The bootstrap of a mean: scipy, full enumeration, and items of one clip drawn together."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.stats

from interpreter.faithfulness import bootstrap_mean


def test_bootstrap_agrees_with_scipy() -> None:
    values = np.random.default_rng(3).gamma(2.0, 10.0, size=60)
    ours = bootstrap_mean(values, resamples=9000, seed=1)
    peer = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=9000, method="percentile", random_state=np.random.default_rng(9)
    ).confidence_interval
    assert ours.mean == pytest.approx(values.mean())
    assert ours.low == pytest.approx(peer.low, abs=0.4)
    assert ours.high == pytest.approx(peer.high, abs=0.4)
    assert ours == bootstrap_mean(values, resamples=9000, seed=1)


def test_items_of_one_clip_are_drawn_together() -> None:
    values = np.random.default_rng(0).normal(size=30)
    doubled, clips = np.repeat(values, 2), np.repeat(np.arange(30), 2).tolist()
    single = bootstrap_mean(values)
    grouped = bootstrap_mean(doubled, clips)
    naive = bootstrap_mean(doubled)
    assert (grouped.low, grouped.high) == pytest.approx((single.low, single.high))
    assert naive.high - naive.low < 0.85 * (single.high - single.low)


def test_bootstrap_of_nothing_one_or_equal_items() -> None:
    assert math.isnan(bootstrap_mean([]).mean)
    one = bootstrap_mean([3.0])
    assert one.mean == 3.0
    assert math.isnan(one.low)
    assert math.isnan(one.high)
    same = bootstrap_mean([2.0, 2.0, 2.0])
    assert (same.low, same.high) == (2.0, 2.0)
    assert bootstrap_mean([1.0, float("nan"), 3.0]).mean == 2.0


def quantiles(values: list[float], level: float) -> tuple[float, float]:
    """Ends of the interval from all resamples there are, each as likely as any other."""
    means = sorted(float(np.mean(draw)) for draw in itertools.product(values, repeat=len(values)))
    cut = [math.ceil(len(means) * share) - 1 for share in ((1 - level) / 2, (1 + level) / 2)]
    return means[cut[0]], means[cut[1]]


@pytest.mark.parametrize("level", [0.4, 0.6, 0.95])
@pytest.mark.parametrize("values", [[0.0, 1.0], [1.0, 5.0], [0.0, 1.0, 4.0]])
def test_few_items_give_the_quantiles_of_all_resamples(values: list[float], level: float) -> None:
    # Shares of ties (1/4, 1/2, 1/4 with two items) are far from the quantiles asked for.
    found = bootstrap_mean(values, level=level, resamples=4000)
    assert found.mean == pytest.approx(np.mean(values))
    assert (found.low, found.high) == pytest.approx(quantiles(values, level))


def test_two_groups_are_resampled_and_one_is_not() -> None:
    two = bootstrap_mean([0.0, 0.0, 1.0], ["a", "a", "b"])
    assert (two.mean, two.low, two.high) == (pytest.approx(1 / 3), 0.0, 1.0)
    one = bootstrap_mean([0.0, 1.0, 2.0], ["a", "a", "a"])
    assert one.mean == 1.0 and math.isnan(one.low) and math.isnan(one.high)


def test_groups_of_different_sizes_weigh_by_their_items() -> None:
    # Both drawn, in either order: (0 + 0 + 0 + 4) / 4 = 1, half of all draws.
    found = bootstrap_mean([0.0, 0.0, 0.0, 4.0], ["a", "a", "a", "b"], level=0.4)
    assert (found.mean, found.low, found.high) == (1.0, 1.0, 1.0)


def test_every_resample_counts_also_those_after_the_last_full_batch() -> None:
    values = np.random.default_rng(4).normal(size=12)
    by_default, asked = bootstrap_mean(values), bootstrap_mean(values, resamples=2000, level=0.95, seed=0)
    assert by_default == asked != bootstrap_mean(values, resamples=2001)
    rng = np.random.default_rng(0)
    sizes = [200, 200, 50]
    means = np.concatenate([values[rng.integers(12, size=(size, 12))].mean(axis=1) for size in sizes])
    found = bootstrap_mean(values, resamples=450, level=0.9)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, [0.05, 0.95])))


def test_groups_of_items_without_a_value_do_not_count() -> None:
    found = bootstrap_mean([float("nan"), 3.0, 5.0], ["a", "b", "c"])
    assert (found.mean, found.low, found.high) == (4.0, 3.0, 5.0)
    assert math.isnan(bootstrap_mean([float("nan"), 3.0], ["a", "b"]).low)
    nothing = bootstrap_mean([float("nan")])
    assert math.isnan(nothing.mean) and math.isnan(nothing.low) and math.isnan(nothing.high)
