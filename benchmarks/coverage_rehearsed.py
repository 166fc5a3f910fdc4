"""How often the interval of each test covers the truth of the listeners of `study simulate`.

    python -m benchmarks.coverage_rehearsed [--studies 400] [--only TEST ...]

Each test is built from a folder of sounds; its listeners, their pages and their answers are those of
`listenable study simulate`, without the server in between (a test compares the two). They differ from one
another, one in twenty answers at random, and all of them count. The truth is the same estimate from the
listeners of all the studies together, each study with other items.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from analysis.choices.best_worst import best_worst
from analysis.choices.comparison_category import category_differences
from analysis.choices.discrimination import discrimination
from analysis.choices.pair_scale import pair_scale
from analysis.choices.pairs import count_pairs
from analysis.choices.preferences import preferences
from analysis.models.mos import mos
from benchmarks.coverage_choices import ITEMS, LEAST, LISTENERS, MOST, parse_options
from study_builder import Choices, StudyConfig, build_study
from study_builder.simulation.listeners import ListenerModel, SimulatedListener, condition_quality
from study_builder.simulation.panel import plan_sessions, rate_plans

QUALITY = {"new": 68.0, "old": 60.0, "codec": 55.0}
NAMED = ("mushra", "mushra-nmr", "dcr", "bs1116")
"""Tests that need a reference; the others hear the three versions only, best-worst one more."""
Estimate = Callable[[pd.DataFrame], pd.DataFrame]


def estimate_scores(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean score of each version, by attribute."""
    found = [
        mos(part).assign(condition=lambda table, name=name: name + " " + table["condition"])
        for name, part in rows[rows["condition"].isin(QUALITY)].groupby("attribute")
    ]
    return pd.concat(found).set_index("condition")[["mos", "ci_low", "ci_high"]]


