"""Every example is run, as its page says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.warm import run_listenable, run_script

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
    for words in steps(page):
        if words[0] == "listenable":
            done = run_listenable(words[1:], tmp_path)
        else:
            done = run_script(ROOT / words[1], words[2:], tmp_path)
        # A check that ends with warnings has exit code 1.
        allowed = (0, 1) if words[:3] == ["listenable", "study", "check"] else (0,)
        assert done.returncode in allowed, f"{shlex.join(words)}\n{done.stdout}{done.stderr}"


def script(name: str, folder: Path, *words: str) -> str:
    done = run_script(ROOT / "examples" / f"{name}.py", words, folder, {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_stimuli_become_a_study_that_is_rated(tmp_path: Path) -> None:
    levels = re.findall(r"(-\d+\.\d) LUFS", script("make_stimuli", tmp_path, "sounds"))
    assert len(levels) == 10 and len(set(levels)) == 1, "all are equally loud"
    plan = script("build_a_study", tmp_path, "sounds", "study")
    heard = [
        set(part.split(": ")[1].split())
        for part in re.findall(r"\w+: [\w -]+", plan.split("listener 1 hears ")[1])
    ]
    assert all(conditions >= {"reference", "anchor35", "anchor70", "quiet-noise"} for conditions in heard)
    rows = script("serve_and_rate", tmp_path, "study").splitlines()
    # Two trials, and one of them before for training.
    assert len(rows) == 1 + 3 * 5 and all(row.split()[-2:] == ["50.0", "True"] for row in rows[1:])


@pytest.mark.slow
def test_scores_of_the_example_ratings(tmp_path: Path) -> None:
    ratings = str(ROOT / "examples" / "analyse_webmushra" / "mushra.csv")
    out = script("mos_from_ratings", tmp_path, ratings, "mos.svg")
    # The numbers of docs/analysis.md, which a doctest compares with the code.
    assert out.startswith("1 of 12 listeners are left out.")
    assert (
        re.search(r"lmac-td 74\.5 +67\.7 +81\.3", out)
        and "p = 0.0002, Holm (new listeners and items)." in out
    )
    assert "SIMULATED" in (tmp_path / "mos.svg").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_explanation_of_a_classifier_whose_answer_is_known(tmp_path: Path) -> None:
    out = script("explain_a_classifier", tmp_path, "explained")
    found = re.search(r"clip, (-?[\d.]+) dB louder", out)
    assert found and float(found.group(1)) > 20
    kept, rate = soundfile.read(tmp_path / "explained" / "interpretation.wav")
    spectrum = np.abs(np.fft.rfft(kept))
    assert rate == 16_000 and np.argmax(spectrum) == 4000, "one second: the bin is the frequency in Hz"
