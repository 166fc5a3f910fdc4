"""What a study's `config.yaml` says to the analysis: labels, scales, attention checks, sounds.

The file is read by `study_builder.config`, as the server reads it. That needs pydantic, which an analysis of
ratings alone does not load: it is imported when a study folder is read.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import RatingsError
from analysis.ratings.labels import distinct
from analysis.ratings.names import CORRECT, DIFFERENCE, HIDDEN_REFERENCE, of_page_type
from stimuli.vocabulary import CONFIG_NAME

if TYPE_CHECKING:
    from study_builder.config import ConditionInfo, ItemInfo, MushraPage, RatedPage, StudyConfig

Ends = tuple[float, float]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trial:
    """One rating page: its item and id, what is known of it, and the sound file of each condition."""

    item: str
    page: str
    kind: str
    label: str | None
    prediction: str | None
    probability: float | None
    sounds: dict[str, Path]


@dataclass(frozen=True)
class Study:
    """A study folder as far as an analysis needs it.

    Attributes:
        folder: Where the study is.
        title: Its title, or its folder's name.
        labels: What conditions are called in figures and tables, where that is not their name.
        item_labels: What items are called.
        scales: Lowest and highest score, by type of page and attribute as it is stored.
        expected: What attentive listeners answer at attention checks: item, condition, lowest and highest
            score.
        trials: The MUSHRA pages, in the order of the file.
        tests: The listening tests that the study was built for; empty for MUSHRA, or if it was not built.
        active: Whether pairs were chosen by the answers.
    """

    folder: Path
    title: str
    labels: dict[str, str]
    item_labels: dict[str, str]
    scales: frozenset[tuple[str, str, Ends]]
    expected: dict[str, dict[str, Ends]]
    trials: tuple[Trial, ...]
    tests: tuple[str, ...] = ()
    active: bool = False

    def scale_ends(self, attribute: str) -> Ends | None:
        """Return the ends of an attribute's scale; None where its pages differ in them, or none has it.

        Args:
            attribute: Its name, alone or after its type of page: `score`, `mushra score`.
        """
        named = {ends for kind, name, ends in self.scales if attribute in (name, of_page_type(kind, name))}
        return named.pop() if len(named) == 1 else None


def is_study(source: str | Path) -> bool:
    """Say whether a source of ratings is a study folder."""
    return "://" not in str(source) and (Path(source) / CONFIG_NAME).is_file()


def read_study(folder: str | Path) -> Study:
    """Read a study folder.

    Pages that cannot be read, of an unknown type for example, are left out with a warning.

    Raises:
        RatingsError: No `config.yaml`, or one that is not a study's.
    """
    from study_builder.config import ConfigError, StudyConfig

    folder = Path(folder)
    if not (folder / CONFIG_NAME).is_file():
        raise RatingsError(f"{folder} has no {CONFIG_NAME}; expected a study folder")
    try:
        config, notices = StudyConfig.load_with_notices(folder, tolerant=True)
    except ConfigError as error:
        raise RatingsError(f"{error}") from None
    for notice in notices:
        if notice.key == "pages":
            logger.warning("%s, %s", folder / CONFIG_NAME, notice)
    return study_of(config, folder)


def study_of(config: StudyConfig, folder: Path) -> Study:
    """Return what a config says to the analysis; `folder` is the study's."""
    from study_builder.config import MushraPage, RatingPage, SpatialPage

    rated = [page for page in config.walk() if isinstance(page, RatingPage)]
    attention = [trial for trial in map(config.trial, rated) if trial.kind == "attention"]
    scored = [page for page in rated if not isinstance(page, SpatialPage)]
    return Study(
        folder=folder,
        title=config.title or folder.name,
        labels=_labels(config.options.conditions),
        item_labels=_labels(config.options.items),
        scales=frozenset(_scales(config, scored)),
        expected={trial.item: dict(trial.expected) for trial in attention if trial.expected},
        trials=tuple(_trial(config, page, folder) for page in rated if isinstance(page, MushraPage)),
        tests=config.options.tests or (),
        active=(config.options.adaptive or "").startswith("active-"),
    )


def _labels(entries: Mapping[str, ConditionInfo] | Mapping[str, ItemInfo]) -> dict[str, str]:
    return distinct({name: entry.label for name, entry in entries.items() if entry.label})


def _scales(config: StudyConfig, pages: Sequence[RatedPage]) -> Iterator[tuple[str, str, Ends]]:
    """The scales of the pages as their scores are stored; those of MUSHRA pages if there are no pages."""
    from study_builder.config import Bs1116Page, PairedComparisonPage, scales_of

    if not pages:
        yield from (("mushra", s.name, (float(s.min), float(s.max))) for s in config.options.scales)
    for page in pages:
        kind = str(page.type)
        for scale in scales_of(config, page):
            ends = float(scale.min), float(scale.max)
            if isinstance(page, PairedComparisonPage):
                yield kind, CORRECT, ends
                continue
            if scale.max > scale.min:  # the points of a Likert scale may be words
                yield kind, scale.name, ends
            if isinstance(page, Bs1116Page):
                width = ends[1] - ends[0]
                yield kind, HIDDEN_REFERENCE, ends
                yield kind, DIFFERENCE, (-width, width)


def _trial(config: StudyConfig, page: MushraPage, folder: Path) -> Trial:
    known = config.trial(page)
    reference = {} if page.reference is None else {"reference": page.reference}
    return Trial(
        item=known.item,
        page=page.id or known.item,
        kind=known.kind,
        label=known.label,
        prediction=known.prediction,
        probability=known.probability,
        sounds={name: _sound(folder, path) for name, path in {**reference, **page.conditions}.items()},
    )


def _sound(folder: Path, path: str) -> Path:
    """The file of a path in the config, which may carry the folder that webMUSHRA serves it from."""
    parts = Path(path).parts
    candidates = [folder.joinpath(*parts[start:]) for start in range(len(parts))]
    return next((found for found in candidates if found.is_file()), folder / path)
