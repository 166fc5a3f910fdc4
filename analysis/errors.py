"""Everything that the analysis raises on purpose.

```
ValueError
└── AnalysisError          one clear sentence; the command line prints it and ends with exit code 2
    ├── RatingsError       a source that cannot be read as ratings: which file, row and column
    └── DesignError        ratings that do not allow what was asked: what is missing
```
"""

from __future__ import annotations


class AnalysisError(ValueError):
    """Base of the package's errors; its text is one sentence for the person who runs the analysis."""

    exit_code = 2


class RatingsError(AnalysisError):
    """A file, a database or a row that is not a set of ratings."""


class DesignError(AnalysisError):
    """The ratings are sound, but the question does not fit their design."""
