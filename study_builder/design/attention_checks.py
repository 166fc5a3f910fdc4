"""Attention checks: which score a page asks for, and which scores an attentive listener gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

from study_builder.config.options import Scale, place_on_scale
from study_builder.config.page_models import Number
from study_builder.design.williams import shuffled
from study_builder.errors import BuildError

TOLERANCE = 0.05  # of the range: what a hand misses on a slider
PARTS = 20
ASKED_PARTS = 17  # never the top end, where many sounds are anyway


@dataclass(frozen=True)
class AskedScore:
    """The score that an attention check asks for, and the range that passes."""

    score: Number
    allowed: tuple[Number, Number]


def choose_asked_score(scales: Sequence[Scale], number: int, *key: object) -> AskedScore:
    """Return a score that follows only from `key` and that a listener can give on every scale.

    Args:
        scales: of the page.
        number: of the check, from 0; the first 17 ask for different scores where the steps of a scale are
            fine enough.
        key: what the order of the scores follows from.

    Raises:
        BuildError: the scales differ in range or step, so that no one score is the same on all.
    """
    first = scales[0]
    for other in scales[1:]:
        if (other.min, other.max, other.step) != (first.min, first.max, first.step):
            raise BuildError(
                f"attention_checks ask for one score on all scales, but {_range(first)} and {_range(other)}; "
                "expected one range and step, or attention_checks: 0"
            )
    steps = round((first.max - first.min) / first.step)
    # The lowest score is that of a slider that nobody moved.
    part = shuffled(range(1, ASKED_PARTS + 1), *key)[number % ASKED_PARTS]
    step = max(1, round(steps * part / PARTS))
    tolerance = floor(TOLERANCE * steps)
    low, score, high = (
        place_on_scale(at / steps, *_limits(first)) for at in (step - tolerance, step, step + tolerance)
    )
    return AskedScore(score, (low, high))


def _limits(scale: Scale) -> tuple[Number, Number, Number]:
    return scale.min, scale.max, scale.step


def _range(scale: Scale) -> str:
    return f"'{scale.name}' runs from {scale.min:g} to {scale.max:g} in steps of {scale.step:g}"
