"""Two processes train what one process trains."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from interpreter.runs import read_tensors

COMMAND = Path(__file__).resolve().parents[2] / "listenable.py"


def _train(out: Path, data: Path, classifier: Path, devices: int) -> None:
    settings = ("epochs=2", "steps_per_epoch=3", "batch_size=4", "duration_s=0.6", "validation_share=0.2")
    arguments = ["train", "lmac-td", "--data", data, "--classifier", classifier, "--out", out]
    arguments += ["--accelerator", "cpu", "--devices", devices, "--no-progress"]
    for setting in settings:
        arguments += ["--set", setting]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *map(str, [COMMAND, *arguments])],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
def test_two_gloo_processes_give_the_loss_of_one(
    soundscapes: Path, classifier_run: Path, tmp_path: Path
) -> None:
    losses = []
    for devices in (1, 2):
        out = tmp_path / f"on-{devices}"
        _train(out, soundscapes, classifier_run, devices)
        assert not (out / "checkpoints").exists()
        rows = csv.DictReader((out / "metrics.csv").read_text().splitlines())
        losses.append([float(row[name]) for row in rows for name in ("train_loss", "valid_loss")])
    assert len(losses[0]) == 4
    assert losses[1] == pytest.approx(losses[0], rel=1e-4, abs=1e-4)
    one, two = (read_tensors(tmp_path / f"on-{devices}" / "checkpoint.pt") for devices in (1, 2))
    for name, tensor in one.items():
        assert (tensor - two[name]).abs().max() < 1e-3, name
