"""Run folders that are found again, moved or damaged, and what a training refuses to start from."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import torch

from interpreter import load_classifier, load_explainer
from interpreter.errors import CheckpointError, ConfigError, RunError
from interpreter.runs.folder import read_config
from interpreter.runs.tensor_files import read_tensors

Train = Callable[..., Path]


def test_a_finished_run_is_found_again_or_refused(
    train_small: Train, classifier_run: Path, soundscapes: Path
) -> None:
    from interpreter.training.request import Request
    from interpreter.training.train import train

    before = (classifier_run / "run.json").stat().st_mtime_ns
    train_small("classifier", out=classifier_run)
    assert (classifier_run / "run.json").stat().st_mtime_ns == before
    with pytest.raises(RunError, match=r"finished run with other settings \(seed is 0, not 1\)"):
        train_small("classifier", out=classifier_run, seed=1)
    with pytest.raises(RunError, match=r"other settings \(dropout is 0.2, not 0.3\)"):
        train_small("classifier", "dropout=0.3", out=classifier_run)
    with pytest.raises(RunError, match="the folder is not empty and contains no run"):
        train(Request("classifier", soundscapes, soundscapes))


def test_runs_move_together_but_not_apart(
    explainer_runs: dict[str, Path], classifier_run: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(explainer_runs["lmac"].parent, moved)
    run = moved / explainer_runs["lmac"].name
    assert load_explainer(run).name == "lmac"
    classifier = moved / classifier_run.name
    state = read_tensors(classifier / "checkpoint.pt")
    torch.save({name: tensor + 1 for name, tensor in state.items()}, classifier / "checkpoint.pt")
    with pytest.raises(RunError, match="other weights than when this one was trained"):
        load_explainer(run)
    shutil.rmtree(classifier)
    with pytest.raises(RunError, match="keep the two side by side"):
        load_explainer(run)


def test_what_cannot_be_loaded_is_refused_with_a_sentence(
    classifier_run: Path, explainer_runs: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError, match="No such run folder"):
        load_classifier(tmp_path / "nothing")
    with pytest.raises(RunError, match="expected the run of a classifier, found one of lmac"):
        load_classifier(explainer_runs["lmac"])
    with pytest.raises(ConfigError, match=r"explained by one of .*gradcam"):
        load_explainer(classifier_run)
    with pytest.raises(ConfigError, match="contains lmac, not lmac-td"):
        load_explainer(explainer_runs["lmac"], "lmac-td")
    with pytest.raises(RunError, match="run of nmf explains nothing by itself"):
        load_explainer(explainer_runs["nmf"])
    assert load_explainer(classifier_run, "saliency").name == "saliency"
    if not torch.cuda.is_available():
        with pytest.raises(
            ConfigError, match=r"device 'cuda' not found \(0 CUDA devices\); use --device cpu"
        ):
            load_classifier(classifier_run, "cuda")
    damaged = tmp_path / "damaged"
    shutil.copytree(classifier_run, damaged)
    (damaged / "checkpoint.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(CheckpointError, match=r"checkpoint.pt: only a file of tensors is read"):
        load_classifier(damaged)
    text = (damaged / "config.yaml").read_text()
    (damaged / "config.yaml").write_text(text.replace("embedding_dim: 32", "embedding_dim: 64"))
    shutil.copy(classifier_run / "checkpoint.pt", damaged / "checkpoint.pt")
    with pytest.raises(CheckpointError, match=r"has the shape \[1, 1, 3, 3\]; expected \[2, 1, 3, 3\]"):
        load_classifier(damaged)


def test_a_class_that_the_classifier_does_not_know_is_refused(
    train_small: Train, classifier_run: Path, soundscapes: Path, tmp_path: Path
) -> None:
    from interpreter.training.request import Request
    from interpreter.training.train import train

    other = tmp_path / "other"
    shutil.copytree(soundscapes, other)
    index = other / "meta" / "esc50.csv"
    known = load_classifier(classifier_run).labels[0]
    index.write_text(index.read_text().replace(f",{known},", ",walrus,"))
    said = rf"the classifier does not know 'walrus'; it knows {known}, .*; expected clips of its classes only"
    with pytest.raises(ConfigError, match=said):
        train(Request("lmac", other, tmp_path / "run", classifier=classifier_run))


def test_a_model_of_transformers_is_recognised_where_a_run_belongs(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(RunError, match=rf"^{tmp_path}: not a run but a model of transformers; expected hf:"):
        load_classifier(tmp_path)


def test_settings_that_unfold_without_end_are_refused(tmp_path: Path) -> None:
    """To say what was found, a thousand characters became a text that no memory holds."""
    names = "abcdefghij"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]" for old, new in pairwise(names)]
    (tmp_path / "config.yaml").write_text("\n".join([*lines, "batch_size: *j", ""]))
    with pytest.raises(RunError, match=r"config\.yaml: its aliases stand for more than 10,000 values"):
        read_config(tmp_path)
    (tmp_path / "config.yaml").write_text("a: &a [*a]\n")
    with pytest.raises(RunError, match="its aliases stand for more than"):
        read_config(tmp_path)


def test_tensors_that_are_packed_are_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1000)}, tmp_path / "plain.pt")
    with (
        ZipFile(tmp_path / "plain.pt") as plain,
        ZipFile(tmp_path / "packed.pt", "w", ZIP_DEFLATED) as packed,
    ):
        for entry in plain.infolist():
            packed.writestr(entry.filename, plain.read(entry), ZIP_DEFLATED)
    assert len(read_tensors(tmp_path / "plain.pt")["a"]) == 1000
    with pytest.raises(
        CheckpointError, match=r"packed\.pt: .* is compressed; expected a file as torch\.save"
    ):
        read_tensors(tmp_path / "packed.pt")
