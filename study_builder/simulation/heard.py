"""Which sounds a rating page plays: what the simulation has to know and a blind listener does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from study_builder.simulation.http_client import Browser, SoundIndex


@dataclass(frozen=True)
class Heard:
    """The sounds of a rating page.

    Attributes:
        item: of all of them.
        conditions: by the page's key, in the order of presentation.
        x: on an ABX page, the condition that X is; else None.
    """

    item: str
    conditions: Mapping[str, str]
    x: str | None = None


def identify_sounds(browser: Browser, sounds: SoundIndex, page: Mapping[str, Any]) -> Heard:
    """Fetch the sounds of a rating page and find out which they are.

    Raises:
        SimulateError: a sound is not in the study, or the sounds of the page are of different items.
    """
    item, conditions = sounds.page({s["key"]: browser.fetch(s["url"]) for s in page["stimuli"]})
    if page["type"] != "abx":
        return Heard(item, conditions)
    _, found = sounds.page({"x": browser.fetch(page["x"]["url"])})
    candidates = list(conditions.values())
    return Heard(item, conditions, found["x"] if found["x"] in candidates else candidates[0])
