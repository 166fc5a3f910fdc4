"""Does one scale describe the choices? Likelihood ratio of the scale against each pair's own share.

`G2 = 2 sum o log(o / e)` is chi-squared if all comparisons are independent. Comparisons of one listener are
not, and G2 is then too large or too small: with listeners known, it is divided by the mean design effect of
the residuals and compared with an F distribution (Rao & Scott 1984, Annals of Statistics 12:46-60).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from analysis.choices.bradley_terry import PairFit
from analysis.statistics.variance import Floats


@dataclass(frozen=True)
class GoodnessOfFit:
    """The test of a scale.

    Attributes:
        g2: Likelihood-ratio statistic.
        df: Its degrees of freedom; 0 if the pairs leave nothing to test.
        p_independent: If all comparisons were independent.
        design_effect: Mean design effect of the residuals; `nan` if listeners are not known.
        p: Corrected for it; `p_independent` if listeners are not known.
    """

    g2: float
    df: int
    p_independent: float
    design_effect: float
    p: float


def goodness_of_fit(fit: PairFit, by_listener: Floats | None = None) -> GoodnessOfFit:
    """Test a scale against the choices.

    Args:
        fit: Of one table of counts.
        by_listener: Counts of each listener, as `fit.observed` `[listeners, pairs, outcomes]`; needs two.
    """
    totals = fit.observed.sum(axis=1, keepdims=True)
    expected = totals * fit.probabilities
    g2 = float(2 * (special.xlogy(fit.observed, fit.observed) - special.xlogy(fit.observed, expected)).sum())
    g2 = max(g2, 0.0)
    df = len(fit.pairs) * (fit.observed.shape[1] - 1) - fit.slopes.shape[-1]
    if df <= 0:
        return GoodnessOfFit(g2, 0, float("nan"), float("nan"), float("nan"))
    independent = float(stats.chi2.sf(g2, df))
    if by_listener is None or len(by_listener) < 2:
        return GoodnessOfFit(g2, df, independent, float("nan"), independent)
    effect = _design_effect(fit, by_listener, df)
    listeners = len(by_listener)
    corrected = float(stats.f.sf(g2 / (effect * df), df, df * (listeners - 1))) if effect > 0 else independent
    return GoodnessOfFit(g2, df, independent, effect, corrected)


def _design_effect(fit: PairFit, by_listener: Floats, df: int) -> float:
    """Mean variance of the standardised residuals over listeners, per degree of freedom."""
    expected = by_listener.sum(axis=2, keepdims=True) * fit.probabilities
    scale = np.sqrt(fit.observed.sum(axis=1, keepdims=True) * fit.probabilities)
    residuals = ((by_listener - expected) / scale).reshape(len(by_listener), -1)
    residuals -= _projection(residuals, fit, scale)
    centred = residuals - residuals.mean(axis=0)
    listeners = len(by_listener)
    return float((centred**2).sum() * listeners / (listeners - 1) / df)


def _projection(residuals: Floats, fit: PairFit, scale: Floats) -> Floats:
    """Return the part of the residuals that the scale's own parameters take up."""
    tangent = (scale[:, :, None] * fit.slopes).reshape(-1, fit.slopes.shape[-1])
    basis, _ = np.linalg.qr(tangent)
    return np.asarray(residuals @ basis @ basis.T)
