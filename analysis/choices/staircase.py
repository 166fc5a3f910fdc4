"""Transformed up-down staircases: the level at which a listener is right in a given share of trials.

`n` right answers in a row make the next trial harder, one wrong answer makes it easier (Levitt 1971, Journal
of the Acoustical Society of America 49:467-477). If steps up and down are equal, levels settle where `n`
right answers in a row are as likely as not: a share of `0.5 ** (1 / n)`, 70.7 % for 2-down-1-up. A step up
that is `weight` times a step down moves that to `(weight / (1 + weight)) ** (1 / n)` (Kaernbach 1991,
Perception & Psychophysics 49:227-229).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from analysis.errors import DesignError


@dataclass(frozen=True)
class Staircase:
    """A staircase between trials; `answer` returns the one after the next trial.

    Attributes:
        level: Of the next trial; a higher one is easier.
        step: By which the level falls.
        down: Right answers in a row after which it falls.
        weight: The step up over the step down.
        lowest: The hardest level there is.
        highest: The easiest level there is.
        reversals: Levels at which the direction changed, the first at the front.
        stop_after: Reversals after which the staircase is finished.
        average: How many of the last reversals the threshold is a mean of.
        right: Right answers since the level last changed.
        direction: Of the last change: 1 up, -1 down, 0 before the first.
    """

    level: float
    step: float
    down: int = 2
    weight: float = 1.0
    lowest: float = float("-inf")
    highest: float = float("inf")
    reversals: tuple[float, ...] = ()
    stop_after: int = 8
    average: int = 6
    right: int = 0
    direction: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be run.

        Raises:
            DesignError: A step, weight or count that is not above 0, more reversals to average than there
                are, or a level beyond the ends.
        """
        if self.step <= 0 or self.weight <= 0 or self.down < 1:
            raise DesignError(
                f"a staircase has the step {self.step:g}, the weight {self.weight:g} and {self.down} answers "
                "down; expected numbers above 0"
            )
        if not 1 <= self.average <= self.stop_after:
            raise DesignError(
                f"a staircase averages {self.average} of {self.stop_after} reversals; expected 1 to "
                f"{self.stop_after}"
            )
        if not self.lowest <= self.level <= self.highest:
            raise DesignError(
                f"the level {self.level:g} is not on the scale; expected {self.lowest:g} to {self.highest:g}"
            )

    @property
    def finished(self) -> bool:
        """Whether there were enough reversals."""
        return len(self.reversals) >= self.stop_after

    @property
    def threshold(self) -> float:
        """The mean level of the last reversals; `nan` before there are enough."""
        if not self.finished:
            return float("nan")
        return sum(self.reversals[-self.average :]) / self.average

    @property
    def target(self) -> float:
        """The share of right answers at the threshold."""
        return float((self.weight / (1 + self.weight)) ** (1 / self.down))

    def answer(self, correct: bool) -> Staircase:
        """Return the staircase after a right or wrong answer.

        Raises:
            DesignError: It is finished.
        """
        if self.finished:
            raise DesignError(f"the staircase is finished after {len(self.reversals)} reversals")
        if correct and self.right + 1 < self.down:
            return replace(self, right=self.right + 1)
        direction = -1 if correct else 1
        reversals = self.reversals
        if self.direction == -direction:
            reversals = (*reversals, self.level)
        wanted = self.level - self.step if correct else self.level + self.weight * self.step
        level = min(max(wanted, self.lowest), self.highest)
        return replace(self, level=level, right=0, direction=direction, reversals=reversals)
