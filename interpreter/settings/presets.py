"""Presets: files that name every hyper-parameter, the disputed ones by their origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import yaml
from pydantic import ValidationError

from interpreter.errors import ConfigError
from interpreter.settings.configs import CONFIGS, TrainingConfig
from stimuli.validation import finding

PRESETS = ("tiny", "small", "paper")


def load_config(kind: str, preset: str, overrides: Sequence[str] = ()) -> TrainingConfig:
    """Return the settings of a training.

    The file `presets/variants.yaml` gives the disputed constants' values by origin, `presets/<preset>.yaml`
    names the origin and everything else. `overrides` come last, in order; `variant=official` among them
    sets all of that origin's constants.

    Args:
        kind: a key of `CONFIGS`.
        preset: one of `PRESETS`.
        overrides: `key=value` each; the value is YAML.

    Raises:
        ConfigError: an unknown kind, preset or key, or a value out of range.
    """
    if kind not in CONFIGS:
        raise ConfigError(f"unknown kind {kind!r}; expected one of {', '.join(CONFIGS)}")
    if preset not in PRESETS:
        raise ConfigError(f"unknown preset {preset!r}; expected one of {', '.join(PRESETS)}")
    variants = _read("variants")[kind]
    chosen = {**_read(preset)["all"], **_read(preset)[kind]}
    values = {**variants[chosen["variant"]], **chosen}
    for key, value in map(_parsed, overrides):
        if key == "variant" and value in variants:
            values |= variants[value]
        values[key] = value
    return make_config(kind, values, source=f"preset {preset}, {kind}")


def make_config(kind: str, values: Mapping[str, Any], source: str) -> TrainingConfig:
    """Check settings and return them.

    Args:
        kind: a key of `CONFIGS`.
        values: the settings by name.
        source: where they come from, for the message.

    Raises:
        ConfigError: a key that is missing or unknown, or a value out of range.
    """
    try:
        return CONFIGS[kind](**values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        known = ", ".join(CONFIGS[kind].model_fields)
        unknown = f"'{key}' is no setting; the settings are {known}"
        what = unknown if first["type"] == "extra_forbidden" else finding(key, first)
        raise ConfigError(f"{source}: {what}") from error


def _read(name: str) -> dict[str, Any]:
    text = files("interpreter").joinpath("presets", f"{name}.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def _parsed(override: str) -> tuple[str, Any]:
    key, equals, value = override.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {override}: expected key=value")
    try:
        return key.strip(), yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise ConfigError(f"--set {override}: the value cannot be read") from error
