from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from interpreter.evaluation.mask_sources import fixed_gain, mask_sources
from interpreter.evaluation.trivial_masks import FLOORS
from interpreter.explainers.gradient.backpropagation import SaliencyExplainer
from tests.interpreter.stand_ins import Counting, Loudness


class Mixing(Counting):
    """Its mask is the mean of the sound and twice that of what was heard."""

    def mask_from(self, sound: Tensor, heard: Tensor) -> Tensor:
        return (sound.mean(dim=1) + 2 * heard.mean(dim=1))[:, None, None].expand(-1, 3, 4)


def test_each_source_is_swapped_for_the_next_clip_s() -> None:
    clips = torch.tensor([0.0, 0.1, 0.4])[:, None].expand(-1, 800)
    steps = (0.1 + 0.3 + 0.4) / 3
    found = mask_sources(Mixing(Loudness()), clips)
    assert found["swapped_sound"] == pytest.approx(steps)
    assert found["swapped_representations"] == pytest.approx(2 * steps)


def test_floors_follow_the_sound_alone_and_gradients_cannot_be_told_apart() -> None:
    clips = torch.rand(3, 4000, generator=torch.Generator().manual_seed(0)) - 0.5
    loudest = mask_sources(FLOORS["floor-loudest"](Loudness()), clips)
    assert loudest["swapped_sound"] > 0.1 and loudest["swapped_representations"] == 0
    half = mask_sources(FLOORS["floor-half"](Loudness()), clips)
    assert half["swapped_sound"] == half["swapped_representations"] == 0
    saliency = mask_sources(SaliencyExplainer(Loudness()), clips)
    assert math.isnan(saliency["swapped_sound"]) and math.isnan(saliency["swapped_representations"])
    assert all(map(math.isnan, mask_sources(Mixing(Loudness()), clips[:1]).values()))


def test_the_share_of_one_fixed_gain_is_an_analysis_of_variance() -> None:
    """Frequencies against cells: sums of squares written out."""
    masks = torch.rand(2, 6, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for time_dim in (1, 2):
        rows = torch.cat([mask.T if time_dim == 1 else mask for mask in masks], dim=1)
        grand = rows.mean()
        between = sum(len(row) * (row.mean() - grand) ** 2 for row in rows)
        whole = sum((cell - grand) ** 2 for cell in rows.flatten())
        assert fixed_gain(masks, time_dim) == pytest.approx(float(between / whole))


def test_an_equaliser_is_a_fixed_gain_a_gate_and_another_filter_for_each_clip_are_not() -> None:
    gains = torch.linspace(0, 1, 6)
    equaliser = gains.expand(2, 4, 6)
    assert fixed_gain(equaliser, 1) == pytest.approx(1)
    assert fixed_gain(equaliser, 2) == pytest.approx(0)
    assert fixed_gain(torch.stack([equaliser[0], 1 - equaliser[0]]), 1) == pytest.approx(0)
    assert fixed_gain(torch.full((1, 3, 4), 0.3), 1) == 1.0
    clips = torch.rand(2, 4000, generator=torch.Generator().manual_seed(0)) - 0.5
    assert mask_sources(FLOORS["floor-half"](Loudness()), clips)["fixed_gain"] == 1.0
    assert math.isnan(mask_sources(Counting(Loudness()), clips)["fixed_gain"])
