"""Learning rates over the course of a training."""

from __future__ import annotations

import math

_START, _END, _RISE = 1 / 25, 1e-4, 0.3  # of a one-cycle schedule


def learning_rate_factor(step: int, steps: int, schedule: str, warmup_steps: int = 0) -> float:
    """Return the factor on the learning rate at a step.

    - `cosine`: a linear rise over `warmup_steps`, then half a cosine down to 0.
    - `one-cycle` (Smith and Topin 2019): a rise from 1/25 over 30 % of the steps, then down to 1/10000.
    - anything else: 1.

    Args:
        step: 0 and up.
        steps: of the whole training.
        schedule: its name.
        warmup_steps: of the cosine schedule.
    """
    if schedule == "cosine":
        if step < warmup_steps:
            return (step + 1) / warmup_steps
        return _cosine(1.0, 0.0, (step - warmup_steps) / max(1, steps - warmup_steps))
    if schedule == "one-cycle":
        rise = max(1.0, _RISE * steps)
        if step < rise:
            return _cosine(_START, 1.0, step / rise)
        return _cosine(1.0, _END, (step - rise) / max(1.0, steps - rise))
    return 1.0


def _cosine(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(1.0, progress))) / 2
