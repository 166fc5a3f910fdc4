"""The ratings of a rehearsal without its server, for studies by the hundred.

The listeners, their pages and their answers are those of a rehearsal over HTTP: the plan of a session is the
server's own, and `answer_page` is what `rate_study` sends. A test compares what both store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from study_builder.config import REFERENCE, StudyConfig
from study_builder.config.page_models import RatingPage
from study_builder.config.page_types import Bs1116Page
from study_builder.config.scales import scales_of
from study_builder.design.planned_pages import PlannedPage
from study_builder.design.sessions import SessionPlan, session_plan
from study_builder.errors import SimulateError
from study_builder.simulation.answers import answer_page
from study_builder.simulation.heard import Heard
from study_builder.simulation.listeners import SimulatedListener


def plan_sessions(config: StudyConfig, count: int) -> list[SessionPlan]:
    """Return the plans of the first sessions of a study.

    Raises:
        SimulateError: the study has pages that only a server adds: those of an adaptive test, and screens.
    """
    options = config.options
    if options.adaptive or options.screens or options.headphone_check:
        raise SimulateError("an adaptive test or screens need the server; use `simulate_study`")
    return [session_plan(config, slot) for slot in range(count)]


def rate_plans(
    listeners: Iterable[SimulatedListener], plans: Iterable[SessionPlan]
) -> Iterator[dict[str, Any]]:
    """Yield the ratings of listeners, each with a plan of their own.

    Yields:
        `listener, trial_position, kind, item, condition, condition_position, attribute, score`, as the
        server stores them; of an ABX page `correct`, of a BS.1116 page `difference` only.
    """
    for listener, plan in zip(listeners, plans, strict=True):
        for planned in plan.pages:
            if isinstance(planned.page, RatingPage) and planned.trial is not None:
                yield from _rate_page(listener, planned)


def _rate_page(listener: SimulatedListener, planned: PlannedPage) -> Iterator[dict[str, Any]]:
    page, trial = planned.page, planned.trial
    assert trial is not None
    keys = {f"s{place}": name for place, name in enumerate(planned.conditions, start=1)}
    shown = {
        "type": page.type,
        "index": planned.position,
        "content": page.content,
        "scales": [asdict(scale) for scale in scales_of(listener.config, page, trial.question)],
        "ties": getattr(page, "ties", False),
    }
    given = answer_page(listener, shown, Heard(trial.item, keys, planned.hidden))["ratings"]
    rows = [(rating["key"], rating["attribute"], float(rating["score"])) for rating in given]
    if planned.hidden is not None:
        rows = [
            (key, "correct", float((keys[key] == planned.hidden) == bool(score))) for key, _, score in rows
        ]
    if isinstance(page, Bs1116Page):
        scores = {keys[key]: score for key, _, score in rows}
        rows = [
            (key, "difference", round(score - scores[REFERENCE], 2))
            for key, _, score in rows
            if keys[key] != REFERENCE
        ]
    for key, attribute, score in rows:
        yield {
            "listener": listener.name,
            "trial_position": planned.trial_position,
            "kind": planned.kind,
            "item": trial.item,
            "condition": keys[key],
            "condition_position": list(keys).index(key),
            "attribute": attribute,
            "score": score,
        }
