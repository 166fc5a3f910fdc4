"""From ratings to mean opinion scores with intervals that really cover.

Every function takes a tidy frame (`load_ratings`) and returns a frame; `write_report` writes it all. Names
are imported when they are asked for: some load matplotlib or jinja2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stimuli.lazy import import_lazily

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

_HOMES = {
    "AnalysisError": "analysis.errors",
    "DesignError": "analysis.errors",
    "MixedModel": "analysis.models.mixed",
    "Options": "analysis.report.results",
    "RatingsError": "analysis.errors",
    "Results": "analysis.report.results",
    "Spread": "analysis.models.power",
    "analyse": "analysis.report.results",
    "assumptions": "analysis.models.assumptions",
    "compare": "analysis.models.compare",
    "kept": "analysis.models.screening",
    "listeners": "analysis.models.reliability",
    "load_ratings": "analysis.ratings.load",
    "mixed_model": "analysis.models.mixed",
    "mos": "analysis.models.mos",
    "omnibus": "analysis.models.anova",
    "pilot_spread": "analysis.models.power",
    "plot_box": "analysis.figures",
    "plot_differences": "analysis.figures",
    "plot_items": "analysis.figures",
    "plot_listeners": "analysis.figures",
    "plot_mos": "analysis.figures",
    "plot_progress": "analysis.figures",
    "plot_ranks": "analysis.figures",
    "plot_violin": "analysis.figures",
    "power": "analysis.models.power",
    "reliability": "analysis.models.reliability",
    "required_listeners": "analysis.models.power",
    "screen": "analysis.models.screening",
    "write_companion": "analysis.companion.write",
    "write_report": "analysis.report.write",
}

__getattr__, __dir__ = import_lazily(__name__, _HOMES)
