"""Transformed up-down staircases: the level at which a listener is right in a given share of trials.

`n` right answers in a row make the next trial harder, one wrong answer makes it easier (Levitt 1971, Journal
of the Acoustical Society of America 49:467-477). If steps up and down are equal, levels settle where `n`
right answers in a row are as likely as not: a share of `0.5 ** (1 / n)`, 70.7 % for 2-down-1-up. A step up
that is `weight` times a step down moves that to `(weight / (1 + weight)) ** (1 / n)` (Kaernbach 1991,
Perception & Psychophysics 49:227-229).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from study_builder.errors import BuildError


@dataclass(frozen=True)
class Staircase:
    """A staircase between trials; `answer` returns the one after the next trial.

    Attributes:
        level: of the next trial; a higher one is easier.
        step: by which the level falls.
        down: right answers in a row after which it falls.
        weight: the step up over the step down.
        lowest: the hardest level there is.
        highest: the easiest level there is.
        reversals: levels at which the direction changed, the first at the front.
        stop_after: reversals after which the staircase is finished.
        average: how many of the last reversals the threshold is a mean of.
        right: right answers since the level last changed.
        direction: of the last change: 1 up, -1 down, 0 before the first.
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
            BuildError: a step, weight or count that is not above 0, more reversals to average than there
                are, or a level beyond the ends.
        """
        if self.step <= 0 or self.weight <= 0 or self.down < 1:
            raise BuildError(
                f"a staircase has the step {self.step:g}, the weight {self.weight:g} and {self.down} answers "
                "down; expected numbers above 0"
            )
        if not 1 <= self.average <= self.stop_after:
            raise BuildError(
                f"a staircase averages {self.average} of {self.stop_after} reversals; expected 1 to "
                f"{self.stop_after}"
            )
        if not self.lowest <= self.level <= self.highest:
            raise BuildError(
                f"the level {self.level:g} is not on the scale; expected {self.lowest:g} to {self.highest:g}"
            )

    @property
    def place(self) -> int:
        """The level that comes next, as a place in its series."""
        return round(self.level) - 1

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

    def answer(self, outcome: float) -> Staircase:
        """Return the staircase after an answer, 1 if it was right and 0 if it was wrong.

        Raises:
            BuildError: it is finished.
        """
        if self.finished:
            raise BuildError(f"the staircase is finished after {len(self.reversals)} reversals")
        correct = outcome == 1
        if correct and self.right + 1 < self.down:
            return replace(self, right=self.right + 1)
        direction = -1 if correct else 1
        reversals = self.reversals
        if self.direction == -direction:
            reversals = (*reversals, self.level)
        wanted = self.level - self.step if correct else self.level + self.weight * self.step
        level = min(max(wanted, self.lowest), self.highest)
        return replace(self, level=level, right=0, direction=direction, reversals=reversals)


LONGEST_TRACK = 80
"""Trials after which a track ends without a threshold: that of a listener beyond the ends of the series."""
_RULE = re.compile(r"([1-4])-down-1-up(?:-x([2-9]))?")


def parse_rule(rule: str, levels: int) -> Staircase:
    """Return the first state of a staircase over a series of so many levels, at the easiest one.

    Args:
        rule: such as `2-down-1-up`, or `1-down-1-up-x3` for steps up that are three times those down.
        levels: of the series; 1 is the hardest.

    Raises:
        BuildError: it is not a rule.
    """
    found = _RULE.fullmatch(rule)
    if found is None:
        raise BuildError(f"adaptive is {rule!r}; expected a staircase such as 2-down-1-up")
    down, weight = int(found[1]), float(found[2] or 1)
    return Staircase(float(levels), 1.0, down=down, weight=weight, lowest=1.0, highest=float(levels))


def follow_track(rule: str, levels: int, answers: Sequence[bool]) -> Iterator[Staircase]:
    """Yield the state before each trial of a track: those that were answered, and the next one, if any.

    Args:
        rule: of the staircase.
        levels: of the series.
        answers: of the session from this track on, right or wrong; those after its end are left alone.
    """
    staircase = parse_rule(rule, levels)
    for count, correct in enumerate([*answers, None]):
        if staircase.finished or count == LONGEST_TRACK:
            return
        yield staircase
        if correct is not None:
            staircase = staircase.answer(correct)
