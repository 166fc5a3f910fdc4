"""Reliability, omnibus tests and bootstrap compared with pingouin and a plain loop, on complete ratings."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import load_ratings
from analysis.models.anova import omnibus
from analysis.models.reliability import icc, reliability
from analysis.ratings.tidy import cells
from analysis.statistics.bootstrap import bootstrap_means
from benchmarks.loading.measure import format_seconds, ratio, time_in_turn, versions
from benchmarks.loading.ratings import MEANS, write_ratings

CONDITIONS = list(MEANS)
DRAWS = 2000
CHUNK = 500  # draws for which ours takes its random numbers at once


def compare(panels: list[tuple[int, int]], repeats: int) -> None:
    """Print how long ours and the peers take, and how far their numbers differ.

    Args:
        panels: listeners and items of each panel.
        repeats: of each call; the median counts.
    """
    print(
        f"\nCompared with {versions('pingouin', 'numpy')} on the same complete ratings of {len(MEANS)} "
        "conditions,"
    )
    print(
        f"medians of {repeats} (least to most); the difference is the largest among the numbers that both "
        "give, "
        "relative if they exceed 1.\n"
    )
    print("| task | listeners x items | peer | ours | peer / ours | difference |")
    print("|---|---|---:|---:|---:|---:|")
    for listeners, items in panels:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "ratings.csv"
            write_ratings(path, listeners, items)
            frame = load_ratings(path)
        for task, (peer, ours) in _tasks(frame).items():
            seconds = time_in_turn({"peer": peer, "ours": ours}, repeats)
            print(
                f"| {task} | {listeners:,} x {items} "
                f"| {format_seconds(seconds['peer'])} | {format_seconds(seconds['ours'])} "
                f"| {ratio(seconds['peer'], seconds['ours'])} | {_difference(peer(), ours()):.1e} |",
                flush=True,
            )


Call = Callable[[], np.ndarray]


def _tasks(frame: pd.DataFrame) -> dict[str, tuple[Call, Call]]:
    """Return the peer and ours by what both do."""
    table = cells(frame)
    return {
        "ICC(2,1), ICC(2,k) with intervals": (lambda: _icc(table), lambda: _compute_icc(table)),
        "the same; ours `reliability`: also alpha and W, jackknifed": (
            lambda: _icc(table), lambda: _reliability(frame)
        ),
        "Friedman and two-way RM-ANOVA": (lambda: _tests(table), lambda: _run_tests(frame)),
        f"bootstrap, {DRAWS:,} draws; peer: a loop in NumPy": (
            lambda: _loop(table), lambda: bootstrap_means(table, CONDITIONS, draws=DRAWS)
        ),
    }  # fmt: skip


def _icc(table: pd.DataFrame) -> np.ndarray:
    """ICC(2,1) and ICC(2,k) with the ends of their intervals."""
    import pingouin  # type: ignore[import-untyped]

    pingouin.options["round.column.CI95"] = None  # two decimals otherwise
    stimuli = table.assign(stimulus=table["item"] + "\0" + table["condition"])
    found = pingouin.intraclass_corr(stimuli, targets="stimulus", raters="listener", ratings="score")
    rows = found.set_index("Type").loc[["ICC(A,1)", "ICC(A,k)"]]
    return np.array([[row["ICC"], *row["CI95"]] for _, row in rows.iterrows()])


def _compute_icc(table: pd.DataFrame) -> np.ndarray:
    wide = table.pivot(index=["item", "condition"], columns="listener", values="score")
    return np.array(icc(wide.to_numpy(float)))


def _reliability(frame: pd.DataFrame) -> np.ndarray:
    return reliability(frame, among=CONDITIONS)[["value", "ci_low", "ci_high"]].to_numpy(float)[:2]


def _tests(table: pd.DataFrame) -> np.ndarray:
    """Friedman's test of the listeners' means, then both factors and their interaction."""
    import pingouin

    means = table.groupby(["listener", "condition"], as_index=False)["score"].mean().round(10)
    friedman = pingouin.friedman(means, dv="score", within="condition", subject="listener").iloc[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        effects = pingouin.rm_anova(
            table, dv="score", within=["condition", "item"], subject="listener", effsize="np2"
        )
    return np.concatenate(
        [[friedman["Q"]], effects[["F", "p_unc", "eps", "p_GG_corr", "np2"]].to_numpy(float).ravel()]
    )


def _run_tests(frame: pd.DataFrame) -> np.ndarray:
    rows = omnibus(frame, among=CONDITIONS)
    effects = rows.loc[rows["test"] == "RM-ANOVA", ["statistic", "p", "epsilon_gg", "p_gg", "partial_eta2"]]
    return np.concatenate([rows["statistic"].to_numpy(float)[:1], effects.to_numpy(float).ravel()])


def _loop(table: pd.DataFrame) -> np.ndarray:
    """Draw listeners and items, take the mean of the ratings drawn; repeat."""
    listeners, items = table["listener"].unique(), table["item"].unique()
    wide = table.pivot(index="listener", columns=["condition", "item"], values="score")
    columns = pd.MultiIndex.from_product([CONDITIONS, items])
    scores = wide.loc[listeners, columns].to_numpy(float).reshape(len(listeners), len(CONDITIONS), len(items))
    rng = np.random.default_rng(0)
    means = []
    for start in range(0, DRAWS, CHUNK):
        count = min(CHUNK, DRAWS - start)
        by_listener = rng.integers(0, len(listeners), size=(count, len(listeners)))
        by_item = rng.integers(0, len(items), size=(count, len(items)))
        for chosen, heard in zip(by_listener, by_item, strict=True):
            means.append(scores[chosen][:, :, heard].mean(axis=(0, 2)))
    return np.array(means)


def _difference(peer: np.ndarray, ours: np.ndarray) -> float:
    return float((np.abs(peer - ours) / np.maximum(np.abs(peer), 1)).max())
