"""Bradley-Terry: each condition has a strength, and `P(a preferred to b) = p_a / (p_a + p_b)`.

Bradley & Terry 1952, Biometrika 39:324-345. With ties: Davidson 1970, Journal of the American Statistical
Association 65:317-328, `P(tie)` proportional to `nu sqrt(p_a p_b)`. Both are multinomial logits in the log
strengths (`analysis.statistics.choice_model`). Estimates are finite if no group of conditions won all its
comparisons with the rest (Ford 1957, American Mathematical Monthly 64:28-33); if one did, half a win is
added to both sides of every compared pair, and the result says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg

from analysis.errors import DesignError
from analysis.statistics.choice_model import fit_choices
from analysis.statistics.variance import Floats, Ints


@dataclass(frozen=True)
class PairFit:
    """A scale fitted to counts of pairs.

    Attributes:
        worths: Places on the scale, their mean 0 `[..., conditions]`: log strengths, or Thurstone's units.
        log_tie: Log of Davidson's nu `[...]`, or None.
        covariance: Of the worths and then of `log_tie`, if every comparison were independent.
        pairs: Indices of the compared pairs `[pairs, 2]`.
        observed: Counts of first, second and, with ties, neither `[..., pairs, outcomes]`.
        probabilities: Fitted, in the same order `[..., pairs, outcomes]`.
        slopes: Derivatives of the log probabilities by the parameters `[..., pairs, outcomes, parameters]`.
        padded: Whether half wins were added.
    """

    worths: Floats
    log_tie: Floats | None
    covariance: Floats
    pairs: Ints
    observed: Floats
    probabilities: Floats
    slopes: Floats
    padded: bool

    @property
    def strengths(self) -> Floats:
        """Bradley and Terry's strengths, their sum 1 `[..., conditions]`."""
        shifted = np.exp(self.worths - self.worths.max(axis=-1, keepdims=True))
        return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def fit_bradley_terry(wins: Floats) -> PairFit:
    """Fit strengths to wins.

    Args:
        wins: Times the row was preferred to the column `[..., conditions, conditions]`; a tie may count half
            for both.

    Raises:
        DesignError: Fewer than two conditions, or conditions that no chain of comparisons connects.
    """
    return _fit(wins, None)


def fit_davidson(wins: Floats, ties: Floats) -> PairFit:
    """Fit strengths and the propensity to tie.

    Args:
        wins: Times the row was preferred to the column `[..., conditions, conditions]`.
        ties: Times neither was, in both triangles.

    Raises:
        DesignError: As `fit_bradley_terry`; or there is no tie, or nothing but ties.
    """
    if not (ties.sum(axis=(-2, -1)) > 0).all() or not (wins.sum(axis=(-2, -1)) > 0).all():
        raise DesignError("a model with ties needs both ties and preferences")
    return _fit(wins, ties)


def find_compared_pairs(counts: Floats) -> Ints:
    """Return the pairs that were compared at all, the lower index first `[pairs, 2]`.

    Raises:
        DesignError: Fewer than two conditions, or conditions that no chain of comparisons connects.
    """
    whole = counts.reshape(-1, *counts.shape[-2:]).sum(axis=0)
    whole = whole + whole.T
    if len(whole) < 2 or not reaches(whole > 0).all():
        raise DesignError(
            "the comparisons do not connect all conditions; each must have been compared with the others, "
            "directly or through a third"
        )
    return np.argwhere(np.triu(whole > 0, 1))


def half_wins(wins: Floats, pairs: Ints) -> Floats:
    """Return half a win for both sides of every compared pair, and 0 for tables with a finite estimate.

    Args:
        wins: Ties counted as half a win of both `[tables, conditions, conditions]`.
        pairs: From `find_compared_pairs`.
    """
    endless = ~reaches(wins > 0).all(axis=(1, 2))
    half = np.zeros(wins.shape[-2:])
    half[pairs[:, 0], pairs[:, 1]] = half[pairs[:, 1], pairs[:, 0]] = 0.5
    return np.where(np.reshape(endless, (-1, 1, 1)), half, 0.0)


def sum_zero_basis(size: int) -> Floats:
    """Return an orthonormal basis of the vectors whose sum is 0 `[size, size - 1]`."""
    return np.asarray(linalg.helmert(size).T)


def reaches(links: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Say which conditions a chain of links leads to from which, themselves included.

    Args:
        links: From the row to the column `[..., conditions, conditions]`.
    """
    reach = links | np.eye(links.shape[-1], dtype=bool)
    for _ in range(int(np.ceil(np.log2(max(2, links.shape[-1]))))):
        reach = np.matmul(reach.astype(np.float32), reach.astype(np.float32)) > 0
    return np.asarray(reach)


def _fit(wins: Floats, ties: Floats | None) -> PairFit:
    size, lead = wins.shape[-1], wins.shape[:-2]
    flat = wins.reshape(-1, size, size)
    tied = np.zeros_like(flat) if ties is None else ties.reshape(-1, size, size)
    pairs = find_compared_pairs(flat + tied)
    added = half_wins(flat + tied / 2, pairs)
    i, j = pairs.T
    observed = np.stack([(flat + added)[:, i, j], (flat + added)[:, j, i], tied[:, i, j]], axis=2)
    design, back = _designs(pairs, size)
    if ties is None:
        observed, design, back = observed[:, :, :2], design[:, :2, :-1], back[:-1, :-1]
    fit = fit_choices(design, observed)
    whole = fit.parameters @ back.T
    covariance = back @ np.linalg.inv(fit.information) @ back.T
    means = np.einsum("nsa,sap->nsp", fit.probabilities, design)
    return PairFit(
        worths=whole[:, :size].reshape(*lead, size),
        log_tie=None if ties is None else whole[:, size].reshape(lead),
        covariance=covariance.reshape(*lead, *covariance.shape[1:]),
        pairs=pairs,
        observed=observed.reshape(*lead, *observed.shape[1:]),
        probabilities=fit.probabilities.reshape(*lead, *observed.shape[1:]),
        slopes=(design - means[:, :, None]).reshape(*lead, *design.shape),
        padded=bool(added.any()),
    )


def _designs(pairs: Ints, size: int) -> tuple[Floats, Floats]:
    """Return covariates of first, second and neither, and the way back to worths and `log_tie`.

    The log odds of a tie are log nu plus half of both log strengths.
    """
    basis = sum_zero_basis(size)
    design = np.zeros((len(pairs), 3, size))
    design[:, 0, :-1], design[:, 1, :-1] = basis[pairs[:, 0]], basis[pairs[:, 1]]
    design[:, 2, :-1] = (design[:, 0, :-1] + design[:, 1, :-1]) / 2
    design[:, 2, -1] = 1.0
    return design, np.asarray(linalg.block_diag(basis, 1.0))
