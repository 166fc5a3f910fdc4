"""A study in every language of the default texts: which text of the config stands for which."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from study_builder.building.choices import Choices
from study_builder.building.languages import LANGUAGES
from study_builder.config import ChoicePage, FinishPage, PairedComparisonPage, StudyConfig

BROWSER = "browser"
"""As a language: the one of each listener's browser."""


def in_every_language(choices: Choices, make: Callable[[Choices], StudyConfig]) -> StudyConfig:
    """Return the config of a study in English, with its default texts in the other languages.

    Args:
        choices: what was chosen.
        make: makes the config of choices in one language; the languages differ in nothing but texts.
    """
    configs = {code: make(choices.model_copy(update={"language": code})) for code in LANGUAGES}
    english = configs["en"]
    texts = zip(*(_iter_texts(config) for config in configs.values()), strict=True)
    tables = [dict(zip(configs, each, strict=True)) for each in texts]
    different = {table["en"]: table for table in tables if len(set(table.values())) > 1}
    options = english.options.model_copy(update={"translations": tuple(different.values())})
    return english.model_copy(update={"options": options})


def _iter_texts(config: StudyConfig) -> Iterator[str]:
    """Yield every text of the pages that participants read, in an order that depends on no language."""
    for page in config.walk():
        yield page.name
        yield page.content
        if isinstance(page, FinishPage):
            yield page.popup_content or ""
        if isinstance(page, PairedComparisonPage):
            yield page.unforced or ""
        if isinstance(page, ChoicePage):
            yield page.question or ""
        for question in config.questions(page):
            yield question.label or ""
            yield from (point.label or "" for point in question.response or ())
    for name in sorted(config.options.trials):
        yield config.options.trials[name].question or ""
