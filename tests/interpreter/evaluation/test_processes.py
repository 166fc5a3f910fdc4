"""`listenable evaluate` in two processes, as torchrun starts them: what they make of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from interpreter.evaluation.run import evaluate_runs, limit_clips
from interpreter.evaluation.settings import Items
from listenable.cli import main
from stimuli import write_audio
from tests.warm import run_under_torchrun

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.slow


def evaluate_in_two(words):
    return run_under_torchrun([str(word) for word in words], ROOT, {"OMP_NUM_THREADS": "1"})


def test_two_processes_give_what_one_gives(plan, runs, dataset, tmp_path) -> None:
    """Under gloo on this machine: the same bytes, from half the work each."""
    alone = tmp_path / "alone.csv"
    evaluate_runs(replace(plan, setting="mixtures", methods=("smoothgrad",), seed=3), alone)
    words = ["evaluate", "--run", str(runs["lmac-td"]), "--method", "smoothgrad", "--data", str(dataset.root)]
    words += ["--setting", "mixtures", "--sanity", "2", "--batch-size", "2", "--seed", "3"]
    together = tmp_path / "together.csv"
    done = evaluate_in_two([*words, "--out", together])
    assert [one.returncode for one in done] == [0, 0], done
    for suffix in (".csv", ".items.csv"):
        assert alone.with_suffix(suffix).read_bytes() == together.with_suffix(suffix).read_bytes()


def test_a_damaged_file_that_one_process_meets_ends_both_with_its_sentence(
    runs, dataset, tmp_path, capsys
) -> None:
    """Of two items, only the second draws the damaged recording."""
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    write_audio(sounds / "good.wav", 0.1 * np.ones(8000, np.float32), 16000)
    (sounds / "bad.wav").write_bytes(b"no sound")
    clips = limit_clips(dataset.folds(4), 2)

    def drawn(item: int, seed: int) -> str:
        files = Items(clips, 16000, "id", seed=seed, sounds=sounds).files
        return files[int(np.random.default_rng([seed, item]).integers(len(files)))].name

    seed = next(seed for seed in range(99) if (drawn(0, seed), drawn(1, seed)) == ("good.wav", "bad.wav"))
    words = ["evaluate", "--run", runs["lmac-td"], "--data", dataset.root, "--setting", "id", "--limit", 2]
    words += ["--noise", sounds, "--seed", seed, "--batch-size", 1, "--out", tmp_path / "t.csv"]
    done = evaluate_in_two(words)
    assert [one.returncode for one in done] == [2, 2], done
    said = "".join(one.stderr for one in done)
    assert "bad.wav: not a readable sound file" in said
    assert "Traceback" not in said
    with pytest.raises(SystemExit, match="2"):
        main([str(word) for word in words])
    assert "bad.wav: not a readable sound file" in capsys.readouterr().err
