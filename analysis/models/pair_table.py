"""Scores laid out for comparisons in pairs: a row per listener and item, a column per condition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.statistics.nested import Sample
from analysis.statistics.variance import Floats, Ints


@dataclass(frozen=True)
class PairTable:
    """Scores [cells, conditions], `nan` if a listener did not rate a condition of an item."""

    scores: Floats
    listeners: Ints
    items: Ints
    names: list[str]

    @classmethod
    def of(cls, table: pd.DataFrame) -> PairTable:
        """Lay out the rows of `analysis.ratings.tidy.cells`."""
        wide = table.pivot(index=["listener", "item"], columns="condition", values="score")
        listener, item = (pd.factorize(wide.index.get_level_values(k))[0] for k in (0, 1))
        return cls(wide.to_numpy(float), listener, item, [str(name) for name in wide.columns])

    def of_condition(self, name: str) -> Floats:
        """Return all scores of a condition."""
        column = self.scores[:, self.names.index(name)]
        return column[~np.isnan(column)]

    def differences(self, a: str, b: str) -> tuple[Floats, Ints, Ints]:
        """Return the differences of the cells that have both, with their listeners and items."""
        gap = self.scores[:, self.names.index(a)] - self.scores[:, self.names.index(b)]
        there = ~np.isnan(gap)
        return gap[there], self.listeners[there], self.items[there]

    def sample(self, name: str) -> Sample:
        """Return the scores of a condition with their listeners and items."""
        column = self.scores[:, self.names.index(name)]
        there = ~np.isnan(column)
        return Sample(column[there], self.listeners[there], self.items[there])
