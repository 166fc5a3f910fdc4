"""What a study would be if it were built as chosen: its checks, minutes per listener."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mushra_server.studio.choices.fields import field_named_in, read_choices
from mushra_server.studio.drafts import SOUNDS_NAME
from mushra_server.studio.planning.listeners_needed import Needed, Question, ask
from mushra_server.studio.reading import Reading, read_folder
from stimuli import StimuliError
from study_builder.building.build import plan_study
from study_builder.building.choices import Choices
from study_builder.checks.listening_tests import check_tests
from study_builder.checks.pages import check_blindness, check_pages
from study_builder.checks.report import Finding
from study_builder.config import RatingPage, ReferencePage, StudyConfig
from study_builder.design.sessions import session_plan
from study_builder.errors import StudyError

__all__ = ["Plan", "estimate_size", "minutes_per_listener", "plan_draft"]

READING_S = 30.0  # a page of text
ANSWERING_S = 5.0  # a score, or a question
HEARINGS = 2.0  # of each sound of a page, on average
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
        size: bytes of its sounds, about.
        listeners: what their number depends on, or an answer without computing.
    """

    reading: Reading | None = None
    errors: dict[str, str] = field(default_factory=dict)
    findings: dict[str, list[Finding]] = field(default_factory=dict)
    pages: int = 0
    minutes: float = 0.0
    size: int = 0
    listeners: Question | Needed = field(default_factory=Needed)


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
    pages = sum(page.kind == "trial" for page in session_plan(config, 0).pages)
    minutes = minutes_per_listener(config, reading.seconds[1])
    size = estimate_size(reading, choices)
    return Plan(reading, {}, findings, pages, minutes, size, ask(config, choices))


def estimate_size(reading: Reading, choices: Choices) -> int:
    """Return how many bytes the sounds of a study take once they are built.

    They are written uncompressed: an hour of silence, which is some kilobytes of FLAC, takes gigabytes.

    Args:
        reading: of the sounds.
        choices: of the study.
    """
    if not reading.conditions:
        return 0
    seconds = reading.sound_seconds
    if choices.length == "pad":
        seconds = reading.files * reading.seconds[1] * max(reading.channels)
    with_anchors = (len(reading.conditions) + len(choices.anchors)) / len(reading.conditions)
    return round(seconds * with_anchors * (choices.sample_rate or max(reading.rates)) * choices.bits / 8)


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
