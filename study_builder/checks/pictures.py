"""Checks of the pictures and models that pages show: in the study, and of a kind that browsers know."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from study_builder.checks.report import Finding
from study_builder.config import PICTURE_TYPES, Page, SpatialPage, StudyConfig
from study_builder.config.pictures import find_foreign_pictures
from study_builder.study_folder import leaves_the_folder, links_outside

LONGEST = 60


def check_pictures(study: Path, config: StudyConfig) -> Iterator[Finding]:
    """Yield which pictures and models of a study cannot be shown."""
    for page in config.walk():
        where = f"page '{page.id or page.type}'"
        for path in dict.fromkeys(config.pictures(page)):
            if PurePosixPath(path).suffix.lower() not in PICTURE_TYPES:
                message = f"{where} shows it as a picture; expected one of {', '.join(PICTURE_TYPES)}"
                yield Finding("error", "no-picture", path, message)
            else:
                yield from _present(study, path, where)
        for path in _models(page):
            yield from _present(study, path, where)
        for source in (source for text in page.html() for source in find_foreign_pictures(text)):
            message = (
                f"shows a picture that is not a file of the study ('{_shorten(source)}'), which listenable's "
                "page "
                "omits; expected a path in the study's folder"
            )
            yield Finding("warning", "foreign-picture", where, message)


def is_usable(study: Path, path: str) -> bool:
    """Whether a path names a file that is in the study's folder."""
    return not leaves_the_folder(path) and not links_outside(study, path) and (study / path).is_file()


def report_unusable(study: Path, path: str, use: str) -> Finding:
    """Return the finding for a file that a page needs and the study does not have."""
    if leaves_the_folder(path):
        message = f"{use}, but its path leaves the study's folder; expected a file in the folder"
        return Finding("error", "path-outside", path, message)
    if links_outside(study, path):
        message = f"{use}, but it is a link that leaves the study's folder; expected a file in the folder"
        return Finding("error", "path-outside", path, message)
    return Finding("error", "missing-file", path, f"{use}, but it is missing")


def _present(study: Path, path: str, where: str) -> Iterator[Finding]:
    if not is_usable(study, path):
        yield report_unusable(study, path, f"{where} shows it")


def _models(page: Page) -> Iterator[str]:
    if isinstance(page, SpatialPage):
        yield from page.models


def _shorten(source: str) -> str:
    return source if len(source) <= LONGEST else f"{source[:LONGEST]}..."
