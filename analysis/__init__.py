"""From ratings to mean opinion scores with intervals that really cover.

Every function takes a tidy frame (`load_ratings`) and returns a frame; `write_report` writes it all. Names
are imported when they are asked for: some load matplotlib or jinja2.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.companion.write import write_companion
    from analysis.errors import AnalysisError, DesignError, RatingsError
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
    from analysis.models.anova import omnibus
    from analysis.models.assumptions import assumptions
    from analysis.models.compare import compare
    from analysis.models.mixed import MixedModel, mixed_model
    from analysis.models.mos import mos
    from analysis.models.power import Spread, pilot_spread, power, required_listeners
    from analysis.models.reliability import listeners, reliability
    from analysis.models.screening import kept, screen
    from analysis.ratings.load import load_ratings
    from analysis.report.results import Options, Results, analyse
    from analysis.report.write import write_report

_HOMES = {
    "AnalysisError": "errors",
    "DesignError": "errors",
    "MixedModel": "models.mixed",
    "Options": "report.results",
    "RatingsError": "errors",
    "Results": "report.results",
    "Spread": "models.power",
    "analyse": "report.results",
    "assumptions": "models.assumptions",
    "compare": "models.compare",
    "kept": "models.screening",
    "listeners": "models.reliability",
    "load_ratings": "ratings.load",
    "mixed_model": "models.mixed",
    "mos": "models.mos",
    "omnibus": "models.anova",
    "pilot_spread": "models.power",
    "plot_box": "figures",
    "plot_differences": "figures",
    "plot_items": "figures",
    "plot_listeners": "figures",
    "plot_mos": "figures",
    "plot_progress": "figures",
    "plot_ranks": "figures",
    "plot_violin": "figures",
    "power": "models.power",
    "reliability": "models.reliability",
    "required_listeners": "models.power",
    "screen": "models.screening",
    "write_companion": "companion.write",
    "write_report": "report.write",
}

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
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
