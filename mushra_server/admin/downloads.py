"""The exports, as downloads of the admin pages."""

from __future__ import annotations

import contextlib
import mimetypes
from collections.abc import Iterator
from pathlib import Path

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from mushra_server.admin.login import require_login
from mushra_server.admin.work import CHUNK_BYTES, export_to_folder, stream_export
from mushra_server.database import settings
from mushra_server.errors import Refusal
from mushra_server.web.server import current_server
from mushra_server.webmushra.sessions import list_other_tests

__all__ = ["blueprint"]

DOWNLOADS = {
    "csv": (
        "ratings.csv",
        "One row per listener, item and condition; for spreadsheets and for listenable analyze",
    ),
    "json": ("ratings.json", "Sessions, ratings, answers and the log of exclusions"),
    "webmushra": ("webmushra.zip", "The CSV files that webMUSHRA writes"),
    "pymushra": ("pymushra.json", "The database that pymushra reads"),
}
STREAMED = {"csv", "json"}

blueprint = Blueprint("admin_data", __name__, url_prefix="/admin/data")


@blueprint.get("")
@require_login
def list_downloads() -> ResponseReturnValue:
    """List the downloads."""
    return render_template("admin_data.html", downloads=_list_offered())


@blueprint.get("/<format>")
@require_login
def download(format: str) -> ResponseReturnValue:
    """Send an export."""
    if format not in _list_offered():
        raise Refusal(f"there is no download {format!r}", 404)
    server = current_server()
    with server.database.write() as connection:
        settings.log_action(connection, "export", format)
    name = DOWNLOADS[format][0]
    if format in STREAMED and not _ends_unnoticed():
        response = Response(stream_export(server, format))
    else:
        with contextlib.ExitStack() as stack:
            found = export_to_folder(server, format, stack)
            response = Response(_read(found))
            response.content_length = found.stat().st_size
            response.call_on_close(stack.pop_all().close)
        name = Path(name).stem + found.suffix
    response.mimetype = mimetypes.guess_type(name)[0] or "application/octet-stream"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _list_offered() -> dict[str, tuple[str, str]]:
    """Return the downloads, of which other programs' have no place for pages that only ours has."""
    others = list_other_tests(current_server().study.config)
    return {name: about for name, about in DOWNLOADS.items() if name in STREAMED or not others}


def _ends_unnoticed() -> bool:
    """Tell whether nobody would notice that an answer of unknown length has ended too early.

    In HTTP/1.0, which nginx speaks to a server unless it is told otherwise, such an answer ends with its
    connection, whatever the reason: half of the ratings would come as a whole file.
    """
    return request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0"


def _read(file: Path) -> Iterator[bytes]:
    """Yield a file's content."""
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK_BYTES):
            yield chunk
