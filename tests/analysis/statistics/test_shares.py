"""Intervals of shares: statsmodels' for independent trials, and what clusters do to them."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.proportion import proportion_confint, proportions_ztest

from analysis.errors import DesignError
from analysis.statistics.shares import clustered_share, exact, exact_p, score_p, wilson


def table(shares: np.ndarray, n_items: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    answers = (rng.random((len(shares), n_items)) < shares[:, None]).astype(float)
    listener, item = np.indices(answers.shape)
    return answers.ravel(), listener.ravel(), item.ravel()


@pytest.mark.parametrize(("right", "n"), [(0, 7), (3, 11), (11, 11), (120, 160)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_intervals_of_independent_trials_are_those_of_statsmodels(right: int, n: int, level: float) -> None:
    assert wilson(right, n, level) == pytest.approx(
        proportion_confint(right, n, alpha=1 - level, method="wilson"), abs=1e-12
    )
    assert exact(right, n, level) == pytest.approx(
        proportion_confint(right, n, alpha=1 - level, method="beta"), abs=1e-12
    )


@pytest.mark.parametrize("sides", ["two-sided", "greater", "less"])
def test_tests_of_independent_trials_are_those_of_statsmodels_and_a_sum(sides: str) -> None:
    names = {"two-sided": "two-sided", "greater": "larger", "less": "smaller"}
    z_test = proportions_ztest(60, 100, 0.5, alternative=names[sides], prop_var=0.5)[1]
    assert score_p(0.6, 100, 0.5, sides) == pytest.approx(z_test)
    # 13 of 16 right, by hand: tails of the coin.
    upper = sum(stats.binom.pmf(k, 16, 0.5) for k in range(13, 17))
    lower = sum(stats.binom.pmf(k, 16, 0.5) for k in range(14))
    by_hand = {"two-sided": 2 * upper, "greater": upper, "less": lower}
    assert exact_p(13, 16, 0.5, sides) == pytest.approx(by_hand[sides])


def test_listeners_who_differ_widen_the_interval_as_clustered_standard_errors_do() -> None:
    outcomes, listeners, items = table(np.repeat([0.15, 0.85], 15), 12)
    found = clustered_share(outcomes, listeners, items, method="listener")
    robust = sm.OLS(outcomes, np.ones(len(outcomes))).fit(
        cov_type="cluster", cov_kwds={"groups": listeners, "use_correction": True}, use_t=True
    )
    # statsmodels scales clusters by G / (G - 1) * (N - 1) / (N - K); with one mean the last factor is 1.
    share, error = found.share, float(robust.bse[0])
    half = stats.t.ppf(0.975, 29) * error
    effective = share * (1 - share) * stats.norm.ppf(0.975) ** 2 / half**2
    assert found.effective_n == pytest.approx(effective)
    assert (found.low, found.high) == pytest.approx(wilson(share * effective, effective))
    assert found.effective_n < found.n / 3


def test_the_test_rejects_exactly_what_the_interval_leaves_out() -> None:
    outcomes, listeners, items = table(np.full(10, 0.7), 6, seed=3)
    found = clustered_share(outcomes, listeners, items)
    for end in (found.low, found.high):
        at_end = clustered_share(outcomes, listeners, items, chance=end)
        assert at_end.p == pytest.approx(0.05)


def test_the_interval_is_never_narrower_than_that_of_independent_trials() -> None:
    for seed in range(20):
        outcomes, listeners, items = table(np.full(12, 0.6), 5, seed=seed)
        found = clustered_share(outcomes, listeners, items)
        low, high = wilson(outcomes.sum(), len(outcomes))
        assert found.low <= low + 1e-12
        assert found.high >= high - 1e-12
        assert 0 <= found.low <= found.share <= found.high <= 1


def test_equal_outcomes_count_one_trial_per_listener() -> None:
    outcomes, listeners, items = table(np.full(9, 1.0), 8)
    found = clustered_share(outcomes, listeners, items, sides="greater")
    assert (found.low, found.high) == pytest.approx((0.025 ** (1 / 9), 1.0))
    assert found.p == pytest.approx(0.5**9)
    assert found.note == "exact interval with one trial per listener, since the spread cannot be estimated"


def test_repeated_trials_of_a_listener_with_an_item_add_no_listeners() -> None:
    outcomes, listeners, items = table(np.repeat([0.2, 0.9], 8), 6)
    once = clustered_share(outcomes, listeners, items)
    twice = clustered_share(np.tile(outcomes, 2), np.tile(listeners, 2), np.tile(items, 2))
    assert twice.effective_n == pytest.approx(once.effective_n)
    assert twice.n == 2 * once.n


def test_unknown_choices_are_errors() -> None:
    outcomes, listeners, items = table(np.full(3, 0.5), 3)
    with pytest.raises(
        DesignError, match=r"^unknown interval 'both'; expected one of two-way, listener, item$"
    ):
        clustered_share(outcomes, listeners, items, method="both")
    with pytest.raises(DesignError, match=r"^sides is 'both'; expected one of two-sided, greater, less$"):
        clustered_share(outcomes, listeners, items, sides="both")
    with pytest.raises(DesignError, match=r"^there is no trial to take a share of$"):
        clustered_share(np.array([]), np.array([], int), np.array([], int))
