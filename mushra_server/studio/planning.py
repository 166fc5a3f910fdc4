"""What a study would be if it were built as chosen: its checks, minutes per listener, listeners needed."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mushra_server.studio.choice_fields import field_named_in, read_choices
from mushra_server.studio.drafts import SOUNDS_NAME
from mushra_server.studio.reading import Reading, read_folder
from stimuli import StimuliError
from study_builder.building.build import plan_study
from study_builder.building.choices import Choices
from study_builder.checks.listening_tests import check_tests
from study_builder.checks.pages import check_blindness, check_pages
from study_builder.checks.report import Finding
from study_builder.config import RatingPage, ReferencePage, StudyConfig
from study_builder.config.listening_tests import TESTS
from study_builder.design.sessions import session_plan
from study_builder.errors import StudyError

__all__ = ["Plan", "minutes_per_listener", "plan_draft"]

READING_S = 30.0  # a page of text
ANSWERING_S = 5.0  # a score, or a question
HEARINGS = 2.0  # of each sound of a page, on average
WORTH_FINDING = 0.1  # of a scale's range
SHARE_WORTH_FINDING = 0.65
SESSIONS = 4  # whose lengths are averaged
FIELD_OF = {
    "no-training": "training_items",
    "no-volume": "volume_text",
    "no-consent": "consent",
    "fixed-order": "order",
    "many-signals": "conditions",
    "fixed-conditions": "order",
    "no-loop": "loop",
    "language": "language",
    "no-hidden-reference": "reference",
    "no-reference": "reference",
    "question-of-test": "question",
    "points-of-test": "question",
    "abx-trials": "pages_per_session",
    "page-type": "test",
    "nothing-expected": "attention_checks",
}


@dataclass(frozen=True)
class Plan:
    """What is known before anything is built.

    Attributes:
        reading: of the sounds, None if there are none.
        errors: sentences by field; "" for those of no field. A study with any cannot be built.
        findings: of the checks, by field; "" for those of no field.
        pages: rating pages of a session.
        minutes: of a session.
        listeners: that find what is worth finding with a power of 0.8; None if that cannot be said.
        listeners_note: what the number rests on, or why there is none.
    """

    reading: Reading | None = None
    errors: dict[str, str] = field(default_factory=dict)
    findings: dict[str, list[Finding]] = field(default_factory=dict)
    pages: int = 0
    minutes: float = 0.0
    listeners: int | None = None
    listeners_note: str = ""


def plan_draft(draft: Path, chosen: Mapping[str, Any]) -> Plan:
    """Return what is known of a draft: by the same checks as `listenable study check`, but without sounds."""
    choices, errors = read_choices(chosen)
    reading = read_folder(
        draft,
        None if choices is None else choices.layout,
        None if choices is None else choices.reference_name,
    )
    if choices is None or reading is None:
        return Plan(reading, errors)
    try:
        config = plan_study(draft / SOUNDS_NAME, choices)
    except (StudyError, StimuliError, OSError) as error:
        said = reading.problem or str(error)
        return Plan(reading, {field_named_in(said): said})
    findings: dict[str, list[Finding]] = {}
    for check in (check_pages, check_tests, check_blindness):
        for finding in check(config):
            findings.setdefault(FIELD_OF.get(finding.code, ""), []).append(finding)
    listeners, note = _listeners_needed(config, choices)
    pages = sum(page.kind == "trial" for page in session_plan(config, 0).pages)
    minutes = minutes_per_listener(config, reading.seconds[1])
    return Plan(reading, {}, findings, pages, minutes, listeners, note)


def minutes_per_listener(config: StudyConfig, longest_s: float) -> float:
    """Return how long a session takes, roughly.

    Each sound of a rating page is heard twice and scored in 5 s; a page of text takes half a minute, and each
    question 5 s.

    Args:
        config: of the study.
        longest_s: duration of the longest sound, in seconds.
    """
    seconds = 0.0
    for slot in range(SESSIONS):
        for planned in session_plan(config, slot).pages:
            if isinstance(planned.page, RatingPage):
                heard = len(planned.conditions) + isinstance(planned.page, ReferencePage)
                seconds += heard * (HEARINGS * longest_s + ANSWERING_S)
            else:
                seconds += READING_S + ANSWERING_S * len(config.questions(planned.page))
    return seconds / SESSIONS / 60


def _listeners_needed(config: StudyConfig, choices: Choices) -> tuple[int | None, str]:
    test = TESTS[choices.chosen_tests[0]]
    trials = sum(page.kind == "trial" for page in session_plan(config, 0).pages)
    methods = sum(info.role == "method" for info in config.options.conditions.values())
    if test.name in ("ab", "abx"):
        pairs = max(1, methods * (methods - 1) // 2)
        return _listeners_for_choices(test.name, max(1, trials // pairs))
    if test.presents == "block":
        return None, "there is no formula for best-worst choices; rehearse with simulated listeners"
    session = session_plan(config, 0).pages
    items = len({page.trial.item for page in session if page.trial and page.kind == "trial"})
    scale = config.options.scales[0]
    low, high = test.scale or (float(scale.min), float(scale.max))
    return _listeners_for_scores(high - low, items, max(1, methods * (methods - 1) // 2))


@functools.lru_cache(maxsize=256)
def _listeners_for_scores(span: float, items: int, comparisons: int) -> tuple[int | None, str]:
    from analysis.errors import AnalysisError
    from analysis.models.power import required_listeners
    from analysis.models.simulation.studies import Spread

    usual, share = Spread(), span / 100
    spread = Spread(usual.listener_sd * share, usual.item_sd * share, usual.residual_sd * share)
    try:
        needed = required_listeners(WORTH_FINDING * span, items, spread, comparisons=comparisons, draws=1000)
    except AnalysisError as error:
        return None, str(error)
    return needed, (
        f"to find a difference of {WORTH_FINDING * span:g} points in 4 of 5 studies, with usual spreads "
        f"(listenable power computes it for others)"
    )


@functools.lru_cache(maxsize=256)
def _listeners_for_choices(test: str, trials: int) -> tuple[int | None, str]:
    from analysis.choices.power import required_choice_listeners
    from analysis.errors import AnalysisError

    try:
        needed = required_choice_listeners(SHARE_WORTH_FINDING, trials, test=test)
    except AnalysisError as error:
        return None, str(error)
    return needed, f"to find a share of {100 * SHARE_WORTH_FINDING:.0f} % in 4 of 5 studies"
