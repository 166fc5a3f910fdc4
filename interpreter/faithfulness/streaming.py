"""Metrics over a stream of batches: one value per item is kept, so batches of any size give the same mean."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np
import torch
from torch import Tensor

from interpreter.faithfulness.bootstrap import Interval, bootstrap_mean


class Streaming:
    """A metric of `interpreter.faithfulness` over a stream.

    Example:
        >>> increase = Streaming(ai)
        >>> for before, inside, target in batches:
        ...     increase.update(before, inside, target)
        >>> increase.compute()

    Args:
        function: the metric, one value per item.
    """

    def __init__(self, function: Callable[..., Tensor]) -> None:
        self.function = function
        self._batches: list[Tensor] = []

    def update(self, *arguments: Tensor) -> Tensor:
        """Add a batch, given as the metric's own arguments; return its items' values, `[B]`."""
        values = self.function(*arguments).detach().double().cpu()
        self._batches.append(values)
        return values

    @property
    def values(self) -> Tensor:
        """Every item's value so far, `[n]`."""
        return torch.cat(self._batches) if self._batches else torch.empty(0, dtype=torch.double)

    def compute(self) -> float:
        """Return the mean over all items; NaN before the first."""
        return float(self.values.nanmean()) if self._batches else float("nan")

    def interval(self, groups: Sequence[Hashable] | None = None, seed: int = 0) -> Interval:
        """Return the mean with its bootstrap interval; see `bootstrap_mean`."""
        return bootstrap_mean(np.asarray(self.values), groups, seed=seed)

    def merge(self, other: Streaming) -> None:
        """Take over another stream's items (another process's)."""
        self._batches.extend(other._batches)

    def reset(self) -> None:
        """Forget all items."""
        self._batches.clear()
