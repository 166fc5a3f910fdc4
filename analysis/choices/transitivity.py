"""Whether preferences are consistent: circular triads, and three degrees of stochastic transitivity.

A triad is circular if a is preferred to b, b to c, and c to a. Somebody who answers at random makes a quarter
of all triads circular (Kendall & Babington Smith 1940, Biometrika 31:324-345). Of shares: with a preferred to
b and b to c in at least half of the choices, weak transitivity asks for `P_ac >= 1/2`, moderate for `P_ac >=
min(P_ab, P_bc)`, strong for `P_ac >= max(P_ab, P_bc)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from analysis.statistics.variance import Floats


@dataclass(frozen=True)
class Violations:
    """How many triads of the panel's shares violate each degree of transitivity."""

    triads: int
    weak: int
    moderate: int
    strong: int


def circular_triads(wins: Floats) -> tuple[int, int]:
    """Count circular triads.

    Args:
        wins: Times the row was preferred to the column `[conditions, conditions]`, ties counted half.

    Returns:
        Circular triads, and triads of which every pair has a majority. The others cannot be judged.
    """
    above = (wins > wins.T).astype(int)
    decided = above + above.T
    # Each circular triad closes three times as a walk a, b, c, a; each decided triad six times.
    circular = int(np.trace(above @ above @ above)) // 3
    triads = int(np.trace(decided @ decided @ decided)) // 6
    return circular, triads


def transitivity(wins: Floats) -> Violations:
    """Count the triads of shares that violate weak, moderate and strong stochastic transitivity.

    A triad counts once, and only if all its pairs were compared.

    Args:
        wins: As for `circular_triads`, of the whole panel.
    """
    totals = wins + wins.T
    with np.errstate(invalid="ignore"):
        share = wins / totals
    triads = weak = moderate = strong = 0
    size = len(wins)
    for trio in ((a, b, c) for a in range(size) for b in range(a + 1, size) for c in range(b + 1, size)):
        if np.isnan([share[a, b] for a, b in permutations(trio, 2)]).any():
            continue
        triads += 1
        chains = [
            (share[a, b], share[b, c], share[a, c])
            for a, b, c in permutations(trio)
            if share[a, b] >= 0.5 and share[b, c] >= 0.5
        ]
        # With equal shares several orders are possible; the kindest one counts.
        weak += all(far < 0.5 for _, _, far in chains)
        moderate += all(far < min(near, next_) for near, next_, far in chains)
        strong += all(far < max(near, next_) for near, next_, far in chains)
    return Violations(triads, weak, moderate, strong)
