"""Presets name every setting; a setting that cannot be used is named."""

from __future__ import annotations

import pytest

from interpreter.errors import ConfigError
from interpreter.explainers.registry import KINDS, record_of
from interpreter.settings.presets import PRESETS, load_config


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("kind", list(KINDS))
def test_every_preset_names_every_setting(preset: str, kind: str) -> None:
    config = load_config(kind, preset)
    assert set(config.model_dump()) == set(record_of(kind).config.model_fields)
    for variant in ("paper", "official", "ours"):
        assert load_config(kind, preset, [f"variant={variant}"]).variant == variant


def test_published_constants_come_with_their_variant() -> None:
    paper, official = (load_config("lmac-td", "paper", [f"variant={name}"]) for name in ("paper", "official"))
    found = [
        [getattr(config, name) for name in ("lambda_in", "lambda_out", "lambda_reg", "alpha", "regulariser")]
        for config in (paper, official)
    ]
    assert found == [[5, 0.2, 6, 0.75, "mean-l1"], [4, 0.2, 0.4, 1, "mean-log"]]
    last = load_config("lmac-td", "tiny", ["alpha=0", "variant=official", "lambda_in=2"])
    assert getattr(last, "alpha") == 1 and getattr(last, "lambda_in") == 2  # noqa: B009


def test_settings_that_cannot_be_used_are_named() -> None:
    with pytest.raises(ConfigError, match=r"unknown kind 'flint'; expected one of classifier"):
        load_config("flint", "tiny")
    with pytest.raises(ConfigError, match=r"unknown preset 'huge'; expected one of tiny, small, paper"):
        load_config("lmac", "huge")
    with pytest.raises(ConfigError, match=r"'alpha' is 2; expected 1 or less"):
        load_config("lmac-td", "tiny", ["alpha=2"])
    with pytest.raises(ConfigError, match=r"unknown setting 'alhpa'; did you mean 'alpha'\?$"):
        load_config("lmac-td", "tiny", ["alhpa=1"])
    with pytest.raises(ConfigError, match=r"--set alpha: expected key=value"):
        load_config("lmac-td", "tiny", ["alpha"])
    with pytest.raises(ConfigError, match=r"'variant' is \['ours'\]; expected 'paper', 'official' or 'ours'"):
        load_config("lmac", "tiny", ["variant=[ours]"])
