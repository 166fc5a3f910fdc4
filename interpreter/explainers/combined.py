"""Two methods' masks as one: what either of them keeps, or what both do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from interpreter.errors import ConfigError
from interpreter.explainers.spectral import Picture, SpectralExplainer

Combination = Literal["union", "intersection"]
"""The larger of two masks in each cell, or the smaller."""


class CombinedExplainer(SpectralExplainer):
    """The union or the intersection of the masks of two methods on the cells of the STFT.

    Args:
        first: a method whose mask is on the cells of the STFT.
        second: another, of the same classifier.
        combination: see `Combination`.

    Raises:
        ConfigError: methods of different classifiers, or with masks of another domain.
    """

    name = "combined"

    def __init__(
        self, first: SpectralExplainer, second: SpectralExplainer, combination: Combination = "union"
    ) -> None:
        if combination not in get_args(Combination):
            raise ConfigError(f"combination is {combination!r}; expected union or intersection")
        for method in (first, second):
            if not isinstance(method, SpectralExplainer):
                raise ConfigError(
                    f"{method.label} has no mask on the cells of the STFT; expected a method that has one"
                )
        if first.classifier is not second.classifier:
            raise ConfigError(
                f"{first.label} and {second.label} are of different classifiers; expected the same one"
            )
        super().__init__(first.classifier)
        self.first, self.second, self.combination = first, second, combination

    @property
    def only_asks(self) -> bool:  # type: ignore[override]
        """Whether answers are all that both methods need."""
        return self.first.only_asks and self.second.only_asks

    @property
    def takes_target(self) -> bool:  # type: ignore[override]
        """Whether both methods can be asked for any class."""
        return self.first.takes_target and self.second.takes_target

    @property
    def label(self) -> str:
        """Both methods' names."""
        return f"{self.first.label} {'∪' if self.combination == 'union' else '∩'} {self.second.label}"

    @property
    def settings(self) -> Mapping[str, object]:
        """Both methods' settings, and how their masks are combined."""
        parts = {one.label: dict(one.settings) for one in (self.first, self.second)}
        return {"combination": self.combination, **parts}

    @property
    def networks(self) -> Sequence[nn.Module]:
        """The networks of both methods."""
        return (*self.first.networks, *self.second.networks)

    def mask(self, picture: Picture, target: Tensor) -> Tensor:
        """Return the larger or the smaller of the two masks in each cell, `[B, T, F]`."""
        # theirs may be another by now: randomised, or with a text among its classes
        masks = [
            method.replace_classifier(self.classifier).mask(picture, target)
            for method in (self.first, self.second)
        ]
        return torch.maximum(*masks) if self.combination == "union" else torch.minimum(*masks)