def to_pairs(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row per page: `listener, item, first, second`, `score` of the first, `later` of the other."""
    first, second = (rows[rows["condition_position"] == place].reset_index(drop=True) for place in (0, 1))
    return first[["listener", "item", "score"]].assign(
        first=first["condition"], second=second["condition"], later=second["score"]
    )


def estimate_shares(rows: pd.DataFrame) -> pd.DataFrame:
    """Share of each preference."""
    table = preferences(to_pairs(rows).rename(columns={"score": "choice"}), order=list(QUALITY))
    return _of_pairs(table)[["share", "ci_low", "ci_high"]]


def estimate_places(rows: pd.DataFrame) -> pd.DataFrame:
    """Place of each version on Bradley and Terry's scale."""
    counts = count_pairs(to_pairs(rows).rename(columns={"score": "choice"}), list(QUALITY))
    return pair_scale(counts).table.set_index("condition")[["worth", "ci_low", "ci_high"]]


def estimate_right(rows: pd.DataFrame) -> pd.DataFrame:
    """Share of right answers of each pair."""
    pairs = to_pairs(rows)
    names = [" ".join(sorted(pair)) for pair in zip(pairs["first"], pairs["second"], strict=True)]
    table = discrimination(pairs.assign(pair=names, correct=pairs["score"])).set_index("pair")
    return table[["share", "ci_low", "ci_high"]]


def estimate_comparisons(rows: pd.DataFrame) -> pd.DataFrame:
    """Difference of each pair."""
    table = category_differences(to_pairs(rows).assign(score=lambda pairs: pairs["later"]))
    return _of_pairs(table)[["difference", "ci_low", "ci_high"]]


def estimate_utilities(rows: pd.DataFrame) -> pd.DataFrame:
    """Utility of each version."""
    trial = rows["listener"] + " " + rows["trial_position"].astype(str)
    table = best_worst(rows.assign(trial=pd.factorize(trial)[0], choice=rows["score"]))
    return table.set_index("condition")[["worth", "ci_low", "ci_high"]]


def _of_pairs(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index(table["condition_a"] + " " + table["condition_b"])


ESTIMATES: tuple[tuple[str, str, Estimate], ...] = (
    ("mushra", "mean score", estimate_scores),
    ("mushra-nmr", "mean score", estimate_scores),
    ("acr", "mean score", estimate_scores),
    ("dcr", "mean score", estimate_scores),
    ("p835", "mean score of each scale", estimate_scores),
    ("bs1116", "difference grade", estimate_scores),
    ("ccr", "difference", estimate_comparisons),
    ("ab", "share", estimate_shares),
    ("ab", "place of each condition", estimate_places),
    ("abx", "share of right answers", estimate_right),
    ("best-worst", "utility of each condition", estimate_utilities),
)
SCALES = (estimate_places, estimate_utilities)


def build(test: str, folder: Path) -> StudyConfig:
    """Build a study of a test from a folder of sounds."""
    names = [*(["reference"] if test in NAMED else []), *QUALITY, *(["last"] if test == "best-worst" else [])]
    rng = np.random.default_rng(0)
    for item in range(ITEMS):
        for name in names:
            path = folder / "sounds" / f"item{item}" / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, 0.1 * rng.standard_normal(4_000), 16_000)
    choices = Choices.load(None, test=test, layout="item/condition", training_items=0, questionnaire=())
    return build_study(folder / "sounds", folder / "study", choices, jobs=1).config


def draw_panels(config: StudyConfig, studies: int, seed: int) -> Iterator[pd.DataFrame]:
    """Yield the ratings of each study; its listeners and its items' effects follow from its own seed."""
    model = ListenerModel(condition_quality(config, QUALITY))
    plans = plan_sessions(config, LISTENERS)
    for study in range(studies):
        panel = [SimulatedListener(config, model, seed + study, number) for number in range(1, LISTENERS + 1)]
        yield pd.DataFrame(rate_plans(panel, plans))


def find_coverage(panels: list[pd.DataFrame], estimate: Estimate) -> tuple[float, float]:
    """Return how often an interval covers the truth, and the mean width."""
    tables = [estimate(rows).sort_index() for rows in panels]
    if estimate in SCALES:
        whole = pd.concat(
            [rows.assign(listener=f"{n} " + rows["listener"]) for n, rows in enumerate(panels)],
            ignore_index=True,
        )
        truth = estimate(whole).iloc[:, 0].sort_index()
    else:  # a mean of all listeners is the mean of the studies' means
        truth = pd.concat(tables).iloc[:, 0].groupby(level=0).mean()
    hits, widths = [], []
    for found in tables:
        hits.append((found["ci_low"] <= truth) & (truth <= found["ci_high"]))
        widths.append(found["ci_high"] - found["ci_low"])
    return float(np.mean(hits)), float(np.mean(widths))


def main() -> None:
    """Print the section."""
    chosen = parse_options(__doc__)
    print("## How often it covers the truth of the listeners of `study simulate`\n")
    print(
        f"{chosen.studies} studies of {LISTENERS} simulated listeners and {ITEMS} items per test, built from "
        f"a folder of sounds; nominal 95 %, seed {chosen.seed}; "
        f"band {100 * LEAST:.0f} to {100 * MOST:.0f} %.\n"
    )
    print("| test | estimated | covered | mean width |\n|---|---|---|---|")
    panels: dict[str, list[pd.DataFrame]] = {}
    for test, what, estimate in ESTIMATES:
        if chosen.only and test not in chosen.only:
            continue
        if test not in panels:
            with tempfile.TemporaryDirectory() as folder:
                panels = {test: list(draw_panels(build(test, Path(folder)), chosen.studies, chosen.seed))}
        share, width = find_coverage(panels[test], estimate)
        mark = "" if LEAST <= share <= MOST else " (!)"
        print(f"| {test} | {what} | {100 * share:.1f} %{mark} | {width:.2f} |", flush=True)
    print(
        "\nOne listener in twenty answers at random, and counts. The truth is the same estimate from the "
        f"{chosen.studies * LISTENERS:,} listeners of all studies together, each study with other items."
    )


if __name__ == "__main__":
    main()
