"""How often each nominal 95 % interval of a mean covers the truth, by simulation.

    python -m benchmarks.coverage [--draws 2000] [--bootstrap 400]

One condition's ratings: listener SD 10, item SD 6, listener x item SD 6, residual SD 10. The unbalanced
design loses 40 % of its cells at random; in the half design each listener hears a random half of the items.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from analysis.statistics.bootstrap import bca, bootstrap_means, influences
from analysis.statistics.intervals import interval

CLOSED = ("naive-t", "listener", "item", "crowdmos", "two-way")
DESIGNS = {
    "20 x 8": (20, 8, "complete"),
    "20 x 20": (20, 20, "complete"),
    "12 x 6": (12, 6, "complete"),
    "50 x 12": (50, 12, "complete"),
    "25 x 12, 40 % missing": (25, 12, "missing"),
    "21 x 16, each hears half": (21, 16, "half"),
}


def draw(
    listeners: int, items: int, kind: str, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scores around a true mean of zero, with the listener and the item of each."""
    a, b = rng.normal(0, 10, listeners), rng.normal(0, 6, items)
    table = a[:, None] + b + rng.normal(0, 6, (listeners, items)) + rng.normal(0, 10, (listeners, items))
    heard = np.ones((listeners, items), bool)
    if kind == "missing":
        heard = rng.random((listeners, items)) >= 0.4
    if kind == "half":
        heard = rng.permuted(np.tile(np.arange(items) < items // 2, (listeners, 1)), axis=1)
    listener, item = np.nonzero(heard)
    return table[listener, item], listener, item


def covers_bootstrap(scores: np.ndarray, listener: np.ndarray, item: np.ndarray, seed: int) -> bool:
    """Return whether the BCa interval of 1,000 draws covers zero."""
    cells = pd.DataFrame({"listener": listener, "item": item, "condition": "c", "score": scores})
    drawn = bootstrap_means(cells, ["c"], draws=1000, seed=seed)[:, 0]
    low, high = bca(float(scores.mean()), drawn, influences(cells))
    return low <= 0 <= high


def coverage(design: tuple[int, int, str], draws: int, bootstrap: int, seed: int = 0) -> dict[str, float]:
    """Return the share of simulated studies whose interval covers the true mean, per interval."""
    rng = np.random.default_rng(seed)
    hits = dict.fromkeys([*CLOSED, "bootstrap"], 0)
    for number in range(draws):
        ratings = draw(*design, rng)
        for name in CLOSED:
            found = interval(name, *ratings, panel=design[:2])
            hits[name] += found.low <= 0 <= found.high
        if number < bootstrap:
            hits["bootstrap"] += covers_bootstrap(*ratings, seed=number)
    return {
        name: count / (bootstrap if name == "bootstrap" else draws) for name, count in hits.items() if draws
    }


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--bootstrap", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    names = [*CLOSED, "bootstrap"]
    heads = ["two-way (default)" if name == "two-way" else name for name in names]
    print("## How often a nominal 95 % interval covers the truth\n")
    print(
        f"{chosen.draws:,} simulated studies per design ({chosen.bootstrap:,} for the bootstrap, 1,000 draws "
        f"each), seed {chosen.seed}; listener SD 10, item SD 6, listener x item SD 6, residual SD 10. Two of "
        "the designs are unbalanced. The first four columns are other formulas for the same mean.\n"
    )
    print(f"| listeners x items | {' | '.join(heads)} |\n|---|{'---|' * len(names)}")
    for label, design in DESIGNS.items():
        found = coverage(design, chosen.draws, max(chosen.bootstrap, 1), chosen.seed)
        print(f"| {label} | {' | '.join(f'{100 * found[name]:.1f} %' for name in names)} |", flush=True)
    print(f"\nStandard error of a share of 95 %: of {_error(chosen.draws)}, of {_error(chosen.bootstrap)}.")


def _error(studies: int) -> str:
    return f"{studies:,} studies {100 * (0.95 * 0.05 / max(studies, 1)) ** 0.5:.1f} points"


if __name__ == "__main__":
    main()
