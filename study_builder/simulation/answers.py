"""What a simulated listener answers, page by page, from opening a study to its finish."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from math import ceil, floor, inf, isfinite
from typing import Any

from study_builder.config import as_number
from study_builder.config.options import place_on_scale
from study_builder.simulation.asked_scores import find_asked_score
from study_builder.simulation.comparisons import COMPARED, compare_sounds
from study_builder.simulation.heard import Heard, identify_sounds
from study_builder.simulation.http_client import Browser, SoundIndex
from study_builder.simulation.listeners import SimulatedListener

RATED = (
    "mushra", "bs1116", "paired_comparison", "likert_single_stimulus", "likert_multi_stimulus", "dcr",
)  # fmt: skip
AGES = (18, 65)


def rate_study(browser: Browser, listener: SimulatedListener, sounds: SoundIndex) -> bool:
    """Take part in the study once, from opening to finish; resume where an earlier visit stopped.

    Returns:
        Whether there was anything left to do.

    Raises:
        SimulateError: the server refused something.
    """
    name = listener.name
    start = {"parameters": {"participant": name}, "simulated": True, "secret": browser.secret}
    state = browser.send("POST", "api/session", start)
    if state["finished"]:
        return False
    while True:
        for page in state["pages"]:
            if not page["saved"]:
                attempt = uuid.uuid5(uuid.NAMESPACE_URL, f"{name}/{page['index']}")
                body = {"page": page["id"], "attempt": str(attempt)}
                rates = page["type"] in (*COMPARED, *RATED)
                heard = identify_sounds(browser, sounds, page) if rates else None
                body |= answer_page(listener, page, heard)
                browser.send("PUT", f"api/session/pages/{page['index']}", body)
        if not state["more"]:  # else the next page follows from these answers
            break
        state = json.loads(browser.fetch("api/session"))
    browser.send("POST", "api/session/finish", {})
    return True


def answer_page(
    listener: SimulatedListener, page: Mapping[str, Any], heard: Heard | None = None
) -> dict[str, Any]:
    """Return a listener's answer to a page, which follows from the page and the listener alone.

    Args:
        listener: who answers.
        page: as the server describes it.
        heard: which sounds it plays, if sounds are rated on it.
    """
    if heard is None:
        answers = dict(_answers(listener, page))
        time_ms = listener.number_between(4_000, 25_000, "time", str(page["index"]))
        return {"time_ms": time_ms, "ratings": [], "answers": answers}
    rate = compare_sounds if page["type"] in COMPARED else _rate_sounds
    return {**rate(listener, page, heard), "answers": {}}


def _rate_sounds(listener: SimulatedListener, page: Mapping[str, Any], heard: Heard) -> dict[str, Any]:
    ratings = []
    for key, condition in heard.conditions.items():
        listened = listener.number_between(2_000, 9_000, "listened", heard.item, condition)
        for scale in page["scales"]:
            asked = find_asked_score(listener.config, heard.item, condition, scale, page["content"])
            score = _to_scale(listener.score(heard.item, condition, scale["name"], asked), scale)
            ratings.append(
                {
                    "key": key,
                    "attribute": scale["name"],
                    "score": score,
                    "comment": None,
                    "listened_ms": listened,
                }
            )
    return {"time_ms": listener.number_between(20_000, 90_000, "time", heard.item), "ratings": ratings}


def _to_scale(score: float, scale: Mapping[str, Any]) -> float | str:
    points = scale.get("points")
    if points and all(as_number(point) is not None for point in points):
        points = sorted(points, key=float)  # a page may show the best one first
    if points:
        return str(points[min(int(score * len(points)), len(points) - 1)])
    return place_on_scale(score, scale["min"], scale["max"], scale["step"])


def _answers(listener: SimulatedListener, page: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if page.get("must_consent"):
        yield "consent", "true"
    if page["type"] == "volume":
        yield "volume", "0.5"
    for question in page.get("questionnaire") or ():
        name, kind = question["name"], question["type"]
        if kind == "number":
            yield name, _number(listener, question)
        elif kind == "likert" and question["response"]:
            points = question["response"]
            yield name, points[listener.number_between(0, len(points) - 1, name)]["value"]
        elif not question.get("optional"):
            yield name, "simulated"


def _number(listener: SimulatedListener, question: Mapping[str, Any]) -> str:
    """Answer with an age if the question's limits allow one, else with a number between the limits."""
    given = (question.get("min"), question.get("max"))
    low, high = (
        default if limit is None else limit for limit, default in zip(given, (-inf, inf), strict=True)
    )
    first, last = ceil(max(low, AGES[0])), floor(min(high, AGES[1]))
    if first > last:
        first, last = ceil(low if isfinite(low) else high - 1), floor(high if isfinite(high) else low + 1)
    return str(low if first > last else listener.number_between(first, last, question["name"]))
