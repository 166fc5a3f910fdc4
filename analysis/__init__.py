"""From ratings to mean opinion scores with intervals that hold what they promise.

Every function takes a tidy frame (`load_ratings`) and returns a frame; `write_report` writes it all.
"""

from __future__ import annotations

from analysis.errors import AnalysisError, DesignError, RatingsError
from analysis.load import load_ratings
from analysis.mos import mos
from analysis.screening import kept, screen

__all__ = ["AnalysisError", "DesignError", "RatingsError", "kept", "load_ratings", "mos", "screen"]
