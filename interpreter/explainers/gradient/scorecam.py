"""ScoreCAM: the maps of a layer, weighted by the logit of the picture that each lets through."""

from __future__ import annotations

import torch
from torch import Tensor

from interpreter.explainers.attribution import ClipQuery
from interpreter.explainers.gradient.class_activation import ClassActivationExplainer
from interpreter.explainers.spectral import Picture, PictureModel, per_item_max


class ScoreCamExplainer(ClassActivationExplainer):
    """The maps, weighted by the softmax of the logits of what each lets through (Wang et al. 2020).

    It follows no gradient. It asks the classifier once per map, `internal_batch_size` maps at a time.
    """

    name = "scorecam"
    title = "ScoreCAM"

    def attribute(self, model: PictureModel, picture: Picture, target: Tensor) -> Tensor:
        """Return the rectified maps, clip by clip."""
        with torch.no_grad():
            return torch.cat([self._score(query) for query in self.clip_by_clip(picture, target)])

    def _score(self, query: ClipQuery) -> Tensor:
        x = query.log_magnitude.detach()
        maps = self.read_layer(query.model, x)[0][0]
        # A constant map shows no place. It lets nothing through, and gets no weight, as in the authors' code.
        maps = maps[maps.amax(dim=(1, 2)) > maps.amin(dim=(1, 2))]
        if not len(maps):
            return torch.zeros_like(x)
        scores = torch.cat(
            [
                query.model(self._masks(part, x) * x)[:, query.target[0]]
                for part in torch.split(maps, self.internal_batch_size)
            ]
        )
        combined = (scores.softmax(dim=0)[:, None, None] * maps).sum(dim=0, keepdim=True)
        return self.spread(combined.clamp(min=0), x.shape[1], x.shape[2])

    def _masks(self, maps: Tensor, x: Tensor) -> Tensor:
        """Return maps `[k, t, f]` on the cells of the picture, each from 0 to 1 (algorithm 1)."""
        masks = self.spread(maps, x.shape[1], x.shape[2])
        masks = masks + per_item_max(-masks)
        largest = per_item_max(masks)
        return masks / torch.where(largest > 0, largest, 1)
