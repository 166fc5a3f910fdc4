"""The cumulative-link mixed model: against R's ordinal::clmm, and at its edges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import DesignError, Options, analyse, load_ratings, ordinal_model
from analysis.models.likelihood.laplace import Grades
from analysis.ratings.tidy import tidy


def test_the_model_agrees_with_clmm(timbre_csv: Path) -> None:
    # R 4.2.2, ordinal 2022.11-16: clmm(y ~ C + (1|listener) + (1|item) + (1|LC) + (1|IC)).
    model = ordinal_model(load_ratings(timbre_csv), among=["C1", "C2", "C3", "C4"])
    assert model.log_likelihood == pytest.approx(-451.6787557, abs=1e-5)
    assert model.thresholds == pytest.approx([-5.718951, -3.041979, -0.800351, 1.852939], abs=5e-4)
    assert model.log_odds == pytest.approx([0, -5.704406, 0.114895, -2.206701], abs=5e-4)
    assert model.covariance.diagonal()[1:] ** 0.5 == pytest.approx([0.794952, 0.864081, 0.872388], abs=5e-4)
    assert model.covariance[1, 2] == pytest.approx(0.254830, abs=5e-4)
    assert list(model.components.values()) == pytest.approx([1.273217, 0, 0.610088, 1.286270], abs=5e-4)
    row = model.differences(correction="none").iloc[3]
    assert (row["condition_a"], row["condition_b"]) == ("C1", "C4")
    assert row["p"] == pytest.approx(0.011423, rel=1e-2)
    assert row["odds"] == pytest.approx(np.exp(2.206701), rel=1e-3)


def test_without_random_effects_the_likelihood_is_that_of_the_shares() -> None:
    grade = np.array([0, 0, 1, 2, 2, 2])
    data = Grades(grade, np.zeros((6, 0)), [np.zeros(6, int)], 3)
    at = np.array([np.log(2 / 4), np.log(3 / 3), 0.0])
    assert data.deviance(at) == pytest.approx(-2 * np.log([1 / 3, 1 / 3, 1 / 6, 1 / 2, 1 / 2, 1 / 2]).sum())
    assert data.deviance(at[[1, 0, 2]]) == np.inf


def test_laplace_is_near_the_integral() -> None:
    """One listener's effect, integrated by a fine grid."""
    rng = np.random.default_rng(0)
    grade = rng.integers(0, 3, 12)
    grade[:3] = [0, 1, 2]
    data = Grades(grade, np.zeros((12, 0)), [np.zeros(12, int)], 3)
    cuts, sd = np.array([-0.5, 0.7]), 0.8
    ends = np.concatenate([[-np.inf], cuts, [np.inf]])
    b = np.linspace(-8, 8, 4001)[:, None]
    shares = 1 / (1 + np.exp(sd * b - ends[grade + 1])) - 1 / (1 + np.exp(sd * b - ends[grade]))
    density = shares.prod(axis=1) * np.exp(-(b[:, 0] ** 2) / 2) / (2 * np.pi) ** 0.5
    exact = -2 * np.log(density.sum() * (b[1, 0] - b[0, 0]))
    assert data.deviance(np.array([*cuts, sd])) == pytest.approx(exact, abs=0.02)


def _grades(**scores: list[int]) -> pd.DataFrame:
    rows = [
        (f"L{place % 4}", f"item {place // 4}", name, score)
        for name, given in scores.items()
        for place, score in enumerate(given)
    ]
    frame = tidy(pd.DataFrame(rows, columns=["listener", "item", "condition", "score"]))
    frame.attrs["scales"] = {"score": (1, 5)}
    return frame


def test_what_a_cumulative_link_model_needs() -> None:
    with pytest.raises(DesignError, match="'B' only got the grade 5: how far it is from the others cannot"):
        ordinal_model(_grades(A=[1, 2, 3, 4, 5, 4, 3, 2], B=[5] * 8))
    with pytest.raises(DesignError, match="the grades of some conditions hardly overlap"):
        ordinal_model(_grades(A=[4, 5, 4, 5, 4, 5, 5, 4], B=[1, 2, 2, 1, 2, 1, 2, 1]))
    with pytest.raises(DesignError, match="two conditions, listeners, items and grades; found 1, 4, 2, 5"):
        ordinal_model(_grades(A=[1, 2, 3, 4, 5, 4, 3, 2]))
    with pytest.raises(DesignError, match="found 16 different scores; expected 11 or fewer"):
        ordinal_model(_grades(A=list(range(8)), B=list(range(8, 16))))


def test_reports_of_grades_have_odds() -> None:
    frame = _grades(A=[3, 2, 3, 4, 5, 4, 3, 2], B=[1, 2, 2, 3, 3, 2, 1, 1])
    tables = analyse(frame, Options(draws=100)).tables
    assert tables["ordinal"]["odds"].item() > 1
    frame.attrs["scales"] = {"score": (0, 100)}
    assert "ordinal" not in analyse(frame, Options(draws=100)).tables
