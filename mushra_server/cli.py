"""The commands `serve`, `studio`, `export`, `backup` and `forget`."""

from __future__ import annotations

import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mushra_server.web.server import Options, Server

__all__ = ["backup", "export", "forget", "serve", "studio"]

StudyPath = Annotated[Path, typer.Argument(help="The study's folder.", show_default=False)]
DatabaseUrl = Annotated[
    str | None, typer.Option(help="Database URL; by default ratings.sqlite3 in the study's folder.")
]


class Frontend(StrEnum):
    """Which page participants see."""

    own = "own"
    webmushra = "webmushra"


class Format(StrEnum):
    """What ratings are exported as."""

    csv = "csv"
    json = "json"
    webmushra = "webmushra"
    pymushra = "pymushra"


def serve(
    study: StudyPath,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for a free one.")] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for the whole network.")
    ] = "127.0.0.1",
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
    behind_proxy: Annotated[
        bool, typer.Option(help="Trust the X-Forwarded-* headers of a reverse proxy.")
    ] = False,
    proxy_address: Annotated[
        str | None,
        typer.Option(help="Address or network of that proxy; by default, it is on this machine."),
    ] = None,
    public_url: Annotated[
        str | None,
        typer.Option(help="Where participants reach the study, such as https://lab.example/study1."),
    ] = None,
    embed: Annotated[
        list[str] | None,
        typer.Option(help="Site that may show the study in a frame (needs https); give it once per site."),
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
        if database is not None or options.collects:
            raise ServerError(
                f"{study}: is a folder of studies; --database, --frontend webmushra and --collect-webmushra "
                "are for one study"
            )
        _serve_many(study, host, port, options, new_admin_token)
        return
    # A wrong study is reported before a busy port, and a busy port before a database is made.
    opened = open_study(study, options)
    bound = bind(host, port)
    app = create_app(opened, database, options)
    server: Server = app.extensions[EXTENSION]
    listener = listen(app, bound, behind_proxy=options.behind_proxy)
    make = settings.new_admin_token if new_admin_token else settings.ensure_admin_token
    _announce(server, host, listener.effective_port, make(server.database))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        listener.run()
    finally:
        server.database.close()


def studio(
    folder: Annotated[
        Path, typer.Argument(help="Folder of the studies; made if it is missing.", show_default=False)
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for a free one.")] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for the whole network.")
    ] = "127.0.0.1",
    behind_proxy: Annotated[
        bool, typer.Option(help="Trust the X-Forwarded-* headers of a reverse proxy.")
    ] = False,
    proxy_address: Annotated[
        str | None,
        typer.Option(help="Address or network of that proxy; by default, it is on this machine."),
    ] = None,
    public_url: Annotated[
        str | None, typer.Option(help="Where people reach the studio, such as https://lab.example/studio.")
    ] = None,
    new_admin_token: Annotated[
        bool, typer.Option(help="Replace the administrator's token and show the new one.")
    ] = False,
) -> None:
    """Make, launch, watch and report studies in a browser."""
    from mushra_server.studio import accounts
    from mushra_server.studio.app import create_studio, studio_of
    from mushra_server.studio.uploads import MAX_UPLOAD_BYTES
    from mushra_server.web.addresses import PublicUrl
    from mushra_server.web.server import Options
    from mushra_server.web.waitress_server import bind, listen

    options = Options(
        behind_proxy=behind_proxy or proxy_address is not None,
        proxy_address=proxy_address,
        public_url=public_url,
        host=host,
    )
    bound = bind(host, port)
    served = create_studio(folder, options)
    parts = studio_of(served)
    listener = listen(served, bound, behind_proxy=options.behind_proxy, body_bytes=MAX_UPLOAD_BYTES)
    token = accounts.ensure_first_account(parts.store)
    if new_admin_token and token is None:
        with parts.store.write() as connection:
            token = accounts.new_token(connection, accounts.FIRST)
    local = _local_url(host, listener.effective_port)
    typer.echo(f"Studies:      {folder}")
    typer.echo(f"Studio:       {local if public_url is None else PublicUrl.read(public_url)}")
    if token is not None:
        typer.echo(f"Your token:   {token}   (shown this once; --new-admin-token makes another)")
    _announce_network(host, listener.effective_port, public_url)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        listener.run()
    finally:
        parts.jobs.close()
        parts.previews.close()
        served.close()
        parts.store.close()


def _serve_preview(study: Path, host: str, port: int, options: Options) -> None:
    from mushra_server.preview.app import open_preview
    from mushra_server.web.waitress_server import bind, listen

    bound = bind(host, port)
    with open_preview(study, options) as app:
        listener = listen(app, bound, behind_proxy=options.behind_proxy)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        typer.echo(f"Preview: {_local_url(host, listener.effective_port)}preview")
        typer.echo("Texts are read again when config.yaml changes; nothing is kept. Stop with Ctrl-C.")
        sys.stdout.flush()
        listener.run()


