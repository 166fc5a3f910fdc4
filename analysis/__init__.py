"""From ratings to mean opinion scores with intervals that really cover.

Every function takes a tidy frame (`load_ratings`) and returns a frame; `write_report` writes it all. Names
are imported when they are asked for: some load matplotlib or jinja2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stimuli.lazy import import_lazily

if TYPE_CHECKING:
    from analysis.choices.best_worst import best_worst
    from analysis.choices.comparison_category import category_differences
    from analysis.choices.difference_grade import expertise
    from analysis.choices.discrimination import abx_d_prime, discrimination
    from analysis.choices.pair_scale import pair_scale
    from analysis.choices.pairs import count_pairs, counts_from_matrix
    from analysis.choices.power import (
        choice_power,
        required_choice_listeners,
        required_trials,
        smallest_share,
    )
    from analysis.choices.preferences import order_effect, preferences
    from analysis.choices.transitivity import circular_triads, transitivity
    from analysis.companion.write import write_companion
    from analysis.errors import AnalysisError, DesignError, RatingsError
    from analysis.figures import (
        plot_box,
        plot_category_differences,
        plot_critical_difference,
        plot_differences,
        plot_grades,
        plot_items,
        plot_listeners,
        plot_metric,
        plot_mos,
        plot_power,
        plot_progress,
        plot_ranks,
        plot_scale,
        plot_shares,
        plot_violin,
    )
    from analysis.measurement.agreement import metric_agreement
    from analysis.measurement.metrics_file import read_metrics
    from analysis.measurement.study_metrics import measure_study
    from analysis.models.anova import omnibus
    from analysis.models.assumptions import assumptions
    from analysis.models.compare import compare
    from analysis.models.descriptions.outliers import find_outliers
    from analysis.models.descriptions.panel import describe_listeners
    from analysis.models.equivalence import equivalence
    from analysis.models.groups import analyse_groups, compare_groups
    from analysis.models.influence import influence
    from analysis.models.likelihood.ordinal import OrdinalModel, ordinal_model
    from analysis.models.mixed import MixedModel, mixed_model
    from analysis.models.mos import mos
    from analysis.models.power import pilot_spread, power, power_curve, required_listeners
    from analysis.models.ranking.letters import compact_letters
    from analysis.models.ranking.mean_ranks import mean_ranks
    from analysis.models.reliability import listeners, reliability
    from analysis.models.screening import kept, screen
    from analysis.models.simulation.studies import Spread
    from analysis.models.subject_model import subject_model
    from analysis.ratings.load import load_ratings
    from analysis.report.results import Options, Results, analyse
    from analysis.report.write import write_report

__all__ = [
    "AnalysisError",
    "DesignError",
    "MixedModel",
    "Options",
    "OrdinalModel",
    "RatingsError",
    "Results",
    "Spread",
    "abx_d_prime",
    "analyse",
    "analyse_groups",
    "assumptions",
    "best_worst",
    "category_differences",
    "choice_power",
    "circular_triads",
    "compact_letters",
    "compare",
    "compare_groups",
    "count_pairs",
    "counts_from_matrix",
    "describe_listeners",
    "discrimination",
    "equivalence",
    "expertise",
    "find_outliers",
    "influence",
    "kept",
    "listeners",
    "load_ratings",
    "mean_ranks",
    "measure_study",
    "metric_agreement",
    "mixed_model",
    "mos",
    "omnibus",
    "order_effect",
    "ordinal_model",
    "pair_scale",
    "pilot_spread",
    "plot_box",
    "plot_category_differences",
    "plot_critical_difference",
    "plot_differences",
    "plot_grades",
    "plot_items",
    "plot_listeners",
    "plot_metric",
    "plot_mos",
    "plot_power",
    "plot_progress",
    "plot_ranks",
    "plot_scale",
    "plot_shares",
    "plot_violin",
    "power",
    "power_curve",
    "preferences",
    "read_metrics",
    "reliability",
    "required_choice_listeners",
    "required_listeners",
    "required_trials",
    "screen",
    "smallest_share",
    "subject_model",
    "transitivity",
    "write_companion",
    "write_report",
]

_HOMES = {
    "plot_metric": "analysis.figures",
    "read_metrics": "analysis.measurement.metrics_file",
    "measure_study": "analysis.measurement.study_metrics",
    "metric_agreement": "analysis.measurement.agreement",
    "subject_model": "analysis.models.subject_model",
    "influence": "analysis.models.influence",
    "equivalence": "analysis.models.equivalence",
    "AnalysisError": "analysis.errors",
    "DesignError": "analysis.errors",
    "MixedModel": "analysis.models.mixed",
    "Options": "analysis.report.results",
    "RatingsError": "analysis.errors",
    "Results": "analysis.report.results",
    "Spread": "analysis.models.simulation.studies",
    "abx_d_prime": "analysis.choices.discrimination",
    "analyse": "analysis.report.results",
    "assumptions": "analysis.models.assumptions",
    "best_worst": "analysis.choices.best_worst",
    "category_differences": "analysis.choices.comparison_category",
    "choice_power": "analysis.choices.power",
    "circular_triads": "analysis.choices.transitivity",
    "analyse_groups": "analysis.models.groups",
    "compare": "analysis.models.compare",
    "compare_groups": "analysis.models.groups",
    "count_pairs": "analysis.choices.pairs",
    "counts_from_matrix": "analysis.choices.pairs",
    "describe_listeners": "analysis.models.descriptions.panel",
    "find_outliers": "analysis.models.descriptions.outliers",
    "discrimination": "analysis.choices.discrimination",
    "expertise": "analysis.choices.difference_grade",
    "kept": "analysis.models.screening",
    "listeners": "analysis.models.reliability",
    "load_ratings": "analysis.ratings.load",
    "mixed_model": "analysis.models.mixed",
    "mos": "analysis.models.mos",
    "omnibus": "analysis.models.anova",
    "order_effect": "analysis.choices.preferences",
    "OrdinalModel": "analysis.models.likelihood.ordinal",
    "ordinal_model": "analysis.models.likelihood.ordinal",
    "pair_scale": "analysis.choices.pair_scale",
    "pilot_spread": "analysis.models.power",
    "plot_box": "analysis.figures",
    "plot_category_differences": "analysis.figures",
    "plot_scale": "analysis.figures",
    "plot_shares": "analysis.figures",
    "plot_differences": "analysis.figures",
    "plot_grades": "analysis.figures",
    "plot_items": "analysis.figures",
    "plot_listeners": "analysis.figures",
    "plot_mos": "analysis.figures",
    "plot_progress": "analysis.figures",
    "plot_ranks": "analysis.figures",
    "plot_violin": "analysis.figures",
    "power": "analysis.models.power",
    "power_curve": "analysis.models.power",
    "compact_letters": "analysis.models.ranking.letters",
    "mean_ranks": "analysis.models.ranking.mean_ranks",
    "plot_critical_difference": "analysis.figures",
    "plot_power": "analysis.figures",
    "preferences": "analysis.choices.preferences",
    "reliability": "analysis.models.reliability",
    "required_choice_listeners": "analysis.choices.power",
    "required_listeners": "analysis.models.power",
    "required_trials": "analysis.choices.power",
    "screen": "analysis.models.screening",
    "smallest_share": "analysis.choices.power",
    "transitivity": "analysis.choices.transitivity",
    "write_companion": "analysis.companion.write",
    "write_report": "analysis.report.write",
}

__getattr__, __dir__ = import_lazily(__name__, _HOMES)
