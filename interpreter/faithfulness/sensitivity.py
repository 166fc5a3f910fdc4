"""Do explanations stay the same when the sound changes so little that nobody hears it?"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def max_sensitivity(
    mask_of: Callable[[Tensor], Tensor],
    waveforms: Tensor,
    *,
    level_db: float = -40.0,
    samples: int = 10,
    seed: int = 0,
) -> Tensor:
    """Return the largest relative change of the mask under faint noise, `[B]`.

    The maximum over `samples` draws of ||mask(x + noise) - mask(x)|| / ||mask(x)||, Frobenius norms. A mask
    that ignores the noise scores 0, and so does one that ignores the sound: read it together with
    faithfulness. NaN if the mask is zero everywhere.

    Args:
        mask_of: the masks of clips, for the class that was explained without noise.
        waveforms: the clips.
        level_db: level of the white noise, relative to each clip's root mean square.
        samples: draws of noise.
        seed: of the noise.

    Shape:
        - waveforms: `[B, samples]`

    Source: Yeh, Hsieh, Suggala, Inouye, Ravikumar, "On the (In)fidelity and Sensitivity of Explanations",
    NeurIPS 2019.
    """
    generator = torch.Generator().manual_seed(seed)
    rms = waveforms.square().mean(dim=1, keepdim=True).sqrt()
    mask = mask_of(waveforms).flatten(1).double()
    largest = torch.zeros(len(waveforms), dtype=torch.float64, device=mask.device)
    for _ in range(samples):
        noise = torch.randn(waveforms.shape, generator=generator).to(waveforms)
        noisy = mask_of(waveforms + 10 ** (level_db / 20) * rms * noise).flatten(1).double()
        largest = torch.maximum(largest, (noisy - mask).norm(dim=1))
    norm = mask.norm(dim=1)
    return torch.where(norm > 0, largest / norm.clamp(min=torch.finfo(torch.float64).tiny), torch.nan)
