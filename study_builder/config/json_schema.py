"""The JSON schema of config.yaml, by which an editor completes its keys and marks what is wrong.

It is made of the models that read the file, so that it has no key of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from study_builder.choice_texts import CHOICE_TEXTS
from study_builder.config import webmushra
from study_builder.config.options import SessionSettings, StudyOptions
from study_builder.config.page_types import PAGE_TYPES, LikertPage
from study_builder.config.study import StudyConfig
from study_builder.config.webmushra import Keys

Schema = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def describe_config() -> Schema:
    """Return the JSON schema of a study's config.yaml.

    Keys have webMUSHRA's names. One that has no effect is marked as deprecated, with the reason.

    Returns:
        A schema of the draft 2020-12, with a definition for each page type.
    """
    properties = _in_wire_names(StudyConfig.model_json_schema(), webmushra.STUDY)
    properties["pages"] = {"type": "array", "items": {"$ref": "#/$defs/entry"}}
    properties[webmushra.OURS] = describe_settings(StudyOptions)
    return {
        "$schema": DRAFT,
        "title": "A listening test: the config.yaml of webMUSHRA and listenable",
        "type": "object",
        "properties": properties,
        "required": ["pages"],
        "additionalProperties": False,
        "$defs": {
            "entry": {
                "if": {"type": "array"},
                "then": {"$ref": "#/$defs/block"},
                "else": {"$ref": "#/$defs/page"},
            },
            "block": {
                "description": "Pages that stay together; `random` first shuffles them for each session.",
                "items": {"if": {"const": webmushra.RANDOM}, "else": {"$ref": "#/$defs/entry"}},
            },
            "page": {
                "type": "object",
                "required": ["type"],
                "properties": {"type": {"enum": list(PAGE_TYPES)}},
                "allOf": [
                    {
                        "if": {"properties": {"type": {"const": kind}}},
                        "then": {"$ref": f"#/$defs/{kind}"},
                    }
                    for kind in PAGE_TYPES
                ],
            },
            **{kind: _describe_page(kind) for kind in PAGE_TYPES},
        },
    }


def describe_settings(model: type[SessionSettings]) -> Schema:
    """Return the JSON schema of a model of settings, each with the sentence that the help has for it."""
    schema = _inline(model)
    for name, described in schema["properties"].items():
        if name in CHOICE_TEXTS:
            described["description"] = CHOICE_TEXTS[name]
    return schema


def _describe_page(kind: str) -> Schema:
    model = PAGE_TYPES[kind]
    keys = webmushra.PAGES[kind]
    schema = _inline(model)
    properties = _in_wire_names(schema, keys)
    for key, reason in {**keys.ignored, **keys.idle}.items():
        properties[key] |= {"deprecated": True, "description": f"Has no effect: {reason}."}
    if issubclass(model, LikertPage):  # one scale may be written without the list around it
        scales = properties["response"]
        properties["response"] = {"anyOf": [scales, scales["items"]]}
    required = {key for key, name in keys.fields.items() if name in schema.get("required", ())}
    return {
        "description": schema["description"].split("\n\n")[0],
        "type": "object",
        "properties": properties,
        "required": sorted({"type", *required}),
        "additionalProperties": False,
    }


def _in_wire_names(schema: Schema, keys: Keys) -> dict[str, Schema]:
    """Return an object's properties under the names that a file has, down to the nested objects."""
    properties = {key: schema["properties"].get(name, {}) for key, name in keys.fields.items()}
    for key, inner in keys.nested.items():
        properties[key] = _rename_nested(properties[key], inner)
    return properties


def _rename_nested(schema: Any, keys: Keys) -> Any:
    if isinstance(schema, list):
        return [_rename_nested(one, keys) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "properties" in schema:
        return {**schema, "properties": _in_wire_names(dict(schema), keys)}
    return {name: _rename_nested(value, keys) for name, value in schema.items()}


def _inline(model: type[BaseModel]) -> Schema:
    """Return a model's schema with every definition where it is used."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})

    def resolve(part: Any) -> Any:
        if isinstance(part, list):
            return [resolve(one) for one in part]
        if not isinstance(part, Mapping):
            return part
        here = {name: resolve(value) for name, value in part.items() if not _is_made_up(name, value)}
        if "$ref" in part:
            return {**resolve(definitions[part["$ref"].removeprefix("#/$defs/")]), **here}
        return here

    found: Schema = resolve(schema)
    return found


def _is_made_up(name: str, value: Any) -> bool:
    """Whether a part of a schema says nothing to an editor: a reference, or a title made of a key's name."""
    return name in ("$ref", "title") and isinstance(value, str)
