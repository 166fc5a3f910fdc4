"""Options of several words or of several commands, from text to what the analysis takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from analysis.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd


def choose_attribute(frame: pd.DataFrame, asked: str | None) -> str:
    """Return the attribute to use, as `analyze` chooses it, and say on stderr if there are others."""
    from analysis.ratings.selection import choose_attribute as choose

    attribute, notes = choose(frame, asked)
    for note in notes:
        typer.echo(note, err=True)
    return attribute


def parse_exclude(names: list[str] | None) -> dict[str, Any]:
    """Return `--exclude` as an option of the analysis; nothing if its default applies.

    Raises:
        AnalysisError: An unknown rule, or `none` next to others.
    """
    from analysis.models.screening import FLAGS, RULES

    unknown = [name for name in names or [] if name not in (*RULES, *FLAGS, "none")]
    if unknown:
        known = ", ".join((*RULES, *FLAGS))
        raise AnalysisError(f"--exclude is {unknown[0]!r}; expected one of {known}; or none")
    if names and "none" in names and set(names) != {"none"}:
        raise AnalysisError("--exclude none keeps everybody; leave it out next to other rules")
    return {} if names is None else {"exclude": tuple(name for name in names if name != "none")}


def parse_columns(pairs: list[str] | None) -> dict[str, list[str]] | None:
    """Return `--column NAME=HEADER` as our names with their headers.

    Raises:
        AnalysisError: A pair without an equals sign.
    """
    found: dict[str, list[str]] = {}
    for name, header in _split(pairs, "--column", "NAME=HEADER", "listener=subject"):
        found.setdefault(name, []).append(header)
    return found or None


def parse_roles(pairs: list[str] | None) -> dict[str, str]:
    """Return `--role NAME=ROLE` as conditions with their roles.

    Raises:
        AnalysisError: A pair without an equals sign.
    """
    # The role comes last: a condition's own name may have an equals sign.
    return dict(_split(pairs, "--role", "NAME=ROLE", "Original=hidden_reference", last=True))


def _split(
    pairs: list[str] | None, option: str, form: str, example: str, *, last: bool = False
) -> list[tuple[str, str]]:
    bad = [pair for pair in pairs or [] if "=" not in pair]
    if bad:
        raise AnalysisError(f"{option} is {bad[0]!r}; expected {form}, for example {example}")
    cut = str.rpartition if last else str.partition
    return [(parts[0], parts[2]) for parts in (cut(pair, "=") for pair in pairs or [])]
