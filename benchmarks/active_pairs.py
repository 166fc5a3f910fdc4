"""What choosing pairs by the answers saves: pairs for a scale of the same error as by balanced pairs.

    python -m benchmarks.active_pairs [--studies 100]

Studies of 19 listeners who differ, and 12 conditions of an `ab` test. With balanced pairs each listener hears
a balanced part of all 66 (`pages_per_session`); with active pairs each answer decides on the next pair
(`--adaptive active-16`). Both are analysed alike: Bradley and Terry's scale of all choices. The truth is that
scale of a very large panel which hears all pairs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import combinations

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from analysis.choices.bradley_terry import fit_bradley_terry
from analysis.choices.pair_scale import pair_scale
from analysis.choices.pairs import PairCounts
from study_builder.design.active_pairs import ActivePairs
from study_builder.design.incomplete_blocks import block_of
from study_builder.design.williams import shuffled

LISTENERS, CONDITIONS = 19, 12
WORTHS = 1.5 * norm.ppf((np.arange(CONDITIONS) + 0.5) / CONDITIONS)
LISTENER_SD = 0.4
PAIRS = tuple(combinations(range(CONDITIONS), 2))
COUNTS = (8, 12, 16, 24, 32)
MORE = (48, 66)
_LARGE = 20_000

Rng = np.random.Generator
Hear = Callable[[Rng, np.ndarray, int, int], list[tuple[int, int]]]


def prefer(rng: Rng, own: np.ndarray, a: int, b: int) -> bool:
    """Return whether a listener prefers condition a to b on one hearing."""
    return bool(rng.random() < expit(own[a] - own[b]))


def hear_balanced(rng: Rng, own: np.ndarray, slot: int, count: int) -> list[tuple[int, int]]:
    """Return winners and losers of a balanced part of the pairs."""
    heard = block_of(len(PAIRS), count, slot, "benchmark").things
    return [(a, b) if prefer(rng, own, a, b) else (b, a) for a, b in (PAIRS[thing] for thing in heard)]


def hear_active(rng: Rng, own: np.ndarray, slot: int, count: int) -> list[tuple[int, int]]:
    """Return winners and losers of pairs that the answers chose."""
    ranks = tuple(shuffled(range(len(PAIRS)), "benchmark", slot))
    state, found = ActivePairs(PAIRS, (0,) * len(PAIRS), ranks, count), []
    while not state.finished:
        a, b = PAIRS[state.place]
        won = prefer(rng, own, a, b)
        found.append((a, b) if won else (b, a))
        state = state.answer(float(won))
    return found


def draw_study(rng: Rng, hear: Hear, count: int) -> np.ndarray:
    """Return how often each listener of a study preferred the row to the column."""
    wins = np.zeros((LISTENERS, CONDITIONS, CONDITIONS))
    for listener in range(LISTENERS):
        own = WORTHS + rng.normal(0, LISTENER_SD, CONDITIONS)
        for winner, loser in hear(rng, own, listener, count):
            wins[listener, winner, loser] += 1
    return wins


def find_truth(rng: Rng) -> np.ndarray:
    """Return the scale of a very large panel."""
    own = WORTHS + rng.normal(0, LISTENER_SD, (_LARGE, CONDITIONS))
    return fit_bradley_terry(
        expit(own[:, :, None] - own[:, None, :]).mean(axis=0) * (1 - np.eye(CONDITIONS))
    ).worths


def describe(wins: list[np.ndarray], truth: np.ndarray) -> tuple[float, float, float]:
    """Return the error of the scale, and in percent how often its intervals cover and its fit is rejected."""
    errors, covered, rejected = [], [], []
    for study in wins:
        names = [f"c{k:02d}" for k in range(CONDITIONS)]
        counts = PairCounts(names, [str(k) for k in range(LISTENERS)], study, np.zeros_like(study))
        scale = pair_scale(counts)
        table = scale.table.set_index("condition").loc[names]
        rejected.append(scale.test.p < 0.05)
        errors.append(table["worth"].to_numpy() - truth)
        covered.append((table["ci_low"] <= truth) & (truth <= table["ci_high"]))
    error = float(np.sqrt(np.mean(np.square(errors))))
    return error, 100 * float(np.mean(covered)), 100 * float(np.mean(rejected))


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    truth = find_truth(np.random.default_rng(chosen.seed))
    print("## What active pairs save\n")
    print(
        f"{chosen.studies} studies per row of {LISTENERS} listeners and {CONDITIONS} conditions, seed "
        f"{chosen.seed}. Error: root mean square of a condition's place on Bradley and Terry's scale.\n"
    )
    print(
        "| pairs per listener | balanced: error | covered | rejected | active: error | covered | rejected |\n"
        "|---|---|---|---|---|---|---|"
    )
    errors: dict[str, list[float]] = {"balanced": [], "active": []}
    for count in (*COUNTS, *MORE):
        cells = []
        for name, hear in (("balanced", hear_balanced), ("active", hear_active)):
            if name == "active" and count in MORE:
                cells.append(" | | |")
                continue
            rng = np.random.default_rng([chosen.seed, count, len(name)])
            wins = [draw_study(rng, hear, count) for _ in range(chosen.studies)]
            error, covered, rejected = describe(wins, truth)
            errors[name].append(error)
            cells.append(f" {error:.3f} | {covered:.1f} % | {rejected:.0f} % |")
        print(f"| {count} |{''.join(cells)}", flush=True)
    needed = np.interp(-np.array(errors["active"]), -np.array(errors["balanced"]), [*COUNTS, *MORE])
    saved = ", ".join(f"{count}: {balanced:.0f}" for count, balanced in zip(COUNTS, needed, strict=True))
    print(f"\nBalanced pairs that have the error of active ones, per listener: {saved}.\n")
    print(
        "Rejected: studies in which the likelihood-ratio test of the scale (p < 0.05, corrected for "
        "dependent choices) rejects it, though each listener has such a scale. Its chi-squared approximation "
        "is bold with 66 pairs and few choices about each; the report on active pairs, whose pairs also "
        "depend on the answers, leaves it out."
    )


if __name__ == "__main__":
    main()
