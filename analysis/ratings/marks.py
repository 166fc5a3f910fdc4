"""Columns that go with rows of ratings while they are read, and are dropped with the last check."""

from __future__ import annotations

FILE, LINE = "_file", "_line"
# What a score is if it is not one that a listener gave on the scale: "difference" of two, "share" of 1, or
# "slider", a webMUSHRA slider's, whose scale is known.
MEASURE = "_measure"
SLIDER = "slider"
PAGE = "_page"  # type of the page that a row is of, as a config names it
STUDY_IS_FILE = "_study_is_file"  # the table says nothing of studies, and has its file's name as one
