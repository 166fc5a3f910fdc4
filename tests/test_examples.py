"""Every example is run, as its page says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = sorted((ROOT / "examples").rglob("README.md"))


def steps(page: Path) -> list[list[str]]:
    text = page.read_text(encoding="utf-8")
    return [shlex.split(line) for block in FENCE.findall(text) for line in block.splitlines() if line.strip()]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_example(page: Path, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for words in steps(page):
        program = [sys.executable, "-m", "listenable"] if words[0] == "listenable" else [sys.executable]
        done = subprocess.run(
            [*program, *words[1:]], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        # A check that ends with warnings has exit code 1.
        allowed = (0, 1) if words[:3] == ["listenable", "study", "check"] else (0,)
        assert done.returncode in allowed, f"{shlex.join(words)}\n{done.stdout}{done.stderr}"