def _serve_many(folder: Path, host: str, port: int, options: Options, new_token: bool) -> None:
    from mushra_server.database import settings
    from mushra_server.many import ManyStudies, make_front
    from mushra_server.web.addresses import PublicUrl
    from mushra_server.web.waitress_server import bind, listen

    bound = bind(host, port)
    served = ManyStudies(folder, make_front(options), options)
    make = settings.new_admin_token if new_token else settings.ensure_admin_token
    tokens = {name: make(server.database) for name, server in served.iter_servers()}
    listener = listen(served, bound, behind_proxy=options.behind_proxy)
    url = options.public_url
    base = _local_url(host, listener.effective_port) if url is None else str(PublicUrl.read(url))
    for name, token in tokens.items():
        typer.echo(f"{base}s/{name}/")
        if token is not None:
            typer.echo(f"  admin token {token}   (shown this once; --new-admin-token makes others)")
    _announce_network(host, listener.effective_port, url)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        listener.run()
    finally:
        served.close()


def export(
    study: StudyPath,
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    format: Annotated[Format, typer.Option(help="What to write.")] = Format.csv,
    database: DatabaseUrl = None,
    exact: Annotated[
        bool, typer.Option(help="CSV: leave texts that a spreadsheet would run as formulas as they are.")
    ] = False,
) -> None:
    """Export a study's ratings."""
    from mushra_server.app import database_url_of
    from mushra_server.database.database import Database
    from mushra_server.export.files import export_files

    opened = Database(database or _check_exists(database_url_of(study)), create=False)
    try:
        for path, count in export_files(opened, study, format.value, out, exact=exact):
            typer.echo(f"{path}: {count} rows")
    finally:
        opened.close()


def backup(
    study: StudyPath,
    out: Annotated[Path, typer.Option(help="File to write; it must not exist yet.")],
    database: DatabaseUrl = None,
) -> None:
    """Copy a study's ratings database, also while it is served."""
    from mushra_server.app import database_url_of
    from mushra_server.export.backup import back_up

    sessions = back_up(database or database_url_of(study), out)
    typer.echo(f"{out}: {sessions} sessions")


def forget(
    study: StudyPath,
    participant: Annotated[str, typer.Option(help="The participant's own id, or the session's.")],
    database: DatabaseUrl = None,
    ratings: Annotated[
        bool, typer.Option("--ratings/--keep-ratings", help="Remove the ratings as well.")
    ] = False,
) -> None:
    """Remove a participant's personal data."""
    from mushra_server.app import database_url_of
    from mushra_server.database.database import Database
    from mushra_server.export.erasure import forget as forget_participant

    opened = Database(database or _check_exists(database_url_of(study)), create=False)
    try:
        removed = forget_participant(opened, participant, ratings=ratings)
    finally:
        opened.close()
    for what, count in removed.items():
        typer.echo(f"removed {count} {what}")


def _announce(server: Server, host: str, port: int, token: str | None) -> None:
    from mushra_server.web.addresses import PublicUrl

    local = _local_url(host, port)
    typer.echo(f"Study:        {server.study.title}")
    typer.echo(f"Ratings:      {server.database.name}")
    public = server.options.public_url
    shown = local if public is None else str(PublicUrl.read(public))
    typer.echo(f"Participants: {shown}")
    typer.echo(f"Admin:        {shown}admin")
    if public is not None:
        typer.echo(f"Listening at: {local}")
    if token is not None:
        typer.echo(f"Admin token:  {token}   (shown this once; --new-admin-token makes another)")
    _announce_network(host, port, public)


def _announce_network(host: str, port: int, public: str | None) -> None:
    from mushra_server.web.connections import Limits, open_files
    from mushra_server.web.waitress_server import is_loopback, network_address

    address = network_address(host)
    if public is not None:
        pass  # the proxy decides who reaches it
    elif is_loopback(host):
        typer.echo(f"Only this machine can reach it ({host}); --host 0.0.0.0 opens it to the network.")
    elif address is not None:
        typer.echo(f"On the network: {_url(address, port)}")
        _print_qr(_url(address, port))
    files = open_files()
    limits = Limits.of(files)
    typer.echo(f"Room for:     {limits.browsers} browsers at once (ulimit -n {files})")
    typer.echo("Stop with Ctrl-C.")
    sys.stdout.flush()


def _local_url(host: str, port: int) -> str:
    return _url("127.0.0.1" if host in {"0.0.0.0", "localhost"} else host, port)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _print_qr(url: str) -> None:
    import segno

    if sys.stdout.isatty():
        segno.make(url, error="l").terminal(compact=True)


def _check_exists(url: str) -> str:
    from mushra_server.errors import ServerError

    path = Path(url.removeprefix("sqlite:///"))
    if not path.exists():
        raise ServerError(f"{path}: not found; the study has not been served yet")
    return url
