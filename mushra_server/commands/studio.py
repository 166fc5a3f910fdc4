"""The command `studio`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mushra_server.commands.announcements import announce_network, local_url
from mushra_server.commands.common import BehindProxy, Host, Port, ProxyAddress
from mushra_server.commands.running import run_until_stopped

__all__ = ["studio"]


def studio(
    folder: Annotated[
        Path, typer.Argument(help="Folder of the studies; made if it is missing.", show_default=False)
    ],
    port: Port = 8000,
    host: Host = "127.0.0.1",
    database: Annotated[
        str | None,
        typer.Option(help="PostgreSQL database for all studies; by default ratings.sqlite3 in each."),
    ] = None,
    behind_proxy: BehindProxy = False,
    proxy_address: ProxyAddress = None,
    public_url: Annotated[
        str | None, typer.Option(help="Where people reach the studio, such as https://lab.example/studio.")
    ] = None,
    account_gib: Annotated[
        float, typer.Option(help="GiB of disk for the studies that one account makes.", min=0.001)
    ] = 20.0,
    new_admin_token: Annotated[
        bool, typer.Option(help="Replace the administrator's token and show the new one.")
    ] = False,
) -> None:
    """Make, launch, watch and report studies in a browser."""
    from mushra_server.studio import accounts
    from mushra_server.studio.app import close_studio, create_studio, studio_of
    from mushra_server.studio.login import find_uploader
    from mushra_server.studio.sole_studio import take_folder
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
    taken = take_folder(folder)
    bound = bind(host, port)
    served = create_studio(folder, options, database, account_gib=account_gib)
    parts = studio_of(served)
    listener = listen(
        served,
        bound,
        is_proxy=options.is_proxy,
        body_bytes=MAX_UPLOAD_BYTES + 1,  # waitress refuses what reaches its limit
        find_sender=partial(find_uploader, served.front),
    )
    token = accounts.ensure_first_account(parts.store)
    if new_admin_token and token is None:
        with parts.store.write() as connection:
            token = accounts.new_token(connection, accounts.FIRST)
    local = local_url(host, listener.effective_port)
    typer.echo(f"Studies:      {folder}")
    typer.echo(f"Studio:       {local if public_url is None else PublicUrl.read(public_url)}")
    if token is not None:
        typer.echo(f"Your token:   {token}   (shown this once; --new-admin-token makes another)")
    announce_network(host, listener.effective_port, public_url)
    run_until_stopped(listener, partial(close_studio, served), taken.close)
