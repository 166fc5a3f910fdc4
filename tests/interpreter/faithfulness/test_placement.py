"""Placement in time and on cells, against second writings: a rank statistic, and loops over cells."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.stats import mannwhitneyu
from torch import Tensor

from interpreter.faithfulness import (
    Streaming,
    area_under,
    ask_probability,
    deletion_curve,
    insertion_curve,
    time_auc,
)


def test_time_auc_is_the_rank_statistic_of_windows() -> None:
    rng = np.random.default_rng(0)
    sound = rng.standard_normal((3, 2050)).astype(np.float32)
    event = np.zeros((3, 2050), np.float32)
    event[0, 300:700], event[1, 1900:], event[2, :100] = 0.5, 0.1, 2.0
    sound[0] += 3 * event[0]
    metric = Streaming(lambda kept, stem: time_auc(kept, stem, 100))
    found = metric.update(torch.from_numpy(sound), torch.from_numpy(event))
    for row in range(3):
        energy = [float((sound[row, at : at + 100] ** 2).sum()) for at in range(0, 2000, 100)]
        active = [bool(event[row, at : at + 100].any()) for at in range(0, 2000, 100)]
        with_it = [e for e, a in zip(energy, active, strict=True) if a]
        without = [e for e, a in zip(energy, active, strict=True) if not a]
        expected = mannwhitneyu(with_it, without).statistic / (len(with_it) * len(without))
        assert float(found[row]) == pytest.approx(expected, abs=1e-9)


def test_time_auc_at_its_ends() -> None:
    event = torch.zeros(1, 1000)
    event[:, 200:400] = 1.0
    assert time_auc(event, event, 100) == 1.0
    assert time_auc(1.0 - event, event, 100) == 0.0
    assert time_auc(torch.ones(1, 1000), event, 100) == 0.5
    assert time_auc(event, torch.zeros(1, 1000), 100).isnan()
    assert time_auc(event, torch.ones(1, 1000), 100).isnan()


def _logits(pictures: Tensor) -> Tensor:
    return torch.stack([pictures[:, :2].sum(dim=(1, 2)), pictures[:, 2:].sum(dim=(1, 2))], dim=1)


def test_curves_agree_with_loops_over_cells() -> None:
    generator = torch.Generator().manual_seed(0)
    picture, mask = (torch.rand(2, 4, 5, generator=generator) for _ in range(2))
    target = torch.tensor([0, 1])
    ask = ask_probability(_logits, target)
    deleted = deletion_curve(ask, picture, mask, steps=4)
    inserted = insertion_curve(ask, picture, mask, steps=4)
    for row in range(2):
        order = sorted(range(20), key=lambda cell: -float(mask[row].flatten()[cell]))
        for step in range(5):
            without, only = picture[row].flatten().clone(), torch.zeros(20)
            for cell in order[: 5 * step]:
                only[cell] = without[cell]
                without[cell] = 0.0
            for cells, curve in ((without, deleted), (only, inserted)):
                expected = _logits(cells.view(1, 4, 5)).softmax(dim=1)[0, target[row]]
                assert float(curve[row, step]) == pytest.approx(float(expected), abs=1e-6)
    heights = deleted[0].tolist()
    by_hand = sum((a + b) / 2 for a, b in pairwise(heights)) / 4
    assert float(area_under(deleted)[0]) == pytest.approx(by_hand)


def test_a_mask_that_knows_beats_one_that_is_wrong() -> None:
    picture = torch.rand(1, 4, 5, generator=torch.Generator().manual_seed(1)) + 0.5
    knows = torch.zeros(1, 4, 5)
    knows[:, :2] = 1.0
    ask = ask_probability(_logits, torch.tensor([0]))
    for curve, sign in ((deletion_curve, -1), (insertion_curve, 1)):
        right, wrong = (area_under(curve(ask, picture, mask)) for mask in (knows, 1 - knows))
        assert sign * float(right - wrong) > 0.3


def test_curves_of_several_labels_at_once_are_sigmoids() -> None:
    generator = torch.Generator().manual_seed(2)
    picture, mask = (torch.rand(2, 4, 5, generator=generator) for _ in range(2))
    target = torch.tensor([0, 1])
    ask = ask_probability(_logits, target, multi_label=True)
    deleted = deletion_curve(ask, picture, mask, steps=4)
    inserted = insertion_curve(ask, picture, mask, steps=4)
    whole = _logits(picture)
    for row in range(2):
        expected = 1 / (1 + np.exp(-float(whole[row, target[row]])))
        assert float(deleted[row, 0]) == pytest.approx(expected, abs=1e-6)
        assert float(inserted[row, -1]) == pytest.approx(expected, abs=1e-6)
        assert float(deleted[row, -1]) == float(inserted[row, 0]) == 0.5, "of silence"
