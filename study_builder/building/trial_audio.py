"""The sounds of one trial: read, made comparable, with anchors, aligned in loudness."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stimuli import Audio, StimuliError, lowpass_anchor, read_audio, resample
from stimuli.loudness import Gain, Level, compute_gains, measure_level
from study_builder.building.choices import Choices
from study_builder.errors import BuildError
from study_builder.sounds.anchors import ANCHORS
from study_builder.sounds.measures import (
    MAX_CHANNELS,
    channels_of,
    count_in_words,
    dc_offset,
    duration,
    measure_clipped_run,
)
from study_builder.sounds.outliers import deviation


@dataclass(frozen=True)
class TrialAudio:
    """The sounds of one trial, ready to be written.

    Attributes:
        sample_rate: in Hz.
        sounds: by condition; all of equal length and channels.
        warnings: by condition.
    """

    sample_rate: int
    sounds: dict[str, Audio]
    warnings: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class TrialLevels:
    """How loud the sounds of a trial are: what is kept of it while the other trials are measured.

    Attributes:
        sample_rate: in Hz.
        levels: by condition.
    """

    sample_rate: int
    levels: dict[str, Level]

    def gains(self, target_lufs: float) -> dict[str, Gain]:
        """Return by condition what makes the sounds equally loud."""
        found = compute_gains(list(self.levels.values()), self.sample_rate, target_lufs)
        return dict(zip(self.levels, found, strict=True))

    def find_reachable(self, target_lufs: float) -> float | None:
        """Return the loudness that the trial can have, `target_lufs` at most; None if all are silent."""
        lufs = [gain.lufs for gain in self.gains(target_lufs).values()]
        return max((value for value in lufs if np.isfinite(value)), default=None)


def prepare_trial(
    item: str,
    paths: Mapping[str, Path],
    anchor_source: str | None,
    choices: Choices,
) -> TrialAudio:
    """Read the sounds of a trial and make them comparable, at the levels of their files.

    Args:
        item: its name, for messages.
        paths: file of each condition.
        anchor_source: the condition that missing anchors are made from; None makes none.
        choices: what was chosen; without a `target_lufs`, no sound may clip.

    Raises:
        BuildError: sounds differ in rate, length or channels, or clip, or an anchor does not fit below half
            the sample rate.
        StimuliError: a file cannot be read.
    """
    sounds, rate, slack, faults = _read(paths, choices.sample_rate)
    sounds = _equal_length(paths, sounds, rate, choices.length, slack)
    if anchor_source is not None:
        for anchor in (ANCHORS[choice] for choice in choices.anchors):
            if anchor.name not in sounds:
                source = sounds[anchor_source]
                sounds[anchor.name] = _anchor(paths[anchor_source], source, rate, anchor.cutoff_hz)
    return TrialAudio(
        rate, sounds if choices.target_lufs is not None else _refuse_clipping(item, sounds), faults
    )


def measure_trial(trial: TrialAudio) -> TrialLevels:
    """Measure how loud the sounds of a trial are."""
    levels = {name: measure_level(audio, trial.sample_rate) for name, audio in trial.sounds.items()}
    return TrialLevels(trial.sample_rate, levels)


def align_trial(trial: TrialAudio, levels: TrialLevels, target_lufs: float) -> TrialAudio:
    """Make the sounds of a trial, of which `levels` are known, equally loud."""
    gains = levels.gains(target_lufs)
    warnings = {name: trial.warnings.get(name, ()) + gain.warnings for name, gain in gains.items()}
    return TrialAudio(
        trial.sample_rate,
        {name: gain.apply(trial.sounds[name]) for name, gain in gains.items()},
        {name: found for name, found in warnings.items() if found},
    )


def _anchor(path: Path, audio: Audio, rate: int, cutoff_hz: float) -> Audio:
    try:
        return lowpass_anchor(audio, rate, cutoff_hz)
    except StimuliError as error:
        raise BuildError(
            f"{path}: {error} (--sample-rate resamples all; --no-anchors, or `anchors: [low]` in a file of "
            "choices, leaves it out)"
        ) from None


def _faults(audio: Audio) -> Iterator[str]:
    """Yield what is wrong with a file; after resampling or a change of level, clipping cannot be detected."""
    if run := measure_clipped_run(audio):
        yield f"its file is clipped ({run} samples in a row at full scale); a lower level does not repair it"
    if offset := dc_offset(audio):
        yield f"its file {offset}"


def _read(
    paths: Mapping[str, Path], sample_rate: int | None
) -> tuple[dict[str, Audio], int, int, dict[str, tuple[str, ...]]]:
    """Return the sounds, their rate, how many samples resampling rounds away, and warnings by condition."""
    sounds: dict[str, Audio] = {}
    slack = 0
    rates: dict[str, int] = {}
    faults: dict[str, tuple[str, ...]] = {}
    for name, path in paths.items():
        audio, rate = read_audio(path)
        if found := tuple(_faults(audio)):
            faults[name] = found
        if sample_rate is not None and rate != sample_rate:
            # One sample of the file is the finest its length can be.
            slack = max(slack, math.ceil(sample_rate / rate))
            audio, rate = resample(audio, rate, sample_rate), sample_rate
        channels = channels_of(audio)
        if channels > MAX_CHANNELS:
            raise BuildError(f"{path}: has {channels} channels; expected {MAX_CHANNELS} at most")
        sounds[name], rates[name] = audio, rate
    one_rate = f"one rate within a trial (--sample-rate {max(rates.values())} resamples all)"
    _refuse_unlike(paths, rates, lambda name: f"{rates[name]} Hz", one_rate)
    numbers = {name: channels_of(audio) for name, audio in sounds.items()}
    one_number = "one number of channels within a trial (write all as mono or all as stereo first)"
    _refuse_unlike(paths, numbers, lambda name: count_in_words(numbers[name]), one_number)
    return sounds, next(iter(rates.values())), slack, faults


def _refuse_unlike(
    paths: Mapping[str, Path], values: Mapping[str, int], value: Callable[[str], str], expected: str
) -> None:
    if unlike := deviation(values):
        raise BuildError(f"{paths[unlike.odd[0]]}: {unlike.sentence(value)}; expected {expected}")


def _equal_length(
    paths: Mapping[str, Path], sounds: dict[str, Audio], rate: int, length: str, slack: int
) -> dict[str, Audio]:
    lengths = {name: len(audio) for name, audio in sounds.items()}
    rounded = max(lengths.values()) - min(lengths.values()) <= slack
    if length == "exact" and not rounded:
        expected = (
            "equal lengths within a trial (--length trim cuts all to the shortest, --length pad fills with "
            "silence)"
        )
        _refuse_unlike(paths, lengths, lambda name: duration(lengths[name], rate), expected)
    target = max(lengths.values()) if length == "pad" else min(lengths.values())
    return {name: _fit(audio, target) for name, audio in sounds.items()}


def _fit(audio: Audio, samples: int) -> Audio:
    missing = max(samples - len(audio), 0)
    return np.pad(audio[:samples], [(0, missing)] + [(0, 0)] * (audio.ndim - 1))


def _refuse_clipping(item: str, sounds: dict[str, Audio]) -> dict[str, Audio]:
    """Refuse sounds that would clip; one gain for the whole trial would change what the lab prepared."""
    for name, audio in sounds.items():
        peak = float(np.abs(audio).max())
        if peak > 1:
            raise BuildError(
                f"item {item!r}, condition {name!r}: its peak is {peak:.3f} and would clip; expected at most "
                "1 (lower the trial's level, or let loudness be aligned)"
            )
    return sounds
