"""Templates of pages, compiled once per process of tests: each test builds its own application or report."""

from __future__ import annotations

from typing import Any

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket


class _Compiled(BytecodeCache):
    """What templates were compiled to, by their files and contents."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what a template was compiled to before, if it was."""
        kept = self._kept.get((bucket.key, bucket.checksum))
        if kept is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what a template was compiled to."""
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


def compile_once() -> None:
    """Let all environments without a cache of their own share one."""
    begin, cache = Environment.__init__, _Compiled()

    def __init__(self: Environment, *arguments: Any, **options: Any) -> None:
        begin(self, *arguments, **options)
        if self.bytecode_cache is None:
            self.bytecode_cache = cache

    Environment.__init__ = __init__  # type: ignore[method-assign]
