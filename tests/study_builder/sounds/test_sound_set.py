from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from stimuli import Condition, Item, Manifest, Stimulus, sha256_of
from study_builder.errors import BuildError, LayoutError
from study_builder.sounds.sound_set import read_sounds

MakeFolder = Callable[..., Path]


@pytest.mark.parametrize("layout", ["item/condition", "condition/item"])
def test_both_layouts_are_told_apart_by_the_reference(make_folder: MakeFolder, layout: str) -> None:
    sounds = read_sounds(make_folder(items=11, layout=layout))
    assert [item.name for item in sounds.items] == [f"sound-{number}" for number in range(1, 12)]
    assert {c.name: c.role for c in sounds.conditions} == {
        "gradcam": "method",
        "lmac": "method",
        "reference": "reference",
        "saliency": "method",
    }
    expected = "sound-10/lmac.wav" if layout == "item/condition" else "lmac/sound-10.wav"
    assert sounds.paths["sound-10", "lmac"].as_posix().endswith(expected)


def test_without_a_reference_both_readings_are_shown(make_folder: MakeFolder) -> None:
    root = make_folder(items=2, conditions=("a", "b"))
    message = (
        f"{root}: 'reference' occurs neither as a folder nor as a file, so it may be read as item/condition "
        "(items sound-1, sound-2; conditions a, b) or as condition/item (conditions sound-1, sound-2; items "
        "a, b); say which with --layout, or name the reference with --reference-name"
    )
    with pytest.raises(LayoutError, match=re.escape(message)):
        read_sounds(root)
    assert [item.name for item in read_sounds(root, "condition/item").items] == ["a", "b"]


def test_a_reference_on_both_levels_is_ambiguous(make_folder: MakeFolder) -> None:
    root = make_folder(items=1, conditions=("reference", "a"))
    (root / "sound-1").rename(root / "reference")
    with pytest.raises(LayoutError, match="'reference' occurs both as a folder and as a file"):
        read_sounds(root)


def test_the_reference_can_be_named(make_folder: MakeFolder) -> None:
    sounds = read_sounds(make_folder(conditions=("clean", "noisy")), reference="clean")
    assert sounds.reference == "clean"


def test_a_missing_sound_is_named(make_folder: MakeFolder) -> None:
    root = make_folder(items=3)
    (root / "sound-2" / "lmac.wav").unlink()
    with pytest.raises(LayoutError, match="sounds: item 'sound-2' has no condition 'lmac', which 2 of 3 it"):
        read_sounds(root)


def test_names_become_safe_and_keep_their_label(make_folder: MakeFolder) -> None:
    sounds = read_sounds(make_folder(conditions=("reference", "Ünsere Methode (neu)")))
    method = next(c for c in sounds.conditions if c.role == "method")
    assert (method.name, method.label) == ("Unsere-Methode-neu", "Ünsere Methode (neu)")


def test_names_that_become_one_are_refused(make_folder: MakeFolder) -> None:
    with pytest.raises(
        LayoutError, match=r"'a b' and 'a-b' both become 'a-b' in a study; rename one|'a-b' and 'a b'"
    ):
        read_sounds(make_folder(conditions=("reference", "a b", "a-b")))


def test_two_references_two_files_or_loose_files_are_refused(make_folder: MakeFolder) -> None:
    with pytest.raises(
        LayoutError, match="input and reference are both references; name one with --reference-name"
    ):
        read_sounds(make_folder("two", conditions=("reference", "input", "a")))
    root = make_folder("twins", items=1)
    (root / "sound-1" / "lmac.flac").write_bytes(b"")
    with pytest.raises(LayoutError, match="expected one file of that name"):
        read_sounds(root)
    root = make_folder("loose", items=1)
    (root / "other.wav").write_bytes(b"")
    with pytest.raises(
        LayoutError,
        match=r"loose/other.wav: is next to folders of sounds; expected all sounds in folders, or none",
    ):
        read_sounds(root)


def test_an_empty_or_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No such folder"):
        read_sounds(tmp_path / "none")
    with pytest.raises(LayoutError, match=r"contains no sound files; expected item/condition.wav"):
        read_sounds(tmp_path)


@pytest.mark.parametrize("layout", ["item_condition", "condition_item"])
def test_a_folder_without_folders_is_read_by_the_names_of_its_files(tmp_path: Path, layout: str) -> None:
    items, conditions = ("dog", "dog_2", "rain_a"), ("reference", "lmac_td", "anchor35")
    for item in items:
        for condition in conditions:
            parts = (item, condition) if layout == "item_condition" else (condition, item)
            (tmp_path / f"{'_'.join(parts)}.wav").write_bytes(b"")
    sounds = read_sounds(tmp_path)
    names = {(sounds.item_names[item], condition) for item, condition in sounds.paths}
    assert names == {(item, condition) for item in items for condition in conditions}
    assert sounds.reference == "reference"
    with pytest.raises(LayoutError, match="has no folders of sounds; expected --layout item_condition or"):
        read_sounds(tmp_path, "item/condition")


