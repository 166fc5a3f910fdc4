"""A module of another rate than the sounds' hears them resampled, and explanations keep the sounds' rate."""

from __future__ import annotations

import re

import pytest
import torch
from torch import Tensor, nn

from interpreter import METHODS
from interpreter.classifier.wrapped import wrap_module
from interpreter.errors import ConfigError

RATE, MODULE_RATE = 16000, 32000


class Listening(nn.Module):
    """Two classes: energy below and above 2 kHz at 32 kHz; it keeps what it heard."""

    def __init__(self) -> None:
        super().__init__()
        self.framed = nn.Conv1d(1, 8, 64, 32)
        self.heard: list[Tensor] = []

    def forward(self, waveforms: Tensor) -> Tensor:
        self.heard.append(waveforms)
        self.framed(waveforms[:, None])
        power = torch.fft.rfft(waveforms).abs().square() / waveforms.shape[1]
        edge = round(2000 * waveforms.shape[1] / MODULE_RATE)
        return torch.stack([power[:, :edge].sum(dim=1), power[:, edge:].sum(dim=1)], dim=1)


def tones(rate: int, seconds: float = 0.5) -> Tensor:
    time = torch.arange(round(rate * seconds), dtype=torch.float64) / rate
    return torch.stack([0.1 * torch.sin(2 * torch.pi * hertz * time) for hertz in (440.0, 5000.0)]).float()


def test_the_module_hears_the_waveform_at_its_own_rate() -> None:
    module = Listening()
    classifier = wrap_module(module, ["framed"], RATE, ["low", "high"], module_rate=MODULE_RATE)
    module.heard.clear()  # of the probe
    logits = classifier(tones(RATE))
    expected = tones(MODULE_RATE)
    assert classifier.sample_rate == RATE and module.heard[0].shape == expected.shape
    # away from the ends, where the filter reads zeros
    assert (module.heard[0] - expected)[:, 1000:-1000].abs().max() < 1e-5
    assert logits.argmax(dim=1).tolist() == [0, 1]
    maps = classifier.representations(tones(RATE))
    assert torch.equal(maps[0], module.framed(module.heard[-1][:, None]).unsqueeze(3))
    assert torch.equal(module.heard[-1], module.heard[0])


def test_one_rate_leaves_the_waveform_alone() -> None:
    for module_rate in (None, RATE):
        module = Listening()
        clips = tones(RATE)
        classifier = wrap_module(module, ["framed"], RATE, ["low", "high"], module_rate)
        module.heard.clear()
        classifier(clips)
        assert module.heard[0] is clips


def test_gradients_come_back_to_the_waveform() -> None:
    classifier = wrap_module(Listening(), ["framed"], RATE, ["low", "high"], module_rate=MODULE_RATE)
    clips = tones(RATE).double().requires_grad_()
    classifier.double()
    direction = torch.randn(clips.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    (slope,) = torch.autograd.grad(classifier(clips)[:, 0].sum(), clips)
    with torch.no_grad():  # against a difference quotient
        ahead, behind = (classifier(clips + step * direction)[:, 0].sum() for step in (1e-6, -1e-6))
    assert float((slope * direction).sum()) == pytest.approx(float((ahead - behind) / 2e-6), rel=1e-5)


def test_explanations_keep_the_rate_of_the_sounds() -> None:
    classifier = wrap_module(Listening(), ["framed"], RATE, ["low", "high"], module_rate=MODULE_RATE)
    clips = tones(RATE).sum(dim=0, keepdim=True)
    for target in (0, 1):
        explanation = METHODS["saliency"](classifier).explain(clips, [target])
        assert explanation.interpretation.shape == clips.shape
        energy = torch.fft.rfft(explanation.interpretation[0]).abs().square()
        low, high = energy[: 2000 // 2].sum(), energy[2000 // 2 :].sum()
        assert (low > high) == (target == 0)


def test_a_rate_that_is_none_is_refused() -> None:
    for rates, sentence in (
        ((RATE, 0), "sample_rate is 16000 and module_rate 0; expected 1 Hz or more"),
        ((-1, None), "sample_rate is -1 and module_rate -1; expected 1 Hz or more"),
    ):
        with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
            wrap_module(Listening(), ["framed"], rates[0], ["low", "high"], rates[1])
