from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from study_builder.commands.study import study as app
from study_builder.config import StudyConfig
from study_builder.errors import StudyError

MakeFolder = Callable[..., Path]
run = CliRunner().invoke


def test_a_lab_with_its_own_sounds_builds_checks_and_packs(make_folder: MakeFolder, tmp_path: Path) -> None:
    out = tmp_path / "study"
    flags = [
        "--title",
        "Codecs",
        "--seed",
        "3",
        "--conditions",
        "saliency,lmac",
        "--training-items",
        "sound-2",
    ]
    result = run(app, ["build", str(make_folder()), "--out", str(out), *flags, "--jobs", "1"])
    assert result.exit_code == 0, result.output
    config = StudyConfig.load(out)
    assert (config.title, config.options.seed) == ("Codecs", 3)
    assert config.options.provenance["stimuli_set"] == "sounds"
    checked = run(app, ["check", str(out), "--jobs", "1"])
    assert (checked.exit_code, "0 errors, 0 warnings" in checked.output) == (0, True)
    shown = run(app, ["balance", str(out), "--listeners", "10"])
    assert "a condition of an item is at one place" in shown.output
    packed = run(app, ["pack", str(out)])
    assert packed.exit_code == 0
    assert (tmp_path / "study.zip").is_file()


def test_check_speaks_json_and_its_exit_code_says_what_it_found(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    out = tmp_path / "study"
    run(app, ["build", str(make_folder(items=1)), "--out", str(out), "--no-anchors", "--jobs", "1"])
    result = run(app, ["check", str(out), "--json", "--jobs", "1"])
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert {"no-low-anchor", "few-items"} <= {finding["code"] for finding in found["findings"]}
    (out / "audio/sound-1/lmac.wav").unlink()
    assert run(app, ["check", str(out), "--jobs", "1"]).exit_code == 2


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--no-reference", "--open-reference"], "--no-reference and --open-reference contradict each other"),
        (["--keep-levels", "--target-lufs", "-20"], "--keep-levels and --target-lufs contradict each other"),
        (
            ["--order", "latin"],
            "--order: 'order' is 'latin'; expected 'williams', 'random' or 'fixed'",
        ),
        (["--layout", "x"], "--layout: 'layout' is 'x'"),
    ],
)
def test_contradicting_or_unknown_flags_are_one_sentence(
    make_folder: MakeFolder, tmp_path: Path, flags: list[str], message: str
) -> None:
    result = run(app, ["build", str(make_folder(items=1)), "--out", str(tmp_path / "study"), *flags])
    assert isinstance(result.exception, StudyError)
    assert result.exception.exit_code == 2
    assert message in str(result.exception)


def test_a_quality_that_is_no_number_is_one_sentence(tmp_path: Path) -> None:
    result = run(app, ["simulate", str(tmp_path), "--quality", "gradcam"])
    assert str(result.exception) == "--quality is 'gradcam'; expected name=score, such as gradcam=40"


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("study_builder", ["numpy", "torch", "pydantic"]),
        ("study_builder.config, study_builder.design", ["torch", "soundfile", "pandas", "scipy", "soxr"]),
        (
            "study_builder.building.build, study_builder.checks.study, study_builder.building.archive, "
            "study_builder.simulation.rehearsal",
            ["torch", "flask"],
        ),
    ],
)
def test_imports_stay_light(module: str, absent: list[str]) -> None:
    code = f"import sys, {module}; print([name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
