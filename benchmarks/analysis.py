"""Time and memory of the analysis at 1, 4 and 16 times 1,000 listeners x 20 items x 8 conditions.

    python -m benchmarks.analysis [--scales 1 4 16] [--tasks load mos bootstrap report]

Each measurement runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

LISTENERS, ITEMS = 1000, 20
MEANS = {
    "reference": 97.0, "m1": 74.0, "m2": 66.0, "m3": 58.0, "m4": 51.0, "m5": 44.0, "anchor70": 36.0,
    "anchor35": 14.0,
}  # fmt: skip


def write_ratings(path: Path, listeners: int, seed: int = 0) -> int:
    """Write a CSV of simulated ratings in the format of the export; return its number of rows."""
    rng = np.random.default_rng(seed)
    k = len(MEANS)
    shape = (listeners, ITEMS, k)
    scores = (
        np.array(list(MEANS.values()))
        + rng.normal(0, 10, (listeners, 1, 1))
        + rng.normal(0, 6, (1, ITEMS, 1))
    )
    scores = (
        scores
        + rng.normal(0, 4, (listeners, 1, k))
        + rng.normal(0, 4, (1, ITEMS, k))
        + rng.normal(0, 10, shape)
    )
    scores[:, :, 0] = 100 - rng.poisson(1.5, shape[:2])
    listener, item, condition = (axis.ravel() for axis in np.indices(shape))
    names = list(MEANS)
    sessions = np.array([f"s{number:06d}" for number in range(listeners)])
    items = np.array([f"item-{number:02d}" for number in range(ITEMS)])
    frame = pd.DataFrame(
        {
            "study": "benchmark", "session": sessions[listener], "listener": sessions[listener],
            "item": items[item],
            "condition": np.array(names)[condition], "attribute": "score",
            "role": np.array(["hidden_reference", *["method"] * 5, "mid_anchor", "low_anchor"])[condition],
            "kind": "trial",
            "score": scores.ravel().clip(0, 100).round(), "time_ms": 30000, "listened_ms": 3000,
            "comment": "",
            "trial_position": item + 1, "condition_position": condition + 1, "simulated": 1, "finished": 1,
            "submitted_at": "2026-01-01T00:00:00Z",
        }
    )  # fmt: skip
    frame.to_csv(path, index=False)
    return len(frame)


def run_report(path: Path) -> None:
    """Do what `listenable analyze` does."""
    from analysis import load_ratings, write_report

    with tempfile.TemporaryDirectory() as out:
        write_report(load_ratings(path), out)


def run_load(path: Path) -> None:
    """Read the CSV alone."""
    from analysis import load_ratings

    load_ratings(path)


def run_bootstrap(path: Path) -> None:
    """Draw 10,000 bootstrap means of all conditions; the reading is not counted."""
    from analysis import load_ratings
    from analysis.bootstrap import bootstrap_means
    from analysis.ratings import cells

    table = cells(load_ratings(path))
    start = time.perf_counter()
    bootstrap_means(table, list(MEANS), draws=10_000)
    run_bootstrap.seconds = time.perf_counter() - start  # type: ignore[attr-defined]


def run_mos(path: Path) -> None:
    """The table of scores with two-way intervals; the reading is not counted."""
    from analysis import load_ratings, mos

    frame = load_ratings(path)
    start = time.perf_counter()
    mos(frame)
    run_mos.seconds = time.perf_counter() - start  # type: ignore[attr-defined]


def _child(task: Callable[[Path], None], path: Path) -> tuple[float, float]:
    start = time.perf_counter()
    task(path)
    seconds = getattr(task, "seconds", time.perf_counter() - start)
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(task: Callable[[Path], None], path: Path) -> tuple[float, float]:
    """Return seconds and peak memory in MiB of a task in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_child, task, path).result()


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scales", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--tasks", nargs="+", default=["load", "mos", "bootstrap", "report"])
    chosen = parser.parse_args()
    tasks = {"load": run_load, "mos": run_mos, "bootstrap": run_bootstrap, "report": run_report}
    print("| rows | task | seconds | peak memory (MiB) |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for scale in chosen.scales:
            path = Path(folder) / f"ratings-{scale}.csv"
            rows = write_ratings(path, LISTENERS * scale)
            for name in chosen.tasks:
                seconds, memory = measure(tasks[name], path)
                print(f"| {rows:,} | {name} | {seconds:.1f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    # As a script this file would hide the package of the same name.
    if not __package__:
        raise SystemExit("Run it as: python -m benchmarks.analysis")
    main()
