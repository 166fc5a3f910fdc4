"""What a script or a notebook gets back: an object that plays and plots itself."""

from __future__ import annotations

import io
import re
from base64 import b64decode

import numpy as np
import pytest
import soundfile

from interpreter import explain, wrap_callable
from interpreter.errors import ConfigError

RATE = 8000


def share_of_halves(waveforms: np.ndarray) -> np.ndarray:
    """Probabilities of low and high sound: their shares of the power."""
    power = np.abs(np.fft.rfft(waveforms)) ** 2
    low, high = (part.sum(axis=1) for part in np.array_split(power, 2, axis=1))
    return np.stack([low, high], axis=1) / (low + high)[:, None]


CLASSIFIER = wrap_callable(share_of_halves, RATE, ["low", "<high>"])


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    time = np.arange(RATE) / RATE
    return (0.3 * np.sin(2 * np.pi * 3000 * time) + 0.1 * np.sin(2 * np.pi * 500 * time)).astype(np.float32)


def test_a_sound_a_classifier_and_a_method_are_enough(sound) -> None:
    heard = explain(sound, CLASSIFIER, "occlusion:patch=[50,64]", sample_rate=RATE)
    assert heard.targets == ("<high>",) and heard.method.startswith("Occlusion")
    assert heard.waveform.shape == heard.interpretation.shape == heard.residual.shape
    assert np.allclose(heard.waveform, sound)
    page = heard._repr_html_()
    assert "explained as &lt;high&gt;" in page
    players = re.findall(r'src="data:audio/wav;base64,([^"]+)"', page)
    played = [soundfile.read(io.BytesIO(b64decode(one)), dtype="float32") for one in players]
    assert [rate for _, rate in played] == [RATE] * 3
    for (samples, _), expected in zip(
        played, (heard.waveform, heard.interpretation, heard.residual), strict=True
    ):
        assert np.array_equal(samples, expected.numpy())
    (picture,) = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert b64decode(picture)[:4] == b"\x89PNG"
    assert len(heard.plot().axes) == 6


def test_a_classifier_without_a_method_is_refused(sound) -> None:
    with pytest.raises(ConfigError, match=r"expected method=... \(see METHODS\), or an explainer"):
        explain(sound, CLASSIFIER, sample_rate=RATE)
