"""What a classifier answers for the class that is explained."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Ask = Callable[[Tensor], Tensor]
"""Pictures, or sounds, `[B, ...]` → the probability of the class that is explained in each, `[B]`."""


def ask_probability(
    logits_of: Callable[[Tensor], Tensor], target: Tensor, *, multi_label: bool = False
) -> Ask:
    """Return what gives the probability of the explained classes.

    Args:
        logits_of: the classifier of pictures, or of sounds; it returns logits `[B, classes]`.
        target: the explained classes, `[B]`.
        multi_label: whether several classes may be true at once: probabilities are then sigmoids of the
            logits, not their softmax.
    """

    def ask(given: Tensor) -> Tensor:
        logits = logits_of(given).double()
        probabilities = logits.sigmoid() if multi_label else logits.softmax(dim=-1)
        return probabilities.gather(1, target[:, None])[:, 0]

    return ask


def log_odds(logits: Tensor, target: Tensor, *, multi_label: bool = False) -> Tensor:
    """Return log(p / (1 - p)) of the classes `target` `[B]`, given logits `[B, classes]`, without rounding.

    If several classes may be true at once, it is the class's logit, whatever the others are.
    """
    chosen = logits.gather(1, target[:, None])[:, 0]
    if multi_label:
        return chosen
    return chosen - logits.scatter(1, target[:, None], -torch.inf).logsumexp(dim=1)
