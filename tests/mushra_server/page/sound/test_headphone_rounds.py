"""The sounds of the headphone checks: what is soft, inverted or turned in phase."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.mushra_server.page.sound.waves import noise

ROUND = """async ({method, seed, rate}) => {
  const { createRound } = await import('/audio/headphones.js');
  const { seededRandom } = await import('/audio/random.js');
  const round = createRound(method, rate, seededRandom(seed));
  const lists = round.sounds.map((channels) => channels.map((samples) => Array.from(samples)));
  return { correct: round.correct, sounds: lists };
}"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["one", "two", "three"])
def test_antiphase_round_has_one_soft_and_one_inverted_tone(tab: Any, seed: str) -> None:
    found = tab.evaluate(ROUND, {"method": "antiphase", "seed": seed, "rate": 8_000})
    kinds = {}
    for n, (left, right) in enumerate(np.array(found["sounds"])):
        kinds[
            "inverted" if np.allclose(left, -right) else "in phase", round(20 * np.log10(np.max(left) / 0.25))
        ] = n
    assert set(kinds) == {("inverted", 0), ("in phase", 0), ("in phase", -6)}
    assert found["correct"] == kinds["in phase", -6]


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["one", "two"])
def test_huggins_round_turns_the_phase_at_one_ear_around_600_hz(tab: Any, seed: str) -> None:
    rate = 8_000
    found = tab.evaluate(ROUND, {"method": "huggins", "seed": seed, "rate": rate})
    for n, (left, right) in enumerate(np.array(found["sounds"])):
        if n != found["correct"]:
            np.testing.assert_array_equal(left, right)
            continue
        inner = slice(round(0.02 * rate), -round(0.02 * rate))  # without the ramps
        assert not np.allclose(left[inner], right[inner])
        spectrum = np.fft.rfft((left - right)[inner])
        frequency = np.fft.rfftfreq(left[inner].size, 1 / rate)
        energy = np.abs(spectrum) ** 2
        assert np.sum(energy[(frequency > 540) & (frequency < 660)]) > 0.98 * np.sum(energy)


TURN = """async ({samples, rate}) => {
  const { turnPhase } = await import('/audio/headphones.js');
  return Array.from(turnPhase(Float32Array.from(samples), 564, 636, rate));
}"""


@pytest.mark.slow
@pytest.mark.parametrize("rate", [8_000, 48_000])
def test_turned_band_keeps_its_magnitude_and_turns_by_a_whole_circle(tab: Any, rate: int) -> None:
    """Witness: the same turn, made by NumPy's FFT over the second that a listener hears."""
    samples = noise(11, rate)
    turned = np.array(tab.evaluate(TURN, {"samples": samples.tolist(), "rate": rate}))
    before, after = np.fft.rfft(samples), np.fft.rfft(turned)
    np.testing.assert_allclose(np.abs(after), np.abs(before), rtol=1e-3, atol=1e-3)
    angle = np.angle(after / before)
    assert np.allclose(np.delete(angle, np.s_[564:637]), 0, atol=1e-3)
    np.testing.assert_allclose(np.unwrap(angle[564:637]), np.linspace(0, 2 * np.pi, 73), atol=2e-2)
    wanted = before.copy()
    wanted[564:637] *= np.exp(1j * np.linspace(0, 2 * np.pi, 73))
    np.testing.assert_allclose(turned, np.fft.irfft(wanted, rate), rtol=0, atol=1e-7)  # rounding to float32
