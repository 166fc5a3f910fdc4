"""From ratings to mean opinion scores with intervals that hold what they promise.

Every function takes a tidy frame (`load_ratings`) and returns a frame; `write_report` writes it all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.compare import compare
from analysis.errors import AnalysisError, DesignError, RatingsError
from analysis.load import load_ratings
from analysis.mos import mos
from analysis.screening import kept, screen

if TYPE_CHECKING:
    from analysis.figures import plot_mos
    from analysis.report import write_report

__all__ = [
    "AnalysisError",
    "DesignError",
    "RatingsError",
    "compare",
    "kept",
    "load_ratings",
    "mos",
    "plot_mos",
    "screen",
    "write_report",
]

_LAZY = {"plot_mos": "analysis.figures", "write_report": "analysis.report"}


def __getattr__(name: str) -> Any:
    """Import drawing and reporting when they are asked for: they load matplotlib and seaborn."""
    if name not in _LAZY:
        raise AttributeError(f"module 'analysis' has no attribute '{name}'")
    import importlib

    return getattr(importlib.import_module(_LAZY[name]), name)
