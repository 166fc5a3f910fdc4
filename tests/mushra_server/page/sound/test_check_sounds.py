"""The sounds of the checks of hearing and surroundings, measured by NumPy: how many tones, how much noise."""

from __future__ import annotations

import base64
from collections import Counter
from typing import Any

import numpy as np
import pytest

RATE = 16_000

ROUNDS = """async ({module, rounds, seed, rate}) => {
  const made = await import(`/audio/${module}.js`);
  const { seededRandom } = await import('/audio/random.js');
  return [...made[rounds](rate, seededRandom(seed))].map(({ correct, sounds, choices }) => ({
    correct, choices, sounds: sounds.map((channels) => channels.map(BYTES)),
  }));
}"""
VOICE = """async (rate) => {
  const { createVoice } = await import('/audio/noise_pairs.js');
  return BYTES(createVoice(rate));
}"""
BYTES = """((samples) => {
  let text = '';
  for (const byte of new Uint8Array(Float32Array.from(samples).buffer)) text += String.fromCharCode(byte);
  return btoa(text);
})"""
"""A million numbers take Playwright ten seconds, their bytes as text none."""


def compute(tab: Any, script: str, argument: Any) -> Any:
    return tab.evaluate(script.replace("BYTES", BYTES), argument)


def read_samples(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), np.float32).astype(float)


@pytest.mark.slow
def test_soft_tones_are_as_many_as_the_right_answer_says(tab: Any) -> None:
    asked = {"module": "soft_tones", "rounds": "createToneRounds", "seed": "one", "rate": RATE}
    found = compute(tab, ROUNDS, asked)
    heard: Counter[tuple[int, int]] = Counter()
    for one in found:
        (channels,) = one["sounds"]
        sound = np.array([read_samples(channel) for channel in channels])
        (ear,) = np.flatnonzero(np.abs(sound).max(axis=1))
        slots = sound[ear].reshape(4, -1)  # each half a second
        loud = np.sqrt(np.mean(slots**2, axis=1)) > 1e-4
        assert one["choices"][one["correct"]] == loud.sum()
        assert not loud[loud.sum() :].any()  # one after the other, from the beginning
        tone = slots[0][: RATE // 4]
        middle = tone[len(tone) // 4 : -len(tone) // 4]
        assert 20 * np.log10(np.sqrt(np.mean(middle**2))) == pytest.approx(-48, abs=0.05)
        assert np.abs(tone[[0, -1]]).max() < 1e-6
        heard[int(np.argmax(np.abs(np.fft.rfft(tone))) * 4), int(ear)] += 1
    assert heard == {(hz, ear): 1 for hz in (500, 2000, 6000) for ear in (0, 1)}
    assert compute(tab, ROUNDS, asked) == found  # after a reload, too
    assert compute(tab, ROUNDS, {**asked, "seed": "two"}) != found


@pytest.mark.slow
def test_pairs_differ_in_noise_by_ten_decibels(tab: Any) -> None:
    voice = read_samples(compute(tab, VOICE, RATE))
    asked = {"module": "noise_pairs", "rounds": "createNoiseRounds", "seed": "one", "rate": RATE}
    found = compute(tab, ROUNDS, asked)
    assert len(found) == 8
    inner = slice(RATE // 50, -RATE // 50)  # without the ramps
    for one in found:
        whole = np.array([[read_samples(channel) for channel in sound] for sound in one["sounds"]])
        sounds = whole[:, :, inner]
        np.testing.assert_array_equal(sounds[:, 0], sounds[:, 1])
        noise = sounds[:, 0] - voice[inner]
        snr_db = 10 * np.log10(np.mean(voice**2) / np.mean(noise**2, axis=1))
        assert sorted(snr_db) == pytest.approx([40, 50], abs=0.2)
        assert one["correct"] == snr_db.argmax()
        assert np.abs(whole).max() < 1
    assert {one["correct"] for one in found} == {0, 1}
