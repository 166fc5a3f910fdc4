"""Scales of pairs: published numbers, R's psychotools, slower writings of the same models."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special, stats
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.families.links import Probit
from statsmodels.genmod.generalized_linear_model import GLM

from analysis.choices.bradley_terry import fit_bradley_terry, fit_davidson
from analysis.choices.goodness_of_fit import goodness_of_fit
from analysis.choices.pair_scale import pair_scale
from analysis.choices.pairs import count_pairs, counts_from_matrix
from analysis.choices.resampling import SCALE_INTERVALS
from analysis.choices.thurstone import fit_thurstone
from analysis.errors import DesignError
from tests.analysis.choices.simulated import draw_pairs

# psychotools 0.7-2, btmodel(SoundQuality$preference): logs of strengths against the last, standard errors.
PSYCHOTOOLS = {
    "Mono": (-2.475748872, 0.05148292), "PhantomMono": (-1.892886646, 0.04581035),
    "Stereo": (0.135671281, 0.03929396), "WideStereo": (-0.186057126, 0.03894458),
    "Matrix": (0.003818001, 0.03907943), "Upmix1": (-0.122097089, 0.03896775),
    "Upmix2": (-0.365847385, 0.03899618),
}  # fmt: skip


def by_minorisation(wins: np.ndarray, rounds: int = 20_000) -> np.ndarray:
    """Hunter's MM algorithm (2004, Annals of Statistics 32:384-406)."""
    totals, won = wins + wins.T, wins.sum(axis=1)
    strength = np.full(len(wins), 1 / len(wins))
    for _ in range(rounds):
        strength = won / (totals / (strength[:, None] + strength)).sum(axis=1)
        strength /= strength.sum()
    return strength


def test_sound_quality(sound_quality: pd.DataFrame) -> None:
    scale = pair_scale(counts_from_matrix(sound_quality))
    strengths = scale.table.set_index("condition")["strength"][list(sound_quality.columns)]
    published = [0.0145, 0.0260, 0.1977, 0.1433, 0.1733, 0.1528, 0.1197, 0.1726]
    assert list(strengths) == pytest.approx(published, abs=5e-5)
    assert (scale.test.df, scale.test.g2) == (21, pytest.approx(24.21, abs=5e-3))
    assert scale.interval == "wald"
    fit = scale.fit
    against_last = np.eye(8) - np.eye(8)[-1]
    errors = np.sqrt(np.diag(against_last @ fit.covariance @ against_last.T))
    for place, (log_strength, error) in enumerate(PSYCHOTOOLS.values()):
        assert fit.worths[place] - fit.worths[-1] == pytest.approx(log_strength, abs=1e-8)
        assert errors[place] == pytest.approx(error, abs=1e-8)


def test_strengths_are_those_of_minorisation() -> None:
    wins = count_pairs(draw_pairs([0.0, 0.5, 1.2, -0.4, 0.1])).halved.sum(axis=0)
    wins[0, 1] = wins[1, 0] = 0  # a pair that nobody compared
    assert fit_bradley_terry(wins).strengths == pytest.approx(by_minorisation(wins), abs=1e-9)


def test_thurstone_is_a_probit_regression() -> None:
    wins = count_pairs(draw_pairs([0.0, 0.5, 1.2, -0.4])).halved.sum(axis=0)
    fit = fit_thurstone(wins)
    i, j = np.triu_indices(4, 1)
    design = (np.eye(4)[i] - np.eye(4)[j])[:, 1:]  # the first at 0
    peer = GLM(np.stack([wins[i, j], wins[j, i]], axis=1), design, family=Binomial(link=Probit())).fit(
        tol=1e-12
    )
    assert fit.worths[1:] - fit.worths[0] == pytest.approx(np.asarray(peer.params), abs=1e-7)
    against_first = np.eye(4)[1:] - np.eye(4)[0]
    errors = np.sqrt(np.diag(against_first @ fit.covariance @ against_first.T))
    assert errors == pytest.approx(np.asarray(peer.bse), rel=1e-5)
    assert goodness_of_fit(fit).g2 == pytest.approx(float(peer.deviance))


def davidson_loss(values: np.ndarray, wins: np.ndarray, ties: np.ndarray) -> float:
    """Minus the log-likelihood as Davidson (1970) writes it: strengths and nu, no logits."""
    strength, nu = np.exp(np.append(values[:-1], 0.0)), np.exp(values[-1])
    loss = 0.0
    for i in range(len(wins)):
        for j in range(i):
            whole = strength[i] + strength[j] + nu * np.sqrt(strength[i] * strength[j])
            loss -= special.xlogy(wins[i, j], strength[i] / whole)
            loss -= special.xlogy(wins[j, i], strength[j] / whole)
            loss -= special.xlogy(ties[i, j], nu * np.sqrt(strength[i] * strength[j]) / whole)
    return float(loss)


