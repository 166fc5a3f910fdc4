"""Names cost nothing; a class comes with its name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from interpreter.explainers.gradient.by_name import GRADIENT_METHODS


def test_every_method_is_found_under_its_own_name() -> None:
    assert all(method.name == name for name, method in GRADIENT_METHODS.items())
    assert len(GRADIENT_METHODS) == 11
    assert "lmac" not in GRADIENT_METHODS and "gradcam" in GRADIENT_METHODS
    with pytest.raises(KeyError):
        GRADIENT_METHODS["lmac"]


def test_what_loads_runs_loads_neither_captum_nor_pyplot() -> None:
    program = (
        "import sys, interpreter.evaluation.comparison, interpreter.recordings.explain_files\n"
        "print([name for name in ('captum', 'matplotlib.pyplot', 'lightning', 'pandas', 'scipy.signal')\n"
        "       if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
