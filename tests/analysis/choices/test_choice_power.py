"""Power of tests of choices: simulation of whole studies, published sample sizes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import NormalIndPower

from analysis.choices.power import choice_power, required_choice_listeners, required_trials, smallest_share
from analysis.errors import DesignError


@pytest.mark.parametrize(("test", "sides"), [("abx", "greater"), ("ab", "two-sided")])
@pytest.mark.parametrize(("share", "listeners", "trials"), [(0.7, 5, 8), (0.6, 19, 6)])
def test_exact_power_is_that_of_simulated_studies(
    test: str, sides: str, share: float, listeners: int, trials: int
) -> None:
    n = listeners * trials
    right = np.random.default_rng(0).binomial(n, share, 20_000)
    p = {k: stats.binomtest(int(k), n, 0.5, alternative=sides).pvalue for k in np.unique(right)}
    simulated = np.mean([p[k] < 0.05 for k in right])
    assert choice_power(share, listeners, trials, test=test) == pytest.approx(simulated, abs=0.012)


def test_power_falls_where_listeners_differ_in_preference() -> None:
    """A study of listeners with their own shares, tested over listeners by scipy."""
    rng = np.random.default_rng(1)
    a = 0.65 * (0.65 * 0.35 / 0.04 - 1)
    shares = rng.beta(a, a * 0.35 / 0.65, (4000, 15))
    p = stats.ttest_1samp(rng.binomial(10, shares) / 10, 0.5, axis=1).pvalue
    found = choice_power(0.65, 15, 10, test="ab", listener_sd=0.2)
    assert found == pytest.approx(np.mean(p < 0.05), abs=0.03)
    assert found < choice_power(0.65, 15, 10, test="ab")


def test_enough_trials_are_enough_and_one_fewer_is_not() -> None:
    for share in (0.6, 0.75, 0.9):
        n = required_trials(share, 1)
        assert all(choice_power(share, 1, more) >= 0.8 for more in range(n, n + 10))
        assert choice_power(share, 1, n - 1) < 0.8
        normal = NormalIndPower(ddof=0).solve_power(
            2 * (np.arcsin(share**0.5) - np.arcsin(0.5**0.5)), alpha=0.05, power=0.8, ratio=0,
            alternative="larger",
        )  # fmt: skip
        assert normal <= n + 3
        assert n <= 1.05 * normal + 14  # the exact test is less powerful, in steps; ten counts must hold


def test_listeners_and_trials_of_independent_answers_are_exchangeable() -> None:
    assert choice_power(0.7, 12, 5) == choice_power(0.7, 60, 1)
    listeners = required_choice_listeners(0.7, 5)
    assert choice_power(0.7, listeners, 5) >= 0.8


def test_one_trial_may_be_enough_and_so_may_nearly_the_most() -> None:
    assert required_trials(0.9, 30) == 1
    n = required_trials(0.5185, 1)
    assert 4096 < n < 5000 and choice_power(0.5185, 1, n) >= 0.8 > choice_power(0.5185, 1, n - 1)


def test_smallest_share_is_where_the_power_is_reached() -> None:
    share = smallest_share(16)
    assert choice_power(share, 1, 16) == pytest.approx(0.8)
    assert smallest_share(160) < smallest_share(40) < share


def test_what_cannot_be_is_an_error() -> None:
    with pytest.raises(
        DesignError, match=r"^4 trials cannot reach a power of 0.8 at any share; use more trials$"
    ):
        smallest_share(4)
    with pytest.raises(DesignError, match=r"^the share is 1.2; expected a number between 0 and 1$"):
        choice_power(1.2, 10, 10)
    with pytest.raises(DesignError, match=r"^unknown test 'mushra'; expected one of abx, ab, best-worst$"):
        choice_power(0.6, 10, 10, test="mushra")
    with pytest.raises(
        DesignError, match=r"^5000 trials per listener do not reach a power of 0.8; expected a l"
    ):
        required_trials(0.6, 4, test="ab", listener_sd=0.2)
    with pytest.raises(
        DesignError, match=r"^the standard deviation between listeners is 0.6; expected 0 to less"
    ):
        choice_power(0.6, 10, 10, listener_sd=0.6)
    with pytest.raises(DesignError, match=r"^there are 0 listeners with 5 trials; expected at least one$"):
        choice_power(0.6, 0, 5)


def test_power_of_best_and_worst_is_that_of_studies_drawn_choice_by_choice() -> None:
    share, listeners, trials = 0.65, 6, 4
    apart = np.log(share / (1 - share))
    odds = np.exp([apart / 2, -apart / 2, 0, 0])
    rng = np.random.default_rng(3)
    found = []
    for _ in range(400):
        means = []
        for _ in range(listeners):
            scores = []
            for _ in range(trials):
                best = rng.choice(4, p=odds / odds.sum())
                rest = [k for k in range(4) if k != best]
                worst = rng.choice(rest, p=(1 / odds[rest]) / (1 / odds[rest]).sum())
                scores.append((best == 0) - int(best == 1) - int(worst == 0) + int(worst == 1))
            means.append(np.mean(scores))
        found.append(np.ptp(means) > 0 and stats.ttest_1samp(means, 0).pvalue < 0.05)
    power = choice_power(share, listeners, trials, test="best-worst")
    assert power == pytest.approx(np.mean(found), abs=4 * (0.25 / 400) ** 0.5)
    assert choice_power(0.5, 12, 6, test="best-worst") == pytest.approx(0.05, abs=0.02)
    more = [choice_power(share, n, trials, test="best-worst", listener_sd=0.1) for n in (6, 12, 40)]
    assert more == sorted(more) and more[-1] > 0.8 > more[0]
    with pytest.raises(DesignError, match=r"^one listener cannot show how listeners differ"):
        choice_power(share, 1, 10, test="best-worst")
    with pytest.raises(DesignError, match=r"^the power of best-worst needs listeners and trials; expected"):
        smallest_share(10, test="best-worst")
