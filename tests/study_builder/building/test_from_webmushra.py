from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from study_builder.building.from_webmushra import adopt_config
from study_builder.checks.study import check_study
from study_builder.config import MushraPage, StudyConfig
from study_builder.errors import BuildError

MakeFolder = Callable[..., Path]

CONFIG = """
testname: An older test
testId: older
pages:
- - random
  - type: mushra
    id: one
    reference: audio/sound-1/reference.wav
    createAnchor35: true
    createAnchor70: true
    enableLooping: true
    stimuli: {C1: audio/sound-1/lmac.wav}
  - type: mushra
    id: two
    reference: audio/sound-2/reference.wav
    createAnchor35: true
    stimuli: {C1: audio/sound-2/lmac.wav, anchor35: audio/sound-2/gradcam.wav}
- {type: finish, name: Bye, writeResults: true}
"""


@pytest.fixture
def root(make_folder: MakeFolder, tmp_path: Path) -> Path:
    """A folder as webMUSHRA has it: configs in `configs/`, paths from the folder above."""
    make_folder("webmushra/audio", items=2)
    (tmp_path / "webmushra" / "configs").mkdir()
    (tmp_path / "webmushra" / "configs" / "older.yaml").write_text(CONFIG)
    return tmp_path / "webmushra"


def test_an_anchor_that_does_not_fit_names_the_sound(make_folder: MakeFolder, tmp_path: Path) -> None:
    make_folder("slow/audio", items=2, rate=8000)
    (tmp_path / "slow" / "older.yaml").write_text(CONFIG)
    message = (
        "^page 'one', audio/sound-1/reference.wav: an anchor of 7000 Hz needs a sample rate of at least 16000"
    )
    with pytest.raises(BuildError, match=message):
        adopt_config(tmp_path / "slow" / "older.yaml", tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_anchors_are_rendered_and_everything_else_stays(root: Path, tmp_path: Path) -> None:
    config, notices = adopt_config(
        root / "configs/older.yaml", tmp_path / "study", command="listenable study adopt"
    )
    assert [notice.key for notice in notices] == ["writeResults"]
    one, two = (page for page in config.walk() if isinstance(page, MushraPage))
    assert one.conditions == {
        "C1": "audio/sound-1/lmac.wav",
        "anchor35": "audio/sound-1/reference.anchor35.wav",
        "anchor70": "audio/sound-1/reference.anchor70.wav",
    }
    assert two.conditions["anchor35"] == "audio/sound-2/gradcam.wav"
    assert not one.created_anchors and not two.created_anchors
    assert StudyConfig.load(tmp_path / "study") == config
    before = (root / "audio/sound-1/lmac.wav").read_bytes()
    assert (tmp_path / "study/audio/sound-1/lmac.wav").read_bytes() == before
    codes = {finding.code for finding in check_study(tmp_path / "study", jobs=1).findings}
    assert not codes & {"browser-anchors", "missing-file", "changed-file", "no-hash"}
    masks = [f for f in check_study(tmp_path / "study", jobs=1).findings if f.code == "anchor-mask"]
    assert {finding.where for finding in masks} == {"audio/sound-2/gradcam.wav"}


def test_paths_may_start_anywhere(root: Path, tmp_path: Path) -> None:
    config = tmp_path / "elsewhere" / "deep" / "older.yaml"
    config.parent.mkdir(parents=True)
    config.write_text(CONFIG)
    with pytest.raises(
        BuildError, match=r"'audio/sound-1/lmac.wav' is neither next to the config nor in the folder"
    ):
        adopt_config(config, tmp_path / "study")
    adopt_config(config, tmp_path / "study", root)
    assert (tmp_path / "study" / "audio/sound-2/gradcam.wav").is_file()


@pytest.mark.parametrize("path", ["../secret.wav", "/etc/passwd", "https://example.org/a.wav"])
def test_paths_that_lead_elsewhere_are_refused(root: Path, tmp_path: Path, path: str) -> None:
    file = root / "configs/older.yaml"
    file.write_text(CONFIG.replace("audio/sound-2/gradcam.wav", path))
    with pytest.raises(BuildError, match=r"a page names the file '.*'; expected a path within the folder"):
        adopt_config(file, tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_a_missing_sound_and_an_anchor_of_nothing_are_named(root: Path, tmp_path: Path) -> None:
    file = root / "configs/older.yaml"
    file.write_text(CONFIG.replace("sound-2/gradcam", "sound-2/gone"))
    with pytest.raises(BuildError, match=r"gone.wav: is named by a page, but missing"):
        adopt_config(file, tmp_path / "study")
    file.write_text(CONFIG.replace("    reference: audio/sound-1/reference.wav\n", ""))
    with pytest.raises(
        BuildError, match="page 'one' asks for anchors and has no reference to make them from"
    ):
        adopt_config(file, tmp_path / "study")


def test_a_config_is_checked_where_it_is(root: Path) -> None:
    report = check_study(root / "configs/older.yaml", jobs=1)
    codes = {finding.code for finding in report.findings}
    assert not codes & {"missing-file", "path-outside", "unreadable"}
    assert "older.yaml, line" in next(one.where for one in report.findings if one.code == "key")


def test_settings_that_our_page_ignores_are_named(root: Path) -> None:
    file = root / "configs/older.yaml"
    file.write_text(CONFIG.replace("type: finish,", "type: finish, showResults: true,"))
    _, notices = StudyConfig.load_with_notices(file)
    assert "'showResults' has no effect here: listenable's page never shows results to listeners" in [
        notice.message for notice in notices
    ]


@pytest.mark.parametrize("name", ["logo.png", ".ssh/logo.png"])
def test_no_private_file_gets_into_the_study_of_a_stranger(root: Path, tmp_path: Path, name: str) -> None:
    """What is copied is sent to everybody who takes part, whatever its name says."""
    (tmp_path / "id_rsa").write_text("PRIVATE KEY")
    (root / name).parent.mkdir(exist_ok=True)
    if name == "logo.png":
        (root / name).symlink_to(tmp_path / "id_rsa")
    else:
        (root / name).write_text("PRIVATE KEY")
    config = root / "configs/older.yaml"
    config.write_text(CONFIG.replace("name: Bye", f"""name: Bye, content: '<img src="{name}">'"""))
    with pytest.raises(BuildError, match=r"is a link that leaves|names the hidden file"):
        adopt_config(config, tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_sounds_in_a_folder_that_is_a_link_are_copied(root: Path, tmp_path: Path) -> None:
    (root / "audio").rename(tmp_path / "elsewhere")
    (root / "audio").symlink_to(tmp_path / "elsewhere")
    adopt_config(root / "configs/older.yaml", tmp_path / "study")
    copied = tmp_path / "study/audio/sound-1/lmac.wav"
    assert copied.read_bytes() == (tmp_path / "elsewhere/sound-1/lmac.wav").read_bytes()
    assert not copied.is_symlink()
