"""`GET /healthz`: whether this process should get requests, for a load balancer."""

from __future__ import annotations

import shutil

from flask import Blueprint, Response, jsonify
from sqlalchemy import text

from mushra_server.errors import Refusal
from mushra_server.web.server import current_server

__all__ = ["MIN_FREE_BYTES", "blueprint"]

MIN_FREE_BYTES = 50 * 1024 * 1024

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def show_health() -> tuple[Response, int]:
    """Answer 200 if pages can be stored; 503 with what is wrong, by the names `database` and `disk`."""
    found = {"process": "ok", "database": _look_at_database(), "disk": _look_at_disk()}
    healthy = set(found.values()) == {"ok"}
    return jsonify(status="ok" if healthy else "unavailable", **found), 200 if healthy else 503


def _look_at_database() -> str:
    database = current_server().database
    try:
        with database.read() as connection:
            connection.execute(text("SELECT 1 FROM meta")).first()
            if (
                not database.sqlite
                and connection.execute(text("SHOW transaction_read_only")).scalar() == "on"
            ):
                return "read-only: nothing can be stored"
    except Refusal as refusal:
        return str(refusal)
    return "ok"


def _look_at_disk() -> str:
    server = current_server()
    file = server.database.file
    free = shutil.disk_usage(server.study.root if file is None else file.parent).free
    if free < MIN_FREE_BYTES:
        return f"{free // 1024**2} MiB are free; expected at least {MIN_FREE_BYTES // 1024**2}"
    return "ok"
