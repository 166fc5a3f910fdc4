from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from study_builder.building.archive import pack_study
from study_builder.building.build import build_study
from study_builder.config import StudyConfig
from study_builder.errors import BuildError

MakeFolder = Callable[..., Path]


@pytest.fixture
def study(make_folder: MakeFolder, tmp_path: Path) -> Path:
    build_study(make_folder(items=2), tmp_path / "study", command="listenable study build", jobs=1)
    (tmp_path / "study" / "ratings.sqlite3").write_bytes(b"secret")
    (tmp_path / "study" / ".rehearsal-0.json").write_text("{}")
    (tmp_path / "study" / "ATTRIBUTION.txt").write_text("CC BY")
    return tmp_path / "study"


def test_an_archive_holds_the_study_and_no_ratings(study: Path, tmp_path: Path) -> None:
    licence = tmp_path / "CC-BY-4.0.txt"
    licence.write_text("licence")
    names = pack_study(study, tmp_path / "study.zip", [licence])
    with ZipFile(tmp_path / "study.zip") as archive:
        assert archive.namelist() == names
        assert archive.testzip() is None
        sums = dict(line.split("  ")[::-1] for line in archive.read("SHA256SUMS").decode().splitlines())
        assert sums == {name: hashlib.sha256(archive.read(name)).hexdigest() for name in sums}
        extras = {"SHA256SUMS", "versions.json", "REPEAT.txt"}
        assert set(names) - extras == set(sums)
        assert {"config.yaml", "ATTRIBUTION.txt", "licences/CC-BY-4.0.txt", "audio/sound-1/lmac.wav"} <= set(
            names
        )
        assert not any("rating" in name or "rehearsal" in name for name in names)
        assert {"python", "listenable", "numpy"} <= set(json.loads(archive.read("versions.json")))
        assert "command: listenable study build" in archive.read("REPEAT.txt").decode()
        archive.extractall(tmp_path / "again")
    assert StudyConfig.load(tmp_path / "again") == StudyConfig.load(study)


def test_the_same_study_gives_the_same_bytes(study: Path, tmp_path: Path) -> None:
    pack_study(study, tmp_path / "a.zip")
    for path in study.rglob("*"):
        path.touch()
    pack_study(study, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_study_that_changed_is_not_packed(study: Path, tmp_path: Path) -> None:
    path = study / "audio/sound-1/lmac.wav"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(BuildError, match=r"lmac.wav: has changed since the study was built"):
        pack_study(study, tmp_path / "a.zip")
    path.unlink()
    with pytest.raises(BuildError, match=r"lmac.wav: is missing; `listenable study check` lists everything"):
        pack_study(study, tmp_path / "a.zip")
    assert not [path for path in tmp_path.iterdir() if path.suffix in (".zip", ".part")]


def test_a_place_that_cannot_be_written_is_named_as_it_was_given(study: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        pack_study(study, tmp_path / "nowhere" / "a.zip")
    assert missing.value.filename == str(tmp_path / "nowhere" / "a.zip")
    with pytest.raises(IsADirectoryError) as folder:
        pack_study(study, study)
    assert folder.value.filename == str(study)
    assert not list(tmp_path.glob(".*.part"))


def test_a_path_that_leaves_the_study_is_refused(study: Path, tmp_path: Path) -> None:
    config = study / "config.yaml"
    config.write_text(config.read_text().replace("stimulus: audio/sound-1", "stimulus: ../audio/sound-1"))
    with pytest.raises(
        BuildError, match=r"the path '../audio/sound-1/reference.wav' leaves the study's folder"
    ):
        pack_study(study, tmp_path / "a.zip")


@pytest.mark.parametrize("name", ["config.yaml", "ATTRIBUTION.txt", "audio/sound-1/lmac.wav", "audio"])
def test_a_link_that_leaves_the_study_is_refused(study: Path, tmp_path: Path, name: str) -> None:
    (study / name).rename(tmp_path / "elsewhere")
    (study / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BuildError, match="is a link that leaves the study's folder; expected a file in the"):
        pack_study(study, tmp_path / "study.zip")
    assert not (tmp_path / "study.zip").exists()


def test_pictures_and_models_that_pages_name_are_packed_too() -> None:
    config, _ = StudyConfig.parse(
        """
pages:
- type: likert_multi_stimulus
  stimuli: {a: a.wav}
  response: [{value: 1, img: off.png, imgSelected: on.png}]
- type: spatial
  stimuli: {a: b.wav}
  objects: [{type: custom, path: head.dae}, {type: listener}]
"""
    )
    assert list(config.named_files()) == ["a.wav", "off.png", "on.png", "b.wav", "head.dae"]
