"""From a set of sounds to a study: stimuli, configs, orders and checks.

Importing this package is cheap: each public name is imported when it is first asked for, and `render`, which
needs torch, only then.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from study_builder.build import build_study
    from study_builder.check import check_study
    from study_builder.choices import Choices
    from study_builder.config import StudyConfig
    from study_builder.design import SessionPlan, session_plan
    from study_builder.errors import StudyError
    from study_builder.pack import pack_study
    from study_builder.rehearse import simulate_study
    from study_builder.render import render

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

_HOME = {
    "Choices": "choices",
    "SessionPlan": "design",
    "StudyConfig": "config",
    "StudyError": "errors",
    "build_study": "build",
    "check_study": "check",
    "pack_study": "pack",
    "render": "render",
    "session_plan": "design",
    "simulate_study": "rehearse",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value  # else `render` would become the module of that name once it is imported
    return value


def __dir__() -> list[str]:
    return __all__
