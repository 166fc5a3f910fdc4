"""Are explanations placed: at the times of the event, and on the cells that the decision depends on?"""

from __future__ import annotations

import torch
from torch import Tensor

from interpreter.faithfulness.answers import Ask
from interpreter.faithfulness.removal import energy_of_windows

ACTIVE_DB = -40.0
"""A window in which the event has less than this, relative to its loudest window, is one without it."""


def time_auc(interpretation: Tensor, event: Tensor, window: int) -> Tensor:
    """Return how well the interpretation's energy tells windows with the event from those without, `[B]`.

    The area under the ROC curve: the probability that a window with the event has more of the
    interpretation's energy than one without, equal energies counting half. 0.5 is chance; NaN if the event
    is in every window or in none. What is left over at the end of a clip is not a window.

    Args:
        interpretation: what was kept.
        event: only the clip's foreground.
        window: samples; 100 ms are `sample_rate // 10`.

    Shape:
        - interpretation, event: `[B, samples]`
    """
    energy, truth = (energy_of_windows(sound, window) for sound in (interpretation, event))
    threshold = truth.amax(dim=1, keepdim=True) * 10 ** (ACTIVE_DB / 10)
    active = (truth > threshold).double()
    pairs = active[:, :, None] * (1 - active)[:, None, :]  # [B, with the event, without it]
    difference = energy[:, :, None] - energy[:, None, :]
    won = (pairs * (0.5 * difference.sign() + 0.5)).sum(dim=(1, 2))
    count = pairs.sum(dim=(1, 2))
    return torch.where(count > 0, won / count.clamp(min=1), torch.nan)


def deletion_curve(ask: Ask, picture: Tensor, mask: Tensor, steps: int = 10) -> Tensor:
    """Return the target's probability while the cells that the mask values most are silenced, most first.

    Its mean height, `area_under`, is low for a mask that knows what the decision depends on.

    Args:
        ask: the classifier of pictures, see `ask_probability`.
        picture: log1p of the clips' magnitudes, 0 in silence.
        mask: how much each cell matters.
        steps: in how many equal parts the cells are silenced.

    Shape:
        - picture, mask: `[B, T, F]`
        - result: `[B, steps + 1]`, from the whole picture to silence

    Source: Petsiuk, Das, Saenko, "RISE", BMVC 2018.
    """
    ranks = _rank_cells(mask)
    heights = []
    for step in range(steps + 1):
        kept = picture * (ranks >= round(step / steps * mask[0].numel()))
        heights.append(ask(kept))
    return torch.stack(heights, dim=1)


def insertion_curve(ask: Ask, picture: Tensor, mask: Tensor, steps: int = 10) -> Tensor:
    """Return the target's probability while cells return to silence, those that the mask values most first.

    Its mean height is high for a mask that knows what the decision depends on. Arguments and source as
    `deletion_curve`; from silence to the whole picture.
    """
    deleted = deletion_curve(ask, picture, -mask, steps)
    return deleted.flip(dims=(1,))


def area_under(curve: Tensor) -> Tensor:
    """Return the mean height of curves `[B, points]` by the trapezoidal rule, `[B]`."""
    return torch.trapezoid(curve.double(), dim=1) / (curve.shape[1] - 1)


def _rank_cells(mask: Tensor) -> Tensor:
    """Return each cell's place in the order of importance, 0 the most important; equal cells keep theirs."""
    order = mask.flatten(1).argsort(dim=1, descending=True, stable=True)
    return order.argsort(dim=1).view_as(mask)
