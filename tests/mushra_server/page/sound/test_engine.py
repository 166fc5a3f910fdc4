"""The audio engine, rendered offline in a real browser and compared with NumPy sample by sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.mushra_server.page.sound.waves import (
    FADE,
    FALL,
    LENGTH,
    OPEN,
    RATE,
    RISE,
    Samples,
    gain,
    looped,
    noise,
    ramp,
)

RENDER = """
async ({rate, frames, sounds, loop, switchBack, steps}) => {
  const { Engine } = await import('/audio/engine.js');
  const context = new OfflineAudioContext(1, frames, rate);
  const engine = new Engine(context, { loop, switchBack });
  const buffers = new Map(Object.entries(sounds).map(([key, samples]) => {
    const buffer = context.createBuffer(1, samples.length, rate);
    buffer.copyToChannel(Float32Array.from(samples), 0);
    return [key, buffer];
  }));
  engine.load(buffers);
  for (const [method, ...values] of steps) engine[method](...values);
  const rendered = await context.startRendering();
  return {
    samples: Array.from(rendered.getChannelData(0)),
    listened: Object.fromEntries(
      [...buffers.keys()].map((key) => [key, engine.listenedMs(key, frames / rate)])),
  };
}
"""


Render = Callable[..., tuple[Samples, dict[str, int]]]


@pytest.fixture(scope="module")
def render(tab: Any) -> Render:
    def run(
        sounds: dict[str, Samples],
        steps: list[list[Any]],
        seconds: float,
        *,
        loop: bool = True,
        back: bool = False,
        rate: int = RATE,
    ) -> tuple[Samples, dict[str, int]]:
        lists = {key: sound.tolist() for key, sound in sounds.items()}
        wanted = {
            "rate": rate,
            "frames": round(seconds * rate),
            "sounds": lists,
            "loop": loop,
            "switchBack": back,
            "steps": steps,
        }
        found = tab.evaluate(RENDER, wanted)
        return np.array(found["samples"]), found["listened"]

    return run


def test_switching_is_aligned_to_the_sample_on_one_timeline(render: Render) -> None:
    sounds = {"a": noise(1), "b": noise(2), "c": noise(3)}
    frames, start, to_b, to_c = 40_000, 1_600, 9_000, 24_321
    found, _ = render(
        sounds,
        [["play", "a", start / RATE], ["play", "b", to_b / RATE], ["play", "c", to_c / RATE]],
        frames / RATE,
    )
    expected = looped(sounds["a"], start, frames) * gain(frames, [(start, OPEN), (to_b, FALL)])
    expected += looped(sounds["b"], start, frames) * gain(frames, [(to_b + FADE, RISE), (to_c, FALL)])
    expected += looped(sounds["c"], start, frames) * gain(frames, [(to_c + FADE, RISE)])
    np.testing.assert_allclose(found, expected, atol=2e-4)
    steady = np.r_[start + FADE : to_b, to_b + 2 * FADE : to_c, to_c + 2 * FADE : frames]
    np.testing.assert_allclose(found[steady], expected[steady], atol=1e-7)


def test_fades_do_not_overlap(render: Render) -> None:
    sounds = {"a": np.full(LENGTH, 0.5), "b": np.full(LENGTH, -0.5)}
    found, _ = render(sounds, [["play", "a", 0.1], ["play", "b", 0.3]], 0.5)
    middle = round(0.3 * RATE) + FADE
    assert np.all(found[round(0.3 * RATE) - 10 : middle - 1] > 0)
    assert abs(found[middle]) < 1e-6
    assert np.all(found[middle + 1 : middle + 2 * FADE] < 0)


def test_nothing_clicks(render: Render) -> None:
    """Constant sounds show every jump: no step may exceed the steepest step of the 5 ms fade itself."""
    sounds = {"a": np.full(LENGTH, 0.5), "b": np.full(LENGTH, -0.5)}
    steps: list[list[Any]] = [
        ["play", "a", 0.1],
        ["play", "b", 0.5],
        ["seek", 4_000, 0.9],
        ["setRegion", {"start": 2_000, "end": 10_001}, 1.2],
        ["play", "a", 1.6],
        ["pause", 1.9],
        ["play", "b", 2.1],
    ]
    found, _ = render(sounds, steps, 4.0)
    steepest = 0.5 * np.max(np.diff(ramp(FADE)))
    assert np.max(np.abs(np.diff(found))) <= steepest * 1.01
    assert np.max(np.abs(found)) == pytest.approx(0.5, abs=1e-6)


def test_hasty_switching_neither_clicks_nor_fails(render: Render) -> None:
    sounds = {"a": np.full(LENGTH, 0.5), "b": np.full(LENGTH, -0.5), "c": np.full(LENGTH, 0.25)}
    hasty = [["play", key, 0.2 + 0.001 * n] for n, key in enumerate("abcacbabcbca")]
    found, _ = render(sounds, [["play", "a", 0.1], *hasty], 1.0)
    assert np.max(np.abs(np.diff(found))) <= 0.5 * np.max(np.diff(ramp(FADE))) * 1.01
    assert found[-2_000] == pytest.approx(0.5, abs=1e-6)  # the last choice plays


@pytest.mark.slow
def test_thousand_loops_do_not_drift(tab: Any) -> None:
    """The shortest loop, a thousand times; then the other sound, which must stand at the same frame."""
    found = tab.evaluate(
        """async ([rate, loops]) => {
          const { Engine } = await import('/audio/engine.js');
          const size = rate / 2;
          const context = new OfflineAudioContext(1, (loops + 4) * size, rate);
          const engine = new Engine(context);
          const make = (sign) => {
            const buffer = context.createBuffer(1, 3 * size, rate), samples = buffer.getChannelData(0);
            let state = 1;
            for (let n = 0; n < samples.length; n += 1) {
              state = (state * 48271) % 2147483647;
              samples[n] = sign * (state / 2147483647 - 0.5);
            }
            return buffer;
          };
          engine.load(new Map([['a', make(1)], ['b', make(-1)]]));
          engine.setRegion({ start: size, end: 2 * size }, 0);
          engine.play('a', 0);
          engine.play('b', ((loops + 1) * size) / rate);
          const samples = (await context.startRendering()).getChannelData(0);
          let drift = 0, mirrored = 0;
          for (let n = 0; n < size; n += 1) {
            drift = Math.max(drift, Math.abs(samples[size + n] - samples[loops * size + n]));
            mirrored = Math.max(mirrored, Math.abs(samples[size + n] + samples[(loops + 2) * size + n]));
          }
          const loudest = Math.max(...samples.subarray(loops * size, (loops + 1) * size));
          return { drift, mirrored, loudest };
        }""",
        [8_000, 1_000],
    )
    assert found["drift"] == 0
    assert found["mirrored"] == 0
    assert found["loudest"] > 0.4


@pytest.mark.slow
def test_loop_region_repeats_with_faded_ends(render: Render) -> None:
    sound = noise(4)
    steps = [["setRegion", {"start": 1_000, "end": 9_500}, 0], ["play", "a", 0.1]]
    found, _ = render({"a": sound, "b": sound}, steps, 2.5)
    expected = looped(sound, 1_600, 40_000, 1_000, 9_500) * gain(40_000, [(1_600, OPEN)])
    np.testing.assert_allclose(found, expected, atol=2e-4)


@pytest.mark.slow
def test_new_region_keeps_the_position_inside_it(render: Render) -> None:
    sound = noise(5)
    change = 8_000
    found, _ = render(
        {"a": sound, "b": sound},
        [["play", "a", 0.1], ["setRegion", {"start": 2_000, "end": 11_000}, change / RATE]],
        1.5,
    )
    at = change + FADE
    position = at - 1_600  # frames since the start at 0.1 s
    expected = looped(sound, 1_600, 24_000) * gain(24_000, [(1_600, OPEN), (change, FALL)])
    expected += looped(sound, at, 24_000, 2_000, 11_000, position) * gain(24_000, [(at, RISE)])
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_switch_back_starts_the_next_sound_at_its_beginning(render: Render) -> None:
    sounds = {"a": noise(6), "b": noise(7)}
    found, _ = render(sounds, [["play", "a", 0.1], ["play", "b", 0.4]], 1.0, back=True)
    switch = round(0.4 * RATE)
    expected = looped(sounds["a"], 1_600, RATE) * gain(RATE, [(1_600, OPEN), (switch, FALL)])
    expected += looped(sounds["b"], switch + FADE, RATE) * gain(RATE, [(switch + FADE, OPEN)])
    np.testing.assert_allclose(found, expected, atol=2e-4)


@pytest.mark.slow
def test_pause_keeps_the_position(render: Render) -> None:
    sound = noise(8)
    found, _ = render({"a": sound, "b": sound}, [["play", "a", 0.1], ["pause", 0.3], ["play", "b", 0.8]], 1.2)
    pause, again, frames = round(0.3 * RATE), round(0.8 * RATE), round(1.2 * RATE)
    expected = looped(sound, 1_600, frames) * gain(frames, [(1_600, OPEN), (pause, FALL)])
    expected += looped(sound, again, frames, first=pause - 1_600) * gain(frames, [(again, RISE)])
    np.testing.assert_allclose(found, expected, atol=2e-4)
    assert np.all(found[pause + FADE : again] == 0)


@pytest.mark.slow
def test_without_a_loop_a_sound_ends_and_starts_over(render: Render) -> None:
    sound = noise(9)
    found, listened = render({"a": sound}, [["play", "a", 0.1], ["play", "a", 1.0]], 2.5, loop=False)
    single = np.zeros(40_000)
    for origin in (1_600, 16_000):
        single[origin : origin + LENGTH] = looped(sound, 0, LENGTH) * gain(LENGTH, [(0, OPEN)])
    np.testing.assert_allclose(found, single, atol=2e-4)
    assert listened == {"a": 2 * 750}


@pytest.mark.slow
def test_listening_time_is_counted_per_sound(render: Render) -> None:
    sounds = {"a": noise(1), "b": noise(2)}
    _, listened = render(sounds, [["play", "a", 0.1], ["play", "b", 0.6], ["pause", 1.6]], 3.0)
    assert listened == {"a": 505, "b": 1_000}


@pytest.mark.slow
def test_shorter_sounds_are_followed_by_silence(render: Render) -> None:
    sounds = {"a": noise(1), "b": noise(2, LENGTH - 2_000)}
    found, _ = render(sounds, [["play", "b", 0.1]], 2.0)
    silence = 1_600 + LENGTH - 2_000
    assert np.all(found[silence : 1_600 + LENGTH] == 0)
    np.testing.assert_allclose(found[1_600 + LENGTH + FADE : silence + LENGTH], sounds["b"][FADE:], atol=1e-6)
