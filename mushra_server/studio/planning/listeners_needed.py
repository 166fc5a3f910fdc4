"""How many listeners a study needs: what it depends on, and the process that computes it.

The answer takes seconds of processor time, and more memory than the studio; `forecasts` keeps it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass

from mushra_server.admin.background import end_first
from study_builder.building.choices import Choices
from study_builder.config import StudyConfig
from study_builder.config.listening_tests import TESTS
from study_builder.design.sessions import session_plan

__all__ = ["Needed", "Question", "ask", "compute", "main"]

WORTH_FINDING = 0.1  # of a scale's range
SHARE_WORTH_FINDING = 0.65


@dataclass(frozen=True)
class Question:
    """What the number of listeners depends on.

    Attributes:
        test: name of the listening test.
        span: of its scale; 0 for a test of choices.
        heard: items per session, or trials per pair for a test of choices.
        comparisons: number of pairs of methods.
    """

    test: str
    span: float
    heard: int
    comparisons: int = 1


@dataclass(frozen=True)
class Needed:
    """The number of listeners that a study needs.

    Attributes:
        listeners: that find what is worth finding with a power of 0.8; None if that cannot be said.
        note: what the number rests on, or why there is none.
        pending: whether it is being computed.
    """

    listeners: int | None = None
    note: str = ""
    pending: bool = False


def ask(config: StudyConfig, choices: Choices) -> Question | Needed:
    """Return the question of a study, or an answer that needs no computing."""
    test = TESTS[choices.chosen_tests[0]]
    session = session_plan(config, 0).pages
    methods = sum(info.role == "method" for info in config.options.conditions.values())
    pairs = max(1, methods * (methods - 1) // 2)
    if test.name in ("ab", "abx"):
        trials = sum(page.kind == "trial" for page in session)
        return Question(test.name, 0.0, max(1, trials // pairs))
    if test.presents == "block":
        return Needed(note="there is no formula for best-worst choices; rehearse with simulated listeners")
    items = len({page.trial.item for page in session if page.trial and page.kind == "trial"})
    scale = config.options.scales[0]
    low, high = test.scale or (float(scale.min), float(scale.max))
    return Question(test.name, high - low, items, pairs)


def compute(question: Question) -> Needed:
    """Answer a question by what `listenable power` uses."""
    from analysis.errors import AnalysisError

    try:
        return _answer_for_scores(question) if question.span else _answer_for_choices(question)
    except AnalysisError as error:
        return Needed(note=str(error))


def _answer_for_scores(question: Question) -> Needed:
    from analysis.models.power import required_listeners
    from analysis.models.simulation.studies import Spread

    usual, share = Spread(), question.span / 100
    spread = Spread(usual.listener_sd * share, usual.item_sd * share, usual.residual_sd * share)
    found = WORTH_FINDING * question.span
    needed = required_listeners(found, question.heard, spread, comparisons=question.comparisons, draws=1000)
    return Needed(
        needed,
        f"to find a difference of {found:g} points in 4 of 5 studies, with usual spreads (listenable power "
        "computes it for others)",
    )


def _answer_for_choices(question: Question) -> Needed:
    from analysis.choices.power import required_choice_listeners

    needed = required_choice_listeners(SHARE_WORTH_FINDING, question.heard, test=question.test)
    return Needed(needed, f"to find a share of {100 * SHARE_WORTH_FINDING:.0f} % in 4 of 5 studies")


def main() -> None:
    """Read a question from standard input and write its answer, both as JSON."""
    json.dump(asdict(compute(Question(**json.load(sys.stdin)))), sys.stdout)


if __name__ == "__main__":
    end_first()
    main()
