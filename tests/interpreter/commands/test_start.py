"""How fast a command starts: what explaining a file imports, and how little time goes into collecting."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

RELEASE = ROOT / "tests" / "releases" / "0.1.0"

_CODE = """
import gc, sys
import listenable.cli
collected = []
gc.callbacks.append(lambda phase, info: collected.append(info["generation"]) if phase == "stop" else None)
try: listenable.cli.main(sys.argv[1:])
except SystemExit as end: print("exit code", end.code or 0)
heavy = ("scipy.signal", "scipy.stats", "matplotlib.pyplot", "captum", "lightning", "pandas", "torchaudio")
print("heavy", [name for name in heavy if name in sys.modules])
print("whole collections", collected.count(2))
"""


def test_explaining_a_file_imports_only_what_it_needs(tmp_path: Path) -> None:
    words = [
        "explain",
        RELEASE / "clip.wav",
        "--run",
        RELEASE / "runs" / "lmac-td",
        "--out",
        tmp_path / "out",
    ]
    command = [sys.executable, "-c", _CODE, *map(str, words)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "exit code 0" in out
    assert "heavy []" in out
    assert "whole collections 0" in out
    assert (tmp_path / "out" / "clip" / "explanation.png").is_file()
