"""Errors that the study builder raises on purpose.

StudyError
├── ConfigError     a study's config.yaml, or a file of choices, cannot be used
├── LayoutError     a folder of sounds is not one of the four layouts
├── BuildError      a study cannot be built from these sounds and choices
├── RenderError     a stimuli set cannot be rendered from these runs and data
└── SimulateError   the server did not play its part in a simulation
"""

from __future__ import annotations


class StudyError(ValueError):
    """Base of the package's errors; the command line prints it as one sentence and ends with `exit_code`."""

    exit_code = 2


class ConfigError(StudyError):
    """A study's config.yaml, or a file of choices, cannot be used."""


class LayoutError(StudyError):
    """A folder of sounds is not one of the four layouts."""


class BuildError(StudyError):
    """A study cannot be built from these sounds and choices."""


class RenderError(StudyError):
    """A stimuli set cannot be rendered from these runs and data."""


class SimulateError(StudyError):
    """The server did not play its part in a simulation."""
