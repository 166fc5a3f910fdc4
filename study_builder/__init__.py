"""From a set of sounds to a study: stimuli, configs, orders and checks.

Importing this package is cheap: each public name is imported when it is first asked for, and `render`, which
needs torch, only then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stimuli.lazy import import_lazily

if TYPE_CHECKING:
    from study_builder.building.archive import pack_study
    from study_builder.building.build import build_study
    from study_builder.building.choices import Choices
    from study_builder.checks.study import check_study
    from study_builder.config import StudyConfig
    from study_builder.design import SessionPlan, session_plan
    from study_builder.design.staircase import Staircase
    from study_builder.errors import StudyError
    from study_builder.rendering.render import render
    from study_builder.simulation.rehearsal import simulate_study

__all__ = [
    "Choices",
    "SessionPlan",
    "Staircase",
    "StudyConfig",
    "StudyError",
    "build_study",
    "check_study",
    "pack_study",
    "render",
    "session_plan",
    "simulate_study",
]

_HOMES = {
    "Choices": "study_builder.building.choices",
    "SessionPlan": "study_builder.design",
    "Staircase": "study_builder.design.staircase",
    "StudyConfig": "study_builder.config",
    "StudyError": "study_builder.errors",
    "build_study": "study_builder.building.build",
    "check_study": "study_builder.checks.study",
    "pack_study": "study_builder.building.archive",
    "render": "study_builder.rendering.render",
    "session_plan": "study_builder.design",
    "simulate_study": "study_builder.simulation.rehearsal",
}

__getattr__, __dir__ = import_lazily(__name__, _HOMES)
