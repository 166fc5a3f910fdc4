"""Staircases: a run by hand, and where simulated listeners' levels settle."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit, logit

from study_builder.design.staircase import Staircase
from study_builder.errors import BuildError


def test_a_run_by_hand() -> None:
    staircase = Staircase(10.0, 2.0, stop_after=3, average=2)
    levels = []
    for correct in (True, True, True, False, True, True, False):
        assert math.isnan(staircase.threshold)
        levels.append(staircase.level)
        staircase = staircase.answer(correct)
    # Two right: down; one right and one wrong: up (a reversal at 8), two right: down (10), wrong: up (8).
    assert levels == [10, 10, 8, 8, 10, 10, 8]
    assert staircase.reversals == (8, 10, 8)
    assert staircase.finished
    assert staircase.threshold == 9
    with pytest.raises(BuildError, match=r"^the staircase is finished after 3 reversals$"):
        staircase.answer(True)


@pytest.mark.parametrize(("down", "weight", "target"), [(2, 1.0, 0.7071), (3, 1.0, 0.7937), (1, 3.0, 0.75)])
def test_levels_settle_at_the_target(down: int, weight: float, target: float) -> None:
    """A listener whose share of right answers rises with the level; the slope is half a step per logit."""
    rng = np.random.default_rng(0)
    thresholds = []
    for _ in range(400):
        staircase = Staircase(6.0, 0.5, down=down, weight=weight, stop_after=30, average=24)
        while not staircase.finished:
            chance = 0.5 + 0.5 * expit(staircase.level)
            staircase = staircase.answer(bool(rng.random() < chance))
        thresholds.append(staircase.threshold)
    assert staircase.target == pytest.approx(target, abs=5e-5)
    at_target = logit(2 * target - 1)
    assert 0.5 + 0.5 * expit(np.mean(thresholds)) == pytest.approx(target, abs=0.012)
    assert np.mean(thresholds) == pytest.approx(at_target, abs=0.12)


def test_levels_stay_on_the_scale() -> None:
    staircase = Staircase(1.0, 1.0, lowest=0.0, highest=2.0)
    for _ in range(6):
        staircase = staircase.answer(True)
    assert staircase.level == 0
    for _ in range(5):
        staircase = staircase.answer(False)
    assert staircase.level == 2


def test_what_cannot_be_run_is_an_error() -> None:
    with pytest.raises(
        BuildError, match=r"^a staircase has the step 0, the weight 1 and 2 answers down; expec"
    ):
        Staircase(1.0, 0.0)
    with pytest.raises(BuildError, match=r"^a staircase averages 9 of 8 reversals; expected 1 to 8$"):
        Staircase(1.0, 1.0, average=9)
    with pytest.raises(BuildError, match=r"^the level 3 is not on the scale; expected 0 to 2$"):
        Staircase(3.0, 1.0, lowest=0.0, highest=2.0)
