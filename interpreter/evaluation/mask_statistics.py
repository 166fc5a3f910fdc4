"""What a mask did to the sound: the figures that distinguish an explanation from a volume control."""

from __future__ import annotations

import torch
from torch import Tensor

from interpreter.types import Explanation

MASK_STATISTICS = ("mask_mean", "mask_sd", "energy_ratio", "cos_ix", "sum_error")

SILENCE = 1e-8
"""An interpretation with less than this share of the input's energy (-80 dB) is silent."""


def mask_statistics(explanation: Explanation, waveforms: Tensor) -> dict[str, Tensor]:
    """Return what the mask did to each item.

    `mask_mean` and `mask_sd` are its mean and standard deviation over its cells, `energy_ratio` is the
    energy of i over that of x, `cos_ix` the cosine between i and x, `sum_error` is ||i + i_out - x|| / ||x||.
    An interpretation that is the input turned down has a cosine of 1; a mask that is a volume control has no
    deviation; parts that do not add up to the input have a sum error. Mask figures are NaN without a mask.

    Shape:
        - waveforms: `[B, samples]`
        - each value: `[B]`
    """
    x, i, rest = (t.double() for t in (waveforms, explanation.interpretation, explanation.residual))
    energy = x.square().sum(dim=1)
    unknown = torch.full_like(energy, torch.nan)
    mask = None if explanation.mask is None else explanation.mask.double().flatten(1)
    sd, mean = (unknown, unknown) if mask is None else torch.std_mean(mask, dim=1, correction=0)
    return {
        "mask_mean": mean,
        "mask_sd": sd,
        "energy_ratio": i.square().sum(dim=1) / energy,
        "cos_ix": torch.nn.functional.cosine_similarity(i, x, dim=1, eps=1e-12),
        "sum_error": (i + rest - x).norm(dim=1) / energy.sqrt(),
    }


def find_silent(explanation: Explanation, waveforms: Tensor) -> Tensor:
    """Tell which interpretations are silent, `[B]`: below `SILENCE` of the input's energy."""
    return explanation.interpretation.double().square().sum(
        dim=1
    ) < SILENCE * waveforms.double().square().sum(dim=1)
