"""Errors that the interpreter raises on purpose.

InterpreterError
├── CheckpointError   a file of weights cannot be used
├── ConfigError       a preset or a setting cannot be used
├── RunError          a run folder is missing, unfinished or of another kind
├── SoundError        a sound cannot be explained, whatever the method
└── Terminated        another process asked to stop (SIGTERM)
"""

from __future__ import annotations


class InterpreterError(ValueError):
    """Base of the package's errors; the command line prints it as one sentence and ends with `exit_code`."""

    exit_code = 2


class CheckpointError(InterpreterError):
    """A file of weights cannot be used."""


class ConfigError(InterpreterError):
    """A preset or a setting cannot be used."""


class RunError(InterpreterError):
    """A run folder is missing, unfinished or of another kind."""


class SoundError(InterpreterError):
    """A sound cannot be explained, whatever the method: it is silent or too short."""


class Terminated(InterpreterError):
    """Another process asked to stop (SIGTERM), as a scheduler does when the time is up."""

    exit_code = 143  # as a shell has it: 128 + the signal's number
