"""The sounds of one trial: read, made comparable, with anchors, aligned in loudness."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stimuli import (
    Audio,
    StimuliError,
    align_loudness,
    lowpass_anchor,
    read_audio,
    resample,
)
from study_builder.building.choices import Choices
from study_builder.errors import BuildError
from study_builder.sounds.anchors import ANCHORS
from study_builder.sounds.measures import MAX_CHANNELS, channels_of, clipped_run, counted, dc_offset, duration
from study_builder.sounds.outliers import deviation


@dataclass(frozen=True)
class TrialAudio:
    """The sounds of one trial, ready to be written.

    Attributes:
        sample_rate: in Hz.
        sounds: by condition; all of equal length and channels.
        lufs: loudness that the trial was aligned to, or None.
        warnings: by condition.
    """

    sample_rate: int
    sounds: dict[str, Audio]
    lufs: float | None
    warnings: dict[str, tuple[str, ...]]


def prepare_trial(
    item: str,
    paths: Mapping[str, Path],
    anchor_source: str | None,
    choices: Choices,
    target_lufs: float | None,
) -> TrialAudio:
    """Read the sounds of a trial and make them comparable.

    Args:
        item: its name, for messages.
        paths: file of each condition.
        anchor_source: the condition that missing anchors are made from; None makes none.
        choices: what was chosen.
        target_lufs: loudness to align to; None leaves the levels alone.

    Raises:
        BuildError: sounds differ in rate, length or channels, or clip, or an anchor does not fit below half
            the sample rate.
        StimuliError: a file cannot be read.
    """
    sounds, rate, faults = _read(paths, choices.sample_rate)
    sounds = _equal_length(paths, sounds, rate, choices.length)
    if anchor_source is not None:
        for anchor in (ANCHORS[choice] for choice in choices.anchors):
            if anchor.name not in sounds:
                source = sounds[anchor_source]
                sounds[anchor.name] = _anchor(paths[anchor_source], source, rate, anchor.cutoff_hz)
    if target_lufs is None:
        return TrialAudio(rate, _unclipped(item, sounds), None, faults)
    aligned = align_loudness(list(sounds.values()), rate, target_lufs)
    reached = [result.lufs for result in aligned if np.isfinite(result.lufs)]
    results = dict(zip(sounds, aligned, strict=True))
    warnings = {name: faults.get(name, ()) + result.warnings for name, result in results.items()}
    return TrialAudio(
        rate,
        {name: result.audio for name, result in results.items()},
        max(reached, default=None),
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
    """Yield what is wrong with a file; resampled or at another level, clipping cannot be seen any more."""
    if run := clipped_run(audio):
        yield f"its file is clipped ({run} samples in a row at full scale); a lower level does not mend it"
    if offset := dc_offset(audio):
        yield f"its file {offset}"


def _read(
    paths: Mapping[str, Path], sample_rate: int | None
) -> tuple[dict[str, Audio], int, dict[str, tuple[str, ...]]]:
    """Return the sounds, their rate, and warnings by condition."""
    sounds: dict[str, Audio] = {}
    rates: dict[str, int] = {}
    faults: dict[str, tuple[str, ...]] = {}
    for name, path in paths.items():
        audio, rate = read_audio(path)
        if found := tuple(_faults(audio)):
            faults[name] = found
        if sample_rate is not None and rate != sample_rate:
            audio, rate = resample(audio, rate, sample_rate), sample_rate
        channels = channels_of(audio)
        if channels > MAX_CHANNELS:
            raise BuildError(f"{path}: has {channels} channels; expected {MAX_CHANNELS} at most")
        sounds[name], rates[name] = audio, rate
    one_rate = "one rate within a trial (--sample-rate resamples all)"
    _refuse_unlike(paths, rates, lambda name: f"{rates[name]} Hz", one_rate)
    numbers = {name: channels_of(audio) for name, audio in sounds.items()}
    one_number = "one number of channels within a trial"
    _refuse_unlike(paths, numbers, lambda name: counted(numbers[name]), one_number)
    return sounds, next(iter(rates.values())), faults


def _refuse_unlike(
    paths: Mapping[str, Path], values: Mapping[str, int], value: Callable[[str], str], expected: str
) -> None:
    if unlike := deviation(values):
        raise BuildError(f"{paths[unlike.odd[0]]}: {unlike.sentence(value)}; expected {expected}")


def _equal_length(
    paths: Mapping[str, Path], sounds: dict[str, Audio], rate: int, length: str
) -> dict[str, Audio]:
    lengths = {name: len(audio) for name, audio in sounds.items()}
    if length == "exact":
        expected = (
            "equal lengths within a trial (--length trim cuts all to the shortest, --length pad fills with "
            "silence)"
        )
        _refuse_unlike(paths, lengths, lambda name: duration(lengths[name], rate), expected)
    target = min(lengths.values()) if length == "trim" else max(lengths.values())
    return {name: _fit(audio, target) for name, audio in sounds.items()}


def _fit(audio: Audio, samples: int) -> Audio:
    missing = max(samples - len(audio), 0)
    return np.pad(audio[:samples], [(0, missing)] + [(0, 0)] * (audio.ndim - 1))


def _unclipped(item: str, sounds: dict[str, Audio]) -> dict[str, Audio]:
    """Refuse sounds that would clip; one gain for the whole trial would change what the lab prepared."""
    for name, audio in sounds.items():
        peak = float(np.abs(audio).max())
        if peak > 1:
            raise BuildError(
                f"item '{item}', condition '{name}': its peak is {peak:.3f} and would clip; expected at most "
                "1 (lower the trial's level, or let loudness be aligned)"
            )
    return sounds
