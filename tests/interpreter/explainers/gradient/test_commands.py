"""The commands know each method by its name and print it by its label."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import typer
from typer.testing import CliRunner

from interpreter.commands.evaluate import evaluate
from interpreter.commands.explain import explain
from stimuli import write_audio

LABELS = {
    "gradcam++": "GradCAM++",
    "hirescam": "HiResCAM",
    "layercam:layer=cnn14.conv_block4": "LayerCAM, conv_block4",
    "scorecam": "ScoreCAM",
    "occlusion:patch=[16,128]": "Occlusion",
}


def test_a_table_has_a_row_for_each_and_a_file_is_explained(
    classifier_run: Path, soundscapes: Path, tmp_path: Path
) -> None:
    app = typer.Typer()
    app.command("evaluate")(evaluate)
    app.command("explain")(explain)
    table = ["evaluate", "--data", str(soundscapes), "--setting", "id", "--limit", "1"]
    names = [word for name in LABELS for word in ("--method", name)]
    run = ["--run", str(classifier_run)]
    done = CliRunner().invoke(app, [*table, *run, *names, "--out", str(tmp_path / "f.csv")])
    assert done.exit_code == 0, done.output
    frame = pd.read_csv(tmp_path / "f.csv")
    assert list(frame["method"][:5]) == list(LABELS)
    assert all(label in done.output for label in LABELS.values())
    sound = str(next(soundscapes.rglob("*.wav")))
    done = CliRunner().invoke(
        app, ["explain", sound, *run, "--method", "gradcam++", "--out", str(tmp_path / "out")]
    )
    assert done.exit_code == 0, done.output
    record = json.loads(next((tmp_path / "out").rglob("explanation.json")).read_text())
    assert record["method"] == "gradcam++"


def test_a_silent_file_of_a_folder_is_reported_and_left_out(
    classifier_run: Path, soundscapes: Path, tmp_path: Path
) -> None:
    app = typer.Typer()
    app.command("explain")(explain)
    folder = tmp_path / "sounds"
    folder.mkdir()
    write_audio(folder / "a-silent.wav", np.zeros(16000, np.float32), 16000)
    sound = next(soundscapes.rglob("*.wav"))
    (folder / sound.name).write_bytes(sound.read_bytes())
    words = ["--run", str(classifier_run), "--method", "saliency", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, [str(folder), *words])
    assert done.exit_code == 1, done.output
    assert "a-silent.wav: the sound is silent; there is nothing to explain" in done.output.replace("\n", "")
    assert [line.split(":")[0] for line in done.output.splitlines() if "-> " in line] == [
        str(folder / sound.name)
    ]
    assert (tmp_path / "out" / "index.html").is_file()
