"""Threads that sleep while they wait, in scripts too, and as many as were asked for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from interpreter.threads import limit_threads

_CODE = """
import os
import interpreter
print(os.environ["OMP_WAIT_POLICY"], os.environ["GOMP_SPINCOUNT"])
"""


@pytest.mark.parametrize(
    ("given", "found"), [({}, "passive 20000"), ({"OMP_WAIT_POLICY": "active"}, "active")]
)
def test_a_script_that_imports_the_package_has_threads_that_yield(given: dict[str, str], found: str) -> None:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("OMP", "GOMP"))}
    command = [sys.executable, "-c", _CODE]
    out = subprocess.run(command, env={**clean, **given}, capture_output=True, text=True, check=True).stdout
    assert out.startswith(found)


def test_the_number_of_threads_comes_back() -> None:
    before = torch.get_num_threads()
    with pytest.raises(RuntimeError), limit_threads(before + 2):
        assert torch.get_num_threads() == before + 2
        raise RuntimeError
    assert torch.get_num_threads() == before
    with limit_threads(None):
        assert torch.get_num_threads() == before
