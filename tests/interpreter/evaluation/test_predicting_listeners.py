"""From metrics of explanations to what listeners say of them: the files of each command fit the next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import load_ratings
from analysis.ratings.study import read_study
from analysis.report.results import Options, analyse
from interpreter.evaluation.run import EvaluationPlan, evaluate_runs
from study_builder import build_study, render


def test_metrics_of_an_evaluation_stand_next_to_the_ratings_of_its_study(
    plan: EvaluationPlan, tmp_path: Path
) -> None:
    evaluate_runs(replace(plan, sanity=0, floors=()), tmp_path / "faithfulness.csv")
    of = {"methods": plan.methods, "fold": plan.fold, "items": 3, "correct_only": False}
    render(plan.runs, plan.data, tmp_path / "set", **of)
    build_study(tmp_path / "set", tmp_path / "study")
    rng = np.random.default_rng(0)
    rows = [
        (listener, trial.item, condition, rng.integers(0, 101), True)
        for listener in "abcd"
        for trial in read_study(tmp_path / "study").trials
        for condition in trial.sounds
        if trial.kind == "trial"
    ]
    names = ["listener", "item", "condition", "score", "simulated"]
    frame = load_ratings(pd.DataFrame(rows, columns=names))
    metrics = str(tmp_path / "faithfulness.items.csv")
    results = analyse(frame, Options(draws=100, metrics=metrics, exclude=()))
    table = results.tables["metrics"].set_index("metric")
    assert {"ai", "ad", "ag", "ff", "fid_in", "sps", "comp", "mask_mean"} <= set(table.index)
    assert (table["n_stimuli"] == 6).all(), "3 clips of the fold, 2 explainers"
    assert table["simulated"].all()
