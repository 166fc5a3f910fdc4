"""What a report computes of the same frame again and again, computed once.

Between `keep_results()` and its end nobody changes the frames: tables of frames that were named by `reuse`
are kept, and given to whoever asks for them next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar, cast

_Function = TypeVar("_Function", bound=Callable[..., Any])

_NAMED: ContextVar[dict[int, Any] | None] = ContextVar("named", default=None)
_KEPT: ContextVar[dict[Any, Any]] = ContextVar("kept")


@contextmanager
def keep_results() -> Iterator[None]:
    """Keep what is computed of named objects until the end; inside another `keep_results`, until its end."""
    if _NAMED.get() is not None:
        yield
        return
    named, kept = _NAMED.set({}), _KEPT.set({})
    try:
        yield
    finally:
        _NAMED.reset(named)
        _KEPT.reset(kept)


def reuse(*objects: Any) -> None:
    """Name objects that do not change any more, such as frames; without `keep_results` nothing happens."""
    named = _NAMED.get()
    if named is not None:
        # The object itself is kept, too, so that no other one gets its id.
        named.update({id(one): one for one in objects})


def reusable(function: _Function) -> _Function:
    """Decorate a function of a frame: its result is kept and named, if the frame is named."""

    @wraps(function)
    def call(first: Any, *more: Any, **options: Any) -> Any:
        named = _NAMED.get()
        if named is None or id(first) not in named:
            return function(first, *more, **options)
        key = (function, id(first), repr(more), repr(sorted(options.items())))
        kept = _KEPT.get()
        if key not in kept:
            kept[key] = function(first, *more, **options)
            reuse(kept[key])
        return kept[key]

    return cast(_Function, call)
