"""The wheel: every file of the packages is in it, nothing else, and it serves and analyses without torch."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.request
import zipfile
from email import message_from_bytes
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.servers import hears_ctrl_c

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
        ["git", "ls-files", *PACKAGES, "listenable"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    tracked = {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}
    assert tracked <= held, tracked - held
    assert {name.split("/")[0] for name in held} == {*PACKAGES, "listenable"}
    endings = {Path(name).suffix for name in held}
    assert {".py", ".html", ".css", ".js", ".yaml", ".typed", ".svg"} <= endings


def required_by(wheel: zipfile.ZipFile) -> list[str]:
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    about = message_from_bytes(wheel.read(name))
    return [line for line in about.get_all("Requires-Dist", []) if "extra ==" not in line]


@pytest.mark.slow
def test_what_it_asks_for(wheel: zipfile.ZipFile) -> None:
    base = required_by(wheel)
    assert any(line.startswith("flask") for line in base)
    assert not [line for line in base if line.startswith(("torch", "lightning", "captum"))]
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt"))
    entry = wheel.read(name).decode()
    assert "listenable = listenable.cli:main" in entry


def find_requirements(lines: list[str]) -> dict[str, Distribution]:
    """Return what requirements ask for, and what that asks for, as it is installed here."""
    found: dict[str, Distribution] = {}
    wanted = {(one.name, extra) for one in map(Requirement, lines) for extra in ("", *one.extras)}
    asked = set[tuple[str, str]]()
    while wanted:
        name, extra = wanted.pop()
        asked.add((name, extra))
        found[name] = distribution(name)
        for one in map(Requirement, found[name].requires or []):
            if one.marker is None or one.marker.evaluate({"extra": extra}):
                wanted |= {(one.name, more) for more in ("", *one.extras)} - asked
    return found


def install_wheel(python: Path, wheel: str, requirements: list[str]) -> None:
    """Install a wheel, and beside it links to what it asks for and nothing else."""
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", wheel]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    where = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip())
    for one in find_requirements(requirements).values():
        for name in {path.parts[0] for path in one.files or [] if path.parts[0] != ".."} - {"__pycache__"}:
            if not (packages / name).exists():
                (packages / name).symlink_to(one.locate_file(name))


@pytest.mark.slow
@pytest.mark.release
def test_a_fresh_environment_builds_serves_and_analyses_without_torch(
    wheel: zipfile.ZipFile, tmp_path: Path
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    install_wheel(python, str(wheel.filename), required_by(wheel))

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert run(str(python), "-c", "import torch").returncode == 1
    listenable = str(python.with_name("listenable"))
    assert run(str(python), str(ROOT / "examples/lab_study/make_recordings.py"), "sounds").returncode == 0
    built = run(listenable, "study", "build", "sounds", "--out", "study")
    assert built.returncode == 0, built.stderr
    ratings = str(ROOT / "examples/analyse_webmushra/mushra.csv")
    analysed = run(listenable, "analyze", ratings, "--out", "report")
    assert analysed.returncode == 0, analysed.stderr
    assert (tmp_path / "report" / "index.html").is_file()
    trained = run(listenable, "train", "classifier", "--data", "sounds", "--out", "run")
    assert trained.returncode == 2
    assert 'install it with pip install "listenable[interpreter]"' in " ".join(trained.stderr.split())

    server = subprocess.Popen(
        [listenable, "serve", "study", "--port", "0"], cwd=tmp_path, stdout=subprocess.PIPE, text=True,
        preexec_fn=hears_ctrl_c,
    )  # fmt: skip
    assert server.stdout is not None
    try:
        addresses = (re.search(r"Participants:\s+(http\S+)", line) for line in server.stdout)
        address = next(found[1] for found in addresses if found)
        with urllib.request.urlopen(address, timeout=10) as answer:
            assert answer.status == 200
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.communicate(timeout=30)
        finally:
            server.kill()
    assert server.returncode == 0
