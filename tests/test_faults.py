"""A full disk and a folder that cannot be written: one sentence, exit code 2, and nothing half-written.

The limit on the size of a file (`RLIMIT_FSIZE`) stands in for a full disk: the system refuses the write in
the middle of a file. The superuser may write anywhere, so a file takes the place of the folder.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.warm import run_listenable, run_script

RATINGS = str(ROOT / "examples" / "analyse_webmushra" / "mushra.csv")
RECORDINGS = ROOT / "examples" / "lab_study" / "make_recordings.py"
SMALL = ["--classes", "3", "--clips", "5", "--seconds", "1"]
TRAIN = ["--preset", "tiny", "--set", "epochs=1", "--set", "steps_per_epoch=2", "--set", "batch_size=2"]
# What is written, how much fits into a file (bytes), and the command.
COMMANDS = {
    "soundscapes": ("out", 20_000, ["data", "soundscapes", "out", *SMALL]),
    "train": ("out", 30_000, ["train", "classifier", "--data", "sounds", *TRAIN, "--out", "out"]),
    "build": ("out", 20_000, ["study", "build", "recordings", "--out", "out"]),
    "analyze": ("out", 1_500, ["analyze", RATINGS, "--out", "out"]),
    "companion": ("out", 100_000, ["companion", "study", "study", "--out", "out"]),
    "export": ("out", 1_500, ["export", "study", "--format", "csv", "--out", "out"]),
    "pack": ("out.zip", 20_000, ["study", "pack", "study", "--out", "out.zip"]),
}


def listenable(words: list[str], folder: Path, fits: int | None = None) -> subprocess.CompletedProcess[str]:
    return run_listenable(words, folder, {"COLUMNS": "200"}, file_bytes=fits)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sounds, recordings and a study with ratings."""
    folder = tmp_path_factory.mktemp("faults")
    assert run_script(RECORDINGS, ["recordings"], folder).returncode == 0
    for words in (
        ["data", "soundscapes", "sounds", *SMALL],
        ["study", "build", "recordings", "--out", "study"],
        ["study", "simulate", "study", "--listeners", "3"],
        ["analyze", RATINGS, "--out", "warm"],
    ):
        done = listenable(words, folder)
        assert done.returncode == 0, done.stderr
    return folder


def said(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    sentence = done.stderr.strip().splitlines()[-1]
    assert sentence.startswith("Error: ")
    return sentence


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_and_then_room(ground: Path, name: str) -> None:
    out, fits, words = COMMANDS[name]
    before = {path.name for path in ground.iterdir()}
    sentence = said(listenable(words, ground, fits))
    # SQLite, which also writes when it is read, says it in its own words.
    assert any(words in sentence for words in ("File too large", "no space is left", "disk I/O error")), (
        sentence
    )
    left = [path for path in (ground / out).rglob("*") if path.is_file()] if (ground / out).is_dir() else []
    assert all(path.stat().st_size < fits or path.name.endswith(".part") for path in left), left
    assert {path.name for path in ground.iterdir()} - before <= {out}
    again = [*words, "--resume"] if name == "train" and (ground / out).exists() else words
    done = listenable(again, ground)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (ground / out).exists()
    subprocess.run(["rm", "-r", str(ground / out)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_folder_that_cannot_be_made(ground: Path, name: str) -> None:
    _, _, words = COMMANDS[name]
    (ground / "closed").write_text("a file, not a folder")
    sentence = said(
        listenable([f"closed/{word}" if word in ("out", "out.zip") else word for word in words], ground)
    )
    assert "closed" in sentence
    assert (ground / "closed").read_text() == "a file, not a folder"
