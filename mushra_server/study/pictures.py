"""Pictures of a study: which files may be one, and what a browser learns about them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mushra_server.errors import ServerError
from study_builder.config import PICTURE_TYPES, LikertPoint

__all__ = ["blind_point", "check_picture"]


def check_picture(file: Path, page: str | None) -> None:
    """Refuse what a browser cannot show.

    Args:
        file: Where the picture should be.
        page: The page's id, for the message.

    Raises:
        ServerError: The file does not exist, or it has no picture's file ending.
    """
    if file.suffix.lower() not in PICTURE_TYPES:
        raise ServerError(f"{file}: expected a picture for page {page!r} ({', '.join(PICTURE_TYPES)})")
    if not file.is_file():
        raise ServerError(f"{file}: not found; expected a picture of page {page!r}")


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
