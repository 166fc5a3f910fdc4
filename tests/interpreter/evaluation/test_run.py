from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
import torch

from interpreter.classifier.hearing import Hearing
from interpreter.errors import ConfigError
from interpreter.evaluation.finished_batches import FinishedBatches
from interpreter.evaluation.run import evaluate_runs, limit_clips
from interpreter.evaluation.tables import format_table
from interpreter.evaluation.trivial_masks import FLOORS
from interpreter.explainers.base import Explainer
from interpreter.loading import load_classifier


def test_a_limit_spreads_over_the_classes(dataset) -> None:
    assert {clip.category for clip in limit_clips(dataset, 3).clips} == set(dataset.labels)
    assert limit_clips(dataset, None) is dataset
    assert len(limit_clips(dataset, 99).clips) == 15


def test_an_evaluation_leaves_table_items_and_record(plan, tmp_path) -> None:
    out = tmp_path / "evaluation" / "faithfulness.csv"
    table = evaluate_runs(plan, out)
    read = pd.read_csv(out)
    assert list(read.columns) == list(table.columns)
    assert list(read["method"])[:2] == ["lmac-td", "saliency"]
    assert read.loc[0, "label"] == "LMAC-TD (alpha 0.75)"
    assert read.loc[:1, "randomised"].between(-1, 1).all()
    assert (read.loc[2:, "randomised"] == 1).all()
    assert "| Randomised |" in out.with_suffix(".md").read_text()
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
        "faithfulness.html",
        "faithfulness.items.csv",
        "faithfulness.json",
        "faithfulness.md",
        "faithfulness.tex",
    ]


def test_rows_of_one_label_are_told_apart(plan, runs, tmp_path) -> None:
    both = (runs["lmac-td"], runs["again"])
    methods = ("smoothgrad:samples=2", "smoothgrad", "saliency")
    table = evaluate_runs(replace(plan, runs=both, methods=methods, sanity=0, limit=1), tmp_path / "t.csv")
    assert list(table["label"])[:5] == [
        "LMAC-TD (alpha 0.75) [lmac-td]",
        "LMAC-TD (alpha 0.75) [again]",
        "SmoothGrad [samples=2]",
        "SmoothGrad [smoothgrad]",
        "Saliency",
    ]
    for text in ((tmp_path / f"t.{kind}").read_text() for kind in ("md", "tex")):
        assert "SmoothGrad [samples=2]" in text
    assert format_table(table)[2][0] == "LMAC-TD (alpha 0.75) [again]"


@pytest.mark.parametrize("name", ["t.json", "t.md", "t"])
def test_a_table_that_is_not_a_csv_is_refused(plan, tmp_path, name) -> None:
    with pytest.raises(ConfigError, match=rf"{name}: the table is a CSV .* ends in \.csv"):
        evaluate_runs(plan, tmp_path / name)
    assert not list(tmp_path.iterdir())


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


def test_an_interrupted_evaluation_resumes(plan, tmp_path, monkeypatch) -> None:
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
    original = Explainer._explain_clips

    def counting(self: Explainer, clips: Hearing, target: object) -> object:
        explained.append(len(clips.waveforms))
        return original(self, clips, target)

    monkeypatch.setattr(Explainer, "_explain_clips", counting)
    evaluate_runs(replace(whole, sanity=0), tmp_path / "other" / "t.csv")
    leaderboard = 2 * 2  # two clips of each method
    assert sum(explained) == 6 * (2 + len(FLOORS) + 1) + leaderboard  # and the oracle
    explained.clear()
    evaluate_runs(whole, broken)
    sanity = 2 * 2 * 2 + 2  # two classifiers; the mask of a baseline once more
    assert sum(explained) == 4 * (2 + len(FLOORS) + 1) + sanity + leaderboard
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


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_is_refused_where_there_is_none(plan, tmp_path) -> None:
    with pytest.raises(ConfigError, match="device 'cuda' not found"):
        evaluate_runs(plan, tmp_path / "t.csv", "cuda")


def test_a_difference_is_scored_in_the_clips_of_the_class_that_is_argued_for(
    plan, runs, dataset, tmp_path
) -> None:
    first, second = dataset.labels[:2]
    asked = replace(plan, runs=(runs["classifier"],), target=first, against=second, sanity=0, fold=1)
    table = evaluate_runs(asked, tmp_path / "t.csv")
    assert table["method"].iloc[0] == "saliency" and "oracle-stems" in set(table["method"])
    items = pd.read_csv(tmp_path / "t.items.csv").set_index("method").loc["floor-half"]
    assert items["category"] == first and items["target"] == 0
    classifier = load_classifier(runs["classifier"])
    (clip,) = [clip for clip in dataset.folds(1).clips if clip.category == first]
    sound = classifier.prepare(torch.from_numpy(dataset.read(clip, 16000, 0.5))[None])
    logits = classifier(sound)[0, [0, 1]]
    assert items["confidence"] == pytest.approx(float(logits.softmax(0)[0]), rel=1e-4)
    assert items["correct"] == bool(logits[0] > logits[1])
    record = json.loads((tmp_path / "t.json").read_text())
    assert (record["target"], record["against"]) == (first, second)
    with pytest.raises(ConfigError, match=r"no clip of the class 'x' in fold 1|does not know the class 'x'"):
        evaluate_runs(replace(asked, target="x"), tmp_path / "x.csv")
    with pytest.raises(ConfigError, match=r"^a second classifier has no verdict on a difference of two"):
        evaluate_runs(replace(asked, second_classifier=runs["other"]), tmp_path / "x.csv")
    one = evaluate_runs(replace(asked, against=None, floors=False), tmp_path / "one.csv")
    assert one["n_items"].tolist() == [3]
    assert set(pd.read_csv(tmp_path / "one.items.csv")["target"]) == {0}
    assert not (tmp_path / "x.csv").exists()
