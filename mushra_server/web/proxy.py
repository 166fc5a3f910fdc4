"""The reverse proxy that was declared: what it says of a request counts, and nobody else's word does."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from mushra_server.errors import ServerError
from mushra_server.web.security import is_local

__all__ = ["IsProxy", "find_proxy"]

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
