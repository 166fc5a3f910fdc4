"""What a classifier makes of clips is computed once, and is what the classifier itself says."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.classifier.hearing import Hearing
from interpreter.classifier.wrapped import wrap_module


def test_a_hearing_is_what_the_classifier_says() -> None:
    torch.manual_seed(0)
    classifier = CnnClassifier(("a", "b"), FrontEnd(mel_bins=32), 32).eval()
    clips = torch.randn(2, 8000)
    passes = []
    classifier.cnn14.register_forward_hook(lambda *_: passes.append(1))
    with torch.no_grad():
        heard = Hearing(classifier, clips)
        found = (heard.logits, heard.probabilities, *heard.representations)
        assert len(passes) == 1
        logits = classifier(clips)
        expected = (logits, logits.softmax(dim=1), *classifier.representations(clips))
    torch.testing.assert_close(found, expected)
    assert torch.equal(heard.spectrum, classifier.front_end.stft(clips))
    assert torch.equal(heard.log_magnitude, classifier.front_end.log_magnitude(clips))


def test_a_foreign_network_is_asked_for_nothing_that_is_not_needed() -> None:
    class Mean(nn.Module):
        passes = 0

        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Conv1d(1, 4, 16, stride=8)

        def forward(self, waveforms: Tensor) -> Tensor:
            Mean.passes += 1
            return self.layer(waveforms[:, None]).mean(dim=2)

    network = Mean()
    classifier = wrap_module(network, labels=tuple("abcd"), sample_rate=16000, layers=("layer",))
    before = Mean.passes
    clips = torch.randn(2, 4000)
    with torch.no_grad():
        heard = Hearing(classifier, clips)
        assert Mean.passes == before
        torch.testing.assert_close(heard.logits, network(clips))
        assert Mean.passes == before + 2
        assert heard.spectrum.shape[0] == 2
        assert Mean.passes == before + 2
