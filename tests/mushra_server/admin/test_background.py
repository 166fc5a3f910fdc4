"""Processes beside the server are the first that the system ends when memory runs out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mushra_server.admin.background import NICENESS

STARTS = re.compile(r'__name__ == "__main__":\n    (step_back|end_first)\(\)\n')
STEPS_BACK = "import os; from mushra_server.admin.background import step_back as f; f(); print(os.nice(0))"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such score")
def test_a_process_steps_back() -> None:
    code = f"{STEPS_BACK}; print(open('/proc/self/oom_score_adj').read())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == [str(NICENESS), "1000"]


def test_every_process_beside_the_server_does() -> None:
    root = Path(__file__).parents[3] / "mushra_server"
    workers = [path for path in root.rglob("*.py") if '__name__ == "__main__"' in path.read_text("utf-8")]
    assert len(workers) == 4
    assert [path.name for path in workers if not STARTS.search(path.read_text("utf-8"))] == []
