"""Folders as newcomers have them: what is elsewhere or cannot be read is reported, never passed over."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from stimuli import read_audio, write_audio
from study_builder.building.build import build_study
from study_builder.checks.study import check_study
from study_builder.errors import LayoutError
from study_builder.sounds.files import sound_files
from study_builder.sounds.sound_set import read_sounds

MakeFolder = Callable[..., Path]
EXPECTED = "expected item/condition.wav, condition/item.wav or item_condition.wav"


def refuse(message: str, root: Path) -> None:
    with pytest.raises(LayoutError, match=f"^{re.escape(message)}$"):
        read_sounds(root)


def test_what_is_hidden_or_no_sound_is_passed_over(make_folder: MakeFolder) -> None:
    root = make_folder(items=2)
    before = sound_files(root)
    for name in (".DS_Store", "._loose.wav", "notes.txt", "sound-1/.DS_Store", "sound-1/._lmac.wav"):
        (root / name).write_bytes(b"x")
    for name in (".git", "sound-1/.old", "sound-1/pictures"):
        (root / name).mkdir()
        (root / name / (".lmac.wav" if name.endswith("pictures") else "lmac.wav")).write_bytes(b"x")
    assert sound_files(root) == before
    assert len(before) == 8


def test_a_sound_that_lies_too_deep_is_named(make_folder: MakeFolder, tmp_path: Path) -> None:
    root = make_folder("all/session 1", items=1).parent
    first = root / "session 1" / "sound-1" / "gradcam.wav"
    refuse(f"{first}: is 2 folders deep; {EXPECTED} in {root}", root)
    root = make_folder("one")
    (root / "sound-1" / "a" / "b").mkdir(parents=True)
    deep = shutil.copy(root / "sound-1" / "lmac.wav", root / "sound-1" / "a" / "b" / "take 2.wav")
    refuse(f"{deep}: is 3 folders deep; {EXPECTED} in {root}", root)


def test_a_sound_that_lies_in_no_folder_is_named(make_folder: MakeFolder, tmp_path: Path) -> None:
    root = tmp_path / "flat"
    root.mkdir()
    (root / "b.wav").write_bytes(b"")
    refuse(f"{root / 'b.wav'}: names no item and condition; {EXPECTED} in {root}", root)
    (root / "a.m4a").write_bytes(b"")
    refuse(f"{root / 'a.m4a'}: its format cannot be read; expected WAV, FLAC, Ogg, MP3 or AIFF", root)
    refuse(
        f"{root / 'b.wav'}: is a file; expected a stimuli set, or a folder of {EXPECTED[9:]}", root / "b.wav"
    )


@pytest.mark.parametrize("everywhere", [True, False])
def test_a_format_that_cannot_be_read_is_no_missing_condition(
    make_folder: MakeFolder, everywhere: bool
) -> None:
    """A condition that is AAC throughout would else be left out without a word."""
    root = make_folder(items=2)
    for item in ("sound-1", "sound-2") if everywhere else ("sound-2",):
        (root / item / "lmac.wav").rename(root / item / "lmac.M4A")
    first = root / ("sound-1" if everywhere else "sound-2") / "lmac.M4A"
    refuse(f"{first}: its format cannot be read; expected WAV, FLAC, Ogg, MP3 or AIFF", root)


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("flac", {}),
        ("mp3", {}),
        ("opus", {"format": "OGG", "subtype": "OPUS"}),
        ("wav", {"subtype": "PCM_24"}),
        ("wav", {"subtype": "FLOAT"}),
    ],
)
def test_formats_mix_within_a_trial(
    make_folder: MakeFolder, tmp_path: Path, suffix: str, options: dict[str, str]
) -> None:
    root = make_folder(items=1)
    path = root / "sound-1" / "lmac.wav"
    audio, rate = read_audio(path)
    path.unlink()
    soundfile.write(path.with_suffix(f".{suffix}"), audio, rate, **options)
    built = build_study(root, tmp_path / "study", jobs=1)
    assert built.warnings == ()
    assert not [f for f in check_study(tmp_path / "study", jobs=1).findings if f.severity == "error"]


def test_a_gap_says_how_many_items_have_the_condition(make_folder: MakeFolder) -> None:
    root = make_folder(items=3)
    (root / "sound-2").rename(root / "Café (außen)")
    (root / "sound-1" / "stray take.wav").write_bytes(b"")
    every = "expected every condition for every item (--items and --conditions choose what is complete)"
    stray = "has no condition 'stray take', which 1 of 3 items has (and 1 more gap)"
    refuse(f"{root}: item 'Café (außen)' {stray}; {every}", root)
    (root / "sound-1" / "stray take.wav").unlink()
    (root / "Café (außen)" / "lmac.wav").unlink()
    refuse(f"{root}: item 'Café (außen)' has no condition 'lmac', which 2 of 3 items have; {every}", root)


def test_a_constant_offset_is_reported(make_folder: MakeFolder, tmp_path: Path) -> None:
    root = make_folder(items=1)
    path = root / "sound-1" / "lmac.wav"
    audio, rate = read_audio(path)
    for offset, told in ((0.01, False), (-0.2, True)):
        write_audio(path, audio - audio.mean() + np.float32(offset), rate)
        built = build_study(root, tmp_path / "study", jobs=1, overwrite=True)
        says = "has a constant offset of 0.200 of full scale, which clicks at its ends; expected none"
        assert built.warnings == ((f"sound-1: lmac: its file {says}",) if told else ())
        found = {f.code: str(f) for f in check_study(tmp_path / "study", jobs=1).findings}
        assert ("dc-offset" in found) == told
    assert found["dc-offset"].startswith("warning: audio/sound-1/lmac.wav: has a constant offset of 0.")


def test_a_silent_reference_is_told_once_a_sound(make_folder: MakeFolder, tmp_path: Path) -> None:
    """The volume page plays it, too."""
    root = make_folder(items=1)
    write_audio(root / "sound-1" / "reference.wav", np.zeros(9600, dtype=np.float32), 16000)
    build_study(root, tmp_path / "study", jobs=1)
    silent = [f for f in check_study(tmp_path / "study", jobs=1).findings if f.code == "silent"]
    assert sorted((f.severity, Path(f.where).stem) for f in silent) == [
        ("error", "anchor35"),
        ("error", "anchor70"),
        ("error", "reference"),
    ]
