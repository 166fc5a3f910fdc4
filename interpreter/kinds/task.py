"""What is trained: a task turns a batch into the terms that are minimised and watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

Batch = Mapping[str, Tensor]
Terms = dict[str, Tensor]


class Task(Protocol):
    """A network with what it is trained on."""

    @property
    def network(self) -> nn.Module:
        """What is trained; its state dict is the run's checkpoint."""
        ...

    @property
    def frozen(self) -> Sequence[nn.Module]:
        """Modules that it needs and that stay as they are."""
        ...

    @property
    def scores(self) -> Sequence[str]:
        """Names of the scalars that `terms` returns."""
        ...

    def terms(self, batch: Batch, generator: torch.Generator | None) -> Terms:
        """Return scalars of a batch; `loss` is minimised.

        Args:
            batch: `noisy` and `clean` `[B, samples]`, `target` `[B]`.
            generator: of what is drawn for the batch; None in validation, in which nothing is drawn.
        """
        ...
