"""How simulated listeners compare sounds: pairs, ABX, and the best and worst of several.

Every answer follows from impressions (`SimulatedListener.impression`): the better one is preferred, the grade
of a comparison is their difference, and X is taken for the sound that seems closer to it (the differencing
listener of Macmillan & Creelman). What a study has to find is therefore known: condition a is preferred to b
with the probability `preference_probability` of their qualities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import erf, sqrt
from typing import Any

from study_builder.simulation.asked_scores import find_asked_score
from study_builder.simulation.heard import Heard
from study_builder.simulation.listeners import ListenerModel, SimulatedListener

COMPARED = ("ab", "abx", "ccr", "best_worst")
POINTS_PER_GRADE = 20.0
"""Points of quality that are one grade of a comparison: one band of the scale from 0 to 100."""
TIE_POINTS = 4.0
"""Impressions that are no farther apart than this are called equal, if the page accepts that."""

Scores = dict[str, float]


def preference_probability(model: ListenerModel, a: str, b: str) -> float:
    """Return how often attentive listeners prefer condition `a` to `b`, without ties."""
    spread = sqrt(2 * (model.taste_sd**2 + model.noise_sd**2))
    return 0.5 * (1 + erf((model.quality[a] - model.quality[b]) / spread / sqrt(2)))


def compare_sounds(listener: SimulatedListener, page: Mapping[str, Any], heard: Heard) -> dict[str, Any]:
    """Return time and ratings of a page on which sounds are compared."""
    item, conditions, x = heard.item, heard.conditions, heard.x
    # A page that comes again, or in another test, is another hearing.
    name = f"{page['type']}-{page['index']}"
    felt = {key: listener.impression(item, condition, name) for key, condition in conditions.items()}
    if x is not None:
        scores = _name_x(felt, listener.impression(item, x, name, "x"))
    else:
        answer: Callable[[Scores, Mapping[str, Any]], Scores] = _ANSWERS[page["type"]]
        scores = answer(felt, page)
    asked = _find_asked_scores(listener, item, conditions, page)
    if asked is not None and x is not None:
        right = any(asked.values())  # what is expected of ABX is whether the answer is right
        scores = {key: float((conditions[key] == x) == right) for key in conditions}
    elif asked is not None:
        scores = asked
    if listener.lapses_on(name):
        values = list(scores.values())
        turn = listener.number_between(0, len(values) - 1, "turn", name)
        scores = dict(zip(scores, values[turn:] + values[:turn], strict=True))
    ratings = [
        {
            "key": key,
            "attribute": page["scales"][0]["name"],
            "score": score,
            "comment": None,
            "listened_ms": listener.number_between(2_000, 9_000, "listened", name, key),
        }
        for key, score in scores.items()
    ]
    return {"time_ms": listener.number_between(10_000, 40_000, "time", name), "ratings": ratings}


def _find_asked_scores(
    listener: SimulatedListener, item: str, conditions: Mapping[str, str], page: Mapping[str, Any]
) -> Scores | None:
    """Return the scores that the page asks for; None if it asks what the listener hears."""
    scale, content = page["scales"][0], page["content"]
    low, high = scale["min"], scale["max"]
    shares = {
        key: find_asked_score(listener.config, item, condition, scale, content)
        for key, condition in conditions.items()
    }
    if any(share is None for share in shares.values()):
        return None
    return {key: low + (share or 0.0) * (high - low) for key, share in shares.items()}


def _prefer(heard: Scores, page: Mapping[str, Any]) -> Scores:
    a, b = heard
    if page.get("ties") and abs(heard[a] - heard[b]) <= TIE_POINTS:
        return {a: 0.5, b: 0.5}
    return {a: float(heard[a] > heard[b]), b: float(heard[a] <= heard[b])}


def _grade(heard: Scores, page: Mapping[str, Any]) -> Scores:
    first, second = heard
    scale = page["scales"][0]
    grade = round((heard[second] - heard[first]) / POINTS_PER_GRADE)
    grade = min(max(grade, scale["min"]), scale["max"])
    return {first: -grade, second: grade}


def _name_x(heard: Scores, heard_x: float) -> Scores:
    a, b = heard
    is_a = abs(heard_x - heard[a]) < abs(heard_x - heard[b])
    return {a: float(is_a), b: float(not is_a)}


def _choose_ends(heard: Scores, page: Mapping[str, Any]) -> Scores:
    best, worst = max(heard, key=heard.__getitem__), min(heard, key=heard.__getitem__)
    return {key: float((key == best) - (key == worst)) for key in heard}


_ANSWERS: dict[str, Callable[[Scores, Mapping[str, Any]], Scores]] = {
    "ab": _prefer,
    "ccr": _grade,
    "best_worst": _choose_ends,
}
