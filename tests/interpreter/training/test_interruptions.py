"""A training that ends before its time says why, with the exit code that shells and schedulers expect."""

from __future__ import annotations

import json
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from interpreter.errors import ConfigError, Terminated
from interpreter.training.lightning_module import Learner
from listenable.cli import main

Train = Callable[..., Path]
SETTINGS = ("epochs=2", "steps_per_epoch=2", "batch_size=2", "duration_s=0.6", "embedding_dim=32")


@pytest.fixture
def signalled(soundscapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return a function that trains into `tmp_path / "run"`, is signalled in epoch 2."""

    def train(number: signal.Signals) -> int:
        whole = Learner.training_step

        def step(self: Learner, batch: Any, index: int) -> torch.Tensor:
            if self.current_epoch == 1:
                signal.raise_signal(number)
            return whole(self, batch, index)

        monkeypatch.setattr(Learner, "training_step", step)
        words = ["train", "classifier", "--data", str(soundscapes), "--out", str(tmp_path / "run")]
        for setting in SETTINGS:
            words += ["--set", setting]
        with pytest.raises(SystemExit) as exit_:
            main([*words, "--no-progress"])
        return int(exit_.value.code or 0)

    return train


def test_a_terminated_training_is_not_a_success(
    signalled: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert signalled(signal.SIGTERM) == Terminated.exit_code == 128 + signal.SIGTERM
    errors = capsys.readouterr().err
    assert errors == (
        f"Error: {tmp_path / 'run'}: the training was terminated (SIGTERM); "
        "finished epochs are kept; continue with --resume\n"
    )
    assert (tmp_path / "run" / "checkpoints" / "last.ckpt").is_file()


def test_ctrl_c_leaves_a_training_as_any_other_command(
    signalled: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a shell's background
    try:
        assert signalled(signal.SIGINT) == 130
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == "Interrupted; what was finished is kept.\n"
    assert (tmp_path / "run" / "checkpoints" / "last.ckpt").is_file()


@pytest.mark.parametrize(
    "place", ["interpreter.training.train.prepare", "interpreter.kinds.classifier.mixup"]
)
def test_lack_of_memory_is_reported_while_reading_and_while_training(
    place: str, train_small: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(*_: object) -> None:
        torch.empty(1 << 50)  # what the processor's allocator says is not an OutOfMemoryError

    monkeypatch.setattr(place, greedy)
    with pytest.raises(
        ConfigError,
        match=r"^out of memory with batches of 2 clips; lower batch_size "
        r"\(--set batch_size=N\), shorten the clips \(--set duration_s=S\) or use a smaller network",
    ):
        train_small("classifier", out=tmp_path / "run")


def test_a_run_that_was_stopped_before_it_had_begun_is_described_as_any_other(
    soundscapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at that moment, it is started again with `--resume`, and nothing else of it differs."""
    out = tmp_path / "run"
    out.mkdir()
    words = ["train", "classifier", "--data", str(soundscapes), "--out", str(out), "--no-progress"]
    for setting in (*SETTINGS, "epochs=1"):
        words += ["--set", setting]
    monkeypatch.setattr("sys.argv", ["listenable", *words, "--resume"])
    with pytest.raises(SystemExit) as exit_:
        main([*words, "--resume"])
    assert not exit_.value.code
    assert json.loads((out / "run.json").read_text())["command"] == shlex.join(["listenable", *words])
