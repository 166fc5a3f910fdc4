"""The engine's shortest loop, largest trial and stereo sounds, and the sample rate that files name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.mushra_server.page.sound.waves import FADE, FALL, OPEN, RATE, RISE, gain, looped, noise


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

    files = [("a.wav", 16_000), ("b.wav", 44_100), ("c.flac", 22_050), ("d.flac", 96_000)]
    files += [("e.ogg", 8_000), ("f.ogg", 44_100), ("g.ogg", 96_000)]
    files += [("h.mp3", rate) for rate in (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)]
    for name, rate in files:
        soundfile.write(tmp_path / name, np.zeros(rate // 10), rate)
        found = tab.evaluate(
            "async (bytes) => (await import('/audio/format.js')).sampleRateOf(Uint8Array.from(bytes).buffer)",
            list((tmp_path / name).read_bytes()),
        )
        assert found == rate, name
    assert (
        tab.evaluate("async () => (await import('/audio/format.js')).sampleRateOf(new ArrayBuffer(100))")
        is None
    )


def test_sample_rate_of_opus_is_that_of_its_decoder_and_a_tag_is_skipped(tab: Any, tmp_path: Path) -> None:
    import soundfile

    def rate_of(content: bytes) -> int | None:
        found = tab.evaluate(
            "async (bytes) => (await import('/audio/format.js')).sampleRateOf(Uint8Array.from(bytes).buffer)",
            list(content),
        )
        return None if found is None else int(found)

    soundfile.write(tmp_path / "a.ogg", np.zeros(4_800), 16_000, subtype="OPUS")
    assert rate_of((tmp_path / "a.ogg").read_bytes()) == 48_000
    soundfile.write(tmp_path / "a.mp3", np.zeros(4_800), 22_050)
    sound = (tmp_path / "a.mp3").read_bytes()
    assert rate_of(b"ID3\x04\0\0\0\0\x01\x05" + bytes(133) + sound) == 22_050  # 1 x 128 + 5 bytes
    assert rate_of(b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + sound) is None  # the file ends within its tag
    assert rate_of(b"OggS" + bytes(22) + b"\xff" + bytes(60)) is None
    assert rate_of(b"\0\0\0 ftypM4A " + bytes(100)) is None


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
