"""Floors: masks that know nothing of the classifier. A method that does not beat them explains nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from interpreter.classifier.hearing import Hearing
from interpreter.explainers.base import Separation
from interpreter.explainers.spectral import Picture, SpectralExplainer, generator_for, per_item_max
from interpreter.types import Classifier

LOUDEST_SHARE = 0.2
"""Share of the cells that `floor-loudest` keeps."""


class Floor(SpectralExplainer):
    """An explainer whose mask does not look at the classifier.

    Args:
        classifier: the classifier that judges it.
        batch_size: clips at a time.
        seed: of `floor-random`.
    """

    only_asks = True

    def __init__(self, classifier: Classifier, batch_size: int | None = None, seed: int = 0) -> None:
        super().__init__(classifier, batch_size)
        self.seed = seed

    def mask_from(self, sound: Tensor, heard: Tensor) -> Tensor:
        """Return the mask of `sound`; what the classifier heard has no influence."""
        return self.mask(self.picture(sound), torch.zeros(len(sound), dtype=torch.long))


class Ones(Floor):
    """Everything is the interpretation: the input itself, to the last bit."""

    name = "floor-ones"
    title = "Floor: all"

    def mask(self, picture: Picture, target: Tensor) -> Tensor:
        """Return ones."""
        return torch.ones_like(picture.log_magnitude)

    def separate_heard(self, clips: Hearing, target: Tensor) -> Separation:
        """Return the input and silence, without the rounding of the way through the STFT."""
        sound = clips.waveforms
        return Separation(sound.clone(), torch.zeros_like(sound), torch.ones_like(clips.log_magnitude))


class Zeros(Floor):
    """Nothing is the interpretation."""

    name = "floor-zeros"
    title = "Floor: nothing"

    def mask(self, picture: Picture, target: Tensor) -> Tensor:
        """Return zeros."""
        return torch.zeros_like(picture.log_magnitude)


class Half(Floor):
    """A volume control: every cell halved."""

    name = "floor-half"
    title = "Floor: half"

    def mask(self, picture: Picture, target: Tensor) -> Tensor:
        """Return one half everywhere."""
        return torch.full_like(picture.log_magnitude, 0.5)


class Random(Floor):
    """Independent uniform draws, the same for the same clip and seed."""

    name = "floor-random"
    title = "Floor: random"

    @property
    def settings(self) -> Mapping[str, object]:
        """The seed."""
        return {"seed": self.seed}

    def mask(self, picture: Picture, target: Tensor) -> Tensor:
        """Return uniform draws."""
        shape = picture.log_magnitude.shape[1:]
        draws = [torch.rand(shape, generator=generator_for(self.seed, clip)) for clip in picture.waveforms]
        return torch.stack(draws).to(picture.log_magnitude)


class Loudest(Floor):
    """The loudest fifth of the cells."""

    name = "floor-loudest"
    title = f"Floor: loudest {LOUDEST_SHARE:.0%}"

    @property
    def settings(self) -> Mapping[str, object]:
        """The share that is kept."""
        return {"share": LOUDEST_SHARE}

    def mask(self, picture: Picture, target: Tensor) -> Tensor:
        """Return one in the loudest cells, zero elsewhere."""
        x = picture.log_magnitude.flatten(1)
        keep = x.topk(max(round(LOUDEST_SHARE * x.shape[1]), 1), dim=1).indices
        return torch.zeros_like(x).scatter(1, keep, 1.0).view_as(picture.log_magnitude)


class Peaks(Floor):
    """The cells above half the clip's largest: on simple sounds it is hard to beat."""

    name = "floor-peaks"
    title = "Floor: above half the peak"

    def mask(self, picture: Picture, target: Tensor) -> Tensor:
        """Return one in cells above half the maximum, zero elsewhere."""
        x = picture.log_magnitude
        return (x > 0.5 * per_item_max(x)).to(x)


FLOORS: dict[str, Callable[..., Floor]] = {
    floor.name: floor for floor in (Ones, Zeros, Half, Random, Loudest, Peaks)
}
