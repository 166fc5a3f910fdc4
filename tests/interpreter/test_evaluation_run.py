from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from interpreter.comparison import duration_of, explainers_of, same_weights
from interpreter.errors import ConfigError
from interpreter.evaluation_run import EvaluationPlan, evaluate_runs, limited
from interpreter.explainer import Explainer
from interpreter.floors import FLOORS
from interpreter.loading import load_classifier
from interpreter.networks import build_classifier, build_lmac_td
from interpreter.presets import load_config
from interpreter.resumption import FinishedBatches
from interpreter.runs import Run, link_to, versions, write_config, write_run
from stimuli import Dataset, write_audio
from stimuli.soundscapes import make_soundscapes, write_soundscapes

SETTINGS = ["embedding_dim=32", "mel_bins=32", "duration_s=0.5"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Dataset:
    folder = tmp_path_factory.mktemp("soundscapes")
    write_soundscapes(folder, make_soundscapes(classes=3, clips=5, duration_s=0.5, seed=1))
    return Dataset.load(folder)


def write_untrained(
    folder: Path, kind: str, seed: int, labels: tuple[str, ...], classifier: Path | None = None
) -> Path:
    """A run folder as training leaves it, of weights that were never trained."""
    torch.manual_seed(seed)
    config = load_config(kind, "tiny", SETTINGS if kind == "classifier" else ["duration_s=0.5"])
    if classifier is None:
        network = build_classifier(config, labels)
        with torch.no_grad():
            for _ in range(10):
                network(torch.randn(6, 8000) * torch.logspace(-2, 0, 6)[:, None])
    else:
        network = build_lmac_td(config, load_classifier(classifier))
    folder.mkdir(parents=True)
    write_config(folder, config.model_dump(mode="json"))
    link = None if classifier is None else link_to(classifier, folder)
    run = Run(kind, labels, 16000, seed, "tiny", (1, 2, 3), "none", "0", link, None, "test", versions())
    write_run(folder, run, network.state_dict())
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory, dataset) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("runs")
    classifier = write_untrained(root / "classifier", "classifier", 0, dataset.labels)
    other = write_untrained(root / "other", "classifier", 1, dataset.labels)
    return {
        "classifier": classifier,
        "other": other,
        "lmac-td": write_untrained(root / "lmac-td", "lmac-td", 2, dataset.labels, classifier),
        "again": write_untrained(root / "again", "lmac-td", 3, dataset.labels, classifier),
        "elsewhere": write_untrained(root / "elsewhere", "lmac-td", 4, dataset.labels, other),
    }


@pytest.fixture
def plan(runs, dataset) -> EvaluationPlan:
    run = runs["lmac-td"]
    return EvaluationPlan((run,), dataset.root, ("saliency",), sanity=2, batch_size=2)


def test_explainers_share_one_classifier(runs) -> None:
    explainers = explainers_of([runs["lmac-td"]], ["gradcam", "saliency"])
    assert list(explainers) == ["lmac-td", "gradcam", "saliency"]
    assert len({id(explainer.classifier) for explainer in explainers.values()}) == 1


def test_two_runs_of_a_method_are_called_by_their_folders(runs) -> None:
    assert list(explainers_of([runs["lmac-td"], runs["again"]])) == ["lmac-td", "again"]


def test_baselines_take_options(runs) -> None:
    specs = ["gradcam:layer=cnn14.conv_block4,rule=quantile", "shap:variant=kernel,samples=8", "gradcam"]
    explainers = explainers_of([runs["classifier"]], specs, batch_size=3)
    assert list(explainers) == specs
    assert [explainer.label for explainer in explainers.values()] == [
        "GradCAM (quantile), conv_block4",
        "KernelSHAP",
        "GradCAM",
    ]
    assert explainers[specs[0]].settings == {
        "rule": "quantile",
        "layer": "cnn14.conv_block4",
        "frequency_axis": "mel",
    }
    assert explainers[specs[1]].samples == 8
    linear = "gradcam:frequency_axis=linear"
    assert explainers_of([runs["classifier"]], [linear])[linear].label == "GradCAM, linear axis"
    assert explainers[specs[1]].batch_size == 3


def test_a_classifiers_run_serves_the_baselines(runs) -> None:
    assert list(explainers_of([runs["classifier"]], ["saliency"])) == ["saliency"]
    assert list(explainers_of([runs["lmac-td"], runs["classifier"]], ["saliency"])) == ["lmac-td", "saliency"]


