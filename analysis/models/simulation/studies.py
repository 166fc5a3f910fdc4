"""Simulated studies by what their analysis needs: differences of all pairs and their sums of squares.

A paired difference between two conditions is `d_ij = difference + a_i + b_j + e_ij`: how differently
listeners feel about the two (`listener_sd`), how much they differ by the item (`item_sd`), and the rest
(`residual_sd`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.statistics.moderation import Layout, p_values_of_studies, prior_df
from analysis.statistics.variance import Floats


@dataclass(frozen=True)
class Spread:
    """Standard deviations of a paired difference, in points of the scale.

    The defaults are those of a difference between two methods of which each has a listener SD of 10, an item
    SD of 6 and a residual SD of 12, half of the listeners' and items' variance being shared by the two.
    """

    listener_sd: float = 10.0
    item_sd: float = 6.0
    residual_sd: float = 17.0


@dataclass(frozen=True)
class SimulatedStudies:
    """Studies of one design.

    Attributes:
        layout: What the design contributes to the variance of a mean.
        conditions: Conditions of each study.
        differences: Mean differences `[studies, pairs]`.
        totals: Sums of squares of listeners, items and the residual `[studies, pairs]` each.
    """

    layout: Layout
    conditions: int
    differences: Floats
    totals: tuple[Floats, Floats, Floats]

    def p_values(self, pairs: slice = slice(None)) -> Floats:
        """Return the p values of some pairs of each study, moderated as in `compare` `[studies, pairs]`."""
        prior = np.zeros((len(self.differences), 3))
        moderated = [total[:, pairs] for total in self.totals]
        if self.conditions > 2:
            for k, (total, df) in enumerate(zip(self.totals, self.layout.dfs, strict=True)):
                every = np.full(total.shape[1], df)
                prior[:, k] = prior_df(np.maximum(total, np.finfo(float).tiny) / df, every, self.conditions)
                moderated[k] = moderated[k] + prior[:, k, None] * total.mean(axis=1, keepdims=True)
        totals = (moderated[0], moderated[1], moderated[2])
        return p_values_of_studies(self.differences[:, pairs], totals, self.layout, prior)
