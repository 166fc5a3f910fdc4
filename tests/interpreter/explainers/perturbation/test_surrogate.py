"""The linear model against scikit-learn's ridge, and against numbers of audioLIME's own explainer."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from interpreter.explainers.perturbation.surrogate import choose_rows, fit_ridge, weigh_rows

# CPJKU/audioLIME at its last commit, `LimeAudioExplainer(random_state=0).explain_instance(num_samples=
# "exhaustive")` with the answers below, by scikit-learn 1.9.
OFFICIAL = [
    2.036329094278109,
    -0.9073663418031961,
    1.6361777225286191,
    1.6361777225286185,
    -0.5694395748427407,
    -0.29373741267132114,
]


def answer(rows: torch.Tensor) -> torch.Tensor:
    a, b, c, d, e, f = rows.double().T
    return 2 * a - b + 3 * c * d - e * f + 0.5 * a * f


def test_all_rows_of_six_features_give_audiolimes_weights() -> None:
    rows = choose_rows(6, 1000, torch.Generator())
    assert rows.tolist() == [list(row) for row in product([1, 0], repeat=6)]
    found = fit_ridge(rows, answer(rows), weigh_rows(rows, 0.25), 1.0)
    assert found.tolist() == pytest.approx(OFFICIAL, abs=1e-12)


@pytest.mark.parametrize(("features", "alpha", "width"), [(4, 0.0, 0.25), (13, 1.0, 0.25), (24, 3.0, 0.7)])
def test_the_fit_is_scikit_learns(features: int, alpha: float, width: float) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is the witness")
    metrics = pytest.importorskip("sklearn.metrics")
    generator = torch.Generator().manual_seed(features)
    rows = choose_rows(features, 300, generator)
    assert rows.shape == (16 if features == 4 else 300, features) and bool((rows[0] == 1).all())
    answers = torch.randn(len(rows), generator=generator, dtype=torch.float64)
    with np.errstate(invalid="ignore"):
        distances = metrics.pairwise_distances(rows.numpy(), np.ones((1, features)), metric="cosine")[:, 0]
    expected = np.sqrt(np.exp(-(distances**2) / width**2))
    weights = weigh_rows(rows, width)
    assert weights.numpy() == pytest.approx(expected, rel=1e-6)
    peer = linear_model.Ridge(alpha=alpha).fit(rows.numpy(), answers.numpy(), sample_weight=expected)
    assert fit_ridge(rows, answers, weights, alpha).numpy() == pytest.approx(peer.coef_, abs=1e-6)


def test_without_a_penalty_an_additive_answer_gives_its_parts() -> None:
    parts = torch.tensor([0.5, -1.0, 0.0, 2.0, 0.25, 1.5, -0.75, 0.125], dtype=torch.float64)
    rows = choose_rows(8, 1, torch.Generator())
    found = fit_ridge(rows, 3 + rows.double() @ parts, weigh_rows(rows, 0.25), 0.0)
    assert found.tolist() == pytest.approx(parts.tolist(), abs=1e-10)


def test_draws_follow_the_generator_and_are_even() -> None:
    first, again, other = (choose_rows(20, 2000, torch.Generator().manual_seed(s)) for s in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert float(first[1:].mean()) == pytest.approx(0.5, abs=0.01)