@pytest.mark.parametrize(
    ("names", "methods", "sentence"),
    [
        ([], [], "no run was given; expected at least one"),
        (["classifier"], [], "the run of a classifier has nothing to compare; add --method"),
        (["lmac-td"], ["lime"], "unknown method 'lime'; expected one of saliency, smoothgrad"),
        (
            ["lmac-td"],
            ["saliency:loud"],
            "method 'saliency:loud': 'loud' is no option; expected option=value",
        ),
        (["lmac-td"], ["saliency:steps=3"], "saliency has no option 'steps'; it has batch_size"),
        (["lmac-td"], ["smoothgrad:samples=many"], "smoothgrad: an option has a value of the wrong kind"),
        (["lmac-td"], ["saliency", "saliency"], "'saliency' would stand twice in the table"),
        (["lmac-td", "elsewhere"], [], "are of different classifiers; a comparison is fair on one alone"),
    ],
)
def test_comparisons_that_are_none(runs, names, methods, sentence) -> None:
    with pytest.raises(ConfigError) as caught:
        explainers_of([runs[name] for name in names], methods)
    assert sentence in str(caught.value)


def test_classifiers_are_told_apart_by_their_weights(runs) -> None:
    one, same, other = (load_classifier(runs[name]) for name in ("classifier", "classifier", "other"))
    assert same_weights(one, same)
    assert not same_weights(one, other)


def test_the_length_of_clips_comes_from_the_runs(runs) -> None:
    assert duration_of([runs["classifier"], runs["lmac-td"]]) == 0.5


def test_a_limit_spreads_over_the_classes(dataset) -> None:
    assert {clip.category for clip in limited(dataset, 3).clips} == set(dataset.labels)
    assert limited(dataset, None) is dataset
    assert len(limited(dataset, 99).clips) == 15


def test_an_evaluation_leaves_table_items_and_record(plan, tmp_path) -> None:
    out = tmp_path / "evaluation" / "faithfulness.csv"
    table = evaluate_runs(plan, out)
    read = pd.read_csv(out)
    assert list(read.columns) == list(table.columns)
    assert list(read["method"])[:2] == ["lmac-td", "saliency"]
    assert read.loc[0, "label"] == "LMAC-TD (alpha 0.75)"
    assert read.loc[:1, "randomised"].between(-1, 1).all()
    assert read.loc[2:, "randomised"].isna().all()
    assert (read["n_items"] == 3).all()
    items = pd.read_csv(out.with_suffix(".items.csv"))
    assert len(items) == 3 * len(read)
    mean = items[items["method"] == "lmac-td"]["comp"].mean()
    assert read.loc[0, "comp"] == pytest.approx(mean, rel=1e-5)
    record = json.loads(out.with_suffix(".json").read_text())
    assert record["seed"] == 0
    assert record["duration_s"] == 0.5
    assert record["explainers"]["saliency"]["settings"] == {"rule": "absolute"}
    assert sorted(path.name for path in out.parent.iterdir()) == [
        "faithfulness.csv",
        "faithfulness.items.csv",
        "faithfulness.json",
        "faithfulness.md",
        "faithfulness.tex",
    ]


