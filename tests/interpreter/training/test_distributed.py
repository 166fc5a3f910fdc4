"""Two processes train what one process trains: an explainer to rounding, a classifier nearly."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from interpreter.runs.tensor_files import read_tensors
from interpreter.training.request import Engine, Request
from interpreter.training.train import train

ROOT = Path(__file__).resolve().parents[3]
COMMAND = ROOT / "listenable" / "__main__.py"


SETTINGS = ("epochs=2", "steps_per_epoch=3", "batch_size=4", "duration_s=0.6", "validation_share=0.2")


def _train(
    kind: str, out: Path, data: Path, devices: int, *settings: str, script: Path = COMMAND, **runs: Path
) -> str:
    """Train on processors and return what was said on the way: nothing, in this process, on one device."""
    if devices == 1:
        request = Request(kind, data, out, overrides=(*SETTINGS, *settings), **runs)
        train(request, Engine("cpu", threads=1))
        return ""
    arguments: list[object] = ["train", kind, "--data", data, "--out", out, "--accelerator", "cpu"]
    arguments += ["--devices", devices, "--no-progress"]
    for name, run in runs.items():
        arguments += [f"--{name}", run]
    for setting in (*SETTINGS, *settings):
        arguments += ["--set", setting]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *map(str, [script, *arguments])],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stderr


def _losses(run: Path) -> list[float]:
    rows = csv.DictReader((run / "metrics.csv").read_text().splitlines())
    return [float(row[name]) for row in rows for name in ("train_loss", "valid_loss")]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lmac-td", "lmac", "nmf"])
def test_two_gloo_processes_give_an_explainer_the_loss_of_one(
    kind: str, soundscapes: Path, classifier_run: Path, tmp_path: Path
) -> None:
    losses = []
    for devices in (1, 2):
        out = tmp_path / f"on-{devices}"
        _train(kind, out, soundscapes, devices, classifier=classifier_run)
        assert not (out / "checkpoints").exists()
        losses.append(_losses(out))
    assert len(losses[0]) == 4
    assert losses[1] == pytest.approx(losses[0], rel=1e-4, abs=1e-4)
    one, two = (read_tensors(tmp_path / f"on-{devices}" / "checkpoint.pt") for devices in (1, 2))
    for name, tensor in one.items():
        assert (tensor - two[name]).abs().max() < 1e-3, name


@pytest.mark.slow
def test_a_classifier_s_loss_on_two_processes_is_near_that_of_one(soundscapes: Path, tmp_path: Path) -> None:
    losses = []
    for devices in (1, 2):
        out = tmp_path / f"on-{devices}"
        _train("classifier", out, soundscapes, devices, "embedding_dim=32")
        losses.append(_losses(out))
    # partners, masks and dropout are drawn in each process, and each normalises its own half of a batch
    assert losses[1] != pytest.approx(losses[0], rel=1e-4)
    assert losses[1] == pytest.approx(losses[0], rel=0.15)


class _Asked(Exception):
    pass


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


SLOW_READER = """
import os, sys, time, torch
read = torch.load
def load(path, *arguments, **options):
    if os.environ.get("LOCAL_RANK") == "1" and str(path).endswith("best.ckpt"):
        time.sleep(3)
    return read(path, *arguments, **options)
torch.load = load
from listenable.cli import main
main()
"""


@pytest.mark.slow
def test_no_process_reads_what_the_first_one_removes(soundscapes: Path, tmp_path: Path) -> None:
    script = tmp_path / "slow_reader.py"
    script.write_text(SLOW_READER)
    out = tmp_path / "run"
    said = _train("classifier", out, soundscapes, 2, "embedding_dim=32", "keep=best", script=script)
    assert "Error" not in said
    assert (out / "run.json").is_file() and not (out / "checkpoints").exists()
