from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from study_builder.building.choices import Choices
from study_builder.commands.study import study as app
from study_builder.config.options import StudyOptions
from study_builder.config.page_types import PAGE_TYPES

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDE = (DOCS / "study.md").read_text(encoding="utf-8")


def test_every_choice_is_in_the_guide() -> None:
    for name in Choices.model_fields:
        assert re.search(rf"`{name}`|^{name}:|`{name}: ", GUIDE, re.MULTILINE), name


def test_the_guides_file_of_choices_is_read(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    path = tmp_path / "choices.yaml"
    path.write_text(example)
    choices = Choices.load(path)
    assert choices.items_per_session == 4
    assert [scale.name for scale in choices.scales] == ["speech", "noise"]
    assert choices.questionnaire is not None and len(choices.questionnaire) == 2
    assert set(yaml.safe_load(example)) <= set(Choices.model_fields)


@pytest.mark.parametrize("command", ["build", "adopt", "check", "balance", "simulate", "pack"])
def test_every_command_and_flag_of_the_guide_exists(command: str) -> None:
    assert f"listenable study {command} " in GUIDE
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "400", "TERM": "dumb"}).output
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    for line in re.findall(rf"listenable study {command} .*", GUIDE):
        for flag in re.findall(r"(--[a-z][a-z-]+)", line.split("`")[0]):
            assert flag in plain, flag


def test_every_flag_of_building_is_a_choice_or_in_the_guide() -> None:
    shown = CliRunner().invoke(app, ["build", "--help"], env={"COLUMNS": "400", "TERM": "dumb"}).output
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    for flag in set(re.findall(r"(--[a-z][a-z-]+)", GUIDE.split("### A file of choices")[0])):
        if flag not in ("--listeners", "--port", "--exclude"):
            assert flag in plain, flag


def test_every_page_type_is_in_the_guide() -> None:
    assert all(kind in GUIDE for kind in PAGE_TYPES)


def test_every_key_of_our_block_is_in_the_formats() -> None:
    formats = (DOCS / "formats.md").read_text(encoding="utf-8")
    for name in StudyOptions.model_fields:
        assert f"`{name}`" in formats, name
