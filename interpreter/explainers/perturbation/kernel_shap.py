"""KernelSHAP: Shapley values of patches of the picture for the target's probability."""

from __future__ import annotations

from collections.abc import Mapping
from math import comb
from typing import Unpack

import torch
from torch import Tensor

from interpreter.explainers.attribution import AttributionOptions, ClipQuery
from interpreter.explainers.options import check_int, check_patch
from interpreter.explainers.perturbation.base import PerturbationExplainer
from interpreter.explainers.perturbation.segments import number_segments
from interpreter.explainers.perturbation.surrogate import EXHAUSTIVE_UP_TO, choose_rows
from interpreter.types import Classifier


class KernelShapExplainer(PerturbationExplainer):
    """What each patch adds to the probability, on average over the orders in which patches appear.

    Fitted by weighted least squares under the constraint that the values sum to the probability of the clip
    less that of silence (Lundberg, Lee, NIPS 2017, theorem 2). Up to 12 patches all subsets are asked and the
    values are exact; beyond, subsets are drawn by the kernel's own weights, each with its complement
    (Covert, Lee, AISTATS 2021).

    Args:
        classifier: the classifier to explain.
        patch: frames and bins of a patch.
        samples: subsets that are drawn for each clip.
        **options: see `AttributionOptions`.
    """

    name = "kernel-shap"
    title = "KernelSHAP"

    def __init__(
        self,
        classifier: Classifier,
        *,
        patch: tuple[int, int] = (32, 64),
        samples: int = 512,
        **options: Unpack[AttributionOptions],
    ) -> None:
        super().__init__(classifier, **options)
        self.patch = check_patch("patch", patch)
        self.samples = check_int("samples", samples, 2)

    @property
    def settings(self) -> Mapping[str, object]:
        """The options that change results."""
        return {
            **super().settings,
            "patch": list(self.patch),
            "samples": self.samples,
            "seed": self.seed,
        }

    def attribute_clip(self, query: ClipQuery) -> Tensor:
        """Return each patch's Shapley value on its cells."""
        x = query.log_magnitude
        labels = number_segments(
            *(torch.arange(size) // step for size, step in zip(x.shape[1:], self.patch, strict=True))
        )
        patches = int(labels.max()) + 1
        rows, weights = choose_subsets(patches, self.samples, torch.Generator().manual_seed(query.seed))
        asked = torch.cat([torch.ones(1, patches), torch.zeros(1, patches), rows])
        masks = (part[:, labels].to(x) for part in torch.split(asked, self.internal_batch_size))
        answers = self.ask(query, masks).cpu().double()
        gains = answers - answers[1]
        values = fit_shapley(rows, gains[2:], weights, float(gains[0]))
        return values.to(x)[labels.to(x.device)]


def choose_subsets(features: int, samples: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return subsets of the features, neither all nor none, and their weights in the fit.

    Shape:
        - rows: `[N, features]`, ones and zeros
        - weights: `[N]`, double
    """
    if features <= EXHAUSTIVE_UP_TO:
        rows = choose_rows(features, 0, generator)[1:-1]
        weights = [
            (features - 1) / (comb(features, size) * size * (features - size))
            for size in rows.sum(dim=1).int().tolist()
        ]
        return rows, torch.tensor(weights, dtype=torch.float64)
    sizes = torch.arange(1, features)
    odds = (features - 1) / (sizes * (features - sizes))
    count = (samples + 1) // 2
    drawn = sizes[torch.multinomial(odds, count, replacement=True, generator=generator)]
    ranks = torch.rand(count, features, generator=generator).argsort(dim=1).argsort(dim=1)
    rows = (ranks < drawn[:, None]).float()
    rows = torch.cat([rows, 1 - rows])[:samples]
    return rows, torch.ones(len(rows), dtype=torch.float64)


def fit_shapley(rows: Tensor, gains: Tensor, weights: Tensor, total: float) -> Tensor:
    """Return values that sum to `total` and whose sums over the subsets come nearest to `gains`.

    Of several solutions (fewer subsets than features) it is the one closest to equal values.

    Shape:
        - rows: `[N, M]`
        - gains, weights: `[N]`, double
        - result: `[M]`, double
    """
    features = rows.shape[1]
    even = torch.full((features,), total / features, dtype=torch.float64)
    if not len(rows):
        return even
    z, root = rows.double(), weights.sqrt()
    # Without their means, rows say nothing of the values' sum, which the constraint sets.
    centred = (z - z.mean(dim=1, keepdim=True)) * root[:, None]
    # gelsd, the driver that finds the smallest solution, runs only on the CPU.
    rest = ((gains - z @ even) * root)[:, None]
    solution: Tensor = torch.linalg.lstsq(centred, rest, driver="gelsd").solution
    return even + solution[:, 0]
