"""Temporary folders: those of a process that was killed are removed, others are left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from mushra_server.web.temporary import LEFTOVER_S, remove_abandoned, temporary_folder

KILLED = """
import os, signal, sys
from mushra_server.web.temporary import temporary_folder
with temporary_folder() as folder:
    (folder / "ratings.csv").write_text("p1,100")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def make_old(folder: Path) -> None:
    then = time.time() - LEFTOVER_S - 1
    os.utime(folder, (then, then))


@pytest.mark.skipif(os.name == "nt", reason="Windows removes nothing that is open")
def test_what_a_killed_process_had_is_removed_an_hour_later(place: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED], check=False)
    assert ended.returncode == -signal.SIGKILL
    (left,) = place.iterdir()
    assert (left / "ratings.csv").is_file() and left.stat().st_mode & 0o777 == 0o700
    remove_abandoned()
    assert left.exists(), "it may have been made just now"
    make_old(left)
    with temporary_folder() as folder:
        assert list(place.iterdir()) == [folder]
    assert list(place.iterdir()) == []


def test_what_is_in_use_and_what_others_made_stay(place: Path) -> None:
    (place / "listenable-results").mkdir()
    make_old(place / "listenable-results")
    with temporary_folder() as folder:
        make_old(folder)
        remove_abandoned()
        assert sorted(place.iterdir()) == sorted([folder, place / "listenable-results"])
