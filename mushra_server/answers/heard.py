"""What must have happened before a page is stored: its sounds were heard, and consent was given."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from mushra_server.answers.checks import milliseconds
from mushra_server.database.page_answers import PageAnswer
from mushra_server.errors import AnswerError, Refusal
from mushra_server.study.opaque_files import sounds_of
from mushra_server.study.served_files import ServedFiles
from mushra_server.study.served_study import SessionPage, Study
from study_builder.config import ConsentPage

__all__ = ["check_heard", "find_missing_consent", "require_consent"]

ENOUGH_MS = 1000
SLACK_MS = 50
"""A browser counts the frames that it played, and leaves out up to 20 ms at the end of a short sound."""


def check_heard(study: Study, files: ServedFiles, page: SessionPage, answer: PageAnswer) -> None:
    """Refuse scores of sounds that were not heard: one second of each, or all of it if it is shorter.

    Raises:
        AnswerError: With the sounds that were not, if the study asks for `must_listen`.
    """
    if not study.config.options.must_listen or not page.rates:
        return
    paths = sounds_of(page)
    longest: dict[str, int] = dict.fromkeys(page.conditions(), 0)
    for sent in answer.body["ratings"]:  # a pair's rows name only one of its two sounds
        heard_ms = milliseconds(sent.get("listened_ms"), "listened_ms") or 0
        longest[sent["key"]] = max(longest[sent["key"]], heard_ms)
    missing = [key for key, heard in longest.items() if heard < _enough_ms(files.seconds(paths[key]))]
    if missing:
        raise AnswerError(
            f"ratings: not heard yet: {', '.join(missing)}; expected a listened_ms of at least one second, "
            "or of the whole sound if it is shorter"
        )


def find_missing_consent(pages: Sequence[SessionPage], index: int, saved: Collection[int]) -> int | None:
    """Return the page before another one whose consent is needed and not stored, or None."""
    needed = (
        page.index for page in pages[:index] if isinstance(page.page, ConsentPage) and page.page.must_consent
    )
    return next((place for place in needed if place not in saved), None)


def require_consent(pages: Sequence[SessionPage], index: int, saved: Collection[int]) -> None:
    """Refuse to store a page before the consent that the study asks for on an earlier one.

    Raises:
        Refusal: 409.
    """
    missing = find_missing_consent(pages, index, saved)
    if missing is not None:
        raise Refusal(
            f"page {index} cannot be stored yet: consent (page {missing}) is needed first",
            409,
            reason="consent_missing",
            missing=[missing],
        )


def _enough_ms(seconds: float | None) -> int:
    if seconds is None:
        return 1
    return max(1, min(ENOUGH_MS, int(1000 * seconds)) - SLACK_MS)
