"""The server of a listening test: a study folder in, ratings out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mushra_server.app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    """Import Flask when an app is asked for: exports and tools on the database do without."""
    if name != "create_app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mushra_server.app import create_app

    globals()[name] = create_app
    return create_app


def __dir__() -> list[str]:
    return __all__
