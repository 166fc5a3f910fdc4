"""From a set of sounds to a study: stimuli, configs, orders and checks.

Importing this package is cheap: each public name is imported when it is first asked for, and `render`, which
needs torch, only then.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from study_builder.building.archive import pack_study
    from study_builder.building.build import build_study
    from study_builder.building.choices import Choices
    from study_builder.checks.study import check_study
    from study_builder.config import StudyConfig
    from study_builder.design import SessionPlan, session_plan
    from study_builder.errors import StudyError
    from study_builder.rendering.render import render
    from study_builder.simulation.rehearsal import simulate_study

__all__ = [
    "Choices",
    "SessionPlan",
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
    "Choices": "building.choices",
    "SessionPlan": "design",
    "StudyConfig": "config",
    "StudyError": "errors",
    "build_study": "building.build",
    "check_study": "checks.study",
    "pack_study": "building.archive",
    "render": "rendering.render",
    "session_plan": "design",
    "simulate_study": "simulation.rehearsal",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
