"""Parts of a clip that sum to it: what audioLIME switches on and off."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from interpreter.classifier.front_end import FrontEnd, magnitude

Masks = Callable[[Tensor, torch.Generator], Tensor]
"""Magnitudes `[T, F]` and a generator → masks `[M, T, F]` that sum to one in each cell."""

NMF_COMPONENTS, NMF_ITERATIONS = 4, 200
MEDIAN_CELLS, MARGIN = 31, 2.0
LOWEST_OCTAVE = 1 / 32
"""Upper edge of the lowest band, as a share of the highest frequency: 250 Hz at 16 kHz."""
_TINY = 1e-12


def split_by_masks(clip: Tensor, front_end: FrontEnd, masks: Masks, generator: torch.Generator) -> Tensor:
    """Return the parts `[M, samples]` that masks on the STFT of a clip `[samples]` let through.

    They sum to the clip: what rounding leaves over is the last part's.
    """
    spectrum = front_end.stft(clip[None])[0]
    parts = front_end.istft(masks(magnitude(spectrum), generator) * spectrum, len(clip))
    parts[-1] += clip - parts.sum(dim=0)
    return parts


def nmf_masks(magnitudes: Tensor, generator: torch.Generator) -> Tensor:
    """Return the Wiener masks of a non-negative matrix factorisation of the clip."""
    bins, frames = magnitudes.shape[1], magnitudes.shape[0]
    draws = [
        torch.rand(size, generator=generator) for size in ((bins, NMF_COMPONENTS), (NMF_COMPONENTS, frames))
    ]
    spectra, gains = (0.1 + values.to(magnitudes) for values in draws)
    spectra, gains = factorise(magnitudes.T, spectra, gains, NMF_ITERATIONS)
    parts = spectra.T[:, None, :] * gains[:, :, None] + _TINY
    return parts / parts.sum(dim=0)


def factorise(v: Tensor, w: Tensor, h: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Lower the Kullback-Leibler divergence of `v` from `w h` by multiplicative updates, w first.

    Source: Lee, Seung, "Algorithms for Non-negative Matrix Factorization", NIPS 2000, eq. 5.

    Shape:
        - v: `[F, T]`
        - w: `[F, M]`
        - h: `[M, T]`
    """
    for _ in range(iterations):
        w = w * ((v / (w @ h).clamp(min=_TINY)) @ h.T) / h.sum(dim=1).clamp(min=_TINY)
        h = h * (w.T @ (v / (w @ h).clamp(min=_TINY))) / w.sum(dim=0).clamp(min=_TINY)[:, None]
    return w, h


def hpss_masks(magnitudes: Tensor, generator: torch.Generator) -> Tensor:
    """Return masks of what is steady in time, what is spread over frequency, and the rest.

    A cell is steady (harmonic) if its median along time exceeds `MARGIN` times that along frequency, and
    percussive if it is the other way round. Source: Driedger, Mueller, Disch, ISMIR 2014.
    """
    along_time = median_along(magnitudes, 0, MEDIAN_CELLS)
    along_frequency = median_along(magnitudes, 1, MEDIAN_CELLS)
    steady = along_time > MARGIN * along_frequency
    percussive = along_frequency > MARGIN * along_time
    return torch.stack([steady, percussive, ~(steady | percussive)]).to(magnitudes)


def median_along(values: Tensor, dim: int, cells: int) -> Tensor:
    """Return the median of `cells` (odd) neighbours along one axis of `[T, F]`; ends are repeated."""
    size = values.shape[dim]
    reach = torch.arange(cells, device=values.device) - cells // 2
    windows = torch.stack(
        [
            values.index_select(dim, (torch.arange(size, device=values.device) + step).clamp(0, size - 1))
            for step in reach
        ]
    )
    return windows.median(dim=0).values


def band_masks(magnitudes: Tensor, generator: torch.Generator) -> Tensor:
    """Return masks of six bands: one below 1/32 of the highest frequency, then octaves."""
    bins = magnitudes.shape[1]
    place = torch.arange(bins, device=magnitudes.device) / ((bins - 1) * LOWEST_OCTAVE)
    octave = torch.where(place < 1, 0, place.clamp(min=1).log2().floor().long() + 1).clamp(max=5)
    masks = torch.nn.functional.one_hot(octave, 6).T.to(magnitudes)
    return masks[:, None, :].expand(-1, len(magnitudes), -1)


MASKS: Mapping[str, Masks] = {"nmf": nmf_masks, "hpss": hpss_masks, "bands": band_masks}
"""Ways to split a clip, by the name that `audiolime:components=NAME` takes."""
