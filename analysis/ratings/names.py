"""Names in files of ratings: written by the server, read by the analysis.

The server imports this module; it must load nothing.
"""

from __future__ import annotations

import re
from typing import Any

SCHEMA_VERSION = 1  # of the JSON export

# The columns of the view `export_ratings` and of the CSV. A column that is added stands last.
RATING_COLUMNS = (
    "study",
    "session",
    "listener",
    "item",
    "condition",
    "attribute",
    "role",
    "kind",
    "score",
    "time_ms",
    "listened_ms",
    "comment",
    "trial_position",
    "condition_position",
    "simulated",
    "finished",
    "submitted_at",
    "page_type",
)
ANSWER = "q_"  # before the name of a question or URL parameter, as a column

# What pages store that put one stimulus against the hidden reference.
HIDDEN_REFERENCE = "hidden_reference"  # BS.1116: the score of the hidden reference
DIFFERENCE = "difference"  # BS.1116: the stimulus' score minus that
CORRECT = "correct"  # paired comparison, ABX: 1, 0, or 0.5 where the listener could not say
# What pages of several sounds store, a row per sound.
UNKNOWN = "not known"  # the listener and the item of choices that come as counts
PREFERRED = "preferred"  # 1 if this sound was preferred, 0 if the other was, 0.5 if neither
COMPARISON = "comparison"  # how much better this sound is than the other, from -3 to 3
BEST_WORST = "choice"  # 1 for the best, -1 for the worst, 0 for the rest
X_WAS = "x"  # ABX: 1 for the sound that X was, 0 for the other
LEVEL = "level"  # adaptive ABX: the pair's place in the series, 1 the hardest
THRESHOLD = "threshold"  # adaptive ABX: of the track that ends with this page, in levels

# webMUSHRA's files of ratings by type of page; further ones are `mushra-2.csv`, where the columns change.
WEBMUSHRA_FILES = {
    "mushra": "mushra",
    "likert_single_stimulus": "lss",
    "likert_multi_stimulus": "lms",
    "bs1116": "bs1116",
    "paired_comparison": "paired_comparison",
}
UNRATED = "NA"  # a Likert scale without an answer
# webMUSHRA's sliders, whatever scales the study has on our own page.
SLIDER_ENDS = (0.0, 100.0)
# Between a page's id and an attribute, in webMUSHRA's format, which has no place for several of a page.
ATTRIBUTE_MARK = ":attribute="
# At the end of the name of a file or folder with simulated ratings, in formats that cannot say it otherwise.
SIMULATED_MARK = "-simulated"

# Where a spreadsheet would find a formula: at the start of a text, and wherever it may begin another cell. A
# program that splits at semicolons or tabs honours no quotes around the whole text, so line ends count too.
# Full-width signs are the same to it; blanks, quotes and apostrophes before the sign do not stop it.
_SIGN = r"[ \u00a0'\"]*[=+\-@\uff1d\uff0b\uff0d\uff20]"
_START = rf"'*[\t\r\n]\s*\S|{_SIGN}"  # blanks by themselves run nothing
_FORMULA = re.compile(rf"^(?={_START})|(?<=[;\t\r\n])(?={_SIGN})")
_GUARD = re.compile(rf"^'(?={_START})|(?<=[;\t\r\n])'(?={_SIGN})")


def defuse(value: Any) -> Any:
    """Put an apostrophe before each place of a text where a spreadsheet would run a formula.

    `restore_exact` removes them again. Numbers and everything else that is not a text stay as they are:
    -1 is a number, and "-1" a text that somebody typed.
    """
    return _FORMULA.sub("'", value) if isinstance(value, str) else value


def restore_exact(value: Any) -> Any:
    """Return the text that `defuse` was given."""
    return _GUARD.sub("", value) if isinstance(value, str) else value


def of_page_type(page_type: Any, attribute: Any) -> Any:
    """Return the name (or a series of names) of an attribute that pages of several types have."""
    return page_type + " " + attribute
