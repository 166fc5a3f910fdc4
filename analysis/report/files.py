"""The files next to a report's page, as its links."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

_KINDS = {".csv": "CSV", ".tex": "LaTeX", ".svg": "SVG", ".pdf": "PDF", ".png": "PNG", ".json": "JSON"}


def list_files(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """Return the files of a report's folder: by name without suffix, each one's kind and address."""
    found: dict[str, list[tuple[str, str]]] = {}
    for suffix, kind in _KINDS.items():
        for path in sorted(folder.glob(f"*{suffix}")):
            found.setdefault(path.stem, []).append((kind, quote(path.name)))
    return dict(sorted(found.items()))


def read_latex(folder: Path) -> dict[str, str]:
    """Return the LaTeX tables of a report's folder by file name."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.tex"))}
