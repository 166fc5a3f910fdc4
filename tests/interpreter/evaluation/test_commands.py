"""The commands `evaluate` and `explain`, as they are called."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
import typer
from click.testing import Result
from typer.testing import CliRunner

from interpreter.commands.evaluate import evaluate
from interpreter.commands.explain import explain
from interpreter.errors import InterpreterError
from interpreter.runs.folder import read_config, read_run, write_config, write_description
from stimuli import write_audio


def call(command: Callable[..., None], *words: object) -> Result:
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def noise(tmp_path) -> Path:
    sound = 0.1 * torch.randn(20000, generator=torch.Generator().manual_seed(0)).numpy()
    write_audio(tmp_path / "noise.wav", sound, 16000)
    return tmp_path / "noise.wav"


def test_the_command_prints_a_table_and_writes_it(runs, dataset, tmp_path) -> None:
    words = ["--run", runs["classifier"], "--method", "gradcam", "--data", dataset.root, "--fold", "4"]
    words += ["--setting", "id", "--second-classifier", runs["other"], "--limit", "2"]
    result = call(evaluate, *words, "--out", tmp_path / "f.csv")
    assert result.exit_code == 0, result.output
    assert "GradCAM" in result.output
    assert "Floor: loudest 20%" in result.output
    assert "…" not in result.output
    table = pd.read_csv(tmp_path / "f.csv")
    assert set(table["setting"]) == {"id"}
    assert (table["n_items"] == 2).all()
    assert table["agree_in"].between(0, 1).all()


def test_the_command_explains_a_file(runs, noise, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sys, "argv", ["listenable", "explain", "a b.wav"])
    result = call(explain, noise, "--run", runs["lmac-td"], "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "out" / "noise" / "explanation.json").read_text())
    assert record["window_s"] == 0.5
    assert len(record["windows"]) == 3
    assert record["command"] == "listenable explain 'a b.wav'"
    words = [
        "--run",
        runs["classifier"],
        "--method",
        "saliency",
        "--target",
        "dog",
        "--out",
        tmp_path / "out2",
    ]
    assert call(explain, noise, *words).exit_code == 0


@pytest.mark.parametrize(("clip_s", "window_s"), [(0.6, 0.6), (None, 5.0)])
def test_a_window_is_as_long_as_what_was_trained_on(runs, noise, tmp_path, clip_s, window_s) -> None:
    run = shutil.copytree(runs["classifier"], tmp_path / "run")
    write_config(run, read_config(run) | {"duration_s": None})
    write_description(run, replace(read_run(run), clip_s=clip_s))
    assert (
        call(explain, noise, "--run", run, "--method", "saliency", "--out", tmp_path / "out").exit_code == 0
    )
    assert json.loads((tmp_path / "out" / "noise" / "explanation.json").read_text())["window_s"] == window_s


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--window", "0"], "windows of 0 s that overlap by 0.25; expected at least 0.1 s"),
        (["--window", "nan"], "windows of nan s that overlap by 0.25"),
        (["--window", "inf"], "windows of inf s that overlap by 0.25"),
        (["--device", "mps"], "the device is mps; expected cpu, cuda or cuda:N"),
        (
            ["--target", "dog"],
            "LMAC-TD (alpha 0.75) explains the class that the classifier predicts, whatever class is asked "
            "for; leave out the target 'dog', or ask L2I or a gradient baseline for it",
        ),
    ],
)
def test_explanations_that_cannot_be(runs, noise, tmp_path, words, sentence) -> None:
    result = call(explain, noise, "--run", runs["lmac-td"], "--out", tmp_path / "out", *words)
    assert isinstance(result.exception, InterpreterError)
    assert sentence in str(result.exception)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("device", "sentence"),
    [
        ("foo", "unknown device 'foo'; expected cpu, cuda or cuda:N"),
        ("mps", "the device is mps; expected cpu, cuda or cuda:N"),
    ],
)
def test_devices_that_are_none(runs, dataset, tmp_path, device, sentence) -> None:
    words = [
        "--run",
        runs["lmac-td"],
        "--data",
        dataset.root,
        "--out",
        tmp_path / "t.csv",
        "--device",
        device,
    ]
    result = call(evaluate, *words)
    assert isinstance(result.exception, InterpreterError)
    assert str(result.exception) == sentence


@pytest.mark.parametrize(
    ("command", "option", "value"),
    [(explain, "--batch-size", "0"), (evaluate, "--sanity", "-1")],
)
def test_numbers_out_of_range_are_refused(command, option, value) -> None:
    result = call(command, "a.wav", option, value)
    assert result.exit_code == 2
    assert option in result.output
    assert "greater than" in result.output
