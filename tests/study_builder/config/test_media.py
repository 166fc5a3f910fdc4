from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from study_builder.building.archive import pack_study
from study_builder.building.build import build_study
from study_builder.building.choices import Choices
from study_builder.building.from_webmushra import adopt_config
from study_builder.checks.study import check_study
from study_builder.config import StudyConfig, with_addresses
from study_builder.config.media import (
    Medium,
    find_foreign_media,
    find_omitted_elements,
    media_in,
)
from study_builder.errors import BuildError

MakeFolder = Callable[..., Path]
CONFIG = """
testname: An older study
pages:
- {type: generic, id: told, content: '<p>Look: <img src="help/screen.png"></p>'}
- {type: likert_multi_stimulus, id: l, stimuli: {a: audio/sound-1/lmac.wav},
   response: [{value: 1, img: x.gif}]}
- {type: finish, name: Bye, popupContent: '<img src="help/bye.svg">'}
"""


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("no element, 1 < 2 and a > b", []),
        ('<p>a</p>\n<IMG\n SRC=a.png><br><img src="b c.png" />', ["a.png", "b c.png"]),
        ("<img src='./x/y%20z.png?v=2#top'>", ["x/y z.png"]),
        ("<img src=a.png src=b.png>", ["a.png"]),
        ("<!-- <img src=a.png> --><script>'<img src=b.png>'</script>", []),
        ("<img alt=x><img src><img src=''>", []),
        ('<img src="a.png', []),
        ("<img src=../a.png>", ["../a.png"]),
    ],
)
def test_the_pictures_of_a_text(text: str, paths: list[str]) -> None:
    assert list(media_in(text)) == [Medium("picture", path) for path in paths]
    assert list(find_foreign_media(text)) == []
    shown = with_addresses(text, lambda path: f"/picture/{paths.index(path)}")
    assert [shown.count(f'src="/picture/{number}"') for number in range(len(paths))] == [1] * len(paths)
    if not paths:
        assert shown == text


def test_what_stands_around_a_picture_stays() -> None:
    text = 'Grün & 1 < 2\n\n<p>a\n  <img alt="x &quot;y&quot;" src=a.png width=3>\nb</p>\r\n<img src=b.png>c'
    assert with_addresses(text, lambda path: f"/{path}?a&b") == (
        'Grün & 1 < 2\n\n<p>a\n  <img alt="x &quot;y&quot;" src="/a.png?a&amp;b" width="3">\nb</p>\r\n'
        '<img src="/b.png?a&amp;b">c'
    )


@pytest.mark.parametrize(
    "source", ["https://a.org/x.png", "//a.org/x.png", "data:image/png;base64,AA", "/x.png", "http://["]
)
def test_pictures_from_elsewhere(source: str) -> None:
    text = f'<img src="{source}">'
    assert list(media_in(text)) == []
    assert list(find_foreign_media(text)) == [("picture", source)]
    assert with_addresses(text, str.upper) == text


def test_the_sounds_of_a_text_and_what_a_page_omits() -> None:
    text = (
        "<audio controls src=a.wav></audio> <AUDIO><source src='b.mp3'><source src=b.ogg></AUDIO>"
        "<video><source src=c.mp4></video><picture><source srcset=d.png><img src=e.png></picture><svg/>"
    )
    sounds = [Medium("sound", path) for path in ("a.wav", "b.mp3", "b.ogg")]
    assert list(media_in(text)) == [*sounds, Medium("picture", "e.png")]
    assert find_omitted_elements(text) == ["video", "svg"]
    assert "<video><source src=c.mp4>" in with_addresses(text, str.upper)
    assert '<source src="B.OGG">' in with_addresses(text, str.upper)


@pytest.fixture
def root(make_folder: MakeFolder, tmp_path: Path) -> Path:
    """A config of webMUSHRA with pictures in its texts and next to its points."""
    make_folder("older/audio", items=1)
    (tmp_path / "older/help").mkdir()
    for path in ("help/screen.png", "help/bye.svg", "x.gif"):
        (tmp_path / "older" / path).write_bytes(path.encode())
    (tmp_path / "older/config.yaml").write_text(CONFIG)
    return tmp_path / "older"


def test_pictures_are_adopted_and_packed(root: Path, tmp_path: Path) -> None:
    config, _ = adopt_config(root / "config.yaml", tmp_path / "study")
    assert list(config.named_files())[:2] == ["help/screen.png", "audio/sound-1/lmac.wav"]
    for path in ("help/screen.png", "help/bye.svg", "x.gif"):
        assert (tmp_path / "study" / path).read_bytes() == path.encode()
    names = pack_study(tmp_path / "study", tmp_path / "a.zip")
    assert {"help/screen.png", "help/bye.svg", "x.gif"} <= set(names)
    with ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read("help/bye.svg") == b"help/bye.svg"
    (root / "help/screen.png").unlink()
    with pytest.raises(BuildError, match=r"screen.png: is named by a page, but missing"):
        adopt_config(root / "config.yaml", tmp_path / "other", root)


