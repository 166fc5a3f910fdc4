"""The reverse proxy that was declared: whose word counts, and which path it may remove from the addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable

from mushra_server.errors import ServerError
from mushra_server.web.security import is_local

__all__ = ["IsProxy", "check_prefix", "find_proxy", "remove_prefix"]

IsProxy = Callable[[str], bool]


def find_proxy(declared: bool, address: str | None) -> IsProxy:
    """Return what tells whether an address is that of the proxy.

    Args:
        declared: Whether there is one.
        address: Its address or network; None if it is on this machine.

    Raises:
        ServerError: If that is neither.
    """
    if not declared:
        return lambda _: False
    if address is None:
        return lambda found: not found or is_local(found)  # a Unix socket has no address
    try:
        network = ipaddress.ip_network(address, strict=False)
    except ValueError:
        raise ServerError(
            f"--proxy-address is {address!r}; expected an address or a network, such as 172.18.0.2"
        ) from None

    def is_proxy(text: str) -> bool:
        try:
            found = ipaddress.ip_address(text)
        except ValueError:
            return False
        return (getattr(found, "ipv4_mapped", None) or found) in network

    return is_proxy


def remove_prefix(path: str, prefix: str) -> str:
    """Return a request's path without the prefix, which the proxy may have removed already."""
    return path[len(prefix) :] if path == prefix or path.startswith(f"{prefix}/") else path


def check_prefix(prefix: str, own: Iterable[str]) -> None:
    """Check that no path of this server's own begins with the prefix of the public URL.

    Behind a proxy that removes the prefix, such a path would lose its beginning, too: nothing tells whether
    the proxy has removed it.

    Args:
        prefix: Of the public URL, without a slash at the end.
        own: Paths that are answered, or rules for them.

    Raises:
        ServerError: If one does.
    """
    found = next((path for path in own if f"{path}/".startswith(f"{prefix}/")), None) if prefix else None
    if found is not None:
        raise ServerError(
            f"--public-url has the path {prefix!r}, with which this server's own {found!r} begins; expected "
            "another path, such as /study"
        )
