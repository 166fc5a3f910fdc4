"""`listenable train` and `listenable import` as a user types them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from interpreter.commands.train import parse_folds
from interpreter.errors import ConfigError
from interpreter.runs.folder import read_run
from listenable.cli import main

SMALL = [
    "--set",
    "epochs=1",
    "--set",
    "steps_per_epoch=2",
    "--set",
    "batch_size=2",
    "--set",
    "duration_s=0.6",
]


def _run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as exit_:
        main([str(argument) for argument in arguments])
    return int(exit_.value.code or 0)


def test_training_twice_says_that_it_is_done(
    soundscapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "runs" / "classifier"
    command = ["train", "classifier", "--data", soundscapes, "--out", out, "--no-progress", *SMALL]
    command += ["--set", "embedding_dim=32"]
    assert _run(*command) == 0
    assert f"{out}: trained." in capsys.readouterr().out
    assert read_run(out).command.startswith("listenable ")
    assert _run(*command) == 0
    assert "finished already; nothing to do" in capsys.readouterr().out
    assert _run(*command, "--seed", 1) == 2
    assert "other settings (seed is 0, not 1)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (["--preset", "huge"], "unknown preset 'huge'"),
        (["--set", "epochs=none"], "'epochs' is 'none'; expected an integer"),
        (["--train-folds", "1,x"], "--train-folds 1,x: expected numbers"),
        (["--train-folds", "9"], "no clip in fold 9"),
        (["--noise", "/nowhere/at/all"], "No such file or directory"),
        (["--accelerator", "tpu"], "unknown accelerator 'tpu'"),
        (["--set", "start=/nowhere"], "No such file or directory"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing_that_looks_finished(
    extra: list[str], sentence: str, soundscapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert _run("train", "classifier", "--data", soundscapes, "--out", out, "--no-progress", *extra) == 2
    errors = capsys.readouterr().err
    assert sentence in errors and "Traceback" not in errors
    assert not (out / "run.json").exists()


def test_a_gpu_that_is_not_there_is_said(
    soundscapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if torch.cuda.is_available():
        pytest.skip("a GPU is here")
    command = ("train", "classifier", "--data", soundscapes, "--out", tmp_path / "run", *SMALL)
    assert _run(*command, "--accelerator", "gpu") == 2
    assert "1 GPUs are asked for and 0 found" in capsys.readouterr().err


def test_a_loss_that_is_no_number_ends_the_training(
    soundscapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("train", "classifier", "--data", soundscapes, "--out", tmp_path / "run", *SMALL)
    assert _run(*command, "--no-progress", "--set", "learning_rate=1e30", "--set", "schedule=constant") == 2
    assert "the loss is no longer finite in epoch 1" in capsys.readouterr().err


def test_importing_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("import", tmp_path / "none.ckpt", "--out", tmp_path / "run") == 2
    assert "none.ckpt: No such file or directory" in capsys.readouterr().err


def test_folds_are_read() -> None:
    assert parse_folds("3,1,1") == (1, 3)
    with pytest.raises(ConfigError, match="such as 1,2,3"):
        parse_folds("")
