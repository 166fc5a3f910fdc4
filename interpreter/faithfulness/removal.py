"""Does a mask value the bands and moments that the answer depends on? Measured by removing them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor

from interpreter.faithfulness.answers import Ask, log_odds

SAMPLES = 256
"""Clips with windows silenced at random that a surrogate is fitted to."""


def band_agreement(ask: Ask, picture: Tensor, mask: Tensor, bands: int = 8) -> Tensor:
    """Return how well a mask orders frequency bands by what their removal costs, `[B]`.

    Spearman's rank correlation, over bands of equal width, of the mask's mean in a band with the fall of the
    target's probability when the band is silenced. NaN if either is the same in all bands.

    Args:
        ask: the classifier of pictures, see `ask_probability`.
        picture: log1p of the clips' magnitudes, 0 in silence.
        mask: how much each cell matters.
        bands: how many bands the rows are divided into.

    Shape:
        - picture, mask: `[B, T, F]`
    """
    edges = [round(at * picture.shape[2] / bands) for at in range(bands + 1)]
    before = ask(picture)
    valued, lost = [], []
    for low, high in pairwise(edges):
        without = picture.clone()
        without[:, :, low:high] = 0
        valued.append(mask[:, :, low:high].double().mean(dim=(1, 2)))
        lost.append(before - ask(without))
    return _rank_correlations(torch.stack(valued, dim=1), torch.stack(lost, dim=1))


def window_importance(
    logits_of: Callable[[Tensor], Tensor],
    waveforms: Tensor,
    target: Tensor,
    window: int,
    *,
    samples: int = SAMPLES,
    ridge: float = 1.0,
    seed: int = 0,
    multi_label: bool = False,
) -> Tensor:
    """Return what each window of time adds to the log odds of the target, `[B, windows]`.

    Windows are silenced at random, each with probability 1/2, and the coefficients of a ridge regression of
    log(p / (1 - p)) on the windows that remain are returned. They need nothing from the classifier but
    probabilities: a measure of time that does not come from an explanation, to compare explanations with.

    Args:
        logits_of: the classifier of waveforms.
        waveforms: the clips.
        target: the explained classes.
        window: samples; 100 ms are `sample_rate // 10`. The rest at the end of a clip is never silenced.
        samples: how many clips with silenced windows are classified for each clip.
        ridge: penalty on the squared coefficients.
        seed: of the silenced windows.
        multi_label: whether several classes may be true at once: the log odds of a class are then its logit,
            whatever the others are.

    Shape:
        - waveforms: `[B, samples]`
        - target: `[B]`

    Source: Bolanos, Pepino, Meza, Ferrer, Interspeech 2025, arXiv 2506.04391 (log odds as the response).
    """
    count = waveforms.shape[1] // window
    generator = torch.Generator().manual_seed(seed)
    kept = torch.randint(0, 2, (samples, count), generator=generator)
    gates = kept.repeat_interleave(window, dim=1).to(waveforms)
    gates = torch.cat([gates, gates.new_ones(samples, waveforms.shape[1] - count * window)], dim=1)
    answers = [
        log_odds(logits_of(waveforms * gate).double(), target, multi_label=multi_label) for gate in gates
    ]
    rows = kept.double() - kept.double().mean(dim=0)
    odds = torch.stack(answers).cpu()
    penalised = rows.T @ rows + ridge * torch.eye(count, dtype=torch.float64)
    coefficients: Tensor = torch.linalg.solve(penalised, rows.T @ (odds - odds.mean(dim=0)))
    return coefficients.T


def importance_agreement(interpretation: Tensor, importance: Tensor, window: int) -> Tensor:
    """Return how well the interpretation's energy orders windows by their importance, `[B]`.

    Spearman's rank correlation over the windows of a clip; NaN if either is the same in all windows.

    Shape:
        - interpretation: `[B, samples]`
        - importance: `[B, windows]`, of `window_importance`
    """
    return _rank_correlations(energy_of_windows(interpretation, window).cpu(), importance)


def energy_of_windows(sound: Tensor, window: int) -> Tensor:
    """Return the energy in each whole window of sounds `[B, samples]`, `[B, windows]`."""
    count = sound.shape[1] // window
    windows = sound[:, : count * window].double().reshape(len(sound), count, window)
    return windows.square().sum(dim=2)


def _rank_correlations(first: Tensor, second: Tensor) -> Tensor:
    values = []
    for one, other in zip(first.cpu().numpy(), second.cpu().numpy(), strict=True):
        constant = np.ptp(one) == 0 or np.ptp(other) == 0
        values.append(np.nan if constant else float(spearmanr(one, other).statistic))
    return torch.tensor(values, dtype=torch.float64)
