"""Ports for servers that a benchmark or a test starts."""

from __future__ import annotations

import socket

__all__ = ["find_free_port"]


def find_free_port() -> int:
    """Return a TCP port of this machine at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
