"""Pictures and sounds in a study's texts: which files may be one, and what a browser learns about them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mushra_server.errors import ServerError
from study_builder.config import MEDIA_TYPES, LikertPoint, MediumKind

__all__ = ["blind_point", "check_medium"]


def check_medium(file: Path, kind: MediumKind, page: str | None) -> None:
    """Refuse what a browser cannot show or play.

    Args:
        file: Where the file should be.
        kind: What it should be.
        page: The page's id, for the message.

    Raises:
        ServerError: The file does not exist, or its name has not the ending of such a file.
    """
    types = MEDIA_TYPES[kind]
    if file.suffix.lower() not in types:
        raise ServerError(f"{file}: expected a {kind} for page {page!r} ({', '.join(types)})")
    if not file.is_file():
        raise ServerError(f"{file}: not found; expected a {kind} of page {page!r}")


def blind_point(point: LikertPoint, address: Callable[[str], str]) -> dict[str, str | None]:
    """Return a point as the browser gets it; the addresses of its pictures do not contain their names.

    Args:
        point: The point.
        address: Turns a path of the study into an address of this session.
    """
    shown: dict[str, str | None] = {"value": point.value, "label": point.label}
    pictures = {
        "picture": point.img,
        "picture_chosen": point.img_selected,
        "picture_below": point.img_higher_response_selected,
    }
    return {**shown, **{name: address(path) for name, path in pictures.items() if path}}
