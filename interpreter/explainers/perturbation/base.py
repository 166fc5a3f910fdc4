"""What the perturbing methods on the picture share: clip by clip, only probabilities, a bounded batch."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import ClassVar

import torch
from torch import Tensor

from interpreter.classifier.capabilities import to_probabilities
from interpreter.explainers.attribution import AttributionExplainer, ClipQuery, MaskRule
from interpreter.explainers.spectral import Picture, PictureModel


class PerturbationExplainer(AttributionExplainer):
    """Attributes the target's probability to the cells of X = log1p|STFT(x)| by asking about other pictures.

    It follows no gradient, so the classifier may be any callable: it is asked for nothing but logits (or log
    probabilities, whose softmax is the same). The rule `positive` is the default: what lowers the probability
    argues against the class. A method implements `attribute_clip`.
    """

    default_rule: ClassVar[MaskRule] = "positive"
    only_asks = True

    @abstractmethod
    def attribute_clip(self, query: ClipQuery) -> Tensor:
        """Return the attribution of one clip's probability to its cells, `[T, F]`."""

    def attribute(self, model: PictureModel, picture: Picture, target: Tensor) -> Tensor:
        """Return the attributions, clip by clip, with draws that do not depend on the rest of the batch."""
        with torch.no_grad():
            return torch.stack([self.attribute_clip(query) for query in self.clip_by_clip(picture, target)])

    def ask(self, query: ClipQuery, masks: Iterable[Tensor]) -> Tensor:
        """Return the target's probability for each picture that a mask leaves over, `[N]`.

        Args:
            query: the clip.
            masks: portions of masks `[n, T, F]`; no more than one is kept at a time.
        """
        picture, target = query.log_magnitude.detach(), int(query.target)
        return torch.cat([self._probability(query, mask * picture)[:, target] for mask in masks])

    def _probability(self, query: ClipQuery, picture: Tensor) -> Tensor:
        return to_probabilities(query.model(picture), self.classifier)
