"""Listeners as instruments: a bias and an inconsistency each, and scores of the stimuli without them.

ITU-T P.910 (07/2022), annex E; Li, Bampis, Krasula, Janowski & Katsavounidis 2020, "A simple model for
subject behavior in subjective experiments", Human Vision and Electronic Imaging, HVEI-131:

    u_es = psi_e + bias_s + inconsistency_s x_es,   x_es ~ N(0, 1)

for stimulus e and listener s. The estimates of `psi`, `bias` and `inconsistency` are renewed in turn until
they stay; the biases have a mean of 0. A listener who scatters much weighs little; nobody is excluded. The
stimuli are taken as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DesignError
from analysis.ratings.tidy import cells, fill_columns, is_simulated
from analysis.statistics.variance import Floats

_ROUNDS, _CLOSE = 10_000, 1e-10
_COLLAPSED = 0.02  # share of the median inconsistency: a small panel's likelihood has no maximum
_LEAST = 1e-3  # inconsistency of a listener who agrees perfectly, in shares of the scores' spread


@dataclass(frozen=True)
class SubjectModel:
    """Estimates of the model.

    Attributes:
        listeners: `listener, n_ratings, bias, inconsistency`, in points.
        stimuli: `item, condition, score` (without the biases), its error `se` by the model, and P.910's
            `sos`: the standard deviation of the scores without biases over the root of their number.
        simulated: Whether a program made any rating.
    """

    listeners: pd.DataFrame
    stimuli: pd.DataFrame
    simulated: bool


def subject_model(frame: pd.DataFrame, *, attribute: str | None = None) -> SubjectModel:
    """Estimate bias and inconsistency of each listener, and the score of each stimulus.

    Args:
        frame: Tidy ratings; incomplete designs are fine.
        attribute: The scale, if the frame has several.

    Raises:
        DesignError: Fewer than two listeners or stimuli, no rating that differs, or a small panel
            of which one listener takes all the weight.
    """
    frame = fill_columns(frame)
    table = cells(frame, attribute)
    wide = table.pivot(index=["item", "condition"], columns="listener", values="score")
    if min(wide.shape) < 2:
        raise DesignError(
            f"the subject model needs two listeners and two stimuli; found {wide.shape[1]} and "
            f"{wide.shape[0]}"
        )
    if table["score"].nunique() < 2:
        raise DesignError("the subject model needs ratings that differ")
    scores = wide.to_numpy(float)
    score, error, bias, spread = _estimate(scores)
    if float(spread.min()) < _COLLAPSED * float(np.median(spread)):
        name = wide.columns[int(spread.argmin())]
        raise DesignError(
            f"the subject model has no solution here: {name!r} alone would decide all the scores"
        )
    sos = np.nanstd(scores - bias, axis=1) / (~np.isnan(scores)).sum(axis=1) ** 0.5
    simulated = is_simulated(frame)
    listeners = pd.DataFrame(
        {"listener": wide.columns, "n_ratings": wide.notna().sum().to_numpy(), "bias": bias,
         "inconsistency": spread, "simulated": simulated}
    )  # fmt: skip
    stimuli = wide.index.to_frame(index=False).assign(score=score, se=error, sos=sos, simulated=simulated)
    return SubjectModel(listeners, stimuli, simulated)


def _estimate(scores: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return scores and errors of the stimuli, biases and inconsistencies of the listeners.

    Args:
        scores: Ratings [stimuli, listeners], `nan` if not rated.
    """
    there = ~np.isnan(scores)
    least = _LEAST * float(np.nanstd(scores))
    psi = np.nanmean(scores, axis=1)
    for _ in range(_ROUNDS):
        bias = np.nanmean(scores - psi[:, None], axis=0)
        spread = np.maximum(np.nanstd(scores - psi[:, None] - bias, axis=0), least)
        weights = np.where(there, 1 / spread**2, 0.0)
        before, psi = psi, np.nansum(weights * (scores - bias), axis=1) / weights.sum(axis=1)
        if float(np.abs(psi - before).max()) < _CLOSE:
            break
    centre = float(bias.mean())
    return psi + centre, weights.sum(axis=1) ** -0.5, bias - centre, spread
