"""What a classifier may offer beyond the protocol: all of it, none of it, or a sentence."""

from __future__ import annotations

import re

import pytest
import torch
from torch import Tensor

from interpreter.classifier.capabilities import (
    cells_of,
    front_end_of,
    is_spectral,
    minimum_samples,
    to_classifier_level,
)
from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.classifier.representations import full_width
from interpreter.errors import ConfigError


class Plain:
    """A classifier of waveforms, and nothing more."""

    sample_rate = 8000
    labels = ("a", "b")

    def __call__(self, waveforms: Tensor) -> Tensor:
        return waveforms[:, :2]

    def representations(self, waveforms: Tensor) -> list[Tensor]:
        return []


def test_cnn14_offers_everything() -> None:
    classifier = CnnClassifier(["a", "b"], FrontEnd(hop_length=100, win_length=400), embedding_dim=32)
    assert is_spectral(classifier) and front_end_of(classifier) is classifier.front_end
    assert cells_of(classifier) == (3200.0, -50.0)
    clips = torch.tensor([[0.5, -0.25]])
    assert (
        to_classifier_level(clips, classifier).tolist() == [[1.0, -0.5]] and minimum_samples(classifier) == 1
    )
    frames = 64
    maps = classifier.inspect_log_spectrogram(torch.zeros(2, frames, 513))[1]
    assert maps[0].shape[2] == frames // classifier.cell_frames


def test_a_plain_classifier_is_asked_for_nothing_more() -> None:
    classifier, clips = Plain(), torch.rand(1, 4)
    assert not is_spectral(classifier) and to_classifier_level(clips, classifier) is clips
    assert front_end_of(classifier).sample_rate == 8000 and minimum_samples(classifier) == 1


def test_what_is_offered_in_part_is_refused() -> None:
    classifier = Plain()
    classifier.from_log_spectrogram = classifier  # type: ignore[attr-defined]
    sentence = (
        "the classifier Plain has from_log_spectrogram but not inspect_log_spectrogram; expected all of "
        "from_log_spectrogram, inspect_log_spectrogram, front_end, cell_frames "
        "(see SpectralClassifier), or none"
    )
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        is_spectral(classifier)


@pytest.mark.parametrize(
    "classifier",
    [
        Plain(),
        CnnClassifier(["a"], FrontEnd(mel_bins=64), embedding_dim=32),
    ],
)
def test_the_full_decoders_take_no_other_representations(classifier) -> None:
    sentence = "the full psi is laid out for CNN14 with 80 mel bands; take the slim one"
    with pytest.raises(ConfigError, match=f"^{sentence}$"):
        full_width(classifier, "the full psi")
    assert full_width(CnnClassifier(["a"], embedding_dim=96), "the full psi") == 96
