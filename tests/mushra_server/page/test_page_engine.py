"""The audio engine, rendered offline in a real browser and compared with NumPy sample by sample."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

PAGE = Path(__file__).resolve().parents[3] / "mushra_server" / "static" / "page"
RATE = 16_000
FADE = 80  # 5 ms at 16 kHz
LENGTH = 12_000
Samples = NDArray[np.float64]

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


class _Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map: ClassVar[dict[str, str]] = {
        ".js": "text/javascript",
        ".html": "text/html",
        ".svg": "image/svg+xml",
    }

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def tab(browser: Any) -> Iterator[Any]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(PAGE)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"http://127.0.0.1:{server.server_port}/icon.svg")
    yield page
    context.close()
    server.shutdown()
    server.server_close()
    thread.join()


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


def noise(seed: int, length: int = LENGTH) -> Samples:
    return np.random.default_rng(seed).uniform(-0.9, 0.9, length).astype(np.float32).astype(np.float64)


def ramp(frames: int = FADE) -> Samples:
    """The first `frames` values of a raised cosine from 0 to 1."""
    return 0.5 - 0.5 * np.cos(np.pi * np.arange(frames) / frames)


def looped(
    sound: Samples, origin: int, frames: int, start: int = 0, end: int | None = None, first: int | None = None
) -> Samples:
    """A second writing of the timeline: a region with faded ends, repeated from frame `origin` on."""
    region = sound[start:end].copy()
    region[:FADE] *= ramp()
    region[-1 : -FADE - 1 : -1] *= ramp()
    offset = (start if first is None else first) - start
    at = np.arange(frames)
    return np.where(at < origin, 0.0, region[(at - origin + offset) % region.size])


RISE, FALL, OPEN = "rise", "fall", "open"


def gain(frames: int, changes: list[tuple[int, str]]) -> Samples:
    """A gain that rises or falls over 5 ms from each of these frames on, or opens at once."""
    result = np.zeros(frames)
    for at, change in changes:
        shape = {RISE: ramp(), FALL: 1 - ramp(), OPEN: np.ones(FADE)}[change]
        result[at : at + FADE] = shape[: max(0, frames - at)]
        result[at + FADE :] = 0.0 if change == FALL else 1.0
    return result


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


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_shortest_loop_is_exactly_half_a_second(tab: Any, rate: int) -> None:
    clamp = "async (c) => (await import('/audio/loop.js')).clampRegion(c.region, c.length, c.rate, c.pinned)"

    def region(start: float, end: float, pinned: str = "start", length: int = 4 * rate) -> tuple[int, int]:
        found = tab.evaluate(
            clamp, {"region": {"start": start, "end": end}, "length": length, "rate": rate, "pinned": pinned}
        )
        return found["start"], found["end"]

    half = rate // 2
    assert region(1_000, 1_001) == (1_000, 1_000 + half)
    assert region(1_000, 1_000 + half) == (1_000, 1_000 + half)
    assert region(2 * rate - 1, 2 * rate, "end") == (2 * rate - half, 2 * rate)
    assert region(0, 5, "end") == (0, half)
    assert region(4 * rate - 5, 9 * rate) == (4 * rate - half, 4 * rate)
    assert region(2 * rate, rate) == (rate, 2 * rate)  # dragged from right to left
    assert region(10, 20, length=half - 7) == (0, half - 7)  # a sound that is shorter than that


def test_sample_rate_is_read_from_the_file(tab: Any, tmp_path: Path) -> None:
    import soundfile

    for name, rate in (("a.wav", 16_000), ("b.wav", 44_100), ("c.flac", 22_050), ("d.flac", 96_000)):
        soundfile.write(tmp_path / name, np.zeros(100), rate)
        found = tab.evaluate(
            "async (bytes) => (await import('/audio/format.js')).sampleRateOf(Uint8Array.from(bytes).buffer)",
            list((tmp_path / name).read_bytes()),
        )
        assert found == rate
    assert (
        tab.evaluate("async () => (await import('/audio/format.js')).sampleRateOf(new ArrayBuffer(100))")
        is None
    )


ROUND = """async ({method, seed, rate}) => {
  const { createRound, seededRandom } = await import('/audio/headphones.js');
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


# A clock that stands still but for the one thing that takes long: every buffer made costs ten seconds.
IN_TIME = """async ([sounds, seconds, rate]) => {
  const { Engine } = await import('/audio/engine.js');
  let now = 1;
  const planned = [];
  const context = new OfflineAudioContext(2, rate, rate);
  Object.defineProperty(context, 'currentTime', { get: () => now });
  const make = context.createBuffer.bind(context);
  context.createBuffer = (...size) => { now += 10; return make(...size); };
  const start = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (when, offset) {
    planned.push(when - now);
    start.call(this, when, offset);
  };
  const engine = new Engine(context);
  const buffers = Array.from({ length: sounds }, (_, n) => [`s${n}`, make(2, seconds * rate, rate)]);
  engine.load(new Map(buffers));
  engine.play('s0');
  engine.setRegion({ start: rate, end: (seconds - 1) * rate });
  now += 1;
  engine.pause();
  now += 1;
  engine.play('s1');
  engine.seek(3 * rate);
  AudioBufferSourceNode.prototype.start = start;
  return planned;
}"""


@pytest.mark.slow
def test_largest_trial_is_one_source_that_is_scheduled_in_time(tab: Any) -> None:
    """12 sounds of 12 s, stereo, 48 kHz (BS.1534-3 has none larger): start, new region, resumption, seek.

    However long copying the sounds takes, it comes before the moment of the start is chosen.
    """
    planned = tab.evaluate(IN_TIME, [12, 12, 48_000])
    assert len(planned) == 4
    assert min(planned) > 0.01, planned


STEREO = """async ({ base, count, rate, frames, switchAt }) => {
  const { Engine } = await import('/audio/engine.js');
  const context = new OfflineAudioContext(2, frames, rate);
  const engine = new Engine(context);
  const sound = (n) => {
    const buffer = context.createBuffer(2, base.length, rate);
    buffer.copyToChannel(Float32Array.from(base, (value) => (value * (n + 1)) / count), 0);
    buffer.copyToChannel(Float32Array.from(base, (value) => (-value * (n + 1)) / count / 2), 1);
    return buffer;
  };
  engine.load(new Map(Array.from({ length: count }, (_, n) => [`s${n}`, sound(n)])));
  engine.play('s0', 0.1);
  engine.play(`s${count - 1}`, switchAt / rate);
  const rendered = await context.startRendering();
  return [0, 1].map((channel) => Array.from(rendered.getChannelData(channel)));
}"""


@pytest.mark.parametrize("count", [3, 18])
def test_stereo_sounds_keep_their_sides_and_their_place(tab: Any, count: int) -> None:
    """Eighteen stereo sounds have more channels than one buffer: two buffers, still one timeline."""
    base, frames, switch = noise(12), 20_000, 9_000
    wanted = {"base": base.tolist(), "count": count, "rate": RATE, "frames": frames, "switchAt": switch}
    left, right = np.array(tab.evaluate(STEREO, wanted))
    line = looped(base, 1_600, frames)
    level = gain(frames, [(1_600, OPEN), (switch, FALL)]) / count + gain(frames, [(switch + FADE, RISE)])
    np.testing.assert_allclose(left, line * level, atol=2e-4)
    np.testing.assert_allclose(right, -line * level / 2, atol=2e-4)
