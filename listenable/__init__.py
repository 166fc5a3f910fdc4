"""From an audio classifier to a listening test with honest confidence intervals.

This is the one door for a script or a notebook: every public name of the packages behind it, imported when
it is first asked for, so that ratings are analysed and studies are built without torch::

    import listenable

    ratings = listenable.load_ratings("mushra.csv")
    listenable.mos(ratings)
    listenable.plot_mos(ratings)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stimuli.lazy import import_lazily

if TYPE_CHECKING:
    from analysis import (
        compare,
        kept,
        listeners,
        load_ratings,
        mixed_model,
        mos,
        omnibus,
        plot_box,
        plot_differences,
        plot_items,
        plot_listeners,
        plot_mos,
        plot_progress,
        plot_ranks,
        plot_violin,
        power,
        reliability,
        required_listeners,
        screen,
        write_companion,
        write_report,
    )
    from interpreter import METHODS, evaluate, explain, load_classifier, load_explainer, wrap_module
    from listenable.cli import COMMANDS, main
    from mushra_server import create_app
    from stimuli import (
        Dataset,
        Manifest,
        align_loudness,
        integrated_loudness,
        lowpass_anchor,
        mix_at_snr,
        read_audio,
        write_audio,
    )
    from study_builder import (
        Choices,
        StudyConfig,
        build_study,
        check_study,
        pack_study,
        render,
        simulate_study,
    )

__all__ = [
    "COMMANDS",
    "METHODS",
    "Choices",
    "Dataset",
    "Manifest",
    "StudyConfig",
    "align_loudness",
    "build_study",
    "check_study",
    "compare",
    "create_app",
    "evaluate",
    "explain",
    "integrated_loudness",
    "kept",
    "listeners",
    "load_classifier",
    "load_explainer",
    "load_ratings",
    "lowpass_anchor",
    "main",
    "mix_at_snr",
    "mixed_model",
    "mos",
    "omnibus",
    "pack_study",
    "plot_box",
    "plot_differences",
    "plot_items",
    "plot_listeners",
    "plot_mos",
    "plot_progress",
    "plot_ranks",
    "plot_violin",
    "power",
    "read_audio",
    "reliability",
    "render",
    "required_listeners",
    "screen",
    "simulate_study",
    "wrap_module",
    "write_audio",
    "write_companion",
    "write_report",
]

_HOMES = {
    "COMMANDS": "listenable.cli",
    "METHODS": "interpreter",
    "Choices": "study_builder",
    "Dataset": "stimuli",
    "Manifest": "stimuli",
    "StudyConfig": "study_builder",
    "align_loudness": "stimuli",
    "build_study": "study_builder",
    "check_study": "study_builder",
    "compare": "analysis",
    "create_app": "mushra_server",
    "evaluate": "interpreter",
    "explain": "interpreter",
    "integrated_loudness": "stimuli",
    "kept": "analysis",
    "listeners": "analysis",
    "load_classifier": "interpreter",
    "load_explainer": "interpreter",
    "load_ratings": "analysis",
    "lowpass_anchor": "stimuli",
    "main": "listenable.cli",
    "mix_at_snr": "stimuli",
    "mixed_model": "analysis",
    "mos": "analysis",
    "omnibus": "analysis",
    "pack_study": "study_builder",
    "plot_box": "analysis",
    "plot_differences": "analysis",
    "plot_items": "analysis",
    "plot_listeners": "analysis",
    "plot_mos": "analysis",
    "plot_progress": "analysis",
    "plot_ranks": "analysis",
    "plot_violin": "analysis",
    "power": "analysis",
    "read_audio": "stimuli",
    "reliability": "analysis",
    "render": "study_builder",
    "required_listeners": "analysis",
    "screen": "analysis",
    "simulate_study": "study_builder",
    "wrap_module": "interpreter",
    "write_audio": "stimuli",
    "write_companion": "analysis",
    "write_report": "analysis",
}

__getattr__, __dir__ = import_lazily(__name__, _HOMES)
