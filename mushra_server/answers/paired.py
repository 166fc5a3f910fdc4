"""Pages that put one stimulus against the hidden reference, as ratings of that stimulus.

A BS.1116 page scores both; what counts is their difference. A paired comparison asks which of the two is
the reference. Both become rows of the stimulus, so that one stimulus of one item is rated once: `score`,
`hidden_reference` and `difference`, or `correct` (1, 0, or one half if the listener could not say).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.ratings.names import CORRECT, DIFFERENCE, HIDDEN_REFERENCE
from mushra_server.database.page_answers import Rating
from study_builder.config import REFERENCE

__all__ = ["PAIR_TYPES", "of_stimulus"]

PAIR_TYPES = ("bs1116", "paired_comparison")


def of_stimulus(page_type: str, ratings: Sequence[Rating]) -> tuple[Rating, ...]:
    """Return the ratings of a page as rows of its stimulus; other pages' ratings as they are."""
    reference = next((rating for rating in ratings if rating.condition == REFERENCE), None)
    stimulus = next((rating for rating in ratings if rating.condition != REFERENCE), None)
    if page_type not in PAIR_TYPES or reference is None or stimulus is None:
        return tuple(ratings)
    hidden = replace(reference, condition=stimulus.condition, role=stimulus.role, attribute=HIDDEN_REFERENCE)
    if page_type == "paired_comparison":
        comment = stimulus.comment or reference.comment
        return (replace(stimulus, attribute=CORRECT, score=reference.score, comment=comment),)
    return (
        stimulus,
        hidden,
        replace(stimulus, attribute=DIFFERENCE, score=_difference(stimulus, reference), comment=None),
    )


def _difference(stimulus: Rating, reference: Rating) -> float | None:
    if stimulus.score is None or reference.score is None:
        return None
    # Scores have two decimals; so has their difference.
    return round(stimulus.score - reference.score, 2)
