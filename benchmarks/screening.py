"""What screening does to error rates: equal methods told apart, true differences found, listeners lost.

    python -m benchmarks.screening [--studies 200] [--seed 0]

Simulated MUSHRA studies of 20 listeners x 8 items: a hidden reference, anchors and four methods, of which the
first is 0 or 8 points better than the others. Some listeners are careless. Each study is analysed without
screening, with the two rules of BS.1534-3, and with the flags that need no further data as well.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis import mos
from analysis.models.compare import compare_pairs, list_pairs
from analysis.models.pair_table import PairTable
from analysis.models.screening import RULES, screen
from analysis.ratings.tidy import cells, tidy
from analysis.statistics.corrections import adjust

LISTENERS, ITEMS, GAP = 20, 8, 8.0
METHODS = {"A": 55.0, "B": 55.0, "C": 55.0, "D": 55.0}
MARKS = {"reference": 98.0, "anchor70": 40.0, "anchor35": 15.0}
KINDS = ("random", "one score", "reference only")
SCREENINGS: dict[str, tuple[str, ...]] = {
    "none": (),
    "BS.1534-3": RULES,
    "BS.1534-3 and flags": (*RULES, "straight-lining", "anchor-order", "spread", "agreement"),
}


def simulate(kind: str, careless: int, gap: float, rng: np.random.Generator) -> pd.DataFrame:
    """Return the ratings of one study; the first `careless` listeners rate as `kind` says."""
    names = [*MARKS, *METHODS]
    means = np.array([*MARKS.values(), *METHODS.values()])
    means[len(MARKS)] += gap
    own = np.array([0.3] * len(MARKS) + [1.0] * len(METHODS))
    shape = (LISTENERS, ITEMS, len(names))
    scores = means + own * (
        rng.normal(0, 10, (LISTENERS, 1, 1)) + rng.normal(0, 6, (LISTENERS, 1, len(names)))
        + rng.normal(0, 6, (1, ITEMS, 1)) + rng.normal(0, 4, (1, ITEMS, len(names)))
        + rng.normal(0, 12, shape)
    )  # fmt: skip
    if kind == "random":
        scores[:careless] = rng.uniform(0, 100, (careless, *shape[1:]))
    elif kind == "one score":
        scores[:careless] = rng.uniform(0, 100, (careless, ITEMS, 1))
    else:
        scores[:careless, :, 1:] = rng.uniform(0, 100, (careless, ITEMS, len(names) - 1))
    scores[..., 0] = np.where(
        np.arange(LISTENERS)[:, None] < careless, scores[..., 0], np.maximum(scores[..., 0], 91)
    )
    listener, item, condition = (axis.ravel() for axis in np.indices(shape))
    frame = pd.DataFrame(
        {
            "listener": [f"{'careless' if n < careless else 'listener'} {n:02d}" for n in listener],
            "item": [f"item {n}" for n in item],
            "condition": [names[n] for n in condition],
            "score": np.clip(scores, 0, 100).ravel(),
        }
    )
    return tidy(frame)


def find(rows: pd.DataFrame) -> tuple[bool, bool]:
    """Return whether any pair of methods differs, and whether the first method differs from another."""
    pairs = list_pairs(rows, None, list(METHODS))
    compared = compare_pairs(PairTable.of(cells(rows)), pairs)
    found = adjust(np.array([one.mean.p_value() for one in compared])) < 0.05
    return bool(found.any()), bool(any(hit for hit, pair in zip(found, pairs, strict=True) if "A" in pair))


def measure(kind: str, careless: int, studies: int, seed: int) -> dict[str, dict[str, float]]:
    """Return, for each screening, shares over the same studies.

    Args:
        kind: One of `KINDS`.
        careless: How many listeners are.
        studies: Simulated studies with equal methods, and as many with a difference.
        seed: Seed of the simulation.

    Returns:
        By name of the screening `error, power, covered`, and `lost, caught`: the share of the attentive and
        of the careless listeners who are excluded.
    """
    rng = np.random.default_rng(seed)
    sums = {name: dict.fromkeys(("error", "power", "covered", "lost", "caught"), 0.0) for name in SCREENINGS}
    every = tuple(dict.fromkeys(rule for rules in SCREENINGS.values() for rule in rules))
    for _ in range(studies):
        for gap in (0.0, GAP):
            rows = simulate(kind, careless, gap, rng)
            hits = screen(rows, scale=(0, 100), exclude=every).set_index("listener")["rules"].str.split("; ")
            for name, exclude in SCREENINGS.items():
                is_out = hits.map(lambda rules, exclude=exclude: not set(rules).isdisjoint(exclude))
                left = rows[rows["listener"].isin(is_out.index[~is_out])]
                anything, first = find(left)
                if gap:
                    sums[name]["power"] += first
                    continue
                sums[name]["error"] += anything
                row = mos(left[left["condition"] == "B"]).iloc[0]
                sums[name]["covered"] += row["ci_low"] <= METHODS["B"] <= row["ci_high"]
                is_careless = is_out.index.str.startswith("careless")
                sums[name]["caught"] += is_out[is_careless].sum() / max(careless, 1)
                sums[name]["lost"] += is_out[~is_careless].mean()
    return {name: {key: value / studies for key, value in found.items()} for name, found in sums.items()}


def list_rows(studies: int, seed: int) -> Iterator[str]:
    """Yield the rows of the table."""
    for kind, careless in (("", 0), *((kind, 4) for kind in KINDS)):
        for name, got in measure(kind or "random", careless, studies, seed).items():
            caught = f"{100 * got['caught']:.0f} %" if careless else "–"
            yield (
                f"| {f'{careless} of {LISTENERS}: {kind}' if careless else 'nobody'} | {name} | "
                f"{got['error']:.3f} | {got['power']:.2f} | {100 * got['covered']:.1f} % | {caught} | "
                f"{100 * got['lost']:.1f} % |"
            )


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    print("## What screening does to error rates\n")
    print(
        f"{chosen.studies:,} simulated studies per row, seed {chosen.seed}: {LISTENERS} listeners x {ITEMS} "
        "items, a hidden reference, two anchors, four methods. Error: share with any Holm-corrected p below "
        f"0.05 among equal methods; power: the first method, {GAP:g} points better, differs from another; "
        "covered: of the 95 % intervals of a method's mean, the truth being that of the attentive. Careless "
        "listeners rate everything at random, give one score to all sounds of a trial, or rate only the "
        "reference as they hear it.\n"
    )
    print(
        "| careless | screening | error | power | covered | careless excluded | others excluded |\n"
        "|---|---|---|---|---|---|---|"
    )
    for row in list_rows(chosen.studies, chosen.seed):
        print(row, flush=True)
    error = 100 * (0.05 * 0.95 / chosen.studies) ** 0.5
    print(f"\nStandard error of a share of 5 or 95 %: {error:.1f} points.")


if __name__ == "__main__":
    main()
