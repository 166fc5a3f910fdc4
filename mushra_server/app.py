"""The app factory."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from mushra_server.admin import login as admin_login
from mushra_server.admin import routes as admin
from mushra_server.admin.results_cache import ResultsCache
from mushra_server.database import settings
from mushra_server.database.database import Database, sqlite_url
from mushra_server.database.repeated_errors import RepeatedErrors
from mushra_server.errors import Refusal
from mushra_server.participant import entry, file_routes
from mushra_server.participant import routes as api
from mushra_server.participant.admission import check_question_names
from mushra_server.participant.plain_texts import texts_for_browser
from mushra_server.study.design_fingerprint import earlier_fingerprint, fingerprint
from mushra_server.study.opaque_files import AudioNames
from mushra_server.study.served_files import ServedFiles
from mushra_server.study.served_study import Study
from mushra_server.study.sound_hashes import check_hashes
from mushra_server.web import addresses, assets, health, security
from mushra_server.web.server import EXTENSION, Limits, Options, Server
from mushra_server.web.sound_copies import SoundCopies
from mushra_server.webmushra import routes as frontend
from mushra_server.webmushra.trials import check_trial_ids
from stimuli.vocabulary import RATINGS_NAME

__all__ = ["MAKING", "create_app", "database_url_of", "handle_errors", "open_study"]

MAX_SENTENCE_CHARS = 1000
FOR_PROGRAMS = re.compile(r"(/s/[^/]+)?/(api|audio|picture)/")

MAKING = threading.Lock()
"""Held while addresses are registered: werkzeug parses Python for each, and `ast.parse` of CPython 3.11 fails
if threads do that at once, as they do when several studies are opened."""

logger = logging.getLogger(__name__)


def database_url_of(study: Path | str) -> str:
    """Return the URL of a study's own database: a SQLite file in its folder."""
    path = Path(study)
    return sqlite_url((path if path.is_dir() else path.parent) / RATINGS_NAME)


def open_study(path: Path | str, options: Options) -> Study:
    """Open a study and check all that needs no database.

    Args:
        path: The study's folder.
        options: How it is served.

    Raises:
        ServerError: If it cannot be served.
        ConfigError: If its config cannot be read.
    """
    addresses.check_embedding(options.embed, options.public_url)
    study = Study(path, own_page=options.webmushra is None)
    if options.collects:
        check_trial_ids(study.config)
    else:
        study.check_own_pages()
    check_question_names(study.config)
    return study


def create_app(
    study: Study | Path | str,
    database_url: str | None = None,
    options: Options | None = None,
    *,
    open_database: Callable[[], Database] | None = None,
    limits: Limits | None = None,
) -> Flask:
    """Make the WSGI app that serves a study.

    Args:
        study: The study's folder, or what `open_study` returned.
        database_url: Where ratings are kept; by default `ratings.sqlite3` in the study's folder.
        options: How it is served.
        open_database: Opens the database instead, once the study was found to be in order.
        limits: How much each address may still do; by default all that the options say.

    Returns:
        A Flask app; its database is at ``app.extensions["listenable"].database``.

    Raises:
        ServerError: If the study or the database cannot be used.
        ConfigError: If the study's config cannot be read.
    """
    options = options or Options()
    opened = study if isinstance(study, Study) else open_study(study, options)
    folder = options.sendfile
    copies = None if folder is None else SoundCopies(folder, behind_proxy=options.behind_proxy)
    url = database_url or database_url_of(opened.config_path)
    database = open_database() if open_database else Database(url)
    try:
        database.guard(opened.config_path.with_name(RATINGS_NAME))
        settings.claim(database, opened.name, fingerprint(opened), earlier_fingerprint(opened))
        check_hashes(opened, database)
        key = settings.secret_key(database)
        with MAKING:
            server = Server(
                opened,
                database,
                AudioNames(opened, key),
                ServedFiles(opened),
                options,
                limits or Limits.of(options),
                copies=copies,
            )
            return _make_app(server, key)
    except BaseException:
        database.close()
        raise


def _make_app(server: Server, key: str) -> Flask:
    options = server.options
    app = Flask(__name__, static_folder=None)
    app.secret_key = key
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions[EXTENSION] = server
    addresses.install(app, options)
    security.install(app, frame_ancestors=addresses.frame_ancestors(options.embed))
    security.limit_reading(app, server.limits.reads)
    assets.install(app)
    admin_login.set_up_cookie(app)
    admin.install(app, ResultsCache(server))
    _register(app, server.study, options)
    addresses.check_paths(app, options)
    handle_errors(app)
    return app


def _register(app: Flask, study: Study, options: Options) -> None:
    app.register_blueprint(frontend.collector)
    app.register_blueprint(health.blueprint)
    service = study.config.remote_service
    if "://" not in service and service.strip("/") not in {"", "service/write.php"}:
        app.add_url_rule(f"/{service.strip('/')}", "remote_service", frontend.write, methods=["POST"])
    if options.webmushra is None:
        for blueprint in (entry.blueprint, api.blueprint, file_routes.blueprint):
            app.register_blueprint(blueprint)
    else:
        app.register_blueprint(frontend.make_frontend(Path(options.webmushra)))


def handle_errors(app: Flask) -> None:
    """Answer every error with one sentence, as JSON if a program asked, and never with a traceback."""
    errors = RepeatedErrors(logger)

    @app.errorhandler(Refusal)
    def show_refusal(error: Refusal) -> Response:
        if error.status == 503:
            errors.log(str(error), "%s %.200r: %s", request.method, request.path, error)
        response = app.make_response(_sentence(str(error), error.status, **error.details))
        if "retry_after_s" in error.details:
            response.headers["Retry-After"] = str(error.details["retry_after_s"])
        return response

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> tuple[Response | str, int]:
        if error.code == 404 and not FOR_PROGRAMS.match(request.path):
            words = texts_for_browser(request.accept_languages)  # somebody mistyped an address
            return render_template("not_found.html", **words), 404
        if error.code == 413:
            return _sentence(_explain_size(), 413)
        return _sentence(f"{error.name}: {request.method} {request.path}", error.code or 500)

    @app.errorhandler(Exception)
    def show_failure(error: Exception) -> tuple[Response | str, int]:
        errors.log(_locate(error), "%s %.200r failed", request.method, request.path, exc_info=error)
        return _sentence("the server could not do this; nothing was stored", 500)


def _locate(error: Exception) -> str:
    """Return where a failure came from, as what is the same about those that repeat."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    where = "" if last is None else f"{last.tb_frame.f_code.co_filename}:{last.tb_lineno}"
    return f"{type(error).__name__} {where}"


def _explain_size() -> str:
    """Say what is too large about a request, and what the limit is."""
    size, most = request.content_length or 0, request.max_content_length or 0
    if size <= most:
        return f"this has more than {request.max_form_parts} parts; expected fewer files or fields"
    unit, name = (2**30, "GiB") if most >= 2**30 else (2**20, "MiB")
    tenths = -(-10 * size // unit)  # rounded up, so that it is more than the limit
    return f"this has {tenths / 10:g} {name}; expected at most {most / unit:g} {name}"


def _sentence(text: str, status: int, **details: object) -> tuple[Response | str, int]:
    if len(text) > MAX_SENTENCE_CHARS:  # it quotes what was sent
        text = f"{text[:MAX_SENTENCE_CHARS]} ..."
    if FOR_PROGRAMS.match(request.path):
        return jsonify(error=text, **details), status
    return render_template("error.html", text=text, status=status), status
