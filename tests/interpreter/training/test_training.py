"""Every kind trains into a run folder that comes back to life and resumes exactly."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from interpreter import load_classifier, load_explainer
from interpreter.classifier.wrapped import wrap_module
from interpreter.errors import RunError
from interpreter.explainers.registry import KINDS
from interpreter.runs.folder import read_config, read_run
from interpreter.runs.tensor_files import read_tensors
from stimuli import Dataset

Train = Callable[..., Path]


def _clips(folder: Path, samples: int) -> torch.Tensor:
    dataset = Dataset.load(folder).folds(4)
    rows = [torch.from_numpy(dataset.read(clip, 16000, samples / 16000)) for clip in dataset.clips[:2]]
    return torch.stack(rows)


def test_a_classifier_run_holds_what_the_format_says(classifier_run: Path) -> None:
    assert {path.name for path in classifier_run.iterdir()} == {
        "checkpoint.pt",
        "config.yaml",
        "metrics.csv",
        "run.json",
    }
    run = json.loads((classifier_run / "run.json").read_text())
    assert run["schema_version"] == 1 and run["kind"] == "classifier" and run["finished"] is True
    assert len(run["labels"]) == 3 and run["train_folds"] == [1, 2, 3]
    assert run["clip_s"] == 0.6
    rows = list(csv.DictReader((classifier_run / "metrics.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1"] and float(rows[0]["valid_loss"]) > 0
    classifier = load_classifier(classifier_run)
    assert not classifier.training and not any(p.requires_grad for p in classifier.parameters())


def test_the_length_trained_on_is_recorded_where_the_settings_leave_it_open(
    train_small: Train, tmp_path: Path
) -> None:
    run = train_small("classifier", "duration_s=null", out=tmp_path / "run")
    assert read_config(run)["duration_s"] is None and read_run(run).clip_s == 0.6
    written = json.loads((run / "run.json").read_text())
    del written["clip_s"]  # as earlier versions wrote it
    (run / "run.json").write_text(json.dumps(written))
    assert read_run(run).clip_s is None


def test_the_same_training_twice_gives_the_same_bytes_whoever_prepares_the_batches(
    train_small: Train, classifier_run: Path, tmp_path: Path
) -> None:
    first = train_small("lmac-td", "epochs=2", classifier=classifier_run, out=tmp_path / "a")
    second = train_small("lmac-td", "epochs=2", classifier=classifier_run, out=tmp_path / "b", workers=1)
    for name in ("checkpoint.pt", "config.yaml", "metrics.csv", "run.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_training_leaves_the_global_generator_alone(train_small: Train, tmp_path: Path) -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    train_small("classifier", out=tmp_path / "run")
    assert torch.equal(torch.rand(1), expected)


def test_the_best_epoch_is_kept_and_training_stops_early(train_small: Train, tmp_path: Path) -> None:
    settings = ("schedule=constant", "learning_rate=0.05")
    kept = train_small("classifier", "epochs=4", "keep=best", *settings, out=tmp_path / "best")
    rows = list(csv.DictReader((kept / "metrics.csv").read_text().splitlines()))
    best = min(range(4), key=lambda epoch: float(rows[epoch]["valid_loss"])) + 1
    until = train_small("classifier", f"epochs={best}", *settings, out=tmp_path / "until")
    expected = read_tensors(until / "checkpoint.pt")
    for name, tensor in read_tensors(kept / "checkpoint.pt").items():
        assert torch.equal(tensor, expected[name]), name
    still = ("learning_rate=1e-12", "monitor=valid_accuracy", "mode=max", "patience=1")
    stopped = train_small("classifier", "epochs=9", *still, "dropout=0", out=tmp_path / "stopped")
    assert len((stopped / "metrics.csv").read_text().splitlines()) < 9


@pytest.mark.parametrize("variant", ["paper", "official", "ours"])
@pytest.mark.parametrize("kind", ["lmac-td", "lmac", "l2i"])
def test_the_full_decoders_train_in_every_variant(
    kind: str,
    variant: str,
    train_small: Train,
    classifier_run: Path,
    explainer_runs: dict[str, Path],
    soundscapes: Path,
    tmp_path: Path,
) -> None:
    settings = [f"variant={variant}", "psi=full"]
    if kind == "lmac-td":
        settings = [f"variant={variant}", "unet=full", "channels=256", "kernel_size=16", "stride=8"]
    start = explainer_runs["nmf"] if kind == "l2i" else None
    run = train_small(
        kind, *settings, "steps_per_epoch=1", classifier=classifier_run, start=start, out=tmp_path / "run"
    )
    clips = _clips(soundscapes, 9600)
    explanation = load_explainer(run).explain(clips)
    assert explanation.interpretation.isfinite().all() and explanation.interpretation.any()
    if kind == "lmac-td" and variant == "ours":
        assert torch.allclose(explanation.interpretation + explanation.residual, clips, atol=1e-5)


class _Foreign(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv1d(1, 6, 64, 32)
        self.second = torch.nn.Conv1d(6, 12, 8, 4)
        self.head = torch.nn.Linear(12, 3)

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        x = self.second(self.first(waveforms[:, None]).relu()).relu()
        logits: torch.Tensor = self.head(x.mean(dim=2))
        return logits


@pytest.mark.parametrize("kind", ["lmac-td", "lmac", "l2i"])
def test_explainers_are_trained_for_any_torch_classifier(
    kind: str, train_small: Train, soundscapes: Path, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    module = _Foreign()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    classifier = wrap_module(module, ["second", "first"], 16000, Dataset.load(soundscapes).labels)
    entry = KINDS[kind]
    start = entry.starts_from and train_small(
        entry.starts_from, classifier=classifier, out=tmp_path / "start"
    )
    run = train_small(kind, classifier=classifier, start=start, out=tmp_path / "run")
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, before[name])
    assert module.training and all(parameter.requires_grad for parameter in module.parameters())
    with pytest.raises(RunError, match="trained for an in-memory classifier; pass it as `classifier=`"):
        load_explainer(run)
    clips = _clips(soundscapes, 9600)
    explanation = load_explainer(run, classifier=classifier).explain(clips)
    assert explanation.interpretation.shape == clips.shape and explanation.method == kind
    other = wrap_module(module, ["second"], 16000, ["x", "y", "z"])
    with pytest.raises(RunError, match="trained for a classifier with other labels"):
        load_explainer(run, classifier=other)


def test_half_precision_trains_the_full_unet(train_small: Train, tmp_path: Path) -> None:
    classifier = train_small("classifier", "mel_bins=80", out=tmp_path / "classifier")
    settings = (
        "precision=bf16-mixed",
        "unet=full",
        "channels=256",
        "kernel_size=64",
        "stride=32",
        "epochs=1",
    )
    run = train_small("lmac-td", *settings, classifier=classifier, out=tmp_path / "run")
    assert all(tensor.isfinite().all() for tensor in read_tensors(run / "checkpoint.pt").values())


def test_half_precision_trains_as_well(train_small: Train, classifier_run: Path, tmp_path: Path) -> None:
    run = train_small("lmac-td", "precision=bf16-mixed", classifier=classifier_run, out=tmp_path / "half")
    state = read_tensors(run / "checkpoint.pt")
    assert all(tensor.dtype == torch.float32 and tensor.isfinite().all() for tensor in state.values())
    whole = train_small("lmac-td", classifier=classifier_run, out=tmp_path / "whole")
    losses = [
        float(next(csv.DictReader((folder / "metrics.csv").read_text().splitlines()))["train_loss"])
        for folder in (run, whole)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)


def test_gradients_reach_what_is_trained_and_never_the_classifier(
    classifier_run: Path, soundscapes: Path
) -> None:
    from interpreter.explainers.lmac_td import LmacTdTask
    from interpreter.explainers.lmac_td_settings import LmacTdConfig, build_lmac_td
    from interpreter.settings.presets import load_config

    classifier = load_classifier(classifier_run)
    clips = _clips(soundscapes, 9600)
    for alpha, unet_learns in ((0.75, True), (0, False), (1, True)):
        config = load_config("lmac-td", "tiny", [f"alpha={alpha}", "freeze_basis=false"])
        assert isinstance(config, LmacTdConfig)
        network = build_lmac_td(config, classifier)
        LmacTdTask(network, classifier, config).terms({"noisy": clips}, None)["loss"].backward()

        def learns(module: torch.nn.Module) -> bool:
            return any(p.grad is not None and bool(p.grad.any()) for p in module.parameters())

        assert learns(network.unet) is unet_learns
        assert learns(network.masknet) and learns(network.encoder) and learns(network.decoder)
        assert not learns(classifier)
