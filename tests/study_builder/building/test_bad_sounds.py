"""What laboratories hand in by mistake: each is one sentence, and nothing of theirs is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stimuli import read_audio, write_audio
from study_builder.building.build import build_study
from study_builder.building.choices import Choices
from study_builder.checks.study import check_study
from study_builder.errors import BuildError, ConfigError

MakeFolder = Callable[..., Path]


def spoil(path: Path, gain: float) -> None:
    """Clip a file, as a recording with too high a level is clipped."""
    audio, rate = read_audio(path)
    write_audio(path, np.clip(gain * audio, -1, 1).astype(np.float32), rate)


@pytest.mark.parametrize(
    "choices", [Choices(), Choices(target_lufs=None), Choices(sample_rate=22050), Choices(sample_rate=48000)]
)
def test_clipping_that_another_level_or_rate_would_hide_is_reported(
    make_folder: MakeFolder, tmp_path: Path, choices: Choices
) -> None:
    root = make_folder(items=2)
    spoil(root / "sound-2" / "lmac.wav", 100.0)
    built = build_study(root, tmp_path / "study", choices, jobs=1)
    clipped = [text for text in built.warnings if "clipped" in text]
    assert len(clipped) == 1
    assert clipped[0].startswith("sound-2: lmac: its file is clipped (")
    assert clipped[0].endswith(" samples in a row at full scale); a lower level does not repair it")


def test_a_folder_that_is_no_study_is_never_replaced(make_folder: MakeFolder) -> None:
    """Someone mixes up the two folders of the command."""
    root = make_folder(items=2)
    before = {path: path.read_bytes() for path in root.rglob("*.wav")}
    with pytest.raises(
        BuildError, match="sounds: is not a study, so it is not replaced; choose another folder"
    ):
        build_study(root, root, overwrite=True, jobs=1)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_a_file_in_the_way_is_neither_replaced_nor_hidden(make_folder: MakeFolder, tmp_path: Path) -> None:
    root, out = make_folder(items=1), tmp_path / "notes.txt"
    out.write_text("mine")
    with pytest.raises(BuildError, match=r"notes\.txt: is not a study, so it is not replaced"):
        build_study(root, out, overwrite=True, jobs=1)
    with pytest.raises(NotADirectoryError) as error:
        build_study(root, out / "study", jobs=1)
    assert error.value.filename == str(out / "study")
    assert out.read_text() == "mine"


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"conditions": ["lmac", "gradcam", "lmac"]}, "--conditions: .*'lmac' is listed 2 times"),
        ({"training_items": ["sound-1", "sound-1"]}, "--training-items: .*'sound-1' is listed 2 times"),
    ],
)
def test_a_name_that_is_listed_twice_is_refused(choice: dict[str, list[str]], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Choices.load(None, **choice)


def test_names_of_any_script_and_one_item_alone_make_a_study(make_folder: MakeFolder, tmp_path: Path) -> None:
    root = make_folder(name="Räume & Hallen", items=1)
    (root / "sound-1").rename(root / 'Straße "süß" <b> 日本')
    config = build_study(root, tmp_path / "eine Studie", jobs=1).config
    paths = {path for page in config.walk() for path in page.sounds().values()}
    assert {Path(path).parts[1] for path in paths} == {"Strasse-suss-b"}
    assert all((tmp_path / "eine Studie" / path).is_file() for path in paths)


def test_more_channels_than_loudness_is_defined_for(make_folder: MakeFolder, tmp_path: Path) -> None:
    root = make_folder(items=1)
    audio, rate = read_audio(root / "sound-1" / "lmac.wav")
    build_study(root, tmp_path / "study", jobs=1)
    for path in (root / "sound-1" / "lmac.wav", tmp_path / "study" / "audio" / "sound-1" / "lmac.wav"):
        write_audio(path, np.stack([audio] * 7, axis=1), rate)
    with pytest.raises(BuildError, match=r"sound-1/lmac.wav: has 7 channels; expected 6 at most"):
        build_study(root, tmp_path / "other", jobs=1)
    assert not (tmp_path / "other").exists()
    found = [str(finding) for finding in check_study(tmp_path / "study", jobs=1).findings]
    assert "error: audio/sound-1/lmac.wav: has 7 channels; expected 6 at most" in found
