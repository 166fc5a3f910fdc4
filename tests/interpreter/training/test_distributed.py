"""Two processes train what one process trains: an explainer to rounding, a classifier nearly."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from interpreter.distributed import rank
from interpreter.runs.tensor_files import read_tensors
from interpreter.training.request import Engine, Request
from interpreter.training.train import train

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = ("epochs=2", "steps_per_epoch=3", "batch_size=4", "duration_s=0.6", "validation_share=0.2")
KINDS = {"lmac-td": (), "classifier": ("embedding_dim=32", "keep=best")}
"""What explains and what is explained; every explainer is trained by the same lines."""

SCRIPT = """
import os, sys, time
from pathlib import Path
import torch
from interpreter.training.request import Engine
from tests.interpreter.training.test_distributed import train_all
read = torch.load
def load(path, *arguments, **options):
    if os.environ.get("LOCAL_RANK") == "1" and str(path).endswith("best.ckpt"):
        time.sleep(3)  # by then the first process has removed it
    return read(path, *arguments, **options)
torch.load = load
data, classifier, out = map(Path, sys.argv[1:])
train_all(data, classifier, out, Engine("cpu", 2, threads=1))
"""


def train_all(data: Path, classifier: Path, out: Path, engine: Engine) -> None:
    for kind, settings in KINDS.items():
        explained = None if kind == "classifier" else classifier
        train(Request(kind, data, out / kind, overrides=(*SETTINGS, *settings), classifier=explained), engine)


def _losses(run: Path) -> list[float]:
    rows = csv.DictReader((run / "metrics.csv").read_text().splitlines())
    return [float(row[name]) for row in rows for name in ("train_loss", "valid_loss")]


@pytest.mark.slow
@pytest.mark.release
def test_two_gloo_processes_train_what_one_trains(
    soundscapes: Path, classifier_run: Path, tmp_path: Path
) -> None:
    one, two, script = tmp_path / "one", tmp_path / "two", tmp_path / "train_all.py"
    train_all(soundscapes, classifier_run, one, Engine("cpu", threads=1))
    script.write_text(SCRIPT)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *map(str, [script, soundscapes, classifier_run, two])],
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Error" not in done.stderr
    for kind in KINDS:
        losses = [_losses(run / kind) for run in (one, two)]
        assert len(losses[0]) == 4
        assert (two / kind / "run.json").is_file() and not (two / kind / "checkpoints").exists()
        if kind == "classifier":
            # partners, masks and dropout are drawn in each process, which normalises its own half of a batch
            assert losses[1] != pytest.approx(losses[0], rel=1e-4)
            assert losses[1] == pytest.approx(losses[0], rel=0.15)
            continue
        assert losses[1] == pytest.approx(losses[0], rel=1e-4, abs=1e-4), kind
        weights = [read_tensors(run / kind / "checkpoint.pt") for run in (one, two)]
        for name, tensor in weights[0].items():
            assert (tensor - weights[1][name]).abs().max() < 1e-3, name


class _Asked(Exception):
    pass


@pytest.mark.parametrize(
    ("variables", "number"),
    [
        ({}, 0),
        ({"RANK": "0", "LOCAL_RANK": "0"}, 0),
        ({"RANK": "4", "LOCAL_RANK": "0", "GROUP_RANK": "1"}, 4),
        ({"SLURM_PROCID": "3", "SLURM_LOCALID": "1"}, 3),
        ({"NODE_RANK": "0", "LOCAL_RANK": "1"}, 1),
        ({"NODE_RANK": "1", "LOCAL_RANK": "0"}, 1),
    ],
)
def test_only_the_first_of_several_processes_writes_before_they_are_connected(
    variables: dict[str, str],
    number: int,
    soundscapes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two that begin a run remove what a kill has left there, and took for it what the other was writing."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert rank() == number

    def asked(*_: object) -> None:
        raise _Asked

    monkeypatch.setattr("interpreter.training.train._fit", asked)
    settings = ("embedding_dim=32", "duration_s=0.6", "batch_size=2")
    with pytest.raises(_Asked):
        train(Request("classifier", soundscapes, tmp_path / "run", overrides=settings))
    assert (tmp_path / "run" / "config.yaml").is_file() == (number == 0)


@pytest.mark.parametrize(
    ("gpu", "engine", "expected"),
    [
        (True, Engine("auto", 2), True),
        (True, Engine("cpu", 2), False),
        (True, Engine("auto", 1), False),
        (False, Engine("auto", 2), False),
    ],
)
def test_batch_normalisation_is_synchronised_only_between_gpus(
    gpu: bool,
    engine: Engine,
    expected: bool,
    soundscapes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def asked(**options: object) -> None:
        assert options["sync_batchnorm"] is expected
        raise _Asked

    monkeypatch.setattr("torch.cuda.is_available", lambda: gpu)
    monkeypatch.setattr("lightning.pytorch.Trainer", asked)
    settings = ("embedding_dim=32", "duration_s=0.6", "batch_size=2")
    with pytest.raises(_Asked):
        train(Request("classifier", soundscapes, tmp_path / "run", overrides=settings), engine)
