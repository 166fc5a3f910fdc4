"""Scores against the truth, if the foreground is known: did the interpretation find the event?"""

from __future__ import annotations

import torch
from torch import Tensor

TRUTH_SCORES = ("si_sdr_db", "si_sdr_improvement_db", "energy_overlap")

LIMIT_DB = 60.0
"""SI-SDR is kept within plus and minus this, so that one silent or perfect item does not decide a mean."""


def si_sdr_db(estimate: Tensor, truth: Tensor) -> Tensor:
    """Return the scale-invariant signal-to-distortion ratio in dB, `[B]`, within plus and minus `LIMIT_DB`.

    A silent estimate has -`LIMIT_DB`; a silent truth leaves it undefined, NaN. The signals are taken as they
    are, as in the source; the one that training minimises (`kinds.losses`) takes their means away.

    Source: Le Roux, Wisdom, Erdogan, Hershey, "SDR - half-baked or well done?", ICASSP 2019, eq. 2 to 4.

    Shape:
        - estimate, truth: `[B, samples]`
    """
    s, e = truth.double(), estimate.double()
    energy = s.square().sum(dim=1, keepdim=True)
    projection = (e * s).sum(dim=1, keepdim=True) / energy * s
    signal, distortion = projection.square().sum(dim=1), (e - projection).square().sum(dim=1)
    ratio = torch.where(signal > 0, 10 * torch.log10(signal / distortion), -LIMIT_DB)
    return torch.where(energy[:, 0] > 0, ratio.clamp(-LIMIT_DB, LIMIT_DB), torch.nan)


def energy_overlap(interpretation: Tensor, foreground: Tensor, background: Tensor) -> Tensor:
    """Return the share of the interpretation's energy in cells where the foreground is the louder, `[B]`.

    1 is an interpretation inside the event, the share of such energy in the input is the level of chance; a
    silent interpretation has 0. The audio counterpart of the energy-based pointing game.

    Source: Wang et al. 2020 (Score-CAM), section 4.3.

    Shape:
        - interpretation, foreground, background: spectra `[B, T, F]`, complex
    """
    energy = _power(interpretation)
    event = _power(foreground) > _power(background)
    total = energy.sum(dim=(1, 2), dtype=torch.double)
    inside = torch.where(event, energy, 0.0).sum(dim=(1, 2), dtype=torch.double)
    return torch.where(total > 0, inside / total.clamp(min=torch.finfo(torch.double).tiny), 0.0)


def _power(spectrum: Tensor) -> Tensor:
    return spectrum.real.square() + spectrum.imag.square()
