from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interpreter.faithfulness import (
    ROUNDING,
    ad,
    ad_published,
    ag,
    ai,
    comp,
    ff,
    fid_in,
    sps,
)


def softmax(values: list[float]) -> list[float]:
    total = sum(math.exp(value) for value in values)
    return [math.exp(value) / total for value in values]


def test_probability_metrics_agree_with_their_formulas_written_out(triple) -> None:
    before, inside, outside, target = triple
    for at in range(len(target)):
        c = int(target[at])
        p, q, r = before[at].tolist(), inside[at].tolist(), outside[at].tolist()
        twice_p, twice_q = softmax(p), softmax(q)
        expected = {
            ai: 100.0 if q[c] > p[c] else 0.0,
            ad: 100 * max(0.0, p[c] - q[c]) / p[c],
            ad_published: 100 * max(0.0, twice_p[c] - twice_q[c]) / twice_p[c],
            ag: 100 * max(0.0, q[c] - p[c]) / (1 - p[c]),
        }
        for metric, value in expected.items():
            assert float(metric(before, inside, target)[at]) == pytest.approx(value, rel=1e-5, abs=1e-6)
        assert float(ff(before, outside, target)[at]) == pytest.approx(p[c] - r[c], abs=1e-6)
        assert float(fid_in(inside, target)[at]) == float(max(range(len(q)), key=q.__getitem__) == c)


def test_the_published_drop_is_on_the_compressed_scale() -> None:
    sure = torch.zeros(1, 50)
    sure[0, 7] = 1.0
    target = torch.tensor([7])
    uniform = torch.full((1, 50), 1 / 50)
    lost = torch.zeros(1, 50)
    lost[0, 8] = 1.0
    assert float(ad(sure, uniform, target)) == pytest.approx(98.0, abs=1e-4)
    assert float(ad(sure, lost, target)) == pytest.approx(100.0, abs=1e-4)
    assert float(ad_published(sure, uniform, target)) == pytest.approx(61.95, abs=0.01)
    assert float(ad_published(sure, lost, target)) == pytest.approx(63.21, abs=0.01)


def test_rounding_is_no_increase() -> None:
    before = torch.tensor([[0.7, 0.3]])
    inside = torch.tensor([[0.700001, 0.299999]])
    target = torch.tensor([0])
    assert float(ai(before, inside, target)) == 100.0
    assert float(ai(before, inside, target, ROUNDING)) == 0.0


def test_quantus_agrees_on_sparseness_and_complexity() -> None:
    quantus = pytest.importorskip("quantus", reason="quantus is the witness of SPS and COMP")
    rng = np.random.default_rng(0)
    maps = rng.random((5, 1, 30, 40)).astype(np.float64) ** np.array([1, 2, 5, 9, 20])[:, None, None, None]
    ours = {sps: quantus.Sparseness, comp: quantus.Complexity}
    for metric, peer in ours.items():
        values = metric(torch.from_numpy(maps)).tolist()
        for at, value in enumerate(values):
            one = maps[at : at + 1]
            witness = peer(disable_warnings=True, normalise=metric is sps, return_aggregate=False)(
                model=None, x_batch=one, y_batch=np.zeros(1, dtype=int), a_batch=one.copy()
            )
            assert value == pytest.approx(float(witness[0]), rel=1e-5)


def test_sparseness_and_complexity_have_known_values() -> None:
    constant = torch.ones(1, 431, 513)
    assert float(sps(constant)) == pytest.approx(0.0, abs=1e-9)
    assert float(comp(constant)) == pytest.approx(12.306, abs=5e-4)
    single = torch.zeros(1, 10, 10)
    single[0, 3, 4] = 5.0
    assert float(sps(single)) == pytest.approx(0.99, abs=1e-4)
    assert float(comp(single)) == pytest.approx(0.0, abs=1e-12)
    uniform = torch.rand(1, 200, 200, generator=torch.Generator().manual_seed(0))
    assert float(sps(uniform)) == pytest.approx(1 / 3, abs=5e-3)


def test_an_empty_picture_counts_as_constant() -> None:
    empty = torch.zeros(2, 8, 8)
    assert sps(empty).tolist() == pytest.approx([0.0, 0.0], abs=1e-12)
    assert comp(empty).tolist() == pytest.approx([math.log(64)] * 2)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=40), st.floats(0.01, 100))
def test_sparseness_and_complexity_ignore_level_and_order(cells: list[float], gain: float) -> None:
    picture = torch.tensor([cells], dtype=torch.double)
    for metric in (sps, comp):
        value = float(metric(picture))
        assert float(metric(gain * picture)) == pytest.approx(value, abs=1e-9)
        assert float(metric(picture.flip(1))) == pytest.approx(value, abs=1e-9)
    assert 0 <= float(sps(picture)) < 1
    assert 0 <= float(comp(picture)) <= math.log(len(cells)) + 1e-9
    pairs = sum(abs(a - b) for a in cells for b in cells)
    assert float(sps(picture)) == pytest.approx(pairs / (2 * len(cells) * sum(cells)), abs=1e-4)


def test_certainty_leaves_nothing_to_gain_and_ties_are_no_increase() -> None:
    sure, target = torch.tensor([[1.0, 0.0], [0.6, 0.4]]), torch.tensor([0, 0])
    assert ag(sure, sure, target).tolist() == [0.0, 0.0]
    assert ai(sure, sure, target).tolist() == [0.0, 0.0]
    surer = torch.tensor([[0.8, 0.2]])
    assert float(ag(torch.tensor([[0.6, 0.4]]), surer, target[:1])) == pytest.approx(50.0)
    assert ad(torch.tensor([[0.0, 1.0]]), torch.tensor([[0.0, 1.0]]), target[:1]).tolist() == [0.0]


def test_pictures_of_a_batch_are_measured_one_by_one() -> None:
    pictures = (
        torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(2))
        * torch.tensor([1.0, 9, 0])[:, None, None]
    )
    for metric in (sps, comp):
        together = metric(pictures)
        alone = [float(metric(pictures[at : at + 1])) for at in range(3)]
        assert together.tolist() == pytest.approx(alone) and together.shape == (3,)
        leaf = pictures[:2].clone().requires_grad_()
        (slope,) = torch.autograd.grad(metric(leaf).sum(), leaf)
        assert slope.isfinite().all(), "sorted by torch where a gradient is asked for"
