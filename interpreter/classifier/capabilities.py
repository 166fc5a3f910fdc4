"""What a classifier may offer beyond `Classifier`, and the one place that looks whether it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeGuard, runtime_checkable

from torch import Tensor

from interpreter.classifier.front_end import FrontEnd
from interpreter.devices import device_of
from interpreter.errors import ConfigError
from interpreter.types import Classifier


class SpectralClassifier(Classifier, Protocol):
    """A classifier that reads pictures of its front end, so that a masked picture need not become sound.

    Attributes:
        front_end: makes the pictures.
        cell_frames: STFT frames, and mel bands, that a cell of the deepest representation spans: a power of
            two, since the grid is halved from representation to representation and what is left over at the
            end is dropped. The first cell begins with the first frame.

    Shape:
        - log_magnitude: `[B, T, F]`, log1p of the STFT's magnitude
        - logits: `[B, classes]`
        - representations: maps `[B, C, T, F]`, deepest first
    """

    front_end: FrontEnd
    cell_frames: int

    def from_log_spectrogram(self, log_magnitude: Tensor) -> Tensor:
        """Return the logits of pictures."""
        ...

    def inspect_log_spectrogram(self, log_magnitude: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the logits and the representations of pictures, in one pass."""
        ...


_SPECTRAL = ("from_log_spectrogram", "inspect_log_spectrogram", "front_end", "cell_frames")


def is_spectral(classifier: Classifier) -> TypeGuard[SpectralClassifier]:
    """Say whether a classifier reads pictures of its front end.

    Raises:
        ConfigError: it has `from_log_spectrogram`, but not what goes with it.
    """
    # isinstance would not do: it looks past the submodules of a torch module, of which the front end is one
    missing = [name for name in _SPECTRAL if not hasattr(classifier, name)]
    if missing and _SPECTRAL[0] not in missing:
        raise ConfigError(
            f"the classifier {type(classifier).__name__} has {_SPECTRAL[0]} but not {missing[0]}; "
            f"expected all of {', '.join(_SPECTRAL)} (see SpectralClassifier), or none"
        )
    return not missing


class TextClassifier(Classifier, Protocol):
    """A classifier whose classes are texts (zero-shot), so that any text can be one.

    Attributes:
        scale: what cosines are multiplied with to be logits.

    Shape:
        - embed_labels: `[classes, width]`, unit vectors
    """

    @property
    def scale(self) -> Tensor:
        """What cosines are multiplied with to be logits."""
        ...

    def replace_labels(self, labels: Sequence[str]) -> TextClassifier:
        """Return the classifier with other classes, which shares the weights of this one."""
        ...

    def embed_labels(self) -> Tensor:
        """Return the classes' unit vectors."""
        ...


def takes_texts(classifier: Classifier) -> TypeGuard[TextClassifier]:
    """Say whether a classifier's classes are texts."""
    return hasattr(classifier, "replace_labels") and hasattr(classifier, "embed_labels")


def front_end_of(classifier: Classifier) -> FrontEnd:
    """Return the classifier's own front end; if it has none, the paper's at its rate and on its device."""
    if is_spectral(classifier):
        return classifier.front_end
    return FrontEnd(sample_rate=classifier.sample_rate).to(device_of(classifier))


def cells_of(classifier: SpectralClassifier) -> tuple[float, float]:
    """Return the samples that a cell of the deepest representation spans, and where the first one begins."""
    hop = classifier.front_end.hop_length  # a frame is centred on the multiples of it
    return float(classifier.cell_frames * hop), -hop / 2


@runtime_checkable
class PreparingClassifier(Protocol):
    """A classifier that was trained on clips of a certain level."""

    def prepare(self, waveforms: Tensor) -> Tensor:
        """Return waveforms `[B, samples]` at that level."""
        ...


def to_classifier_level(waveforms: Tensor, classifier: Classifier) -> Tensor:
    """Return clips at the level that the classifier expects, `[B, samples]`; most take them as they are."""
    return classifier.prepare(waveforms) if isinstance(classifier, PreparingClassifier) else waveforms


@runtime_checkable
class BoundedClassifier(Protocol):
    """A classifier that cannot hear clips of fewer than `minimum_samples`."""

    minimum_samples: int


def minimum_samples(classifier: Classifier) -> int:
    """Return the length of the shortest clip that the classifier can hear."""
    return int(classifier.minimum_samples) if isinstance(classifier, BoundedClassifier) else 1


def is_black_box(classifier: Classifier) -> bool:
    """Say whether only the classifier's answers are known, neither layers nor gradients."""
    return bool(getattr(classifier, "black_box", False))


def is_multi_label(classifier: Classifier) -> bool:
    """Say whether several classes may be true at once, so that each has its own probability."""
    return bool(getattr(classifier, "multi_label", False))


def to_probabilities(logits: Tensor, classifier: Classifier) -> Tensor:
    """Return the probabilities of the classes: sigmoids if several may be true at once, else the softmax.

    A classifier of the first kind says so by `multi_label = True`.

    Shape:
        - logits, result: `[B, classes]`
    """
    return logits.sigmoid() if is_multi_label(classifier) else logits.softmax(dim=-1)
