"""Closed-form intervals against published numbers, scipy and each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.errors import DesignError
from analysis.statistics.intervals import INTERVALS, Interval, interval

# The example in the tests of `mean-opinion-score` (a port of the CrowdMOS authors' code): raters x items.
_GAP = np.nan
EXAMPLE = np.array(
    [[4, 5, _GAP, 4, _GAP, 3], [4, 4, 4, 5, _GAP, 4], [_GAP, 3, 5, 4, _GAP, 1], [_GAP] * 6], dtype=float
)  # fmt: skip


def cells(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    listeners, items = np.nonzero(~np.isnan(table))
    return table[listeners, items], listeners, items


def test_crowdmos_gives_the_published_interval() -> None:
    found = interval("crowdmos", *cells(EXAMPLE), panel=EXAMPLE.shape)
    assert found.mean == pytest.approx(3.8462, abs=5e-5)
    assert found.high - found.mean == pytest.approx(1.33161, abs=5e-6)


def test_the_published_plain_interval_is_the_normal_one_and_ours_is_scipys_t() -> None:
    scores = cells(EXAMPLE)[0]
    published = stats.norm.ppf(0.975) * scores.std() / len(scores) ** 0.5
    assert published == pytest.approx(0.55788, abs=1e-5), "normal quantile and population deviation"
    found = interval("naive-t", *cells(EXAMPLE))
    low, high = stats.t.interval(0.95, len(scores) - 1, scores.mean(), stats.sem(scores))
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.high - found.mean > 0.55788


@pytest.mark.parametrize(("method", "axis"), [("listener", 1), ("item", 0)])
def test_cluster_intervals_are_scipys_over_means_in_a_balanced_design(method: str, axis: int) -> None:
    table = np.random.default_rng(1).normal(50, 10, (9, 5))
    means = table.mean(axis=axis)
    found = interval(method, *cells(table))
    expected = stats.t.interval(0.95, len(means) - 1, means.mean(), stats.sem(means))
    assert (found.low, found.high) == pytest.approx(expected)


LEVELS = [0.8, 0.9, 0.95, 0.99, 0.999]


@pytest.mark.parametrize("level", LEVELS)
def test_the_p_value_and_the_interval_agree(level: float) -> None:
    table = np.random.default_rng(2).normal(4, 10, (9, 5))
    found = interval("two-way", *cells(table), level=level)
    shrunk = interval("two-way", *cells(table), level=1 - found.p_of_zero)
    assert min(abs(shrunk.low), abs(shrunk.high)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("level", LEVELS)
def test_error_and_p_value_are_scipys_and_pingouins_at_every_level(level: float) -> None:
    pingouin = pytest.importorskip("pingouin")
    scores = np.random.default_rng(3).normal(3, 9, 14)
    found = interval("naive-t", scores, np.arange(14), np.zeros(14, int), level=level)
    assert (found.level, found.df) == (level, 13)
    assert found.standard_error == pytest.approx(stats.sem(scores))
    assert found.p_of_zero == pytest.approx(stats.ttest_1samp(scores, 0).pvalue)
    ends = stats.t.interval(level, 13, scores.mean(), stats.sem(scores))
    assert (found.low, found.high) == pytest.approx(ends)
    witness = pingouin.ttest(scores, 0, confidence=level)
    name = "p_val" if "p_val" in witness else "p-val"
    assert found.p_of_zero == pytest.approx(float(witness[name].iloc[0]), rel=1e-6)


@pytest.mark.parametrize("method", [name for name in INTERVALS if name != "bootstrap"])
def test_the_level_changes_the_ends_alone(method: str) -> None:
    table = np.random.default_rng(4).normal(5, 10, (8, 6))
    found = [interval(method, *cells(table), level=level) for level in LEVELS]
    assert len({(one.mean, one.standard_error, one.df, one.p_of_zero) for one in found}) == 1
    halves = [(one.high - one.low) / 2 for one in found]
    quantiles = stats.t.ppf([0.5 + level / 2 for level in LEVELS], found[0].df)
    at_95 = LEVELS.index(0.95)
    assert halves[at_95] == pytest.approx(quantiles[at_95] * found[0].standard_error)
    # The two-way rule is a mixture of normals, no t distribution: as wide at 95 % only.
    if method not in ("two-way", "logit"):
        assert halves == pytest.approx(list(quantiles * found[0].standard_error))


def test_an_unknown_interval_names_the_known_ones() -> None:
    with pytest.raises(
        DesignError, match="unknown interval 'wald'; expected one of two-way, listener, item, crowdmos"
    ):
        interval("wald", *cells(EXAMPLE))


@pytest.mark.parametrize("method", [name for name in INTERVALS if name != "bootstrap"])
def test_equal_scores_tell_nothing_about_others(method: str) -> None:
    for shape in ((4, 3), (2, 2)):
        found = interval(method, *cells(np.full(shape, 50.0)))
        assert np.isnan([found.low, found.high, found.p_of_zero]).all() and found.mean == 50
        assert found.note == "not estimable if all scores are equal"


def test_crowdmos_falls_back_to_the_total_where_one_factor_is_nested() -> None:
    scores = np.array([1.0, 2, 3, 4])
    found = interval("crowdmos", scores, np.arange(4), np.arange(4))
    assert found.note == "listeners and items cannot be separated"
    assert found.high - found.mean == pytest.approx(stats.t.ppf(0.975, 3) * (scores.var() / 4) ** 0.5)


def test_crowdmos_of_two_listeners_has_one_degree_of_freedom_and_of_one_none() -> None:
    table = np.array([[3.0, 4.0, 2.0], [4.0, 5.0, 5.0]])
    found = interval("crowdmos", *cells(table))
    assert found.df == 1 and np.isfinite(found.high)
    alone = interval("crowdmos", *cells(table[:1]), level=0.8)
    assert (alone.mean, alone.level) == (3.0, 0.8) and np.isnan([alone.low, alone.high]).all()
    assert alone.note == "not estimable from one listener or item"


def test_crowdmos_counts_a_negative_component_as_none() -> None:
    # Only an incomplete table can have one; these five are between -1 and 0.
    rng, found_negative = np.random.default_rng(8), 0
    while found_negative < 5:
        table = rng.integers(1, 6, (4, 3)).astype(float)
        table[rng.random((4, 3)) < 0.3] = np.nan
        heard = ~np.isnan(table)
        if not (heard.any(axis=0).all() and heard.any(axis=1).all()):
            continue
        within = [
            np.mean([np.nanvar(row) for row in rows if (~np.isnan(row)).sum() >= 2])
            for rows in (table.T, table)
        ]
        parts = np.linalg.solve([[1, 0, 1], [0, 1, 1], [1, 1, 1]], [*within, np.nanvar(table)])
        if not -1 < parts.min() < 0:
            continue
        found_negative += 1
        n = heard.sum()
        weights = [(heard.sum(axis=1) ** 2).sum() / n**2, (heard.sum(axis=0) ** 2).sum() / n**2, 1 / n]
        variance = np.maximum(parts, 0) @ weights
        found = interval("crowdmos", *cells(table))
        assert found.high - found.mean == pytest.approx(stats.t.ppf(0.975, 2) * variance**0.5)


def test_the_logit_interval_is_that_of_the_delta_method_and_stays_between_the_ends() -> None:
    table = np.clip(np.random.default_rng(5).normal(93, 9, (8, 6)), 0, 100)
    plain = interval("two-way", *cells(table))
    found = plain.use_logit((0, 100))
    share, half = plain.mean / 100, (plain.high - plain.mean) / 100
    for end, sign in ((found.low, -1), (found.high, 1)):
        logit = np.log(share / (1 - share)) + sign * half / (share * (1 - share))
        assert end == pytest.approx(100 / (1 + np.exp(-logit)))
    assert found.high < 100 and found.mean - found.low > found.high - found.mean
    assert plain.use_logit((0.0, plain.mean)) == plain, "a mean at the end of the scale has no logit"


def test_an_interval_ends_where_the_scale_does() -> None:
    found = Interval.around(99.0, 1.0, 10.0, 0.95)
    cut = found.cut_to((0.0, 100.0))
    assert found.high > 100 and (cut.low, cut.high) == (found.low, 100.0)
    missing = Interval.missing(100.0, 0.95, "why").cut_to((0.0, 100.0))
    assert np.isnan([missing.low, missing.high]).all()
