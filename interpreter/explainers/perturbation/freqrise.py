"""FreqRISE: random coarse masks on the picture, weighted by the probability that each leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from interpreter.explainers.attribution import AttributionOptions, ClipQuery
from interpreter.explainers.options import check_int, check_patch
from interpreter.explainers.perturbation.base import PerturbationExplainer
from interpreter.types import Classifier


class FreqRiseExplainer(PerturbationExplainer):
    """How much higher the probability is than on average if a cell is heard (Bruesch et al., NLDL 2025).

    The masks are drawn on a coarse grid, stretched bilinearly over the picture and shifted by up to one cell
    of the grid, as in RISE (Petsiuk et al. 2018).

    Args:
        classifier: the classifier to explain.
        cells: cells of the grid in time and frequency.
        samples: masks for each clip.
        **options: see `AttributionOptions`.
    """

    name = "freqrise"
    title = "FreqRISE"

    def __init__(
        self,
        classifier: Classifier,
        *,
        cells: tuple[int, int] = (8, 16),
        samples: int = 3000,
        **options: Unpack[AttributionOptions],
    ) -> None:
        super().__init__(classifier, **options)
        self.cells = check_patch("cells", cells)
        self.samples = check_int("samples", samples)

    @property
    def settings(self) -> Mapping[str, object]:
        """The options that change results."""
        return {
            **super().settings,
            "cells": list(self.cells),
            "samples": self.samples,
            **self.draw_settings,
        }

    def attribute_clip(self, query: ClipQuery) -> Tensor:
        """Return E[p m] / E[m] - E[p] for each cell, p the probability and m the mask."""
        x = query.log_magnitude[0]
        generator = torch.Generator().manual_seed(query.seed)
        heard, present, total = torch.zeros_like(x), torch.zeros_like(x), 0.0
        for start in range(0, self.samples, self.internal_batch_size):
            count = min(self.internal_batch_size, self.samples - start)
            masks = draw_masks(count, self.cells, (x.shape[0], x.shape[1]), generator).to(x)
            answers = self.ask(query, [masks]).to(x)
            heard += torch.tensordot(answers, masks, dims=1)
            present += masks.sum(dim=0)
            total += float(answers.double().sum())
        return heard / present.clamp(min=torch.finfo(x.dtype).tiny) - total / self.samples


def draw_masks(
    count: int, cells: tuple[int, int], size: tuple[int, int], generator: torch.Generator
) -> Tensor:
    """Return smooth random masks `[count, T, F]` in [0, 1], each cell of the grid open or closed evenly.

    A grid finer than the picture has the picture's cells.
    """
    cells = (min(cells[0], size[0]), min(cells[1], size[1]))
    step = tuple(-(-whole // some) for whole, some in zip(size, cells, strict=True))
    grid = torch.randint(0, 2, (count, 1, cells[0] + 1, cells[1] + 1), generator=generator).float()
    large = interpolate(
        grid, ((cells[0] + 1) * step[0], (cells[1] + 1) * step[1]), mode="bilinear", align_corners=False
    )[:, 0]
    down = torch.randint(0, step[0], (count,), generator=generator).tolist()
    right = torch.randint(0, step[1], (count,), generator=generator).tolist()
    return torch.stack(
        [
            mask[top : top + size[0], left : left + size[1]]
            for mask, top, left in zip(large, down, right, strict=True)
        ]
    )
