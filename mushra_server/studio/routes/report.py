"""Reports of a study, each kept with the data that it is of; and everything as one archive."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import IO, Any

from flask import Blueprint, redirect, render_template, request, send_file, send_from_directory, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, select

from mushra_server.errors import Refusal
from mushra_server.studio.bundle import write_bundle
from mushra_server.studio.disk import Room, measure, require_reserve
from mushra_server.studio.login import (
    current_account,
    current_studio,
    limit_changes,
    limit_heavy,
    require_role,
    write_log,
)
from mushra_server.studio.routes.rights import require_still
from mushra_server.studio.routes.watch import may_see_scores
from mushra_server.studio.store import log

__all__ = ["blueprint"]

# A report is one page with its own style and script; in a sandbox it can do nothing to the studio.
REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src 'self' data:"
)

# Whom a report leaves out: in words, and as `analyze --exclude` takes it; None for the rules of the standard.
SCREENINGS: dict[str, tuple[str, list[str] | None]] = {
    "standard": ("by the rules of BS.1534-3, on its own scale", None),
    "checks": ("who failed a check or did not finish", ["attention", "headphones", "unfinished"]),
    "none": ("nobody", []),
}

LOG_LINES_AT_ONCE = 1000
_packing = Room()

blueprint = Blueprint("reports", __name__, url_prefix="/studies/<name>")


@blueprint.get("/reports")
@require_role("viewer")
@limit_heavy
def list_reports(study: Row[Any]) -> ResponseReturnValue:
    """List the reports, newest first, with what changed since the one before."""
    reports = [_load(path) for path in _find_reports(study)]
    newest = reports[-2:]
    return render_template(
        "studio_reports.html",
        study=study,
        reports=reports[::-1],
        changes=_compare(*newest) if len(newest) == 2 else [],
        progress=current_studio().jobs.look(study.name, "report"),
        open=may_see_scores(study),
        screenings={name: text for name, (text, _) in SCREENINGS.items()},
        built=current_studio().studies.is_built(study.name),
    )


@blueprint.post("/reports")
@require_role("assistant")
@limit_heavy
def make_report(study: Row[Any]) -> ResponseReturnValue:
    """Make a report in a separate process, as `listenable analyze` does."""
    studio, screening = current_studio(), request.form.get("screening", "standard")
    _refuse_blind(study)
    if screening not in SCREENINGS:
        raise Refusal(f"unknown screening {screening!r}; expected one of {', '.join(SCREENINGS)}", 400)
    studio.disk.require(study.name, 0)
    with studio.studies.lock_design(study.name):
        require_still(study.name, "report")
        # First: one that ends after its number was given to this one would be replaced by it.
        if studio.jobs.look(study.name, "report").state == "running":
            raise Refusal("a report is being made already; wait until it has ended", 409)
        number = 1 + max([int(path.name) for path in _find_reports(study)], default=0)
        task = {
            "study": str(studio.studies.folder(study.name).resolve()),
            "url": studio.served.databases.url_of(study.name),
            "out": str((studio.store.data / "reports" / study.name / str(number)).resolve()),
            "by": current_account().name,
            "screening": SCREENINGS[screening][0],
            "exclude": SCREENINGS[screening][1],
        }
        studio.jobs.start(study.name, "report", task, current_account().id)
    with studio.store.write() as connection:
        write_log(connection, "report", study.name, str(number))
    return redirect(url_for("reports.list_reports", name=study.name))


@blueprint.get("/reports/<int:number>/<path:file>")
@require_role("viewer")
def send_report(study: Row[Any], number: int, file: str) -> ResponseReturnValue:
    """Send a file of a report."""
    _refuse_blind(study)
    folder = current_studio().store.data / "reports" / study.name / str(number)
    answer = send_from_directory(folder.resolve(), file)
    answer.headers["Content-Security-Policy"] = REPORT_POLICY
    return answer


@blueprint.get("/everything.zip")
@require_role("assistant")
@limit_heavy
def send_everything(study: Row[Any]) -> ResponseReturnValue:
    """Send the study, its ratings, its newest report, its log and a data dictionary as one archive."""
    _refuse_blind(study)
    limit_changes()
    studio = current_studio()
    with studio.store.write() as connection:
        write_log(connection, "download everything", study.name)
    with contextlib.ExitStack() as stack:
        stack.enter_context(studio.archives.place(current_account().id))
        written = _write_everything(study)
        sent = _Sent(os.dup(written.fileno()), stack.pop_all())
    written.close()
    sent.seek(0)
    answer = send_file(sent, "application/zip", as_attachment=True, download_name=f"{study.name}.zip")
    answer.content_length = os.fstat(sent.fileno()).st_size  # so that a browser knows if it gets less
    return answer


class _Sent(io.FileIO):
    """A file without a name; what ends with it does so when it was sent, or its reader has gone."""

    def __init__(self, descriptor: int, stack: contextlib.ExitStack) -> None:
        super().__init__(descriptor, "rb")
        self._stack = stack

    def close(self) -> None:
        super().close()
        self._stack.close()


def _write_everything(study: Row[Any]) -> IO[bytes]:
    studio, folder = current_studio(), current_studio().studies.folder(study.name)
    reports = _find_reports(study)
    query = select(log).where(log.c.study == study.name).order_by(log.c.id)
    written = tempfile.TemporaryFile()  # noqa: SIM115 - closed by who sends it
    try:
        place, size = Path(tempfile.gettempdir()), 2 * measure(folder)  # the packed study, and all of it
        with (
            _packing.take(place, size),
            studio.served.use(study.name) as server,
            studio.store.read() as connection,
        ):
            lines = connection.execution_options(yield_per=LOG_LINES_AT_ONCE).execute(query)
            write_bundle(
                written,
                folder,
                server.database,
                reports[-1] if reports else None,
                map(tuple, lines),
                partial(require_reserve, place),
            )
        written.flush()
    except BaseException:
        written.close()
        raise
    return written


def _refuse_blind(study: Row[Any]) -> None:
    if not current_studio().studies.is_built(study.name):
        raise Refusal("the study is not built yet, so there are no ratings", 404)
    if not may_see_scores(study):
        raise Refusal(
            "scores are hidden until the study is closed; close it, or let an owner open them with a reason",
            403,
        )


def _find_reports(study: Row[Any]) -> list[Path]:
    folder = current_studio().store.data / "reports" / study.name
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if path.name.isdecimal() and (path / "version.json").is_file()]
    return sorted(found, key=lambda path: int(path.name))


def _load(path: Path) -> dict[str, Any]:
    return {
        "number": int(path.name),
        "mos": _load_mos(path),
        **json.loads((path / "version.json").read_text("utf-8")),
    }


def _load_mos(path: Path) -> dict[str, float]:
    """Return the mean of each condition, of several scales under the scale; empty for a report of choices."""
    means = {}
    for table in sorted(path.glob("*mos.csv")):
        scale = table.name.removesuffix("mos.csv").rstrip("-")
        with table.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                if row.get("mos"):
                    means[f"{scale}: {row['condition']}" if scale else row["condition"]] = float(row["mos"])
    return means


def _compare(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, float, float]]:
    return [
        (name, before["mos"][name], value) for name, value in after["mos"].items() if name in before["mos"]
    ]
