"""The studio's app factory: its own pages, and behind `/s/NAME/` each study that is open."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request
from jinja2 import FileSystemLoader
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mushra_server.admin import login as admin_login
from mushra_server.app import handle_errors
from mushra_server.database.databases import Databases
from mushra_server.database.repeated_errors import RepeatedErrors
from mushra_server.database.turns import RETRY_S
from mushra_server.errors import ServerError, StoreError, Unavailable
from mushra_server.many import PREFIX, ManyStudies
from mushra_server.studio.choices.labels import say_labels
from mushra_server.studio.closing import close_if_due
from mushra_server.studio.disk import ACCOUNT_GIB, Disk
from mushra_server.studio.jobs import Jobs
from mushra_server.studio.login import EXTENSION, Studio, describe_rights, may_see, set_up_cookie
from mushra_server.studio.previews import PREFIX as PREVIEWS
from mushra_server.studio.previews import Previews, raise_failure
from mushra_server.studio.routes import launch, make, overview, people, report, watch
from mushra_server.studio.sole_studio import SoleUse
from mushra_server.studio.store import Store
from mushra_server.studio.studies import Studies, is_past
from mushra_server.studio.upload_parts import UploadRequest
from mushra_server.web import addresses, assets, security
from mushra_server.web.security import RateLimiter
from mushra_server.web.server import Options
from study_builder.errors import StudyError

__all__ = ["close_studio", "create_studio", "studio_of"]

HERE = Path(__file__).parent
FAILURES = (OperationalError, InterfaceError, InternalError, PoolTimeout)
"""Of the database, as opposed to those of a statement."""
SILENT = "the studio's database does not answer now; look whether this was done, and try again in a moment"
UNSERVED = "this study cannot be served now; tell the studio's administrator, whose log says why"

logger = logging.getLogger(__name__)


def create_studio(
    folder: Path | str,
    options: Options | None = None,
    database_url: str | None = None,
    *,
    account_gib: float = ACCOUNT_GIB,
) -> ManyStudies:
    """Make the WSGI app of a studio.

    Args:
        folder: The folder of the studies; made if it is missing.
        options: How its studies are served.
        database_url: A PostgreSQL database for all studies and the studio; by default SQLite files.
        account_gib: GiB of disk for the studies that one account makes.

    Returns:
        The app; the studio's own Flask app is its `front`.

    Raises:
        StoreError: If the studio's database cannot be used, or another studio uses it.
    """
    options = options or Options()
    databases = Databases(Path(folder), database_url)
    try:
        sole_use = None if databases.engine is None else SoleUse(databases.engine)
    except StoreError:
        databases.close()
        raise
    store = Store(Path(folder), databases.engine, sole_use)
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.jinja_loader = FileSystemLoader([HERE / "templates", HERE.parent / "templates"])
    app.request_class = UploadRequest
    app.secret_key = store.secret_key
    app.json.sort_keys = False  # type: ignore[attr-defined]
    studies = Studies(store, databases)
    served = ManyStudies(
        Path(folder),
        app,
        options,
        admits=lambda name: _admits(store, studies, served, name),
        databases=databases,
    )
    studies.remove_leftovers()
    previews = Previews(options, partial(may_see, app))
    app.extensions[EXTENSION] = Studio(
        store, studies, served, Jobs(store.data / "jobs"), previews, Disk(store, int(account_gib * 2**30))
    )
    addresses.install(app, options)
    security.install(app)
    security.limit_reading(app, RateLimiter(options.reads_per_s, options.read_burst))
    assets.install(app, HERE / "static")
    set_up_cookie(app)
    app.after_request(_keep_nowhere)
    for routes in (overview, make, launch, watch, report, people):
        app.register_blueprint(routes.blueprint)
    addresses.check_paths(app, options, PREFIX, PREVIEWS)
    app.context_processor(_describe_pages)
    app.context_processor(describe_rights)
    app.add_template_filter(say_labels)
    handle_errors(app)
    _handle_failures(app)
    app.before_request(raise_failure)
    app.wsgi_app = previews.wrap(app.wsgi_app)  # type: ignore[assignment, method-assign]
    return served


def studio_of(served: ManyStudies) -> Studio:
    """Return the parts of a studio."""
    studio: Studio = served.front.extensions[EXTENSION]
    return studio


def close_studio(served: ManyStudies) -> None:
    """End what a studio has started and opened: its jobs, previews and databases."""
    parts = studio_of(served)
    parts.jobs.close()
    parts.forecasts.close()
    parts.previews.close()
    parts.store.close()
    served.close()


def _describe_pages() -> dict[str, object]:
    """Return what templates need on every page; errors lead listeners of a study nowhere."""
    return {
        "form_token": admin_login.form_token,
        "endpoints": current_app.view_functions,
        "home": None if request.path.startswith(PREFIX) else ("Studies", "studio.list_studies"),
    }


def _handle_failures(app: Flask) -> None:
    """Answer 503 if a study cannot be served, or the database fails: it may have done what it was asked."""
    errors = RepeatedErrors(logger)

    def show(error: SQLAlchemyError) -> Any:
        errors.log(type(error).__name__, "the studio's database: %.300s", str(error).splitlines()[0])
        return app.handle_user_exception(Unavailable(SILENT, RETRY_S))

    def show_study(error: Exception) -> Any:
        errors.log(str(error), "%s", error)
        return app.handle_user_exception(Unavailable(UNSERVED, RETRY_S))

    for failure in FAILURES:
        app.register_error_handler(failure, show)
    app.register_error_handler(ServerError, show_study)
    app.register_error_handler(StudyError, show_study)


def _keep_nowhere(response: Response) -> Response:
    """Have no browser or proxy keep what is answered after a login: files that are sent would allow it."""
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
        for name in ("ETag", "Expires", "Last-Modified"):
            response.headers.pop(name, None)
    return response


def _admits(store: Store, studies: Studies, served: ManyStudies, name: str) -> bool:
    """Tell whether listeners reach a study: it was opened, it is not archived, and its time has come.

    At its closing time a study is closed like by hand: participants who have started can finish.
    """
    with store.read() as connection:
        row: Any = connection.execute(studies.query(name)).first()
    if row is None or row.launched_at is None or row.archived_at is not None:
        return False
    if row.opens_at is not None and not is_past(row.opens_at):
        return False
    close_if_due(store, served, row)
    return True
