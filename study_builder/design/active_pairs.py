"""Active pairs: the next pair is the one whose answer is expected to say most about the scale.

The scale is Bradley and Terry's, `P(a preferred to b) = 1 / (1 + exp(-(a - b)))`, with independent normal
priors. The posterior after the answers so far is taken as normal (Laplace). The expected information of a
pair is the mutual information of its answer and the scale: the entropy of the answer, less what of it is
left if the scale is known (Lindley 1956, Annals of Mathematical Statistics 27:986-1005; for pairs Mikhailiuk
et al. 2021, ICPR). Pairs that are nearly decided, or are known to be far apart, say little.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from study_builder.errors import BuildError

PRIOR_SD = 1.5
"""Of a condition's place on the scale: two conditions are then up to 4 apart, 98 % to 2 %, one time in 20."""
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
_STEPS = 50
_DECIMALS = 9  # so that the last bits of a machine's arithmetic decide nothing

Floats = npt.NDArray[np.float64]
Pair = tuple[int, int]


@dataclass(frozen=True)
class ActivePairs:
    """The pairs of one session; `answer` returns the state after the next one.

    Attributes:
        pairs: the conditions that each page compares, by number.
        items: the item that each page plays, by number.
        ranks: which of several pages that say as much comes first: the one with the lowest rank.
        stop_after: pages after which the track is finished.
        heard: pages so far.
        outcomes: the answers to them: 1 if the pair's first condition was preferred, 0 if the second was, 0.5
            if neither.
    """

    pairs: tuple[Pair, ...]
    items: tuple[int, ...]
    ranks: tuple[int, ...]
    stop_after: int
    heard: tuple[int, ...] = ()
    outcomes: tuple[float, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether there were enough pages."""
        return len(self.heard) >= self.stop_after

    @property
    def place(self) -> int:
        """The page that comes next: of the most informative pair, with the item that was heard least.

        A pair is not heard twice in a row unless there is no other.
        """
        return _choose_page(self)

    def answer(self, outcome: float) -> ActivePairs:
        """Return the state after an answer.

        Raises:
            BuildError: it is finished, or the answer is not from 0 to 1.
        """
        if self.finished:
            raise BuildError(f"the track is finished after {self.stop_after} pairs")
        if not 0 <= outcome <= 1:
            raise BuildError(f"an answer to a pair is {outcome:g}; expected 0 to 1")
        return replace(self, heard=(*self.heard, self.place), outcomes=(*self.outcomes, float(outcome)))


def measure_information(pairs: npt.NDArray[np.int64], mean: Floats, covariance: Floats) -> Floats:
    """Return the expected information of each pair's answer about the scale, in nats `[pairs]`.

    Args:
        pairs: conditions by number `[pairs, 2]`.
        mean: of the posterior `[conditions]`.
        covariance: of the posterior `[conditions, conditions]`.
    """
    a, b = pairs.T
    spread = np.sqrt(covariance[a, a] + covariance[b, b] - 2 * covariance[a, b])
    differences = (mean[a] - mean[b])[:, None] + spread[:, None] * _NODES
    shares = 1 / (1 + np.exp(-differences))
    weights = _WEIGHTS / _WEIGHTS.sum()
    return np.asarray(_entropy(shares @ weights) - _entropy(shares) @ weights)


def fit_posterior(size: int, pairs: tuple[Pair, ...], outcomes: tuple[float, ...]) -> tuple[Floats, Floats]:
    """Return mean and covariance of the scale's places after answers.

    Args:
        size: number of conditions.
        pairs: that were answered.
        outcomes: as in `ActivePairs`.
    """
    precision = np.eye(size) / PRIOR_SD**2
    signs = np.zeros((len(pairs), size))
    for row, (a, b) in enumerate(pairs):
        signs[row, a], signs[row, b] = 1.0, -1.0
    answers, mean = np.array(outcomes, dtype=float), np.zeros(size)
    information = precision
    for _ in range(_STEPS):
        shares = 1 / (1 + np.exp(-(signs @ mean)))
        information = precision + (signs * (shares * (1 - shares))[:, None]).T @ signs
        step = np.linalg.solve(information, signs.T @ (answers - shares) - precision @ mean)
        mean = mean + step
        if np.abs(step).max() < 1e-10:
            break
    return np.asarray(mean), np.asarray(np.linalg.inv(information), dtype=np.float64)


@lru_cache(maxsize=4096)  # a session's plan is made again with every answer
def _choose_page(state: ActivePairs) -> int:
    size = 1 + max(max(pair) for pair in state.pairs)
    answered = tuple(state.pairs[page] for page in state.heard)
    informative = measure_information(
        np.array(state.pairs), *fit_posterior(size, answered, state.outcomes)
    ).round(_DECIMALS)
    last = set(answered[-1]) if answered else set()
    pages = [page for page, pair in enumerate(state.pairs) if set(pair) != last] or list(
        range(len(state.pairs))
    )
    most = max(informative[page] for page in pages)
    items, times = Counter(state.items[page] for page in state.heard), Counter(state.heard)
    return min(
        (page for page in pages if informative[page] == most),
        key=lambda page: (items[state.items[page]], times[page], state.ranks[page]),
    )


def _entropy(share: Floats) -> Floats:
    """Return the entropy of a yes or no, in nats."""
    inside = np.clip(share, 1e-12, 1 - 1e-12)
    return np.asarray(-inside * np.log(inside) - (1 - inside) * np.log1p(-inside))
