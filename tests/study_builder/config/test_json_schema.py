"""The schemas for editors: what the reader takes is valid, what it does not take is marked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from study_builder.building.choices import Choices
from study_builder.config import StudyConfig
from study_builder.config.json_schema import describe_config, describe_settings
from study_builder.config.page_types import PAGE_TYPES

EVERY_KEY = yaml.safe_load(Path(__file__).with_name("every_key.yaml").read_text(encoding="utf-8"))
CONFIG = Draft202012Validator(describe_config())
CHOICES = Draft202012Validator(describe_settings(Choices))


def marked(found: Any, validator: Draft202012Validator = CONFIG) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(found)]


def pages(found: list[Any]) -> Iterator[dict[str, Any]]:
    for entry in found:
        if isinstance(entry, list):
            yield from pages(entry)
        elif isinstance(entry, dict):
            yield entry


def test_the_schemas_are_schemas() -> None:
    for schema in (CONFIG.schema, CHOICES.schema):
        Draft202012Validator.check_schema(schema)
        assert "$ref" not in json.dumps(schema).replace('"$ref": "#/$defs/', "")


def test_every_key_of_webmushra_is_valid() -> None:
    assert marked(EVERY_KEY) == []
    assert {page["type"] for page in pages(EVERY_KEY["pages"])} <= set(PAGE_TYPES)


@pytest.mark.parametrize("kind", PAGE_TYPES)
def test_a_misspelt_key_is_marked_on_each_page(kind: str) -> None:
    [page, *_] = [p for p in pages(EVERY_KEY["pages"]) if p["type"] == kind] or [{"type": kind}]
    [error] = [e for e in marked({"pages": [{**page, "contnet": ""}]}) if "contnet" in e]
    assert "Additional properties are not allowed ('contnet' was unexpected)" in error


def test_a_misspelt_key_of_a_question_or_the_study_is_marked() -> None:
    finish = {"type": "finish", "questionnaire": [{"type": "text", "name": "age", "lable": "Age"}]}
    assert any("'lable' was unexpected" in error for error in marked({"pages": [finish]}))
    assert any("'testName' was unexpected" in error for error in marked({"testName": "a", "pages": []}))


@pytest.mark.parametrize(
    ("key", "value"),
    [("order", "latin"), ("items_per_session", 0), ("screens", ["eyes"]), ("adaptive", "5-up"), ("sede", 1)],
)
def test_what_the_reader_refuses_in_our_block_is_marked(key: str, value: object) -> None:
    found = {"pages": [], "listenable": {key: value}}
    with pytest.raises(Exception, match=key):
        StudyConfig.parse(yaml.safe_dump(found))
    assert any(error.startswith("$.listenable") for error in marked(found))


def test_a_key_without_effect_says_so() -> None:
    finish = CONFIG.schema["$defs"]["finish"]["properties"]
    assert finish["showResults"] == {
        "default": False,
        "type": "boolean",
        "deprecated": True,
        "description": "Has no effect: listenable's page never shows results to listeners.",
    }


def test_choices_have_their_sentences() -> None:
    properties = CHOICES.schema["properties"]
    assert set(properties) == set(Choices.model_fields)
    assert properties["title"]["description"] == "Shown to participants."
    assert all("description" in described for described in properties.values())
    assert marked({"title": "A", "itmes": ["dog"]}, CHOICES) == [
        "$: Additional properties are not allowed ('itmes' was unexpected)"
    ]
