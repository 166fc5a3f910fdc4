"""Time and memory of the analysis at 1, 4 and 16 times 1,000 listeners x 20 items x 8 conditions.

    python -m benchmarks.analysis [--scales 1 4 16] [--panels 40x12 1000x20] [--repeats 5]

Each measurement runs in a separate process, so that its peak memory is its own. Then reliability, omnibus
tests and bootstrap on whole panels, compared with peers.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

from benchmarks.loading.compare_pingouin import compare  # noqa: E402
from benchmarks.loading.ratings import ITEMS, MEANS, write_ratings  # noqa: E402

LISTENERS = 1000
TASKS = ("load", "mos", "bootstrap", "report")


def run_report(path: Path) -> float | None:
    """Do what `listenable analyze` does."""
    from analysis import load_ratings, write_report

    with tempfile.TemporaryDirectory() as out:
        write_report(load_ratings(path), out)
    return None


def run_load(path: Path) -> float | None:
    """Only read the CSV."""
    from analysis import load_ratings

    load_ratings(path)
    return None


def run_bootstrap(path: Path) -> float | None:
    """Draw 10,000 bootstrap means of all conditions; return the seconds without the reading."""
    from analysis import load_ratings
    from analysis.ratings.tidy import cells
    from analysis.statistics.bootstrap import bootstrap_means

    table = cells(load_ratings(path))
    start = time.perf_counter()
    bootstrap_means(table, list(MEANS), draws=10_000)
    return time.perf_counter() - start


def run_mos(path: Path) -> float | None:
    """Compute the table of scores with two-way intervals; return the seconds without the reading."""
    from analysis import load_ratings, mos

    frame = load_ratings(path)
    start = time.perf_counter()
    mos(frame)
    return time.perf_counter() - start


Task = Callable[[Path], float | None]
"""Returns the seconds that count, or None for all of its own."""


def _child(task: Task, path: Path) -> tuple[float, float]:
    start = time.perf_counter()
    counted = task(path)
    seconds = time.perf_counter() - start if counted is None else counted
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(task: Task, path: Path) -> tuple[float, float]:
    """Return seconds and peak memory in MiB of a task in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_child, task, path).result()


def times(scales: list[int]) -> None:
    """Print one row per size."""
    tasks = {"load": run_load, "mos": run_mos, "bootstrap": run_bootstrap, "report": run_report}
    print(
        f"Each task once, in a separate process with one thread; ratings of {LISTENERS:,} listeners x "
        f"{ITEMS} items x {len(MEANS)} conditions, and of more listeners. `report` is `listenable analyze`, "
        "imports included; `bootstrap` is 10,000 draws; seconds of `mos` and `bootstrap` are after the "
        "ratings are read; the memory is the report's.\n"
    )
    print(f"| rows | {' | '.join(TASKS)} | peak memory |\n|---:|{'---:|' * (len(TASKS) + 1)}")
    with tempfile.TemporaryDirectory() as folder:
        for scale in scales:
            path = Path(folder) / f"ratings-{scale}.csv"
            rows = write_ratings(path, LISTENERS * scale)
            found = {name: measure(tasks[name], path) for name in TASKS}
            seconds = " | ".join(f"{found[name][0]:.1f} s" for name in TASKS)
            print(f"| {rows:,} | {seconds} | {found['report'][1]:,.0f} MiB |", flush=True)


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scales", type=int, nargs="*", default=[1, 4, 16])
    parser.add_argument("--panels", nargs="+", default=["40x12", "1000x20"], help="LISTENERSxITEMS")
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    print("## Time and memory of the analysis\n")
    if chosen.scales:
        times(chosen.scales)
    panels = [tuple(map(int, panel.split("x"))) for panel in chosen.panels]
    compare([(listeners, items) for listeners, items in panels], chosen.repeats)


if __name__ == "__main__":
    # As a script this file would hide the package of the same name.
    if not __package__:
        raise SystemExit("Run it as: python -m benchmarks.analysis")
    main()
