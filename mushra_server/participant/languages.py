"""The language of a session: the browser's own, if the study has its texts in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection
from werkzeug.datastructures import LanguageAccept

from mushra_server.database import sessions
from mushra_server.database.sessions import Session
from study_builder.config import StudyConfig

__all__ = ["LANGUAGE", "choose_language", "language_of", "make_translator", "prefer"]

LANGUAGE = "language"
"""The parameter under which a session's language is kept and exported."""


def choose_language(config: StudyConfig, accepted: LanguageAccept, parameters: Any) -> dict[str, str]:
    """Return a new session's language as a parameter to keep; none if the study has only one.

    Args:
        config: The study's config.
        accepted: What the browser accepts.
        parameters: Of the page's address: `?language=de` takes precedence.
    """
    spoken = config.find_languages()
    if len(spoken) == 1:
        return {}
    asked = parameters.get(LANGUAGE) if isinstance(parameters, dict) else None
    return {LANGUAGE: asked if asked in spoken else prefer(accepted, spoken)}


def prefer(accepted: LanguageAccept, spoken: Sequence[str]) -> str:
    """Return the first language that a browser accepts among some, the first of these if there is none.

    A variety counts as its language: `de-AT` before `en` is German.
    """
    wanted = (tag.lower().split("-")[0] for tag, quality in accepted if quality > 0)
    return next((tag for tag in wanted if tag in spoken), spoken[0])


def language_of(connection: Connection, config: StudyConfig, session: Session) -> str:
    """Return the language in which a session's pages are shown."""
    kept = sessions.find_parameter(connection, session, LANGUAGE) if config.options.translations else None
    return kept if kept in config.find_languages() else config.written_in


def make_translator(config: StudyConfig, language: str) -> Callable[[str], str]:
    """Return what turns a text of the config into the same in a language; texts without one stay."""
    table = config.translations_into(language)
    return lambda text: table.get(text, text)
