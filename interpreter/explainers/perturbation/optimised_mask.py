"""A mask optimised for one clip: how far the metrics can be driven by a mask that only tries to."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from interpreter.explainers.options import check_int, check_non_negative
from interpreter.explainers.perturbation.descent import class_loss, descend
from interpreter.explainers.spectral import Picture, PictureModel, SpectralExplainer
from interpreter.types import Classifier


class OptimisedMaskExplainer(SpectralExplainer):
    """The mask on the STFT that makes the classifier surest of the class, small and smooth, clip by clip.

    After meaningful perturbations (Fong, Vedaldi 2017). It is not an explanation to trust, but the mark that
    AI can reach: a table in which another method comes near it says little about that method. It follows the
    classifier's gradients.

    Args:
        classifier: the classifier to explain, a torch module.
        area: weight of the mask's mean in the loss.
        roughness: weight of the mean step from a cell to the next, in time and in frequency.
        steps: of Adam.
        learning_rate: of Adam, on the mask's logits.
        batch_size: clips at a time.
    """

    name = "optimised-mask"
    title = "Optimised mask"

    def __init__(
        self,
        classifier: Classifier,
        *,
        area: float = 0.5,
        roughness: float = 0.5,
        steps: int = 100,
        learning_rate: float = 0.2,
        batch_size: int | None = None,
    ) -> None:
        super().__init__(classifier, batch_size)
        self.area = check_non_negative("area", area)
        self.roughness = check_non_negative("roughness", roughness)
        self.steps = check_int("steps", steps)
        self.learning_rate = check_non_negative("learning_rate", learning_rate)

    @property
    def settings(self) -> Mapping[str, object]:
        """The options that change results."""
        return {
            "area": self.area,
            "roughness": self.roughness,
            "steps": self.steps,
            "learning_rate": self.learning_rate,
        }

    def mask(self, picture: Picture, target: Tensor) -> Tensor:
        """Return the masks, clip by clip: the path of one does not depend on its neighbours."""
        return torch.stack([self._fit(picture, at, int(target[at])) for at in range(len(target))])

    def _fit(self, picture: Picture, at: int, target: int) -> Tensor:
        clip = picture.clip(at)
        model = PictureModel(self.classifier, self.front_end, clip)
        logits = torch.zeros_like(clip.log_magnitude, requires_grad=True)
        optimizer = torch.optim.Adam([logits], lr=self.learning_rate)

        def measure_loss() -> tuple[Tensor, Tensor]:
            mask = logits.sigmoid()
            answer = class_loss(model(mask * clip.log_magnitude), target, self.classifier)
            loss = answer + self.area * mask.mean() + self.roughness * measure_roughness(mask)
            return answer, loss

        for _ in descend(logits, optimizer, self.steps, measure_loss):
            pass
        return logits.detach().sigmoid()[0]


def measure_roughness(mask: Tensor) -> Tensor:
    """Return the mean absolute step of masks `[B, T, F]` from cell to cell, along time plus frequency."""
    steps = [mask.diff(dim=dim).abs() for dim in (1, 2)]
    return torch.stack([step.mean() if step.numel() else mask.new_zeros(()) for step in steps]).sum()