def test_ties_are_davidsons() -> None:
    counts = count_pairs(draw_pairs([0.0, 0.8, -0.6, 0.3], ties=0.7))
    wins, ties = counts.wins.sum(axis=0), counts.ties.sum(axis=0)
    fit = fit_davidson(wins, ties)
    peer = optimize.minimize(davidson_loss, np.zeros(4), (wins, ties), method="BFGS", options={"gtol": 1e-7})
    assert fit.log_tie is not None
    assert fit.worths[:3] - fit.worths[3] == pytest.approx(peer.x[:3], abs=1e-5)
    assert float(fit.log_tie) == pytest.approx(peer.x[3], abs=1e-5)
    assert goodness_of_fit(fit).df == 6 * 2 - 4


def test_many_tables_are_fitted_as_each_is() -> None:
    tables = np.random.default_rng(0).poisson(6, (5, 4, 4)).astype(float)
    tables[2, 1] = 0.0  # one never wins: half wins are added to this table only
    for fit in (fit_bradley_terry, fit_thurstone):
        together = fit(tables)
        for place, wins in enumerate(tables):
            assert together.worths[place] == pytest.approx(fit(wins).worths, abs=1e-8)
            assert fit(wins).padded == (place == 2)


def test_a_condition_that_always_wins_gets_a_finite_place() -> None:
    wins = np.array([[0, 9.0, 9], [0, 0, 5], [0, 4, 0]])
    fit = fit_bradley_terry(wins)
    assert fit.padded
    padded = wins + np.where(np.eye(3), 0, 0.5)
    assert fit.strengths == pytest.approx(by_minorisation(padded), abs=1e-9)


def test_conditions_without_a_chain_of_comparisons_are_an_error() -> None:
    wins = np.zeros((4, 4))
    wins[0, 1] = wins[1, 0] = wins[2, 3] = wins[3, 2] = 3
    for fit in (fit_bradley_terry, fit_thurstone):
        with pytest.raises(DesignError, match=r"^the comparisons do not connect all conditions; each must"):
            fit(wins)
    with pytest.raises(DesignError, match=r"^a model with ties needs both ties and preferences$"):
        fit_davidson(np.ones((2, 2)) - np.eye(2), np.zeros((2, 2)))


@pytest.mark.parametrize("interval", SCALE_INTERVALS)
def test_intervals_take_listeners_with_all_their_choices(interval: str) -> None:
    """One listener's choices, given four times, add no information; the interval is over listeners."""
    pairs = draw_pairs([0.0, 0.7, -0.3], n_listeners=15, n_items=2)
    copies = pd.concat([pairs.assign(item=pairs["item"] + str(copy)) for copy in range(4)])
    once = pair_scale(count_pairs(pairs), interval=interval, draws=500, seed=1).table
    often = pair_scale(count_pairs(copies), interval=interval, draws=500, seed=1).table
    columns = ["worth", "ci_low", "ci_high", "strength_low", "strength_high"]
    assert often[columns].to_numpy() == pytest.approx(once[columns].to_numpy(), abs=1e-6)
    assert (once["ci_low"] < once["worth"]).all()
    assert (once["worth"] < once["ci_high"]).all()


def test_a_draw_of_the_bootstrap_is_a_fit_of_its_listeners() -> None:
    counts = count_pairs(draw_pairs([0.0, 0.7, -0.3], n_listeners=5, n_items=4))
    table = pair_scale(counts, interval="bootstrap", draws=300, seed=4).table.set_index("condition")
    weights = np.random.default_rng(4).multinomial(5, np.full(5, 0.2), size=300)
    slow = [
        fit_bradley_terry((weight[:, None, None] * counts.halved).sum(axis=0)).worths for weight in weights
    ]
    # Hesterberg 2015, for n = 5.
    tail = stats.norm.cdf(np.sqrt(5 / 4) * stats.t.ppf(0.025, 4))
    low, high = np.quantile(slow, [tail, 1 - tail], axis=0)
    assert list(table.loc[counts.conditions, "ci_low"]) == pytest.approx(list(low), abs=1e-5)
    assert list(table.loc[counts.conditions, "ci_high"]) == pytest.approx(list(high), abs=1e-5)


