"""The environment of peers that cannot share ours: made on first use, then kept; left out if pip fails."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("peers.txt")
FOLDER = Path(__file__).resolve().parents[2] / ".venv-peers"


def peers_python() -> Path | None:
    """Return the interpreter of the peers' environment, or None if pip cannot make it."""
    python = FOLDER / "bin" / "python"
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    made = FOLDER / "made-from.txt"
    if made.exists() and made.read_text(encoding="utf-8") == wanted:
        return python
    print("making the peers' environment ...", file=sys.stderr, flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    commands = (
        [sys.executable, "-m", "venv", str(FOLDER)],
        [str(python), "-m", "pip", "install", "--quiet", "--requirement", str(REQUIREMENTS)],
    )
    try:
        for command in commands:
            subprocess.run(command, check=True, stdout=sys.stderr)
    except (OSError, subprocess.CalledProcessError):
        shutil.rmtree(FOLDER, ignore_errors=True)
        return None
    # Written last: an environment that was interrupted half-way is made again.
    made.write_text(wanted, encoding="utf-8")
    return python
