"""Checks of what pages show and play in their texts: in the study, and of a kind that browsers know."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from study_builder.checks.report import Finding
from study_builder.config import MEDIA_TYPES, Medium, SpatialPage, StudyConfig
from study_builder.config.media import find_foreign_media, find_omitted_elements
from study_builder.study_folder import leaves_the_folder, links_outside

LONGEST = 60
_VERBS = {"picture": "shows", "sound": "plays"}


def check_media(study: Path, config: StudyConfig) -> Iterator[Finding]:
    """Yield which pictures, sounds and models of a study's texts cannot be shown or played."""
    for page in config.walk():
        where = f"page '{page.id or page.type}'"
        for medium in dict.fromkeys(config.media(page)):
            yield from _medium(study, medium, where)
        for path in page.models if isinstance(page, SpatialPage) else ():
            yield from _present(study, path, where)
        for text in page.html():
            yield from _text(text, where)


def _medium(study: Path, medium: Medium, where: str) -> Iterator[Finding]:
    types = MEDIA_TYPES[medium.kind]
    if PurePosixPath(medium.path).suffix.lower() in types:
        yield from _present(study, medium.path, where)
    else:
        message = f"{where} {_VERBS[medium.kind]} it as a {medium.kind}; expected one of {', '.join(types)}"
        yield Finding("error", f"no-{medium.kind}", medium.path, message)


def _text(text: str, where: str) -> Iterator[Finding]:
    for kind, source in find_foreign_media(text):
        message = (
            f"{_VERBS[kind]} a {kind} that is not a file of the study ('{_shorten(source)}'), which "
            "listenable's page omits; expected a path in the study's folder"
        )
        yield Finding("warning", f"foreign-{kind}", where, message)
    for element in find_omitted_elements(text):
        message = (
            f"has a <{element}> element, which listenable's page omits; expected text, pictures or sounds"
        )
        yield Finding("warning", "omitted-element", where, message)


def is_usable(study: Path, path: str) -> bool:
    """Whether a path names a file that is in the study's folder."""
    return not leaves_the_folder(path) and not links_outside(study, path) and (study / path).is_file()


def report_unusable(study: Path, path: str, use: str) -> Finding:
    """Return the finding for a file that a page needs and the study does not have."""
    if "://" in path:
        message = f"{use}, but it is on another site; download it, and name a file in the study's folder"
        return Finding("error", "path-outside", path, message)
    if leaves_the_folder(path):
        message = f"{use}, but its path leaves the study's folder; expected a file in the folder"
        return Finding("error", "path-outside", path, message)
    if links_outside(study, path):
        message = f"{use}, but it is a link that leaves the study's folder; expected a file in the folder"
        return Finding("error", "path-outside", path, message)
    return Finding("error", "missing-file", path, f"{use}, but it is missing{_suggest(study, path)}")


def _suggest(study: Path, path: str) -> str:
    """Return which file may be meant, if the name has backslashes or differs only in capitals."""
    slashes = path.replace("\\", "/")
    if slashes != path:
        return f"; expected slashes: '{slashes}'"
    folder = (study / path).parent
    names = [one.name for one in folder.iterdir()] if folder.is_dir() else []
    same = [name for name in names if name.casefold() == PurePosixPath(path).name.casefold()]
    return f"; its folder has '{same[0]}'" if same else ""


def _present(study: Path, path: str, where: str) -> Iterator[Finding]:
    if not is_usable(study, path):
        yield report_unusable(study, path, f"{where} shows it")


def _shorten(source: str) -> str:
    return source if len(source) <= LONGEST else f"{source[:LONGEST]}..."
