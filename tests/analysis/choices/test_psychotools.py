"""R's psychotools as a witness of the scales of pairs, on machines that have it."""

from __future__ import annotations

import shutil
import subprocess
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.choices.bradley_terry import fit_bradley_terry, fit_davidson
from analysis.choices.pairs import count_pairs
from tests.analysis.choices.simulated import draw_pairs

SCRIPT = """
suppressMessages(library(psychotools))
choices <- as.matrix(read.csv(commandArgs(TRUE)[1]))
pairs <- paircomp(choices, labels = c("c0", "c1", "c2", "c3"))
fit <- btmodel(pairs, undecided = any(choices == 0))
cat(format(c(coef(fit), sqrt(diag(vcov(fit)))), digits = 12), sep = "\\n")
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("Rscript") is None
        or subprocess.run(
            ["Rscript", "-e", "library(psychotools)"], capture_output=True, check=False
        ).returncode
        != 0,
        reason="R and its package psychotools are not installed (apt-get install r-cran-psychotools)",
    ),
]


def by_psychotools(pairs: pd.DataFrame, folder: Path) -> list[float]:
    """Return R's log strengths against the last condition, then its log of nu, then standard errors."""
    signs = pairs.assign(sign=2 * pairs["choice"] - 1)
    columns = {}
    for a, b in combinations(range(4), 2):
        rows = signs[signs[["first", "second"]].isin([f"c{a}", f"c{b}"]).all(axis=1)]
        forwards = rows["first"] == f"c{a}"
        # In the order of psychotools: 1:2, 1:3, 2:3, 1:4, ...
        columns[b, a] = (rows["sign"].where(forwards, -rows["sign"])).to_numpy()
    table = pd.DataFrame({f"{a}:{b}": columns[b, a] for b, a in sorted(columns)})
    table.to_csv(folder / "choices.csv", index=False)
    done = subprocess.run(
        ["Rscript", "-e", SCRIPT, str(folder / "choices.csv")], capture_output=True, text=True, check=True
    )
    return [float(line) for line in done.stdout.split()]


@pytest.mark.parametrize("ties", [0.0, 0.6])
def test_log_strengths_and_their_errors(tmp_path: Path, ties: float) -> None:
    pairs = draw_pairs([0.0, 0.8, -0.5, 0.3], ties=ties)
    counts = count_pairs(pairs)
    wins, tied = counts.wins.sum(axis=0), counts.ties.sum(axis=0)
    fit = fit_davidson(wins, tied) if ties else fit_bradley_terry(wins)
    expected = by_psychotools(pairs, tmp_path)
    against = np.eye(4)[:3] - np.eye(4)[3]
    if ties:
        assert fit.log_tie is not None
        against = np.block([[against, np.zeros((3, 1))], [np.zeros((1, 4)), np.ones((1, 1))]])
    values = against @ (fit.worths if fit.log_tie is None else np.append(fit.worths, fit.log_tie))
    errors = np.sqrt(np.diag(against @ fit.covariance @ against.T))
    assert [*values, *errors] == pytest.approx(expected, abs=1e-5)
