"""How the report and the companion page are filled in: templates, and the palette of all pages."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from stimuli.tokens import TOKENS

__all__ = ["make_environment"]


def make_environment() -> Environment:
    """Return templates that escape what is filled in, and refuse a name that they were not given."""
    folders = (Path(__file__).parent / "templates", TOKENS.parent)
    return Environment(
        loader=FileSystemLoader(folders), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
