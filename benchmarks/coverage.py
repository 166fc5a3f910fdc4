"""How often intervals cover the truth, and how often a study of equal methods finds a difference.

    python -m benchmarks.coverage [--draws 2000] [--bootstrap 400] [--families 2000]

Intervals of one condition's mean: listener SD 10, item SD 6, listener x item SD 6, residual SD 10. The
unbalanced design loses 40 % of its cells at random; in the half design each listener hears a random half of
the items. Families: all methods equal, every pair compared with Holm's correction; per method a listener SD
of 10, an item SD of 0, 2 or 6, a residual SD (with listener x item) of 11.7.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis.models.simulation.balanced import simulate_balanced
from analysis.models.simulation.studies import Spread
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
LISTENERS, ITEMS, METHODS, ITEM_SDS = (5, 10, 20, 40, 100), (2, 3, 4, 5, 8, 16), (2, 4, 8), (0.0, 2.0, 6.0)
MOST_ERROR, LEAST_COVERAGE = 0.06, 0.93
LEAST_ERROR, MOST_COVERAGE = 0.02, 0.98  # from 10 listeners and 4 items on


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
    """Whether the BCa interval of 1,000 draws covers zero."""
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


def family(
    listeners: int, items: int, methods: int, item_sd: float, draws: int, seed: int = 0
) -> tuple[float, float]:
    """Return the share of studies with any finding among equal methods, and the coverage of a difference.

    With two methods, the difference is also a mean of one condition with twice the variance: the coverage is
    that of means.
    """
    spread = Spread(10.0 * 2**0.5, item_sd * 2**0.5, 136.0**0.5 * 2**0.5)
    studies = simulate_balanced(0.0, listeners, items, spread, methods, draws, seed)
    p = studies.p_values()
    return float((p.min(axis=1) < 0.05 / p.shape[1]).mean()), float((p >= 0.05).mean())


def is_within(listeners: int, items: int, item_sd: float, error: float, covered: float, draws: int) -> bool:
    """Whether both shares are within their bands, give or take two standard errors of the simulation."""
    slack = 2 * (0.05 * 0.95 / draws) ** 0.5
    good = error <= MOST_ERROR + slack and covered >= LEAST_COVERAGE - slack
    if listeners >= 10 and items >= 4:
        good = good and covered <= MOST_COVERAGE + slack
        good = good and (item_sd == 0 or error >= LEAST_ERROR - slack)
    return good


def family_rows(draws: int, seed: int) -> Iterator[tuple[str, bool]]:
    """Yield a row of the table for each design, and whether all of it is within its bands."""
    for listeners in LISTENERS:
        for items in ITEMS:
            cells, good = [], True
            for methods in METHODS:
                for item_sd in ITEM_SDS:
                    error, covered = family(listeners, items, methods, item_sd, draws, seed)
                    within = is_within(listeners, items, item_sd, error, covered, draws)
                    good = good and within
                    cells.append(f"{error:.3f} / {100 * covered:.1f}" + ("" if within else " (!)"))
            yield f"| {listeners} x {items} | {' | '.join(cells)} |", good


def main() -> None:
    """Print the sections."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--bootstrap", type=int, default=400)
    parser.add_argument("--families", type=int, default=2000)
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
    for label, design in DESIGNS.items() if chosen.draws else ():
        found = coverage(design, chosen.draws, max(chosen.bootstrap, 1), chosen.seed)
        print(f"| {label} | {' | '.join(f'{100 * found[name]:.1f} %' for name in names)} |", flush=True)
    print(f"\nStandard error of a share of 95 %: of {_error(chosen.draws)}, of {_error(chosen.bootstrap)}.\n")
    print_families(chosen.families, chosen.seed)


def print_families(draws: int, seed: int) -> None:
    """Print how often equal methods are told apart, and how often a difference's interval covers zero."""
    print("## How often equal methods are told apart\n")
    print(
        f"{draws:,} simulated studies per design, all methods equal: share with any Holm-corrected p below "
        "0.05 / coverage of the 95 % intervals of the differences, in percent. Per method a listener SD of "
        f"10 and a residual SD of 11.7. Bands: error at most {MOST_ERROR}, coverage at least "
        f"{100 * LEAST_COVERAGE:.0f} %; from 10 x 4 on error at least {LEAST_ERROR} (item SD not 0) and "
        f"coverage at most {100 * MOST_COVERAGE:.0f} %; (!) marks what is outside by more than two standard "
        "errors.\n"
    )
    heads = [f"{methods} methods, item SD {sd:.0f}" for methods in METHODS for sd in ITEM_SDS]
    print(f"| listeners x items | {' | '.join(heads)} |\n|---|{'---|' * len(heads)}")
    good = []
    for row, within in family_rows(draws, seed):
        print(row, flush=True)
        good.append(within)
    print(f"\n{sum(good)} of {len(good)} designs are within all their bands.")


def _error(studies: int) -> str:
    return f"{studies:,} studies {100 * (0.95 * 0.05 / max(studies, 1)) ** 0.5:.1f} points"


if __name__ == "__main__":
    main()
