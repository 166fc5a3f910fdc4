"""From ratings to mean opinion scores with intervals that hold what they promise.

Every function takes a tidy frame (`load_ratings`) and returns a frame; `write_report` writes it all.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from analysis.anova import omnibus
from analysis.assumptions import assumptions
from analysis.compare import compare
from analysis.errors import AnalysisError, DesignError, RatingsError
from analysis.load import load_ratings
from analysis.mixed import MixedModel, mixed_model
from analysis.mos import mos
from analysis.power import Spread, pilot_spread, power, required_listeners
from analysis.reliability import listeners, reliability
from analysis.screening import kept, screen

if TYPE_CHECKING:
    from analysis.companion import write_companion
    from analysis.figures import (
        plot_box,
        plot_differences,
        plot_items,
        plot_listeners,
        plot_mos,
        plot_progress,
        plot_ranks,
        plot_violin,
    )
    from analysis.report import write_report
    from analysis.results import Options, Results, analyse

__all__ = [
    "AnalysisError",
    "DesignError",
    "MixedModel",
    "Options",
    "RatingsError",
    "Results",
    "Spread",
    "analyse",
    "assumptions",
    "compare",
    "kept",
    "listeners",
    "load_ratings",
    "mixed_model",
    "mos",
    "omnibus",
    "pilot_spread",
    "plot_box",
    "plot_differences",
    "plot_items",
    "plot_listeners",
    "plot_mos",
    "plot_progress",
    "plot_ranks",
    "plot_violin",
    "power",
    "reliability",
    "required_listeners",
    "screen",
    "write_companion",
    "write_report",
]


def __getattr__(name: str) -> Any:
    """Import what draws and writes when it is asked for: it loads matplotlib and jinja2."""
    if name.startswith("plot_") and name in __all__:
        return getattr(importlib.import_module("analysis.figures"), name)
    if name in ("Options", "Results", "analyse"):
        return getattr(importlib.import_module("analysis.results"), name)
    if name in ("write_report", "write_companion"):
        return getattr(importlib.import_module(f"analysis.{name.removeprefix('write_')}"), name)
    raise AttributeError(f"module 'analysis' has no attribute '{name}'")
