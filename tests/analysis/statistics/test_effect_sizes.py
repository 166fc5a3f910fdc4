"""Effect sizes: other intervals' definitions, few listeners and equal differences."""

from __future__ import annotations

import math

import numpy as np
import pingouin
import pytest
from scipy import integrate, stats
from statsmodels.stats.proportion import proportion_confint

from analysis.statistics.effect_sizes import cohens_dz, rank_biserial, superiority

GAPS = np.array([1.0, -2.0, 3.5, 4.0, 0.0, -0.5, 6.0, 2.0, 2.0])


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_each_interval_by_its_formula(level: float) -> None:
    n = len(GAPS)
    dz, low, high = cohens_dz(GAPS, level)
    assert dz == pytest.approx(stats.ttest_1samp(GAPS, 0).statistic / n**0.5)
    for end, share in ((low, (1 + level) / 2), (high, (1 - level) / 2)):
        assert stats.nct.cdf(dz * n**0.5, n - 1, end * n**0.5) == pytest.approx(share, abs=1e-6)
    moved = GAPS[GAPS != 0]
    ranks = stats.rankdata(np.abs(moved))
    r = (ranks[moved > 0].sum() - ranks[moved < 0].sum()) / ranks.sum()
    m = len(moved)
    # The signed-rank sum's variance is the sum of the squared ranks, here without ties: 1^2 + ... + m^2.
    error = math.sqrt(sum(k**2 for k in range(1, m + 1))) / sum(range(1, m + 1))
    z = stats.norm.ppf((1 + level) / 2)
    expected = (r, math.tanh(math.atanh(r) - z * error), math.tanh(math.atanh(r) + z * error))
    assert rank_biserial(GAPS, level) == pytest.approx(expected)
    # Wilson's interval takes shares that are no whole counts: a tie is half a success.
    wins = (GAPS > 0).sum() + 0.5 * (GAPS == 0).sum()
    wilson = proportion_confint(wins, n, alpha=1 - level, method="wilson")
    assert superiority(GAPS, level) == pytest.approx((wins / n, *wilson))


@pytest.mark.parametrize("effect", [cohens_dz, rank_biserial, superiority])
def test_95_percent_is_the_default_and_two_listeners_are_the_fewest(effect) -> None:
    assert effect(GAPS) == effect(GAPS, 0.95)
    assert np.isnan(effect(np.array([2.0]))).all() and np.isnan(effect(np.array([]))).all()
    assert np.isfinite(effect(np.array([3.0, -1.0]))[0])


def test_equal_differences_have_no_standard_deviation() -> None:
    # Equal but for rounding: the deviation is 1e-15, and an effect of 1e15 would be absurd.
    assert np.isnan(cohens_dz(np.array([0.1 + 0.2, 0.3, 0.3]))).all()
    assert np.isnan(cohens_dz(np.full(5, 1e9))).all()
    assert np.isfinite(cohens_dz(np.array([1.0, 1.0, 1.001]))).all()


def test_far_effects_are_mirrored_and_go_on_where_the_exact_ones_end() -> None:
    rng = np.random.default_rng(1)
    base = rng.normal(0, 1, 30)
    base = (base - base.mean()) / base.std(ddof=1)
    for t in (29.9, 30.1):  # either side of where the distribution function is given up
        dz, low, high = cohens_dz(base + t / 30**0.5)
        assert dz == pytest.approx(t / 30**0.5)
        # For large t the interval is close to dz +- 1.96 sqrt(1 / n + dz^2 / (2 (n - 1))).
        half = 1.96 * math.sqrt(1 / 30 + dz**2 / 58)
        assert (low, high) == pytest.approx((dz - half, dz + half), rel=0.02)
        assert cohens_dz(-(base + t / 30**0.5)) == pytest.approx((-dz, -high, -low))
    near, far = (cohens_dz(base + t / 30**0.5)[1:] for t in (29.999, 30.001))
    assert near == pytest.approx(far, rel=1e-3)


def test_dz_has_pingouins_value_and_is_mirrored() -> None:
    gaps = np.random.default_rng(6).normal(3, 4, 20)
    dz, low, high = cohens_dz(gaps)
    assert dz == pytest.approx(float(pingouin.ttest(gaps, 0).filter(like="cohen").iloc[0, 0]))
    assert cohens_dz(-gaps) == pytest.approx((-dz, -high, -low))


def test_a_huge_effect_still_has_an_interval() -> None:
    """Its distribution function by integration over the chi distribution, as the noncentral t is defined."""
    gaps = 100 + np.random.default_rng(7).normal(0, 1, 15)
    dz, low, high = cohens_dz(gaps)
    for end, q in ((low, 0.975), (high, 0.025)):

        def density(s: float, far: float = end * 15**0.5) -> float:
            chi = stats.chi.pdf(s * 14**0.5, 14) * 14**0.5
            return float(stats.norm.cdf(dz * 15**0.5 * s - far) * chi)

        assert integrate.quad(density, 0, 4, points=[end / dz], limit=200)[0] == pytest.approx(q, abs=1e-4)


def test_rank_biserial_counts_signed_ranks() -> None:
    r, low, high = rank_biserial(np.array([1.0, 2, -3, 4, 0]))
    assert r == pytest.approx((1 + 2 + 4 - 3) / 10)
    assert low < r < high and low >= -1 and high <= 1
    r, low, high = rank_biserial(np.array([1.0, 2, 3]))
    assert r == 1 and np.isnan([low, high]).all(), "Fisher's z is not finite there"
