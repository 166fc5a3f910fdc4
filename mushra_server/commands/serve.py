"""The command `serve`: one study, a folder of studies, or a preview."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mushra_server.commands.announcements import announce_network, announce_study, local_url
from mushra_server.commands.common import BehindProxy, DatabaseUrl, Host, Port, ProxyAddress, StudyPath
from mushra_server.commands.running import run_until_stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from mushra_server.database.database import Database
    from mushra_server.many import ManyStudies
    from mushra_server.web.server import Options, Server

__all__ = ["Frontend", "serve"]


class Frontend(StrEnum):
    """Which page participants see."""

    own = "own"
    webmushra = "webmushra"


def serve(
    study: StudyPath,
    port: Port = 8000,
    host: Host = "127.0.0.1",
    database: DatabaseUrl = None,
    frontend: Annotated[Frontend, typer.Option(help="The page that participants see.")] = Frontend.own,
    webmushra: Annotated[Path | None, typer.Option(help="Folder of an unmodified webMUSHRA.")] = None,
    collect_webmushra: Annotated[
        bool, typer.Option(help="Take the sessions that a webMUSHRA elsewhere posts to this server.")
    ] = False,
    one_entry_per_id: Annotated[
        bool, typer.Option(help="Refuse a participant id that has a session.")
    ] = False,
    abandoned_after: Annotated[
        float,
        typer.Option(min=1, help="Minutes of silence after which a drop-out's place is given to another."),
    ] = 120,
    sessions_per_hour: Annotated[
        int, typer.Option(min=1, help="Sessions that one network address may start in an hour.")
    ] = 1000,
    max_page_kib: Annotated[
        int, typer.Option(min=1, max=1024, help="KiB that the answer to a page may have.")
    ] = 64,
    behind_proxy: BehindProxy = False,
    proxy_address: ProxyAddress = None,
    public_url: Annotated[
        str | None,
        typer.Option(help="Where participants reach the study, such as https://lab.example/study1."),
    ] = None,
    embed: Annotated[
        list[str] | None,
        typer.Option(help="Site that may show the study in a frame (needs https); give it once per site."),
    ] = None,
    sendfile: Annotated[
        Path | None,
        typer.Option(help="Folder for copies of the sounds, which nginx sends in this server's place."),
    ] = None,
    new_admin_token: Annotated[
        bool, typer.Option(help="Replace the admin token and show the new one.")
    ] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="Look at the pages yourself; nothing is kept.")
    ] = False,
) -> None:
    """Serve a study to its listeners."""
    from mushra_server.app import create_app, open_study
    from mushra_server.database import settings
    from mushra_server.errors import ServerError
    from mushra_server.many import is_folder_of_studies
    from mushra_server.web.server import EXTENSION, Options
    from mushra_server.web.waitress_server import bind, listen

    if (frontend is Frontend.webmushra) != (webmushra is not None):
        raise ServerError("--frontend webmushra and --webmushra FOLDER go together: give both or neither")
    options = Options(
        one_entry=one_entry_per_id,
        abandoned_after_min=abandoned_after,
        sessions_per_hour=sessions_per_hour,
        page_bytes=1024 * max_page_kib,
        behind_proxy=behind_proxy or proxy_address is not None,
        proxy_address=proxy_address,
        public_url=public_url,
        host=host,
        embed=tuple(embed or ()),
        sendfile=None if sendfile is None else str(sendfile),
        webmushra=None if webmushra is None else str(webmushra),
        collect_webmushra=collect_webmushra,
    )
    if preview:
        if database is not None or options.collects or is_folder_of_studies(study):
            raise ServerError(
                "--preview shows one study with this server's own page and keeps nothing; expected no "
                "--database, --frontend webmushra or --collect-webmushra, and the folder of one study"
            )
        _serve_preview(study, host, port, options)
        return
    if is_folder_of_studies(study):
        if options.collects:
            raise ServerError(
                f"{study}: is a folder of studies; --frontend webmushra and --collect-webmushra are for one "
                "study"
            )
        _serve_many(study, host, port, options, database, new_admin_token)
        return
    # A wrong study is reported before a busy port, and a busy port before a database is made.
    opened = open_study(study, options)
    bound = bind(host, port)
    app = create_app(opened, database, options)
    server: Server = app.extensions[EXTENSION]
    listener = listen(app, bound, is_proxy=options.is_proxy)
    make = settings.new_admin_token if new_admin_token else settings.ensure_admin_token
    announce_study(server, host, listener.effective_port, make(server.database))
    run_until_stopped(listener, server.database.close)


def _serve_preview(study: Path, host: str, port: int, options: Options) -> None:
    from mushra_server.preview.app import open_preview
    from mushra_server.web.waitress_server import bind, listen

    bound = bind(host, port)
    with open_preview(study, options) as app:
        listener = listen(app, bound, is_proxy=options.is_proxy)
        typer.echo(f"Preview: {local_url(host, listener.effective_port)}preview")
        typer.echo("Texts are read again when config.yaml changes; nothing is kept. Stop with Ctrl-C.")
        sys.stdout.flush()
        run_until_stopped(listener)


def _serve_many(
    folder: Path, host: str, port: int, options: Options, url: str | None, new_token: bool
) -> None:
    from mushra_server.database import settings
    from mushra_server.database.databases import Databases
    from mushra_server.many import ManyStudies, make_front
    from mushra_server.web.addresses import PublicUrl
    from mushra_server.web.waitress_server import bind, listen

    bound = bind(host, port)
    served = ManyStudies(folder, make_front(options), options, databases=Databases(folder, url))
    listener = listen(served, bound, is_proxy=options.is_proxy)
    public = options.public_url
    base = local_url(host, listener.effective_port) if public is None else str(PublicUrl.read(public))
    try:
        _open_studies(served, base, settings.new_admin_token if new_token else settings.ensure_admin_token)
    except BaseException:
        listener.close()
        served.close()
        raise
    announce_network(host, listener.effective_port, public)
    run_until_stopped(listener, served.close)


def _open_studies(served: ManyStudies, base: str, make: Callable[[Database], str | None]) -> None:
    """Open every study of a folder, and print its address and its admin token.

    Raises:
        ServerError: If none can be served; others do without one that cannot.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from mushra_server.errors import ServerError
    from mushra_server.many import find_studies
    from study_builder.config import ConfigError

    some = False
    for path in find_studies(served.folder):
        try:
            with served.use(path.name) as server:
                token = make(server.database)
        except (ConfigError, OSError, ServerError, SQLAlchemyError) as error:
            typer.echo(f"{path.name} cannot be served: {error}", err=True)
            continue
        some = True
        typer.echo(f"{base}s/{path.name}/")
        if token is not None:  # at once: who stops the start here has seen it
            typer.echo(f"  admin token {token}   (shown this once; --new-admin-token makes others)")
        sys.stdout.flush()
    if not some:
        raise ServerError(f"{served.folder}: none of its studies can be served")