def test_without_a_reference_the_last_underscore_parts_item_and_condition(tmp_path: Path) -> None:
    for name in ("a_b_x", "a_b_y", "c_x", "c_y"):
        (tmp_path / f"{name}.wav").write_bytes(b"")
    sounds = read_sounds(tmp_path)
    assert [item.name for item in sounds.items] == ["a_b", "c"]
    assert [condition.name for condition in sounds.conditions] == ["x", "y"]
    assert read_sounds(tmp_path, reference="x").reference == "x"


def test_what_is_chosen_must_be_complete_and_nothing_else(make_folder: MakeFolder) -> None:
    root = make_folder(items=3)
    (root / "sound-2" / "lmac.wav").unlink()
    (root / "sound-3" / "reference.wav").unlink()
    with pytest.raises(
        LayoutError, match=r"expected every condition for every item \(--items and --conditions"
    ):
        read_sounds(root)
    sounds = read_sounds(root, items=["sound-2", "sound-1"], conditions=["saliency", "gradcam"])
    assert [item.name for item in sounds.items] == ["sound-2", "sound-1"]
    assert [condition.name for condition in sounds.conditions] == ["gradcam", "reference", "saliency"]
    with pytest.raises(LayoutError, match="item 'sound-3' has no condition 'reference'"):
        read_sounds(root, conditions=["gradcam"])
    with pytest.raises(BuildError, match="items names 'sound-9'"):
        read_sounds(root, items=["sound-9"])


def make_manifest(root: Path) -> Manifest:
    stimuli = [
        Stimulus(
            item="sound-1",
            condition=name,
            path=f"sound-1/{name}.wav",
            sample_rate=16000,
            samples=9600,
            sha256=sha256_of(root / f"sound-1/{name}.wav"),
        )
        for name in ("reference", "lmac")
    ]
    residual = stimuli[1].model_copy(update={"kind": "residual", "path": "residuals/lmac.wav"})
    manifest = Manifest(
        name="demo",
        command="listenable render",
        conditions=(Condition(name="reference", role="reference"), Condition(name="lmac")),
        items=(Item(name="sound-1", label="dog", prediction="cat", probability=0.4),),
        stimuli=(*stimuli, residual),
    )
    manifest.save(root)
    return manifest


def test_a_manifest_is_read_without_its_residuals(make_folder: MakeFolder) -> None:
    root = make_folder(items=1)
    manifest = make_manifest(root)
    sounds = read_sounds(root)
    assert sounds.items == manifest.items
    assert sorted(sounds.paths) == [("sound-1", "lmac"), ("sound-1", "reference")]
    assert sounds.command == "listenable render"


def test_sounds_are_hashed_once_however_often_they_are_planned_with(
    make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_folder()
    make_manifest(root)
    read_sounds(root)
    monkeypatch.setattr("stimuli.manifest.sha256_of", pytest.fail)
    read_sounds(root)


def test_a_sound_that_changed_after_its_manifest_is_refused(make_folder: MakeFolder) -> None:
    root = make_folder(items=1)
    make_manifest(root)
    (root / "sound-1" / "lmac.wav").write_bytes((root / "sound-1" / "saliency.wav").read_bytes())
    with pytest.raises(LayoutError, match=r"lmac.wav: has changed since .*manifest.json was written"):
        read_sounds(root)
    (root / "sound-1" / "lmac.wav").unlink()
    with pytest.raises(FileNotFoundError, match="A sound of the manifest is missing"):
        read_sounds(root)


def test_an_accent_has_one_spelling(make_folder: MakeFolder) -> None:
    root = make_folder(items=2, conditions=("clean", "a"))
    for folder, form in (("sound-1", "NFC"), ("sound-2", "NFD")):
        (root / folder / "clean.wav").rename(root / folder / unicodedata.normalize(form, "Köln.wav"))
        (root / folder).rename(root / unicodedata.normalize(form, f"{folder} grün"))
    sounds = read_sounds(root, reference=unicodedata.normalize("NFD", "Köln"))
    assert sounds.reference == "Koln"
    assert [item.name for item in sounds.items] == ["sound-1-grun", "sound-2-grun"]


def test_names_that_a_study_cannot_have_are_refused(make_folder: MakeFolder) -> None:
    root = make_folder("long", items=1, conditions=("reference", "b" * 121))
    with pytest.raises(LayoutError, match=r"'bbb.*' is 121 characters long; expected 120 at most"):
        read_sounds(root)
    root = make_folder("bytes", items=1)
    (root / "sound-1").rename(root / os.fsdecode(b"sound-\xff"))
    with pytest.raises(LayoutError, match=r"file name 'sound-\\udcff' is not UTF-8; expected one that is"):
        read_sounds(root)


def test_a_folder_that_is_named_as_a_sound_is_none(make_folder: MakeFolder) -> None:
    root = make_folder(items=1)
    (root / "sound-1" / "notes.wav").mkdir()
    assert "notes" not in [condition.name for condition in read_sounds(root).conditions]
