"""Manifests: what is saved is loaded, and what is wrong is named with its key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stimuli import Condition, Item, Manifest, ManifestError, Stimulus, sha256_of

STIMULUS = {
    "item": "dog-1",
    "condition": "reference",
    "path": "dog-1/reference.wav",
    "sample_rate": 16_000,
    "samples": 5,
    "sha256": "0",
}


def manifest() -> Manifest:
    return Manifest(
        name="set",
        conditions=(
            Condition(name="reference", role="reference"),
            Condition(name="lmac-td", label="LMAC-TD"),
        ),
        items=(Item(name="dog-1", label="dog", prediction="dog", probability=0.5),),
        stimuli=(Stimulus.model_validate(STIMULUS),),
    )


def test_round_trip(tmp_path: Path) -> None:
    manifest().save(tmp_path)
    assert Manifest.load(tmp_path) == manifest()
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_lookup() -> None:
    assert manifest().stimulus("dog-1", "reference") is not None
    assert manifest().stimulus("dog-1", "lmac-td") is None
    assert manifest().stimulus("dog-1", "reference", "residual") is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": 2}, "schema_version 2 is newer than 1, the newest that this version reads"),
        ({"items": [{"name": "dog-1"}, {"name": "dog-1"}]}, "the item 'dog-1' is listed twice"),
        ({"items": []}, "the stimulus dog-1/reference.wav names the item 'dog-1', which is not in items"),
        ({"conditions": [{"name": "x"}]}, "names the condition 'reference', which is not in conditions"),
        ({"conditions": [{"name": "../x"}]}, "'conditions.0.name' is '../x'; expected text of the form"),
        (
            {"conditions": [{"name": "x", "role": "hero"}]},
            "'conditions.0.role' is 'hero'; expected 'reference'",
        ),
        (
            {"stimuli": [{**STIMULUS, "path": "../../etc/passwd"}]},
            "the path '../../etc/passwd' leaves the set's folder",
        ),
        ({"surprise": 1}, "the key 'surprise' is unknown"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    content = {**manifest().model_dump(mode="json"), **change}
    (tmp_path / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(ManifestError) as error:
        Manifest.load(tmp_path)
    assert message in str(error.value)


def test_no_manifest_and_no_json(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No manifest of a stimuli set here"):
        Manifest.load(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(ManifestError, match="not valid JSON"):
        Manifest.load(tmp_path)


def test_hash_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    # FIPS 180-4: SHA-256 of the empty message.
    assert sha256_of(tmp_path / "empty") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
