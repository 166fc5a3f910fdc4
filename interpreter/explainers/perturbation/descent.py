"""Optimising a mask for one clip through a classifier that has gradients, and leaving none behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer

from interpreter.errors import InterpreterError
from interpreter.explainers.base import name_asking_methods


def class_loss(logits: Tensor, target: int, method: str) -> Tensor:
    """Return -log p of the target, which must have a gradient.

    Shape:
        - logits: `[1, classes]`

    Raises:
        InterpreterError: no gradient comes back from the classifier.
    """
    if not logits.requires_grad:
        raise InterpreterError(
            f"{method} follows gradients and the classifier has none; expected a torch module, or use "
            f"{name_asking_methods()}"
        )
    return cross_entropy(logits, torch.tensor([target], device=logits.device))


def descend(mask: Tensor, optimizer: Optimizer, steps: int, loss_of: Callable[[], Tensor]) -> Iterator[float]:
    """Lower a loss by steps of the optimiser of `mask`, and yield it as it was before each.

    Only the mask gets a gradient: those of the classifier's parameters stay untouched.
    """
    for _ in range(steps):
        with torch.enable_grad():
            loss = loss_of()
            (mask.grad,) = torch.autograd.grad(loss, mask)
        optimizer.step()
        yield float(loss.detach())
