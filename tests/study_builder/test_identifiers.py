"""Names with accents, brackets and blanks: what becomes of them, and what can be typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from study_builder.building.build import build_study
from study_builder.building.choices import Choices
from study_builder.commands.study import study as app
from study_builder.config import StudyConfig
from study_builder.errors import BuildError, LayoutError, SimulateError
from study_builder.identifiers import describe_expected, resolve_ids, safe_id, safe_ids
from study_builder.simulation.listeners import condition_quality
from study_builder.sounds.sound_set import read_sounds
from tests.study_builder.small_studies import build, rated, refuse

MakeFolder = Callable[..., Path]
CODECS = ("Original", "Codec A (16 kbit)", "Codec B, neu")


@pytest.fixture
def codecs(make_folder: MakeFolder) -> Path:
    """Three recordings under two codecs, named as people name files."""
    root = make_folder(items=3, conditions=CODECS)
    for number, name in enumerate(("Größe & Ärger!", "Café (außen)", "plain"), start=1):
        (root / f"sound-{number}").rename(root / name)
    return root


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Codec A (16 kbit)", "Codec-A-16-kbit"),
        ("(neu) Codec", "neu-Codec"),
        ("Größe & Ärger!", "Grosse-Arger"),
        ("Smørrebrød, Łódź", "Smorrebrod-Lodz"),
        ("opus-", "opus-"),  # the author's own hyphen
        ("C++", "C++"),
        (".hidden", "hidden"),
        ("  🎵 song 🎵 ", "song"),
        ("東京", "sound"),
        ("a -- b", "a----b"),
    ],
)
def test_ids_end_where_the_name_ends(name: str, found: str) -> None:
    assert safe_id(name) == found


def test_names_that_meet_in_one_id_are_refused() -> None:
    with pytest.raises(LayoutError, match=r"^'a-b' and 'a b' both become 'a-b' in a study; rename one$"):
        safe_ids(["a b", "c", "a-b"])
    message = (
        "'opus 2' and 'Opus 2' become 'opus-2' and 'Opus-2' in a study, which differ only in capitals, and "
        "some file systems treat them as the same; rename one"
    )
    with pytest.raises(LayoutError, match=f"^{message}$"):
        safe_ids(["Opus 2", "opus 2"])
    assert safe_ids(["a", "b", "a"]) == {"a": "a", "b": "b"}


def test_names_of_another_script_are_numbered_where_their_ids_would_meet() -> None:
    names = ["東京 1", "大阪 1", "音", "声", "sound", "1", "Привет, 1!"]
    assert list(safe_ids(names).items()) == [
        ("東京 1", "1-2"), ("大阪 1", "1-3"), ("音", "sound-2"), ("声", "sound-3"), ("sound", "sound"),
        ("1", "1"), ("Привет, 1!", "1-4"),
    ]  # fmt: skip


def test_items_and_conditions_keep_their_names_as_labels(codecs: Path, tmp_path: Path) -> None:
    build(codecs, tmp_path / "study")
    config = StudyConfig.load(tmp_path / "study")
    assert {name: info.label for name, info in config.options.items.items()} == {
        "Cafe-aussen": "Café (außen)",
        "Grosse-Arger": "Größe & Ärger!",
        "plain": "plain",
    }
    assert config.options.conditions["Codec-A-16-kbit"].label == "Codec A (16 kbit)"
    assert config.item_label("Cafe-aussen") == "Café (außen)"
    assert config.item_label("unknown") == "unknown"
    assert all(config.trial(page).label is None for page in rated(config))  # that is the true class
    shown = CliRunner().invoke(app, ["balance", str(tmp_path / "study")], env={"COLUMNS": "120"}).output
    assert "Café (außen)" in shown and "Cafe-aussen" not in shown


def test_items_and_conditions_are_chosen_by_name_or_id(codecs: Path, tmp_path: Path) -> None:
    flags = [
        "--conditions",
        '"Codec B, neu",Codec-A-16-kbit',
        "--training-items",
        "Café (außen), Grosse-Arger",
    ]
    words = ["build", str(codecs), "--out", str(tmp_path / "study"), "--jobs", "1", "--no-anchors", *flags]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    config = StudyConfig.load(tmp_path / "study")
    assert list(rated(config)[0].conditions) == ["Codec-B-neu", "Codec-A-16-kbit"]
    assert [config.trial(page).item for page in rated(config, "training")] == ["Cafe-aussen", "Grosse-Arger"]


def test_a_name_that_the_terminal_spells_otherwise_is_known(codecs: Path, tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "Größe & Ärger!")
    config = build(codecs, tmp_path / "study", training_items=[decomposed])
    assert [config.trial(page).item for page in rated(config, "training")] == ["Grosse-Arger"]


def test_a_wrong_name_lists_what_there_is_and_the_nearest(codecs: Path, tmp_path: Path) -> None:
    conditions = (
        "conditions names 'Codec A (16kbit)'; expected one of Codec-A-16-kbit ('Codec A (16 kbit)'), "
        "Codec-B-neu ('Codec B, neu') (did you mean 'Codec A (16 kbit)'?)"
    )
    refuse(f"^{re.escape(conditions)}$", codecs, tmp_path / "study", conditions=["Codec A (16kbit)"])
    items = (
        "training_items names 'Café (aussen)'; expected one of Cafe-aussen ('Café (außen)'), "
        "Grosse-Arger ('Größe & Ärger!'), plain (did you mean 'Café (außen)'?)"
    )
    refuse(f"^{re.escape(items)}$", codecs, tmp_path / "study", training_items=["Café (aussen)"])


def test_a_wrong_name_is_told_before_any_sound_is_read(codecs: Path, tmp_path: Path) -> None:
    (codecs / "plain" / "Original.wav").write_bytes(b"no sound")
    refuse("training_items names 'x'", codecs, tmp_path / "study", training_items=["x"])


def test_one_thing_under_two_names_is_refused() -> None:
    labels = {"a-b": "a b", "c": None}
    with pytest.raises(
        BuildError, match=r"^conditions names 'a-b' twice, as 'a b' and as 'a-b'; expected diff"
    ):
        resolve_ids(["a b", "c", "a-b"], labels, "conditions")
    assert resolve_ids(["c", "a b"], labels, "conditions") == ["c", "a-b"]


def test_a_label_that_two_have_names_neither_and_an_id_is_stronger_than_a_label() -> None:
    with pytest.raises(BuildError, match=r"^x names 'L'; expected one of a \('L'\), b \('L'\)$"):
        resolve_ids(["L"], {"a": "L", "b": "L"}, "x")
    assert resolve_ids(["a", "b"], {"a": "b", "b": None}, "x") == ["a", "b"]


def test_long_lists_are_cut() -> None:
    names = [f"item-{number}" for number in range(40)]
    told = describe_expected("itme-39", names)
    assert told.startswith("expected one of item-0, ") and "item-11 and 28 more (did" in told
    assert told.endswith("(did you mean 'item-39'?)")


@pytest.mark.parametrize("given", ["Codec A (16 kbit)", "Codec-A-16-kbit"])
def test_the_reference_is_named_by_name_or_id(codecs: Path, given: str) -> None:
    assert read_sounds(codecs, "item/condition", given).reference == "Codec-A-16-kbit"
    assert read_sounds(codecs, None, given).reference == "Codec-A-16-kbit"


def test_a_wrong_reference_lists_what_could_be_meant(codecs: Path) -> None:
    message = "reference_name is 'original'; expected one of Codec A (16 kbit), Codec B, neu, Original"
    with pytest.raises(LayoutError, match=f"^{re.escape(message)} .did you mean 'Original'.*$"):
        read_sounds(codecs, "item/condition", "original")
    with pytest.raises(LayoutError, match=r"expected one of Café .außen., Größe & Ärger!, plain, Codec A"):
        read_sounds(codecs, None, "klar")


def test_qualities_are_given_by_name_or_label(codecs: Path, tmp_path: Path) -> None:
    config = build_study(codecs, tmp_path / "study", Choices(), jobs=1).config
    assert condition_quality(config, {"Codec A (16 kbit)": 33})["Codec-A-16-kbit"] == 33
    with pytest.raises(SimulateError, match=r"--quality names 'Codec C'; .*did you mean 'Codec B, neu'"):
        condition_quality(config, {"Codec C": 1})


def test_ids_of_earlier_studies_are_read(make_config: Callable[..., StudyConfig]) -> None:
    """They could end in a hyphen, and items had no labels."""
    text = make_config().to_yaml().replace("c1", "Codec-A-16-kbit-").replace("  items: {}\n", "")
    assert "items:" not in text
    config, notices = StudyConfig.parse(text)
    assert notices == [] and config.item_label("t1") == "t1"
    assert condition_quality(config, {"Codec-A-16-kbit-": 33})["Codec-A-16-kbit-"] == 33
