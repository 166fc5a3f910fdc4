"""How often the mixed model tells equal methods apart if one scatters four times as much as the others.

python -m benchmarks.unequal_variances [--studies 80] [--seed 1]
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from analysis import mixed_model
from analysis.models.mixed import VARIANCES
from analysis.ratings.tidy import tidy

LISTENERS, ITEMS = 14, 8
SCATTER = {"A": 1.0, "B": 1.0, "C": 4.0}


def simulate(rng: np.random.Generator) -> pd.DataFrame:
    """Return the ratings of one study with three methods of equal means."""
    a, b = rng.normal(0, 6, (LISTENERS, 1)), rng.normal(0, 4, (1, ITEMS))
    rows = []
    for name, times in SCATTER.items():
        own = rng.normal(0, 3, (LISTENERS, 1)) + rng.normal(0, 3, (1, ITEMS))
        y = 50 + a + b + times * (own + rng.normal(0, 4, (LISTENERS, ITEMS)))
        rows += [(f"l{i}", f"i{j}", name, y[i, j]) for i in range(LISTENERS) for j in range(ITEMS)]
    return tidy(pd.DataFrame(rows, columns=["listener", "item", "condition", "score"]))


def measure(studies: int, seed: int) -> dict[str, tuple[float, float]]:
    """Return, by the model's variances, the share of p below 0.05: of A and B, and of C and another."""
    rng = np.random.default_rng(seed)
    hits = {name: np.zeros(2) for name in VARIANCES}
    for _ in range(studies):
        frame = simulate(rng)
        for name in VARIANCES:
            table = mixed_model(frame, variances=name).differences()
            with_c = (table["condition_a"] == "C") | (table["condition_b"] == "C")
            hits[name] += [float((table["p"] < 0.05)[mask].mean()) for mask in (~with_c, with_c)]
    return {name: (float(found[0]) / studies, float(found[1]) / studies) for name, found in hits.items()}


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=80)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    print("## Mixed model of methods that scatter differently\n")
    print(
        f"{chosen.studies} simulated studies of {LISTENERS} listeners x {ITEMS} items, seed {chosen.seed}: "
        "three methods of equal means; what is C's own (by listener, by item and otherwise) has four times "
        "the standard deviation of A's and B's. Share of uncorrected p values below 0.05.\n"
    )
    print("| variances | A and B | C and another |\n|---|---|---|")
    for name, (same, other) in measure(chosen.studies, chosen.seed).items():
        print(f"| {name} | {100 * same:.1f} % | {100 * other:.1f} % |")
    error = 100 * (0.05 * 0.95 / chosen.studies) ** 0.5
    print(f"\nStandard error of a share of 5 %: {error:.1f} points.")


if __name__ == "__main__":
    main()
