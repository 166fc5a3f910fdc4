"""Generalised inference on a mean: sums of squares against least squares, draws against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.statistics.crossed import CrossedMean, crossed_mean
from tests.analysis.statistics.simulated import crossed_ratings


def by_least_squares(y: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[list[float], list[int]]:
    """Sums of squares and degrees of freedom from three regressions on dummy variables."""
    za, zb = ((index[:, None] == np.unique(index)).astype(float) for index in (a, b))

    def left(x: np.ndarray) -> tuple[float, int]:
        fitted, _, rank, _ = np.linalg.lstsq(x, y, rcond=None)
        return float(((y - x @ fitted) ** 2).sum()), int(len(y) - rank)

    (with_a, df_a), (with_b, df_b), (both, df) = left(za), left(zb), left(np.hstack([za, zb]))
    return [with_b - both, with_a - both, both], [df_b - df, df_a - df, df]


def by_brute_force(found: CrossedMean, distance: float, draws: int = 400_000) -> float:
    """The generalised p value with drawn chi-squares and drawn normals."""
    rng = np.random.default_rng(1)
    assert found.listener and found.item and found.residual
    ms = [f.total / rng.chisquare(f.df, draws) for f in (found.listener, found.item, found.residual)]
    variance = found.weights[0] * (ms[0] - ms[2]) / found.listener.per_component
    variance += found.weights[1] * (ms[1] - ms[2]) / found.item.per_component
    variance = np.maximum(variance + ms[2] / found.n, 0.5 * ms[2] / found.n)
    return float((np.abs(rng.standard_normal(draws)) * variance**0.5 > distance).mean())


@pytest.mark.parametrize(
    ("i", "j", "share"), [(6, 5, 1.0), (12, 6, 0.6), (9, 7, 0.8), (5, 14, 0.5), (30, 3, 0.7), (3, 40, 0.7)]
)
def test_sums_of_squares_are_those_of_regressions(i: int, j: int, share: float) -> None:
    y, a, b = crossed_ratings(i, j, share)
    totals, dfs = by_least_squares(y, a, b)
    found = crossed_mean(y, a, b)
    assert found.listener and found.item and found.residual
    forms = (found.listener, found.item, found.residual)
    assert [form.total for form in forms] == pytest.approx(totals)
    assert [form.df for form in forms] == dfs
    # E(item after listeners) = tr(M Zb Zb') s_b + df s_e, M the projection on what listeners leave.
    za, zb = ((index[:, None] == np.unique(index)).astype(float) for index in (a, b))
    projection = np.eye(len(y)) - za @ np.linalg.pinv(za)
    assert found.item.per_component * found.item.df == pytest.approx(np.trace(projection @ zb @ zb.T))


def test_a_study_in_two_parts_loses_a_degree_of_freedom_to_each_factor() -> None:
    y, a, b = crossed_ratings(12, 8)
    apart = (a < 6) == (b < 4)
    y, a, b = y[apart], a[apart], b[apart]
    totals, dfs = by_least_squares(y, a, b)
    found = crossed_mean(y, a, b)
    assert found.listener and found.item and found.residual
    assert [found.listener.df, found.item.df, found.residual.df] == dfs == [10, 6, 30]
    assert found.item.total == pytest.approx(totals[1])


def test_a_balanced_design_gives_the_textbooks_mean_squares() -> None:
    y, a, b = crossed_ratings(7, 5)
    table = y.reshape(7, 5)
    rows, columns = table.mean(1) - table.mean(), table.mean(0) - table.mean()
    rest = table - table.mean() - rows[:, None] - columns
    ms_a, ms_b, ms_e = 5 * (rows**2).sum() / 6, 7 * (columns**2).sum() / 4, (rest**2).sum() / 24
    found = crossed_mean(y, a, b)
    assert found.variance == pytest.approx((ms_a + ms_b - ms_e) / 35)
    assert found.components == pytest.approx(((ms_a - ms_e) / 5, (ms_b - ms_e) / 7, ms_e))


@pytest.mark.parametrize(("i", "j", "share"), [(20, 2, 1.0), (20, 8, 1.0), (21, 16, 0.5), (5, 3, 1.0)])
def test_p_values_agree_with_brute_force(i: int, j: int, share: float) -> None:
    found = crossed_mean(*crossed_ratings(i, j, share))
    for distance in (0.5, 2.0, 1.5 * found.half_width(), 3 * found.half_width()):
        expected = by_brute_force(found, distance)
        assert found.p_value(found.mean - distance) == pytest.approx(expected, abs=0.004)


@given(seed=st.integers(0, 10_000), i=st.integers(2, 12), j=st.integers(2, 9), level=st.floats(0.5, 0.999))
@settings(max_examples=60, deadline=None)
def test_the_interval_holds_what_the_test_does_not_reject(seed: int, i: int, j: int, level: float) -> None:
    found = crossed_mean(*crossed_ratings(i, j, seed=seed))
    half = found.half_width(level)
    for end in (found.mean - half, found.mean + half):
        assert found.p_value(end) == pytest.approx(1 - level, abs=1e-6)
    assert found.p_value(found.mean) == 1


def test_large_studies_come_to_the_t_test() -> None:
    # Listeners that hardly differ, items that do: all rests on the items' means.
    y, a, b = crossed_ratings(200, 9, sds=(0.01, 20, 1))
    found = crossed_mean(y, a, b)
    means = y.reshape(200, 9).mean(axis=0)
    expected = stats.ttest_1samp(means, 0)
    assert found.p_value() == pytest.approx(expected.pvalue, rel=0.03)
    low, high = expected.confidence_interval()
    assert found.half_width() == pytest.approx((high - low) / 2, rel=0.01)
    assert found.equivalent_df() == pytest.approx(8, rel=0.05)


def test_one_rating_more_or_less_does_not_make_an_interval_leap() -> None:
    # Items hardly differ, so that their component is estimated just above or just below zero.
    widths = []
    y, a, b = crossed_ratings(8, 4, seed=3, sds=(8, 0.5, 8))
    for left_out in range(len(y)):
        keep = np.arange(len(y)) != left_out
        widths.append(crossed_mean(y[keep], a[keep], b[keep]).half_width())
    assert max(widths) / min(widths) < 1.5


def test_one_rating_per_listener_leaves_the_listeners_in_the_residual() -> None:
    rng = np.random.default_rng(0)
    items = np.repeat(np.arange(8), 5)
    y = 5 * rng.normal(size=8)[items] + rng.normal(size=40)
    found = crossed_mean(y, np.arange(40), items)
    means = y.reshape(8, 5).mean(axis=1)
    assert found.listener is None
    assert found.variance == pytest.approx(means.var(ddof=1) / 8)
    assert found.half_width() == pytest.approx(
        stats.t.ppf(0.975, 7) * (means.var(ddof=1) / 8) ** 0.5, rel=0.01
    )


@pytest.mark.parametrize("of_listeners", [False, True])
def test_one_factor_has_the_mean_squares_of_a_one_way_anova(of_listeners: bool) -> None:
    rng = np.random.default_rng(1)
    groups, each = np.repeat(np.arange(6), 5), np.arange(30)
    y = 5 * rng.normal(size=6)[groups] + rng.normal(size=30)
    found = crossed_mean(y, groups, each) if of_listeners else crossed_mean(y, each, groups)
    factor, none = (found.listener, found.item) if of_listeners else (found.item, found.listener)
    assert none is None and factor and found.residual
    assert (factor.df, found.residual.df, factor.per_component) == pytest.approx((5, 24, 5))
    assert factor.mean / found.residual.mean == pytest.approx(stats.f_oneway(*y.reshape(6, 5)).statistic)


def test_the_opposite_difference_has_the_opposite_mean_and_the_same_errors() -> None:
    y, a, b = crossed_ratings(6, 4, 0.9)
    found, expected = crossed_mean(y, a, b).reversed(), crossed_mean(-y, a, b)
    assert found.mean == expected.mean == -y.mean()
    assert found.p_value(2.0) == pytest.approx(expected.p_value(2.0))
    assert found.half_width() == pytest.approx(expected.half_width())


def test_one_rating_per_listener_and_item_is_a_plain_t_test() -> None:
    y = np.random.default_rng(0).normal(3, 2, 12)
    found = crossed_mean(y, np.arange(12), np.arange(12))
    assert (found.listener, found.item) == (None, None)
    assert found.p_value() == pytest.approx(stats.ttest_1samp(y, 0).pvalue, abs=1e-5)


@pytest.mark.parametrize(
    ("scores", "listeners", "items", "note"),
    [
        ([1.0, 2, 4], [0, 0, 0], [0, 1, 2], "not estimable from one listener"),
        ([1.0, 2, 4], [0, 1, 2], [0, 0, 0], "not estimable from one item"),
        ([50.0] * 4, [0, 0, 1, 1], [0, 1, 0, 1], "not estimable if all scores are equal"),
        ([1.0, 2, 4], [0, 0, 1], [0, 1, 0], "not estimable from so few ratings of each listener and item"),
    ],
)
def test_what_cannot_be_estimated_says_why(
    scores: list[float], listeners: list[int], items: list[int], note: str
) -> None:
    found = crossed_mean(np.array(scores), np.array(listeners), np.array(items))
    assert found.note == note
    assert np.isnan([found.variance, found.p_value(), found.half_width(), found.equivalent_df()]).all()
    assert len(found.components) == 3 and np.isnan(found.components).all()
    assert found.mean == pytest.approx(np.mean(scores))


def test_scores_that_are_equal_but_for_rounding_are_equal() -> None:
    index = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    near = crossed_mean(1e6 + np.array([0, 1e-7, 0, 1e-7]), *index)
    assert near.note == "not estimable if all scores are equal"
    assert crossed_mean(1e-6 * np.array([1, 1 + 1e-7, 2, 3]), *index).note == ""
