"""The tables for a paper: what LaTeX takes as text, and that it does."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from analysis.models.compare import compare
from analysis.models.mos import mos
from analysis.report.latex import escape, latex_comparisons, latex_mos

ODD = r"A_1 & 50 % of {x} <y> #2 $~^\ |z"


def test_signs_that_latex_would_take_for_commands_or_other_letters() -> None:
    assert escape("<0.0001 − 3") == "$<$0.0001 $-$ 3"
    assert escape("a|b & 5 %_#") == r"a\textbar{}b \& 5 \%\_\#"


@pytest.mark.slow
def test_the_tables_compile(mushra: pd.DataFrame, tmp_path: Path) -> None:
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is missing (Debian's texlive-latex-base)")
    named = mushra.assign(label=mushra["label"].replace("good", ODD))
    tables = latex_mos(mos(named)) + latex_comparisons(compare(named, against="anchor35"))
    assert "$-$" in tables and not re.search(r"(?<![\w-])-\d", tables), "minus signs are not hyphens"
    text = rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}{tables}\end{{document}}"
    (tmp_path / "paper.tex").write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "paper.pdf").is_file()
