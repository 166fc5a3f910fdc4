"""The wheel: every file of the packages is in it, nothing else, and it asks for no torch."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("stimuli", "interpreter", "study_builder", "mushra_server", "analysis")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(folder),
        str(ROOT),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No matching distribution found for hatchling" in done.stderr:
        pytest.skip("needs hatchling, which pip cannot fetch here")
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(next(folder.glob("listenable-*.whl")))


@pytest.mark.slow
def test_the_wheel_holds_the_packages_whole_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    listed = subprocess.run(
        ["git", "ls-files", *PACKAGES, "listenable.py", "listenable_demo.py"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    tracked = {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}
    assert tracked <= held, tracked - held
    assert {name.split("/")[0] for name in held} == {*PACKAGES, "listenable.py", "listenable_demo.py"}
    endings = {Path(name).suffix for name in held}
    assert {".py", ".html", ".css", ".js", ".yaml", ".typed", ".svg"} <= endings


@pytest.mark.slow
def test_what_it_asks_for(wheel: zipfile.ZipFile) -> None:
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    about = message_from_bytes(wheel.read(name))
    base = [line for line in about.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert any(line.startswith("flask") for line in base)
    assert not [line for line in base if line.startswith(("torch", "lightning", "captum"))]
    entry = wheel.read(name.replace("METADATA", "entry_points.txt")).decode()
    assert "listenable = listenable:main" in entry