def test_the_same_evaluation_gives_the_same_bytes(plan, tmp_path) -> None:
    noisy = replace(plan, setting="mixtures", methods=("smoothgrad",), sanity=0)
    for name in ("one", "two"):
        evaluate_runs(noisy, tmp_path / name / "t.csv")
    for suffix in (".csv", ".items.csv", ".md", ".tex", ".json"):
        one, two = (tmp_path / name / f"t{suffix}" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes(), suffix


def test_mixtures_come_from_fold_five_or_the_asked_one(plan, dataset, tmp_path) -> None:
    for fold, expected in ((None, 5), (2, 2)):
        mixed = replace(plan, setting="mixtures", contaminant_fold=fold, sanity=0, floors=False, methods=())
        evaluate_runs(mixed, tmp_path / "t.csv")
        items = pd.read_csv(tmp_path / "t.items.csv")
        assert set(items["contaminant"]) <= {clip.filename for clip in dataset.folds(expected).clips}


def test_an_interrupted_evaluation_goes_on_where_it_stopped(plan, tmp_path, monkeypatch) -> None:
    whole = replace(plan, methods=("smoothgrad",), setting="white-noise")  # three batches of two
    evaluate_runs(whole, tmp_path / "whole" / "t.csv")
    broken = tmp_path / "broken" / "t.csv"

    def interrupt(done: int, total: int) -> None:
        assert total == 3
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate_runs(whole, broken, progress=interrupt)
    (part,) = broken.parent.iterdir()
    part.write_text(part.read_text()[:-40])  # as if the second batch's line had been cut off
    explained: list[int] = []
    original = Explainer.explain

    def counting(self: Explainer, waveforms: torch.Tensor, target: object = None) -> object:
        explained.append(len(waveforms))
        return original(self, waveforms, target)

    monkeypatch.setattr(Explainer, "explain", counting)
    evaluate_runs(replace(whole, sanity=0), tmp_path / "other" / "t.csv")
    assert sum(explained) == 6 * (2 + len(FLOORS))
    explained.clear()
    evaluate_runs(whole, broken)
    sanity = 2 * 2 * 2
    assert sum(explained) == 4 * (2 + len(FLOORS)) + sanity
    for suffix in (".csv", ".items.csv", ".md"):
        expected = (tmp_path / "whole" / f"t{suffix}").read_bytes()
        assert broken.with_suffix(suffix).read_bytes() == expected, suffix
    assert not list(broken.parent.glob(".*"))


def test_batches_of_another_plan_are_not_taken_over(tmp_path) -> None:
    kept = FinishedBatches(tmp_path / "part", {"seed": 0})
    kept.add(0, [{"a": 0.1, "b": float("nan")}])
    kept.add(8, [{"a": 1 / 3, "b": 2.0}])
    again = FinishedBatches(tmp_path / "part", {"seed": 0}, rank=1)
    assert again.rows[8] == [{"a": 1 / 3, "b": 2.0}]
    assert FinishedBatches(tmp_path / "part", {"seed": 1}).rows == {}
    again.add(16, [])
    assert sorted(FinishedBatches(tmp_path / "part", {"seed": 0}).rows) == [0, 8, 16]
    again.remove()
    assert not list(tmp_path.iterdir())


def test_the_command_prints_a_table_and_writes_it(runs, dataset, tmp_path) -> None:
    import typer

    from interpreter.cli_explain import evaluate

    app = typer.Typer()
    app.command()(evaluate)
    words = [
        "--run",
        str(runs["classifier"]),
        "--method",
        "gradcam",
        "--data",
        str(dataset.root),
        "--fold",
        "4",
    ]
    words += [
        "--setting",
        "id",
        "--second-classifier",
        str(runs["other"]),
        "--limit",
        "2",
        "--out",
        str(tmp_path / "f.csv"),
    ]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "GradCAM" in result.output
    assert "Floor: loudest 20%" in result.output
    assert "…" not in result.output
    table = pd.read_csv(tmp_path / "f.csv")
    assert set(table["setting"]) == {"id"}
    assert (table["n_items"] == 2).all()
    assert table["agree_in"].between(0, 1).all()


def test_the_command_explains_a_file(runs, tmp_path) -> None:
    import typer

    from interpreter.cli_explain import explain

    write_audio(
        tmp_path / "noise.wav",
        0.1 * torch.randn(20000, generator=torch.Generator().manual_seed(0)).numpy(),
        16000,
    )
    app = typer.Typer()
    app.command()(explain)
    words = [str(tmp_path / "noise.wav"), "--run", str(runs["lmac-td"]), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "out" / "noise" / "explanation.json").read_text())
    assert record["window_s"] == 0.5
    assert len(record["windows"]) == 3
    words[2], words[-1] = str(runs["classifier"]), str(tmp_path / "out2")
    assert CliRunner().invoke(app, [*words, "--method", "saliency"]).exit_code == 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_is_refused_where_there_is_none(plan, tmp_path) -> None:
    with pytest.raises(ConfigError, match="device cuda is not there"):
        evaluate_runs(plan, tmp_path / "t.csv", "cuda")


@pytest.mark.slow
def test_two_processes_give_what_one_gives(plan, runs, dataset, tmp_path) -> None:
    """Under gloo on this machine: the same bytes, from half the work each."""
    alone = tmp_path / "alone.csv"
    evaluate_runs(replace(plan, setting="mixtures", methods=("smoothgrad",), seed=3), alone)
    words = ["evaluate", "--run", str(runs["lmac-td"]), "--method", "smoothgrad", "--data", str(dataset.root)]
    words += ["--setting", "mixtures", "--sanity", "2", "--batch-size", "2", "--seed", "3"]
    together = tmp_path / "together.csv"
    root = Path(__file__).resolve().parents[2]
    subprocess.run(
        [sys.executable, "-m", "listenable", *words, "--devices", "2", "--out", str(together)],
        check=True,
        cwd=root,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=240,
    )
    for suffix in (".csv", ".items.csv"):
        assert alone.with_suffix(suffix).read_bytes() == together.with_suffix(suffix).read_bytes()
