"""Variances of the random effects over the residual's, the same for all conditions or one per condition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.statistics.variance import Floats

SMALLEST, LARGEST = 1e-6, 1e4  # ratios of a variance to the residual's; the smallest is as good as zero


@dataclass(frozen=True)
class Ratios:
    """Variances over the residual's of the first condition: three that all share, three per condition [k].

    Attributes:
        listener: Of the listeners.
        item: Of the items.
        page: Of listener x item.
        listener_condition: Of listener x condition [k].
        item_condition: Of item x condition [k].
        residual: [k], the first is 1.
    """

    listener: float
    item: float
    page: float
    listener_condition: Floats
    item_condition: Floats
    residual: Floats

    @classmethod
    def of(cls, values: Floats, k: int) -> Ratios:
        """Take the five of equal variances, in the order of `mixed.COMPONENTS`, or those per condition.

        Args:
            values: Listener, listener x condition, item, item x condition and listener x item [5]; or
                listener, item, listener x item, then listener x condition and item x condition of each
                condition and the residual of each but the first [3 k + 2].
            k: Number of conditions.
        """
        if len(values) == 5:
            own = np.ones(k)
            return cls(values[0], values[2], values[4], values[1] * own, values[3] * own, own)
        first, second, rest = values[3 : 3 + k], values[3 + k : 3 + 2 * k], values[3 + 2 * k :]
        return cls(values[0], values[1], values[2], first, second, np.concatenate([[1.0], rest]))

    def per_condition(self) -> Floats:
        """Return them as values per condition [3 k + 2], which `of` takes."""
        shared = [self.listener, self.item, self.page]
        return np.concatenate([shared, self.listener_condition, self.item_condition, self.residual[1:]])


def prior(common: float, own: Floats) -> tuple[Floats, float]:
    """Precision and log determinant of the covariance `common J + diag(own)` of a factor's effects.

    In closed form, since `common` may be so much larger than `own` that an inversion would lose precision.
    """
    roots = 1 / np.sqrt(own)
    size = float(roots @ roots)
    along = np.outer(roots, roots) / size
    whole = 1 + common * size
    inside = np.eye(len(own)) - along + along / whole
    return inside * np.outer(roots, roots), float(np.log(own).sum() + np.log(whole))
