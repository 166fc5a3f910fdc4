"""Augmentation of the batches that a classifier is trained on."""

from __future__ import annotations

import torch
from torch import Tensor


def mixup(waveforms: Tensor, spread: float, generator: torch.Generator) -> tuple[Tensor, Tensor, float]:
    """Mix each clip with another of the batch (Zhang et al. 2018).

    Returns:
        The mixtures, the partners' places in the batch, and the share of the clips themselves.
    """
    if spread == 0 or len(waveforms) == 1:
        return waveforms, torch.arange(len(waveforms), device=waveforms.device), 1.0
    # two gamma variates make a beta variate; PyTorch's own sampler takes no generator
    first, second = torch._standard_gamma(torch.full((2,), spread), generator=generator).clamp(min=1e-12)
    share = float(first / (first + second))
    partner = torch.randperm(len(waveforms), generator=generator).to(waveforms.device)
    return share * waveforms + (1 - share) * waveforms[partner], partner, share


def mask_bands(picture: Tensor, count: int, widest: int, dim: int, generator: torch.Generator) -> Tensor:
    """Silence `count` drawn bands of up to `widest` cells along `dim` (SpecAugment, Park et al. 2019)."""
    size = picture.shape[dim]
    cells = torch.arange(size, device=picture.device)
    for _ in range(count):
        width, start = torch.rand(2, len(picture), 1, generator=generator).to(picture.device)
        width = (width * min(widest, size)).floor()
        start = (start * (size - width)).floor()
        kept = (cells < start) | (cells >= start + width)
        picture = picture * (kept[:, None, :] if dim == 2 else kept[:, :, None])
    return picture
