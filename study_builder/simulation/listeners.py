"""Simulated listeners with a stated model: for rehearsing a study and its analysis, never for results.

On a scale from 0 to 1, listener l gives condition c of item i the score

    quality(c) + bias(l) + effect(i) + taste(l, c) + noise(l, i, c)

Two sounds are compared by two such impressions, without what they share (bias and item) and with new noise
on each page. A reference that is recognised gets the highest score. A careless listener, and any in a
lapse, scores at random; these are the ones that screening is there to find. Every draw follows from the seed,
the listener's number and what is rated, so that the order of pages changes no score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np

from study_builder.config import Role, StudyConfig
from study_builder.config.roles import REFERENCE_ROLES
from study_builder.errors import SimulateError
from study_builder.identifiers import resolve_ids

ROLE_QUALITY: dict[Role, float] = {"low_anchor": 20.0, "mid_anchor": 45.0}
"""Anchors are 20 to 30 points apart (BS.1534-3, attachment 5)."""
METHOD_QUALITY = (75.0, 35.0)
"""Methods are spread evenly between these, the first of the config highest; no sound is heard."""


@dataclass(frozen=True)
class ListenerModel:
    """How simulated listeners differ, in points of 0 to 100.

    Attributes:
        quality: mean score of each condition, of an average listener on an average item.
        bias_sd: of listeners, over all that they score.
        item_sd: of items, the same for every listener.
        taste_sd: of listeners' likings for single conditions.
        noise_sd: of single scores.
        recognised: how often an attentive listener recognises the hidden reference.
        lapses: share of scores that are given at random.
        careless: share of listeners who score everything at random.
    """

    quality: Mapping[str, float]
    bias_sd: float = 5.0
    item_sd: float = 4.0
    taste_sd: float = 4.0
    noise_sd: float = 8.0
    recognised: float = 0.97
    lapses: float = 0.01
    careless: float = 0.05


def condition_quality(config: StudyConfig, given: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return a quality for every condition of a study: `given`, else by role, else by the methods' order.

    Conditions are given by their names or by their labels.

    Raises:
        SimulateError: `given` names a condition that the study does not have, or a score outside 0 to 100.
    """
    names = _condition_names(config)
    labels = {name: config.condition(name).label for name in names}
    wanted = dict(given or {})
    given = dict(
        zip(resolve_ids(list(wanted), labels, "--quality", SimulateError), wanted.values(), strict=True)
    )
    for name, score in given.items():
        if not 0 <= score <= 100:
            raise SimulateError(f"--quality of {name!r} is {score:g}; expected 0 to 100")
    quality: dict[str, float] = {}
    methods = []
    for name in names:
        role = config.condition(name).role
        if role in REFERENCE_ROLES:
            quality[name] = 100.0
        elif role in ROLE_QUALITY:
            quality[name] = ROLE_QUALITY[role]
        else:
            methods.append(name)
    steps = np.linspace(*METHOD_QUALITY, len(methods)) if len(methods) > 1 else [sum(METHOD_QUALITY) / 2]
    quality |= {name: float(score) for name, score in zip(methods, steps, strict=False)}
    return {**quality, **given}


def _condition_names(config: StudyConfig) -> list[str]:
    names: dict[str, None] = {}
    for page in config.walk():
        if page.rates:
            names |= dict.fromkeys(page.sounds())
    return list(names)


@dataclass(frozen=True)
class SimulatedListener:
    """One listener.

    Attributes:
        config: the study.
        model: how listeners differ.
        seed: of the whole panel.
        number: of the listener, from 1.
    """

    config: StudyConfig
    model: ListenerModel
    seed: int
    number: int
    careless: bool = field(init=False)

    def __post_init__(self) -> None:
        draw = float(self._draws("careless").random())
        object.__setattr__(self, "careless", draw < self.model.careless)

    @property
    def name(self) -> str:
        """Who the listener says to be."""
        return f"simulated-{self.seed}-{self.number:03d}"

    def score(self, item: str, condition: str, attribute: str, asked: float | None = None) -> float:
        """Return a score from 0 to 1.

        Args:
            item: what is heard.
            condition: under which condition.
            attribute: name of the scale.
            asked: if a page asks for a given score, that score from 0 to 1.
        """
        draws = self._draws("score", item, condition, attribute)
        if self.careless or draws.random() < self.model.lapses:
            return float(draws.random())
        if asked is not None:
            return asked
        is_reference = self.config.condition(condition).role in REFERENCE_ROLES
        if is_reference and draws.random() < self.model.recognised:
            return 1.0
        points = (
            self.model.quality[condition]
            + self.model.bias_sd * float(self._draws("bias").standard_normal())
            + self.model.item_sd * float(_draws(self.seed, "item", item).standard_normal())
            + self.model.taste_sd * float(self._draws("taste", condition).standard_normal())
            + self.model.noise_sd * float(draws.standard_normal())
        )
        return min(max(points / 100, 0.0), 1.0)

    def impression(self, item: str, condition: str, page: str, place: str = "") -> float:
        """Return how good a sound seems on one hearing, in points of 0 to 100 that may go beyond both ends.

        Comparisons are made of impressions: as each page is another hearing, two sounds that meet on several
        pages are not compared with the same noise each time.

        Args:
            item: what is heard.
            condition: under which condition.
            page: of the hearing.
            place: tells two hearings of one sound on one page apart.
        """
        return (
            self.model.quality[condition]
            + self.model.taste_sd * float(self._draws("taste", condition).standard_normal())
            + self.model.noise_sd
            * float(self._draws("impression", item, condition, page, place).standard_normal())
        )

    def lapses_on(self, page: str) -> bool:
        """Return whether the listener answers a page at random."""
        return self.careless or float(self._draws("lapse", page).random()) < self.model.lapses

    def number_between(self, low: int, high: int, *key: str) -> int:
        """Return an integer from `low` to `high`: durations, ages, choices."""
        return int(self._draws("number", *key).integers(low, high + 1))

    def _draws(self, *key: str) -> np.random.Generator:
        return _draws(self.seed, str(self.number), *key)


def _draws(seed: int, *key: str) -> np.random.Generator:
    return np.random.default_rng([seed, *(crc32(part.encode()) for part in key)])
