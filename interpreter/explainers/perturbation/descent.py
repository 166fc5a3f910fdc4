"""Optimising a mask for one clip through a classifier that has gradients, and leaving none behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, softplus
from torch.optim import Optimizer

from interpreter.classifier.capabilities import is_multi_label
from interpreter.types import Classifier


def class_loss(logits: Tensor, target: int, classifier: Classifier) -> Tensor:
    """Return -log p of the target, p as `to_probabilities` has it.

    Shape:
        - logits: `[1, classes]`
    """
    if is_multi_label(classifier):
        return softplus(-logits[0, target])
    return cross_entropy(logits, torch.tensor([target], device=logits.device))


def descend(
    mask: Tensor, optimizer: Optimizer, steps: int, measure: Callable[[], tuple[Tensor, Tensor]]
) -> Iterator[float]:
    """Lower a loss by steps of the optimiser of `mask`, and yield it as it was before each.

    Only the mask gets a gradient: those of the classifier's parameters stay untouched.

    Args:
        mask: what is optimised.
        optimizer: of the mask.
        steps: how many.
        measure: returns the part of the loss that the classifier answers, and the whole of it.

    Raises:
        RuntimeError: torch's, if no gradient leads from the answer to the mask. The other parts of the loss
            have one: they alone would be lowered.
    """
    for step in range(steps):
        with torch.enable_grad():
            answer, loss = measure()
            if step == 0:
                torch.autograd.grad(answer, mask, retain_graph=True)
            (mask.grad,) = torch.autograd.grad(loss, mask)
        optimizer.step()
        yield float(loss.detach())
