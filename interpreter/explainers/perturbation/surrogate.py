"""The linear model that LIME fits: which features are present, how near that is to the clip, and the fit.

Ribeiro, Singh, Guestrin, "Why Should I Trust You?", KDD 2016, with the constants of the authors' code and of
audioLIME: cosine distance, kernel sqrt(exp(-d^2 / width^2)), ridge with an intercept that is not penalised.
"""

from __future__ import annotations

import torch
from torch import Tensor

EXHAUSTIVE_UP_TO = 12
"""With at most this many features all their combinations are asked, 4,096 at most, and nothing is drawn."""


def choose_rows(features: int, samples: int, generator: torch.Generator) -> Tensor:
    """Return which features are present in each perturbed clip; all are in the first.

    Shape:
        - result: `[2 ** features, features]` up to `EXHAUSTIVE_UP_TO` features, else `[samples, features]`;
          ones and zeros
    """
    if features <= EXHAUSTIVE_UP_TO:
        numbers = torch.arange(2**features - 1, -1, -1)
        return (numbers[:, None] >> torch.arange(features - 1, -1, -1) & 1).float()
    rows = torch.randint(0, 2, (samples, features), generator=generator).float()
    rows[0] = 1
    return rows


def weigh_rows(rows: Tensor, kernel_width: float) -> Tensor:
    """Return the weight of each row `[N, M]` in the fit, `[N]`, by its cosine distance from all ones."""
    distance = 1 - rows.double().mean(dim=1).sqrt()
    return (-(distance**2) / kernel_width**2).exp().sqrt()


def fit_ridge(rows: Tensor, answers: Tensor, weights: Tensor, alpha: float) -> Tensor:
    """Return the coefficients b of the weighted ridge regression answers ~ rows b + intercept.

    b = (Z'KZ + alpha I)^-1 Z'K y, with Z and y less their means, weighted by K.

    Shape:
        - rows: `[N, M]`
        - answers, weights: `[N]`
        - result: `[M]`, double
    """
    # float64 on the CPU: the system is small, and not every accelerator has doubles.
    z, y, k = (values.detach().cpu().double() for values in (rows, answers, weights))
    share = k / k.sum()
    z, y = z - share @ z, y - share @ y
    weighted = z * k[:, None]
    penalty = alpha * torch.eye(z.shape[1], dtype=torch.float64)
    solution: Tensor = torch.linalg.lstsq(weighted.T @ z + penalty, (weighted.T @ y)[:, None]).solution
    return solution[:, 0]
