"""Presets: files that name every hyper-parameter, the disputed ones by their origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib.resources import files
from typing import Any

import yaml
from pydantic import ValidationError

from interpreter.errors import ConfigError
from interpreter.explainers.registry import KINDS, record_of
from interpreter.kinds.config import TrainingConfig
from interpreter.kinds.kind import C
from stimuli.validation import describe_finding

PRESETS = ("tiny", "small", "paper")


def load_config(kind: str, preset: str, overrides: Sequence[str] = ()) -> TrainingConfig:
    """Return the settings of a training.

    The file `presets/variants.yaml` gives the disputed constants' values by origin, `presets/<preset>.yaml`
    names the origin and everything else; what they leave out has the default of the kind's own class.
    `overrides` come last, in order; `variant=official` among them sets all of that origin's constants.

    Args:
        kind: a key of `KINDS`.
        preset: one of `PRESETS`.
        overrides: `key=value` each; the value is YAML.

    Raises:
        ConfigError: an unknown kind, preset or key, or a value out of range.
    """
    if kind not in KINDS:
        raise ConfigError(f"unknown kind {kind!r}; expected one of {', '.join(KINDS)}")
    if preset not in PRESETS:
        raise ConfigError(f"unknown preset {preset!r}; expected one of {', '.join(PRESETS)}")
    variants = _read("variants").get(kind, {})
    sections = _read(preset)
    chosen = {**sections["all"], **sections.get(kind, {})}
    values = {**variants.get(chosen["variant"], {}), **chosen}
    for key, value in map(_parse, overrides):
        if key == "variant" and isinstance(value, str):
            values |= variants.get(value, {})
        values[key] = value
    config: TrainingConfig = make_config(record_of(kind).config, values, f"preset {preset}, {kind}")
    return config


def make_config(config: type[C], values: Mapping[str, Any], source: str) -> C:
    """Check settings and return them.

    Args:
        config: the settings' class.
        values: the settings by name.
        source: where they come from, for the message.

    Raises:
        ConfigError: a key that is missing or unknown, or a value out of range.
    """
    try:
        return config(**values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        near = get_close_matches(key, config.model_fields, n=1)
        others = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(config.model_fields)}"
        unknown = f"unknown setting {key!r}; {others}"
        what = unknown if first["type"] == "extra_forbidden" else describe_finding(key, first)
        raise ConfigError(f"{source}: {what}") from error


def _read(name: str) -> dict[str, Any]:
    text = files("interpreter").joinpath("presets", f"{name}.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def _parse(override: str) -> tuple[str, Any]:
    key, equals, value = override.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {override}: expected key=value")
    try:
        return key.strip(), yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise ConfigError(f"--set {override}: not valid YAML") from error
