"""One function per figure, `plot_x(frame, ax=None) -> Axes`; none of them touches pyplot's global state."""

from __future__ import annotations

from analysis.figures.choices import plot_category_differences, plot_scale, plot_shares
from analysis.figures.critical_difference import plot_critical_difference
from analysis.figures.differences import plot_differences
from analysis.figures.distributions import plot_box, plot_violin
from analysis.figures.grades import plot_grades
from analysis.figures.items import plot_items
from analysis.figures.listeners import plot_listeners
from analysis.figures.metric import plot_metric
from analysis.figures.mos import plot_mos
from analysis.figures.power import plot_power
from analysis.figures.progress import plot_progress
from analysis.figures.ranks import plot_ranks

__all__ = [
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
]
