"""Errors that the stimuli package raises on purpose.

StimuliError
├── AudioFileError   a sound file cannot be read or written
├── DatasetError     a data set is missing, empty or contradicts itself
├── ManifestError    a stimuli set's manifest cannot be used
└── SeedError        a seed is not one that every random generator accepts
"""

from __future__ import annotations


class StimuliError(ValueError):
    """Base of the package's errors; the command line prints it as one sentence and ends with `exit_code`."""

    exit_code = 2


class AudioFileError(StimuliError):
    """A sound file cannot be read or written."""


class DatasetError(StimuliError):
    """A data set is missing, empty or contradicts itself."""


class ManifestError(StimuliError):
    """A stimuli set's manifest cannot be used."""


class SeedError(StimuliError):
    """A seed is not one that every random generator accepts."""
