"""A vector quantiser whose codes belong to classes: a map is written in one class's codes only."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from interpreter.errors import ConfigError


class ClassCodes(nn.Module):
    """Replaces each vector of a map by the nearest code of a class (PIQ, Paissan et al. 2023).

    Args:
        codes: how many, shared out evenly among the classes, in their order.
        width: of each code.
        classes: of the classifier.

    Raises:
        ConfigError: fewer than two codes per class, with which nothing can be written.
    """

    owner: Tensor

    def __init__(self, codes: int, width: int, classes: int) -> None:
        super().__init__()
        if codes < 2 * classes:
            raise ConfigError(f"codes is {codes} for {classes} classes; expected at least {2 * classes}")
        self.codebook = nn.Parameter(torch.empty(codes, width).uniform_(-1 / codes, 1 / codes))
        self.register_buffer("owner", owners(codes, classes), persistent=False)

    def choose(self, maps: Tensor, target: Tensor) -> Tensor:
        """Return the number of each vector's nearest code among those of its clip's class.

        Shape:
            - maps: `[B, width, T, F]`
            - target: `[B]`
            - result: `[B, T, F]`
        """
        vectors = maps.detach().movedim(1, -1)
        codes = self.codebook.detach()
        # |h - c|^2 less |h|^2, which all codes have in common
        distances = codes.square().sum(dim=1) - 2 * vectors @ codes.T
        foreign = self.owner != target[:, None]
        return distances.masked_fill(foreign[:, None, None, :], torch.inf).argmin(dim=-1)

    def forward(self, maps: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return the quantised maps twice: with the gradient of `maps`, and with that of the codes.

        Shape:
            - maps, each result: `[B, width, T, F]`
            - target: `[B]`
        """
        quantised = self.codebook[self.choose(maps, target)].movedim(-1, 1)
        return maps + (quantised - maps).detach(), quantised


def owners(codes: int, classes: int) -> Tensor:
    """Return the class that each code belongs to, `[codes]`, as the authors share them out."""
    return torch.linspace(-0.5, classes - 0.51, codes).round().long()
