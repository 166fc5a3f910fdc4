"""A study's config as webMUSHRA's page gets it: without what is only for this server.

webMUSHRA ignores `listenable:`, but whoever asks for the config would read the completion codes in it.
"""

from __future__ import annotations

import functools
from pathlib import Path

from study_builder.config.yaml_reader import parse
from study_builder.config.yaml_writer import dump

__all__ = ["read_public_config"]

OWN = "listenable"


def read_public_config(path: Path) -> str:
    """Return a config's text without this server's own options; one that has none as it was written.

    Args:
        path: The config.

    Raises:
        ConfigError: If it was changed since the start, and can no longer be read.
    """
    return _read(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=4)  # a long one takes a second to read, and anybody may ask
def _read(path: Path, changed: int) -> str:
    text = path.read_text("utf-8")
    data = parse(text, path.name).data
    if not isinstance(data, dict) or OWN not in data:
        return text
    return dump({key: value for key, value in data.items() if key != OWN})