@pytest.mark.parametrize(("model", "ties"), [("bradley-terry", 0.0), ("davidson", 0.4), ("thurstone", 0.0)])
def test_the_interval_leaves_out_each_listener_in_turn(model: str, ties: float) -> None:
    """One fit at a time, without the code that fits many."""
    pairs = draw_pairs([0.0, 0.7, -0.3], n_listeners=6, n_items=5, ties=ties)
    table = pair_scale(count_pairs(pairs), model=model).table.set_index("condition")
    names = sorted(table.index)

    def fit(rows: pd.DataFrame, column: str) -> np.ndarray:
        table = pair_scale(count_pairs(rows, names), model=model).table.set_index("condition")
        return table.loc[names, column].to_numpy()

    def half_width(of: Callable[[pd.DataFrame], np.ndarray]) -> np.ndarray:
        parts = [of(pairs[pairs["listener"] != listener]) for listener in sorted(set(pairs["listener"]))]
        return stats.t.ppf(0.975, 5) * np.sqrt(5 / 6 * sum((part - of(pairs)) ** 2 for part in parts))

    worths, half = fit(pairs, "worth"), half_width(lambda rows: fit(rows, "worth"))
    assert table.loc[names, "ci_low"].to_numpy() == pytest.approx(worths - half, abs=1e-6)
    assert table.loc[names, "ci_high"].to_numpy() == pytest.approx(worths + half, abs=1e-6)
    if model == "thurstone":  # which has no strengths
        return
    high = special.logit(fit(pairs, "strength")) + half_width(
        lambda rows: special.logit(fit(rows, "strength"))
    )
    assert special.logit(table.loc[names, "strength_high"]).to_numpy() == pytest.approx(high, abs=1e-6)


def test_ties_of_a_single_listener_do_not_stop_davidsons_intervals() -> None:
    """Without that listener nobody ties, and the model is Bradley and Terry's."""
    pairs = draw_pairs([0.0, 0.7, -0.3], n_listeners=6, n_items=5)
    first = pairs["listener"] == pairs["listener"].iloc[0]
    pairs.loc[first & (np.arange(len(pairs)) % 3 == 0), "choice"] = 0.5
    table = pair_scale(count_pairs(pairs), model="davidson").table
    assert (table["ci_low"] < table["worth"]).all()
    assert (table["worth"] < table["ci_high"]).all()


def test_choices_that_no_scale_describes_are_rejected() -> None:
    """Everybody prefers a to b, b to c and c to a."""
    rng = np.random.default_rng(5)
    rows = [
        (f"L{listener}", f"item{item}", first, second, float(rng.random() < 0.8))
        for listener in range(20)
        for item in range(4)
        for first, second in (("a", "b"), ("b", "c"), ("c", "a"))
    ]
    pairs = pd.DataFrame(rows, columns=["listener", "item", "first", "second", "choice"])
    test = pair_scale(count_pairs(pairs)).test
    assert test.df == 1
    assert test.p < 1e-6


@pytest.mark.release
def test_the_corrected_fit_rejects_as_often_as_it_says() -> None:
    """Listeners differ: their own scales take up part of the residuals, and G2 rejects too rarely."""
    p, independent = [], []
    for seed in range(150):
        pairs = draw_pairs([0.0, 0.4, -0.2, 0.1], n_listeners=19, n_items=6, spread=0.9, seed=seed)
        counts = count_pairs(pairs)
        fit = fit_bradley_terry(counts.halved.sum(axis=0))
        i, j = fit.pairs.T
        test = goodness_of_fit(fit, np.stack([counts.halved[:, i, j], counts.halved[:, j, i]], axis=2))
        p.append(test.p)
        independent.append(test.p_independent)
    assert 0.02 <= np.mean(np.array(p) < 0.05) <= 0.09
    assert np.mean(np.array(independent) < 0.05) < 0.02


def test_unknown_models_and_bad_matrices_are_errors() -> None:
    matrix = pd.DataFrame([[0, 3], [4, 0]], index=["a", "b"], columns=["a", "b"])
    with pytest.raises(
        DesignError, match=r"^unknown model 'elo'; expected one of bradley-terry, davidson, thu"
    ):
        pair_scale(counts_from_matrix(matrix), model="elo")
    counts = count_pairs(draw_pairs([0.0, 0.7], n_listeners=3, n_items=2))
    with pytest.raises(DesignError, match=r"^unknown interval 'wald'; expected jackknife or bootstrap$"):
        pair_scale(counts, interval="wald")
    with pytest.raises(DesignError, match=r"^the rows and columns of the pair matrix have different names$"):
        counts_from_matrix(matrix.rename(index={"a": "c"}))
    with pytest.raises(DesignError, match=r"^the pair matrix has negative counts or a filled diagonal; exp"):
        counts_from_matrix(matrix + 1)
