"""Checks of what the statistics assume, each with its number, its limit, a sentence and the clause."""

from __future__ import annotations

import pandas as pd

from analysis.models.checks.design import check_anchors, check_interaction, check_items
from analysis.models.checks.order_effects import check_drift, check_speed
from analysis.models.checks.scores import check_ceiling, check_peaks, check_skew
from analysis.models.checks.study_effect import check_studies
from analysis.ratings.tidy import is_simulated, scale_of, select_rated


def assumptions(
    frame: pd.DataFrame, *, attribute: str | None = None, scale: tuple[float, float] | None = None
) -> pd.DataFrame:
    """Check the ratings for what would make means, intervals or tests misleading.

    Args:
        frame: Tidy ratings.
        attribute: The scale, if the frame has several.
        scale: Its ends; by default guessed from the scores.

    Returns:
        Columns `check, condition` (empty for the whole study), `value, limit, warns, sentence, clause,
        simulated`.
    """
    rows = select_rated(frame, attribute)
    ends = scale or scale_of(rows)
    found = [
        *check_peaks(rows, ends),
        *check_skew(rows),
        *check_ceiling(rows, ends),
        *check_anchors(rows, ends),
        *check_drift(rows, "trial_position", "order"),
        *check_drift(rows, "condition_position", "position in the trial"),
        *check_speed(rows),
        *check_studies(rows),
        *check_interaction(rows),
        *check_items(rows),
    ]
    return pd.DataFrame(found).assign(simulated=is_simulated(rows))
