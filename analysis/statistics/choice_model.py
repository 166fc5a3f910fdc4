"""Multinomial logit: the one model behind Bradley-Terry, Davidson's ties and best-worst scaling.

A person who faces the alternatives `a` of a choice set `s` takes one with probability

    pi_sa = exp(x_sa' b) / sum_a' exp(x_sa' b)

(McFadden 1974). The log-likelihood is concave, so Newton's method finds the one maximum if there is one.
Many tables of counts on the same sets, such as the draws of a bootstrap, are fitted at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.errors import DesignError
from analysis.statistics.variance import Floats

_MOST_STEPS = 200
_LONGEST_STEP = 2.0  # in logits: a longer one can overshoot where choices are nearly certain
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class ChoiceFit:
    """Estimates of the parameters of one or more tables of counts.

    Attributes:
        parameters: Estimates `[..., parameters]`.
        log_likelihood: Of the counts, without the constant of the orders in which they came `[...]`.
        information: Fisher's information at the estimates `[..., parameters, parameters]`.
        probabilities: Of each alternative of each set `[..., sets, alternatives]`.
    """

    parameters: Floats
    log_likelihood: Floats
    information: Floats
    probabilities: Floats


def fit_choices(design: Floats, counts: Floats, available: npt.NDArray[np.bool_] | None = None) -> ChoiceFit:
    """Fit the model by maximum likelihood.

    Args:
        design: Covariates `[sets, alternatives, parameters]`.
        counts: How often each alternative was chosen `[..., sets, alternatives]`; halves are allowed.
        available: Which alternatives a set has, if some have fewer than others `[sets, alternatives]`.

    Raises:
        DesignError: The counts have no finite estimate, since some choice is certain.
    """
    sets, alternatives, size = design.shape
    flat = counts.reshape(-1, sets, alternatives)
    totals = flat.sum(axis=2)
    parameters = np.zeros((len(flat), size))
    closed = np.zeros((sets, alternatives)) if available is None else np.where(available, 0.0, -np.inf)
    for _ in range(_MOST_STEPS):
        probabilities = special.softmax(np.einsum("sap,np->nsa", design, parameters) + closed, axis=2)
        score = np.einsum("nsa,sap->np", flat - totals[:, :, None] * probabilities, design)
        information = _information(design, totals, probabilities)
        step = _solve(information, score)
        longest = np.abs(step).max(axis=1, keepdims=True)
        parameters = parameters + step * np.minimum(1.0, _LONGEST_STEP / np.maximum(longest, 1e-300))
        if longest.max() < _TOLERANCE:
            break
    else:
        raise DesignError("the choices have no finite estimate; some alternative is always or never chosen")
    probabilities = special.softmax(np.einsum("sap,np->nsa", design, parameters) + closed, axis=2)
    shape = counts.shape[:-2]
    return ChoiceFit(
        parameters.reshape(*shape, size),
        special.xlogy(flat, probabilities).sum(axis=(1, 2)).reshape(shape),
        _information(design, totals, probabilities).reshape(*shape, size, size),
        probabilities.reshape(*shape, sets, alternatives),
    )


def _information(design: Floats, totals: Floats, probabilities: Floats) -> Floats:
    """Fisher's information `[tables, parameters, parameters]`: the covariance of x under the choice."""
    means = np.einsum("nsa,sap->nsp", probabilities, design)
    sets, alternatives, size = design.shape
    products = np.einsum("sap,saq->sapq", design, design).reshape(sets * alternatives, size * size)
    weights = (totals[:, :, None] * probabilities).reshape(-1, sets * alternatives)
    second = (weights @ products).reshape(-1, size, size)
    first = (totals[:, :, None] * means).swapaxes(1, 2) @ means
    return np.asarray(second - first, dtype=np.float64)


def _solve(information: Floats, score: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.solve(information, score[:, :, None])[:, :, 0], dtype=np.float64)
    except np.linalg.LinAlgError:
        raise DesignError(
            "the choices do not connect all conditions; each must have been compared with the others, "
            "directly or through a third"
        ) from None
