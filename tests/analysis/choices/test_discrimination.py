"""ABX: published d', a second writing by integration, exact tests by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from analysis.choices.discrimination import abx_d_prime, abx_share, count_needed_right, discrimination
from analysis.errors import DesignError

# Palamedes (Kingdom & Prins), match to sample under the differencing model: share right and d'.
PUBLISHED = {0.5: 0.0, 0.6: 1.1152, 0.7: 1.7153, 0.8: 2.3549, 0.9: 3.2631}


def trials(share: float = 0.7, n_listeners: int = 10, n_trials: int = 8, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        (f"L{listener:02}", f"item{trial % 4}", "a:b", float(rng.random() < share))
        for listener in range(n_listeners)
        for trial in range(n_trials)
    ]
    return pd.DataFrame(rows, columns=["listener", "item", "pair", "correct"])


@pytest.mark.parametrize(("share", "d_prime"), PUBLISHED.items())
def test_d_prime_is_the_published_one(share: float, d_prime: float) -> None:
    assert abx_d_prime(share) == pytest.approx(d_prime, abs=5e-5)


@pytest.mark.parametrize("d_prime", [0.3, 1.0, 2.5])
def test_shares_are_integrals_over_impressions(d_prime: float) -> None:
    """X is B. Right if X is nearer to B's impression than to A's; or if B and X are likelier as drawn."""

    # P(|x - b| < |x - a|) for a ~ N(0, 1), b ~ N(d, 1): over x, and over the distance of a from it.
    x, gap = np.linspace(d_prime - 9, d_prime + 9, 1201)[:, None], np.linspace(0, 20, 2001)
    a_there = stats.norm.pdf(x + gap) + stats.norm.pdf(x - gap)
    b_nearer = stats.norm.cdf(x + gap - d_prime) - stats.norm.cdf(x - gap - d_prime)
    given = integrate.simpson(a_there * b_nearer, x=gap, axis=1)
    share = integrate.simpson(stats.norm.pdf(x[:, 0] - d_prime) * given, x=x[:, 0])
    assert abx_share(d_prime) == pytest.approx(share, abs=1e-7)
    # The ideal listener: the signs of the evidence on the order and on X, of distances d sqrt(2) and d.
    rng = np.random.default_rng(0)
    a, b, x = rng.normal(0, 1, 400_000), rng.normal(d_prime, 1, 400_000), rng.normal(d_prime, 1, 400_000)
    right = ((b - a > 0) & (x > d_prime / 2)) | ((b - a < 0) & (x < d_prime / 2))
    assert abx_share(d_prime, "independent") == pytest.approx(right.mean(), abs=0.003)


def test_d_prime_undoes_the_share_and_knows_its_ends() -> None:
    for strategy in ("differencing", "independent"):
        for d_prime in (0.2, 1.3, 4.0):
            assert abx_d_prime(abx_share(d_prime, strategy), strategy) == pytest.approx(d_prime)
        assert abx_d_prime(0.3, strategy) == 0
        assert abx_d_prime(1.0, strategy) == float("inf")
    with pytest.raises(DesignError, match=r"^the share of right answers is 1.2; expected 0 to 1$"):
        abx_d_prime(1.2)
    for share in (0.4, 0.6):
        with pytest.raises(
            DesignError, match=r"^unknown strategy 'best'; expected one of differencing, indepen"
        ):
            abx_d_prime(share, "best")


def test_a_pair_has_its_share_exact_test_and_d_prime() -> None:
    rows = trials()
    row = discrimination(rows).iloc[0]
    right, n = int(rows["correct"].sum()), len(rows)
    assert (row["correct"], row["n"], row["n_listeners"], row["n_items"]) == (right, n, 10, 4)
    assert row["p"] == pytest.approx(stats.binomtest(right, n, 0.5, alternative="greater").pvalue)
    assert row["d_prime"] == pytest.approx(abx_d_prime(right / n))
    assert row["d_low"] == pytest.approx(abx_d_prime(row["ci_low"]))
    assert row["ci_low"] <= row["wilson_low"] < row["share"] < row["wilson_high"] <= row["ci_high"]


def test_who_could_not_say_counts_half_and_not_in_the_exact_test() -> None:
    rows = trials()
    unsure = rows.assign(correct=rows["correct"].where(rows.index % 5 > 0, 0.5))
    row = discrimination(unsure).iloc[0]
    right, wrong = int((unsure["correct"] == 1).sum()), int((unsure["correct"] == 0).sum())
    assert (row["correct"], row["undecided"], row["n"]) == (right, 80 - right - wrong, 80)
    assert row["share"] == pytest.approx((right + row["undecided"] / 2) / 80)
    assert row["p"] == pytest.approx(stats.binomtest(right, right + wrong, 0.5, alternative="greater").pvalue)
    assert row["needed"] == count_needed_right(right + wrong)


def test_listeners_have_wilsons_interval_and_corrected_tests() -> None:
    table = discrimination(trials(), by="listener")
    assert len(table) == 10
    assert list(table["ci_low"]) == list(table["wilson_low"])
    smallest = table["p_uncorrected"].idxmin()
    assert table.loc[smallest, "p"] == pytest.approx(min(1.0, 10 * table.loc[smallest, "p_uncorrected"]))


@pytest.mark.parametrize("n", [*range(1, 40), 100, 500])
def test_needed_right_is_the_first_significant_count(n: int) -> None:
    significant = [k for k in range(n + 1) if stats.binomtest(k, n, 0.5, alternative="greater").pvalue < 0.05]
    assert count_needed_right(n) == (significant[0] if significant else None)


def test_needed_right_of_published_table() -> None:
    """Clark 1982 / Burstein 1988: 12 of 16 at the 5 % level; 9 of 10."""
    assert count_needed_right(16) == 12
    assert count_needed_right(10) == 9
    assert count_needed_right(4) is None


def test_bad_trials_are_errors() -> None:
    with pytest.raises(
        DesignError, match=r"^an answer is .*0.7.*; expected 1 \(right\), 0 \(wrong\) or 0.5 \(could "
    ):
        discrimination(trials().assign(correct=0.7))
    with pytest.raises(
        DesignError, match=r"^the trials have no column 'room'; expected listener, item, correct, room$"
    ):
        discrimination(trials(), by="room")
    with pytest.raises(DesignError, match=r"^there is no answer$"):
        discrimination(trials().assign(correct=np.nan))