def found(study: Path) -> list[str]:
    codes = ("missing-file", "path-outside", "no-picture", "foreign-picture")
    return [str(finding) for finding in check_study(study, jobs=1).findings if finding.code in codes]


def test_a_check_finds_what_cannot_be_shown_or_lies_elsewhere(root: Path) -> None:
    assert found(root) == []
    data = "data:image/png;base64," + "A" * 60
    text = CONFIG.replace("<p>Look:", f'<p>Look: <img src="https://a.org/x.png"><img src="{data}">')
    text = text.replace("audio/sound-1", "../audio").replace("x.gif", "x.txt").replace("help/bye", "../bye")
    (root / "config.yaml").write_text(text)
    (root.parent / "bye.svg").touch()
    (root / "help/screen.png").unlink()
    elsewhere = (
        "that is not a file of the study ('%s'), which listenable's page omits; expected a path in the "
        "study's folder"
    )
    assert found(root) == [
        "error: help/screen.png: page 'told' shows it, but it is missing",
        "error: x.txt: page 'l' shows it as a picture; expected one of .avif, .gif, .jpeg, .jpg, .png, .svg, "
        ".webp",
        "error: ../bye.svg: page 'finish' shows it, but its path leaves the study's folder; expected a file "
        "in the folder",
        "error: ../audio/lmac.wav: page 'l' plays it, but its path leaves the study's folder; expected a "
        "file in the folder",
        f"warning: page 'told': shows a picture {elsewhere % 'https://a.org/x.png'}",
        f"warning: page 'told': shows a picture {elsewhere % (data[:60] + '...')}",
    ]


@pytest.mark.parametrize(
    ("written", "finding"),
    [
        (
            "https://a.org/lmac.wav",
            "it is on another site; download it, and name a file in the study's folder",
        ),
        ("audio\\\\sound-1\\\\lmac.wav", "it is missing; expected slashes: 'audio/sound-1/lmac.wav'"),
        ("audio/sound-1/LMAC.wav", "it is missing; its folder has 'lmac.wav'"),
        ("audio/sound-1/none.wav", "it is missing"),
    ],
)
def test_a_sound_that_is_not_there_under_its_name(root: Path, written: str, finding: str) -> None:
    (root / "config.yaml").write_text(CONFIG.replace("audio/sound-1/lmac.wav", f'"{written}"'))
    (message,) = [
        found.message for found in check_study(root, jobs=1).of_severity("error") if "plays" in found.message
    ]
    assert message == f"page 'l' plays it, but {finding}"


def test_pictures_of_chosen_texts_become_part_of_the_study(make_folder: MakeFolder, tmp_path: Path) -> None:
    sounds = make_folder(items=1)
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/screen.png").write_bytes(b"screen")
    choices = Choices(instructions='<p>Look:</p><img src="screen.png">')
    build_study(sounds, tmp_path / "study", choices, pictures=tmp_path / "texts", jobs=1)
    assert (tmp_path / "study/screen.png").read_bytes() == b"screen"
    assert "screen.png" in set(StudyConfig.load(tmp_path / "study").named_files())
    assert found(tmp_path / "study") == []
    with pytest.raises(BuildError, match=r"sounds/screen.png: is named by a page, but missing"):
        build_study(sounds, tmp_path / "other", choices, pictures=sounds, jobs=1)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    "piece",
    ["<!--", "<!", "<a ", "<a b='", "<", "</", "<?", "<![", "<![if x", "<script>", "<img src=a ", "&#"],
)
def test_a_text_that_never_ends_a_tag_is_read_at_once(piece: str) -> None:
    """To look for the end again from each beginning takes minutes, whenever a listener opens the study."""
    text = f'<img src="a.png">{piece * (100_000 // len(piece))}'
    began = time.process_time()
    assert list(media_in(text)) == [Medium("picture", "a.png")]
    assert with_addresses(text, str.upper).startswith('<img src="A.PNG">')
    assert time.process_time() - began < 2


def test_a_section_of_sgml_is_skipped_as_browsers_do() -> None:
    text = '<![CDATA[<img src="a.png">]]><![endif]--><img src="b.png">'
    assert list(media_in(text)) == [Medium("picture", "b.png")]
