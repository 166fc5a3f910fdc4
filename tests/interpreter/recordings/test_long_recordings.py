"""Windows of long sounds: they cover it, fade into each other, and each has its own level and class."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from interpreter.errors import InterpreterError
from interpreter.explainers.base import Separation
from interpreter.recordings.long_recordings import explain_in_pieces, explain_long, window_starts
from tests.interpreter.recordings.stand_ins import RATE, Share, Tones, tone


@pytest.mark.parametrize("seconds", [0.1, 0.77, 1.0, 1.01, 3.3, 20.0])
def test_windows_of_any_length_add_up_to_the_whole(explainer, seconds) -> None:
    """A method that scales every window alike scales the whole: the fades sum to one at every sample."""
    rng = np.random.default_rng(1)
    sound = torch.from_numpy(rng.standard_normal(round(seconds * RATE)).astype(np.float32))
    found = explain_long(explainer, sound, window_s=1.0, overlap=0.25)
    assert torch.allclose(found.interpretation, 0.75 * sound, atol=1e-5)
    assert torch.allclose(found.interpretation + found.residual, sound, atol=1e-5)
    assert found.windows[0].start == 0
    assert found.windows[-1].stop == len(sound)
    assert all(width <= RATE for _, width in explainer.given)


def test_windows_overlap_by_at_least_what_was_asked() -> None:
    for samples, length, overlap in (
        (1000, 1000, 0.25),
        (1001, 1000, 0.25),
        (9999, 1000, 0.5),
        (5000, 800, 0.0),
    ):
        starts = window_starts(samples, length, overlap)
        assert starts[0] == 0
        assert starts[-1] == samples - length
        steps = np.diff(starts)
        assert (steps <= round(length * (1 - overlap))).all()
        assert (steps > 0).all()


def test_windows_are_faded_not_cut() -> None:
    """Where windows disagree, the result goes from one to the other without a step."""

    class Alternating(Share):
        def separate(self, waveforms: Tensor, target: Tensor) -> Separation:
            keep = target[:, None].to(waveforms)
            return Separation(keep * waveforms, (1 - keep) * waveforms)

    sound = torch.ones(4 * RATE)
    sound[: 2 * RATE] += torch.from_numpy(tone(300, 2.0, 0.9))
    sound[2 * RATE :] += torch.from_numpy(tone(3000, 2.0, 0.9))
    sound = sound - 1.0
    gain = explain_long(Alternating(Tones()), sound, window_s=1.0, overlap=0.5)
    share = (gain.interpretation / sound.where(sound.abs() > 0.05, torch.nan)).nan_to_num(nan=-1.0)
    known = share[share >= 0]
    assert float(known[:100].max()) == pytest.approx(0.0, abs=1e-6)
    assert float(known[-100:].min()) == pytest.approx(1.0, abs=1e-5)
    assert float(known.diff().abs().max()) < 0.01


def test_each_window_is_brought_to_the_classifiers_level_and_back(explainer) -> None:
    sound = torch.from_numpy(np.concatenate([tone(300, 1.0, 0.01), tone(300, 1.0, 0.8)]))
    found = explain_long(explainer, sound, window_s=1.0, overlap=0.0)
    assert explainer.peaks == pytest.approx([1.0, 1.0], abs=1e-4)
    assert float(found.interpretation[:RATE].abs().max()) == pytest.approx(0.0075, rel=1e-3)
    assert float(found.interpretation[RATE:].abs().max()) == pytest.approx(0.6, rel=1e-3)


def test_each_window_has_a_class_of_its_own_unless_one_is_asked_for(explainer) -> None:
    sound = torch.from_numpy(np.concatenate([tone(300, 1.0), np.zeros(RATE, np.float32), tone(3000, 1.0)]))
    found = explain_long(explainer, sound, window_s=1.0, overlap=0.0)
    assert [window.target for window in found.windows] == [0, None, 1]
    assert not found.interpretation[RATE : 2 * RATE].any()
    asked = explain_long(explainer, sound, window_s=1.0, overlap=0.0, target=1)
    assert [window.target for window in asked.windows] == [1, None, 1]


def test_a_window_whose_energy_is_too_small_for_a_number_is_silent(explainer) -> None:
    faded = np.full(RATE, 1e-30, np.float32)  # the end of a reverberation in a file of floats
    found = explain_long(
        explainer, torch.from_numpy(np.concatenate([tone(300, 1.0), faded])), window_s=1.0, overlap=0.0
    )
    assert [window.target for window in found.windows] == [0, None]
    assert found.interpretation.isfinite().all()


def test_memory_is_bounded_by_the_batch(explainer) -> None:
    told: list[tuple[int, int]] = []
    sound = torch.from_numpy(tone(300, 600.0))
    explain_long(explainer, sound, window_s=5.0, batch_size=3, progress=lambda *p: told.append(p))
    assert max(count for count, _ in explainer.given) == 3
    assert told[-1][0] == told[-1][1] == 160


class Watched:
    """A sound that notes how much of it was asked for at a time."""

    def __init__(self, sound: Tensor) -> None:
        self.sound, self.given = sound, []

    def __len__(self) -> int:
        return len(self.sound)

    def __getitem__(self, span: slice, /) -> Tensor:
        self.given.append(len(self.sound[span]))
        return self.sound[span]

    def any(self) -> bool:
        return True


def test_pieces_are_short_and_add_up_as_whole_windows_do() -> None:
    """The witness fades windows that keep unlike shares into each other on arrays as long as the sound."""

    class Unlike(Share):
        def separate(self, waveforms: Tensor, target: Tensor) -> Separation:
            keep = waveforms.abs().mean(dim=1, keepdim=True)
            return Separation(keep * waveforms, (1 - keep) * waveforms)

    generator = torch.Generator().manual_seed(0)
    sound = torch.randn(20 * RATE + 13, generator=generator) * torch.rand(20 * RATE + 13, generator=generator)
    watched = Watched(sound)
    pieces = list(explain_in_pieces(Unlike(Tones()), watched, window_s=1.0, overlap=0.3, batch_size=3))
    assert max(watched.given) <= 3 * RATE and max(len(piece.sound) for piece in pieces) <= 3 * RATE
    assert torch.equal(torch.cat([piece.sound for piece in pieces]), sound)
    expected, weights = torch.zeros(len(sound)), torch.zeros(len(sound))
    ramp = ((torch.arange(RATE) + 0.5) / (0.3 * RATE)).clamp(max=1)
    for start in window_starts(len(sound), RATE, 0.3):
        part = sound[start : start + RATE]
        fade = torch.minimum(ramp, ramp.flip(0))
        expected[start : start + RATE] += fade * part * (part / part.abs().max()).abs().mean()
        weights[start : start + RATE] += fade
    found = torch.cat([piece.parts[0] for piece in pieces])
    assert torch.allclose(found, expected / weights, atol=1e-6)
    assert [window.start for piece in pieces for window in piece.windows] == window_starts(
        len(sound), RATE, 0.3
    )


@pytest.mark.parametrize(
    ("sound", "options", "sentence"),
    [
        (tone(300, 0.01), {}, r"the sound lasts 0\.010 s; expected at least 0\.1 s \(pad it with zeros\)"),
        (np.zeros(RATE, np.float32), {}, "the sound is silent; there is nothing to explain"),
        (tone(300, 1.0), {"overlap": 0.95}, r"windows of 5 s that overlap by 0\.95; expected"),
        (tone(300, 1.0), {"window_s": 0.01}, r"windows of 0\.01 s"),
    ],
)
def test_sounds_and_windows_that_cannot_be(explainer, sound, options, sentence) -> None:
    with pytest.raises(InterpreterError, match=sentence):
        explain_long(explainer, torch.from_numpy(sound), **options)
