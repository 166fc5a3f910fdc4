"""Explaining by a mask on the STFT: picture, mask, and back to sound under the input's phase."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from zlib import crc32

import torch
from torch import Tensor, nn

from interpreter.classifier.capabilities import front_end_of, is_spectral
from interpreter.classifier.front_end import FrontEnd, resynthesise
from interpreter.classifier.hearing import Hearing
from interpreter.explainers.base import Explainer, Separation
from interpreter.types import Classifier


@dataclass(frozen=True)
class Picture:
    """Clips as spectral methods see them.

    Attributes:
        heard: the clips as the classifier hears them, if that is known.

    Shape:
        - waveforms: `[B, samples]`
        - spectrum: `[B, T, F]`, complex
        - log_magnitude: `[B, T, F]`, log1p of the magnitude
    """

    waveforms: Tensor
    spectrum: Tensor
    log_magnitude: Tensor
    heard: Hearing | None = None

    def clip(self, at: int) -> Picture:
        """Return the picture of only the clip number `at`, as a batch of one."""
        row = slice(at, at + 1)
        return Picture(self.waveforms[row], self.spectrum[row], self.log_magnitude[row])


class PictureModel(nn.Module):
    """The classifier as a function of only the picture, which is what attribution differentiates.

    A classifier that reads STFT pictures (`SpectralClassifier`) is asked directly. Any other is asked
    through the waveform that the picture makes under the input's phase; such a model serves only one batch.

    Args:
        classifier: the classifier.
        front_end: makes pictures and waveforms.
        picture: the clips whose phase the resynthesis takes.
    """

    def __init__(self, classifier: Classifier, front_end: FrontEnd, picture: Picture) -> None:
        super().__init__()
        self.classifier = classifier
        self.front_end = front_end
        self.picture = picture

    def forward(self, log_magnitude: Tensor) -> Tensor:
        """Return the logits of pictures.

        Noise may have driven cells below zero, which is not a magnitude: they count as silent.

        Shape:
            - log_magnitude: `[k * B, T, F]`; each of the batch's clips k times, one after the other
            - result: `[k * B, classes]`
        """
        log_magnitude = log_magnitude.clamp(min=0)
        if is_spectral(self.classifier):
            return self.classifier.from_log_spectrogram(log_magnitude)
        waveforms, spectrum = self.picture.waveforms, self.picture.spectrum
        spectrum = spectrum.repeat_interleave(len(log_magnitude) // len(spectrum), dim=0)
        return self.classifier(
            resynthesise(self.front_end, log_magnitude, spectrum, length=waveforms.shape[1])
        )


class SpectralExplainer(Explainer):
    """A method whose mask is on the cells of the STFT; it implements only `mask`.

    With X = log1p|STFT(x)| the interpretation is the sound of mask * X and the residual that of
    (1 - mask) * X, both under the phase of the input (L-MAC, Paissan et al. 2024, eq. 2 and 3).
    """

    @property
    def front_end(self) -> FrontEnd:
        """The classifier's own front end, or the paper's if it has none."""
        return front_end_of(self.classifier)

    def picture(self, waveforms: Tensor) -> Picture:
        """Return clips `[B, samples]` as spectral methods see them."""
        return _to_picture(Hearing(self.classifier, waveforms))

    @abstractmethod
    def mask(self, picture: Picture, target: Tensor) -> Tensor:
        """Return the mask, in [0, 1].

        Shape:
            - target: `[B]`
            - result: `[B, T, F]`
        """

    def separate(self, waveforms: Tensor, target: Tensor) -> Separation:
        """Split clips by the mask; see `Explainer.separate`."""
        return self.separate_heard(Hearing(self.classifier, waveforms), target)

    def separate_heard(self, clips: Hearing, target: Tensor) -> Separation:
        """Split clips by the mask, whose spectra are there already; see `Explainer.separate_heard`."""
        picture = _to_picture(clips)
        mask = self.mask(picture, target)
        kept, removed = mask * picture.log_magnitude, (1 - mask) * picture.log_magnitude
        samples = clips.waveforms.shape[1]
        return Separation(
            resynthesise(clips.front_end, kept, picture.spectrum, samples),
            resynthesise(clips.front_end, removed, picture.spectrum, samples),
            mask,
        )


def _to_picture(clips: Hearing) -> Picture:
    return Picture(clips.waveforms, clips.spectrum, clips.log_magnitude, clips)


def clip_seed(seed: int, waveform: Tensor) -> int:
    """Return a seed that follows from `seed` and the clip's samples.

    A method that draws is then a function of the clip: neither its neighbours in the batch nor the number of
    processes change an explanation.
    """
    return crc32(waveform.detach().cpu().contiguous().numpy().tobytes(), seed & 0xFFFFFFFF)


def per_item_max(values: Tensor) -> Tensor:
    """Return the largest value of each item, in a shape that broadcasts over it."""
    return values.amax(dim=tuple(range(1, values.ndim)), keepdim=True)


def generator_for(seed: int, waveform: Tensor) -> torch.Generator:
    """Return a CPU generator that is seeded by `seed` and the clip's samples."""
    return torch.Generator().manual_seed(clip_seed(seed, waveform))
