"""What a server prints when it starts: where people reach it, and who can."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from mushra_server.web.server import Server

__all__ = ["announce_network", "announce_study", "local_url"]


def announce_study(server: Server, host: str, port: int, token: str | None) -> None:
    """Print the addresses of a study and, if it is new, the admin token."""
    from mushra_server.web.addresses import PublicUrl

    local = local_url(host, port)
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
    announce_network(host, port, public)


def announce_network(host: str, port: int, public: str | None) -> None:
    """Print who can reach the server, and how many browsers it has room for."""
    from mushra_server.web.connections import Limits, get_file_limit
    from mushra_server.web.waitress_server import is_loopback, network_address

    address = network_address(host)
    if public is not None:
        pass  # the proxy decides who reaches it
    elif is_loopback(host):
        typer.echo(f"Only this machine can reach it ({host}); --host 0.0.0.0 opens it to the network.")
    elif address is not None:
        typer.echo(f"On the network: {_url(address, port)}")
        _print_qr(_url(address, port))
    files = get_file_limit()
    limits = Limits.of(files)
    typer.echo(f"Room for:     {limits.browsers} browsers at once (ulimit -n {files})")
    typer.echo("Stop with Ctrl-C.")
    sys.stdout.flush()


def local_url(host: str, port: int) -> str:
    """Return the address for a browser on this machine, with a slash at its end."""
    return _url("127.0.0.1" if host in {"0.0.0.0", "localhost"} else host, port)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _print_qr(url: str) -> None:
    import segno

    if sys.stdout.isatty():
        segno.make(url, error="l").terminal(compact=True)
