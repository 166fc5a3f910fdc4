"""The sounds of a built study: loudness, anchors, lengths, channels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile

from stimuli import read_audio, resample, write_audio
from study_builder.building.build import build_study
from study_builder.building.choices import Choices
from tests.study_builder.small_studies import build, rated, refuse

MakeFolder = Callable[..., Path]


def test_every_sound_is_as_loud_as_the_choice_says(make_folder: MakeFolder, tmp_path: Path) -> None:
    config = build(make_folder(), tmp_path / "study", target_lufs=-30.0)
    for page in rated(config):
        for path in page.sounds().values():
            audio, rate = soundfile.read(tmp_path / "study" / path)
            # Witness: pyloudnorm on the written file.
            assert pyloudnorm.Meter(rate).integrated_loudness(audio) == pytest.approx(-30, abs=0.1)


def test_one_loudness_for_the_whole_set(make_folder: MakeFolder, tmp_path: Path) -> None:
    root = make_folder(items=3)
    for path in (root / "sound-2").iterdir():
        audio, rate = read_audio(path)
        audio[100] = 0.9
        write_audio(path, audio, rate)
    config = build(root, tmp_path / "study", loudness="set", target_lufs=-14.0)
    meter = pyloudnorm.Meter(16000)
    measured = [
        meter.integrated_loudness(soundfile.read(tmp_path / "study" / path)[0])
        for page in rated(config)
        for path in page.sounds().values()
    ]
    assert max(measured) - min(measured) < 0.2
    assert max(measured) < -15


def test_levels_can_be_left_alone(make_folder: MakeFolder, tmp_path: Path) -> None:
    root = make_folder(items=1)
    build_study(root, tmp_path / "study", Choices(target_lufs=None), jobs=1)
    before, _ = soundfile.read(root / "sound-1" / "lmac.wav", dtype="int16")
    after, _ = soundfile.read(tmp_path / "study/audio/sound-1/lmac.wav", dtype="int16")
    assert np.array_equal(before, after)


def test_anchors_that_a_set_has_are_kept(make_folder: MakeFolder, tmp_path: Path) -> None:
    root = make_folder(conditions=("reference", "lmac", "anchor35"))
    config = build(root, tmp_path / "study")
    assert list(rated(config)[0].conditions) == ["anchor35", "lmac", "anchor70"]
    kept, _ = soundfile.read(tmp_path / "study/audio/sound-1/anchor35.wav")
    found, _ = soundfile.read(root / "sound-1/anchor35.wav")
    assert np.corrcoef(kept, found)[0, 1] > 0.999


def test_an_anchor_above_half_the_rate_is_an_error(make_folder: MakeFolder, tmp_path: Path) -> None:
    root = make_folder(rate=8000)
    message = (
        r"sounds/sound-\d/reference.wav: an anchor of 7000 Hz needs a sample rate of at least 16000 Hz; "
        r"found 8000 Hz \(--sample-rate resamples all; --no-anchors, or `anchors: \[low\]` in a file of "
        r"choices, leaves it out\)$"
    )
    refuse(message, root, tmp_path / "study")
    assert list(rated(build(root, tmp_path / "study", anchors=["low"]))[0].conditions)[-1] == "anchor35"


def test_unequal_sounds_of_a_trial_are_refused_unless_a_rule_is_chosen(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    root = make_folder(items=1)
    path = root / "sound-1" / "lmac.wav"
    audio, rate = read_audio(path)
    write_audio(path, audio[:-80], rate)
    refuse(
        r"lmac.wav: has 9520 samples \(0.595 s\), 3 of the trial's 4 sounds have 9600 samples \(0.600 s\); "
        r"expected equal lengths within a trial \(--length trim cuts all to the shortest, --length pad fills "
        r"with silence\)$",
        root,
        tmp_path / "x",
    )
    for rule, samples in (("trim", 9520), ("pad", 9600)):
        build(root, tmp_path / rule, length=rule)
        assert {soundfile.info(file).frames for file in (tmp_path / rule).rglob("*.wav")} == {samples}
    write_audio(path, audio, 22050)
    message = (
        r"lmac.wav: has 22050 Hz, 3 of the trial's 4 sounds have 16000 Hz; expected one rate within a trial"
    )
    refuse(message + r" \(--sample-rate 22050 resamples all\)$", root, tmp_path / "x")
    write_audio(path, np.stack([audio, audio], axis=1), rate)
    message = (
        r"lmac.wav: has 2 channels, 3 of the trial's 4 sounds have 1 channel; expected one number of channels"
        r" within a trial \(write all as mono or all as stereo first\)$"
    )
    refuse(message, root, tmp_path / "x")


def test_lengths_that_only_resampling_rounded_are_equal(make_folder: MakeFolder, tmp_path: Path) -> None:
    root = make_folder(items=1)
    path = root / "sound-1" / "lmac.wav"
    audio, rate = read_audio(path)
    at_8_khz = resample(audio, rate, 8000)[:-1]
    write_audio(path, at_8_khz, 8000)
    write_audio(root / "sound-1" / "reference.wav", resample(audio, rate, 44100), 44100)
    build(root, tmp_path / "study", sample_rate=44100)
    assert len({soundfile.info(file).frames for file in (tmp_path / "study").rglob("*.wav")}) == 1
    write_audio(path, at_8_khz[:-1], 8000)
    refuse(r"lmac.wav: has \d+ samples .*; expected equal lengths", root, tmp_path / "x", sample_rate=44100)


def test_stereo_sounds_stay_stereo(make_folder: MakeFolder, tmp_path: Path) -> None:
    root = make_folder(items=1)
    for path in (root / "sound-1").iterdir():
        audio, rate = read_audio(path)
        write_audio(path, np.stack([audio, audio[::-1]], axis=1), rate)
    build(root, tmp_path / "study")
    assert {soundfile.info(file).channels for file in (tmp_path / "study").rglob("*.wav")} == {2}


def test_a_near_silent_sound_gets_a_warning_and_no_absurd_gain(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    root = make_folder(items=1)
    audio, rate = read_audio(root / "sound-1" / "lmac.wav")
    write_audio(root / "sound-1" / "lmac.wav", audio * 0.02, rate, "FLOAT")
    built = build_study(root, tmp_path / "study", jobs=1)
    assert [text for text in built.warnings if text.startswith("sound-1: lmac: nearly silent")]
    after, _ = soundfile.read(tmp_path / "study/audio/sound-1/lmac.wav")
    assert pyloudnorm.Meter(rate).integrated_loudness(after) < -28
