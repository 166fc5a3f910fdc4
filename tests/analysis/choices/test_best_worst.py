"""Best-worst scaling: counts by hand, statsmodels' conditional logit, trials that are incomplete."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.discrete.conditional_models import ConditionalLogit

from analysis.choices.best_worst import best_worst
from analysis.choices.resampling import SCALE_INTERVALS
from analysis.errors import DesignError
from tests.analysis.choices.simulated import draw_best_worst

TRUE = [0.0, 0.9, -0.7, 0.4, -0.2, 0.1]


def by_statsmodels(choices: pd.DataFrame) -> np.ndarray:
    """Fit best and worst choices as two groups per trial; the first condition at 0."""
    names = sorted(choices["condition"].unique())
    chosen, design, groups = [], [], []
    for number, (_, trial) in enumerate(choices.groupby(["listener", "trial"])):
        for sign, among in ((1, trial), (-1, trial[trial["choice"] != 1])):
            for _, row in among.iterrows():
                chosen.append(int(row["choice"] == sign))
                design.append([sign * (row["condition"] == name) for name in names[1:]])
                groups.append(2 * number + (sign < 0))
    fit = ConditionalLogit(np.array(chosen), np.array(design, float), groups=np.array(groups)).fit(
        method="newton", disp=False
    )
    return np.append(0.0, fit.params)


def test_the_scale_is_a_conditional_logit() -> None:
    choices = draw_best_worst(TRUE)
    table = best_worst(choices).set_index("condition").sort_index()
    peer = by_statsmodels(choices)
    assert table["worth"].to_numpy() == pytest.approx(peer - peer.mean(), abs=1e-5)
    assert table["worth"].mean() == pytest.approx(0, abs=1e-12)


def test_counts_are_those_of_the_rows() -> None:
    choices = draw_best_worst(TRUE)
    for _, row in best_worst(choices).iterrows():
        own = choices[choices["condition"] == row["condition"]]
        counts = [len(own), (own["choice"] == 1).sum(), (own["choice"] == -1).sum()]
        assert [row["shown"], row["best"], row["worst"]] == counts
        assert row["score"] == pytest.approx((counts[1] - counts[2]) / counts[0])


@pytest.mark.parametrize("interval", SCALE_INTERVALS)
def test_intervals_are_over_listeners(interval: str) -> None:
    choices = draw_best_worst(TRUE, n_listeners=19, n_trials=8)
    table = best_worst(choices, interval=interval, draws=400)
    for name, low, high in (("worth", "ci_low", "ci_high"), ("score", "score_low", "score_high")):
        assert (table[low] < table[name]).all()
        assert (table[name] < table[high]).all()
    twice = pd.concat([choices, choices.assign(trial=choices["trial"] + 100)])
    again = best_worst(twice, interval=interval, draws=400)
    assert again["ci_low"].to_numpy() == pytest.approx(table["ci_low"].to_numpy(), abs=1e-6)
    assert best_worst(choices[choices["listener"] == "L03"])["ci_low"].isna().all()


def test_a_condition_that_is_always_best_gets_a_finite_place() -> None:
    choices = draw_best_worst([9.0, 0.2, -0.1, 0.0, 0.3], n_listeners=4)
    table = best_worst(choices)
    assert table["condition"].iloc[0] == "c0"
    assert np.isfinite(table[["worth", "ci_low", "ci_high"]]).all(axis=None)


def test_trials_with_two_best_are_errors() -> None:
    choices = draw_best_worst(TRUE, n_listeners=1, n_trials=1)
    with pytest.raises(
        DesignError,
        match=r"^trial 0 of 'L00' with 'item0' has 4 best and 0 worst conditions; expected one of each$",
    ):
        best_worst(choices.assign(choice=1))
    with pytest.raises(
        DesignError, match=r"^the choices have no column 'trial'; expected listener, item, tri"
    ):
        best_worst(choices.drop(columns="trial"))
