"""Which attribute an analysis is about, and which conditions one of all conditions at once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.errors import DesignError
from analysis.ratings.names import CORRECT, DIFFERENCE, HIDDEN_REFERENCE, LEVEL, THRESHOLD, X_WAS
from analysis.ratings.tidy import conditions, select_rated

_P835 = frozenset({"sig", "bak", "ovrl"})  # one test, whose result is the overall quality
# Stored next to the answer, and no answer to a question.
BY_PRODUCTS = frozenset({HIDDEN_REFERENCE, THRESHOLD, X_WAS})


def choose_attribute(frame: pd.DataFrame, asked: str | None = None) -> tuple[str, list[str]]:
    """Return the attribute asked for, or the first that was rated, and a note on others that nobody chose.

    Of BS.1116 it is the difference grade, of P.835 the overall quality, of a staircase the level.

    Args:
        frame: Tidy ratings.
        asked: Name of an attribute.

    Raises:
        DesignError: No rating counts towards a mean, or none has the attribute.
    """
    if asked is not None:
        return str(select_rated(frame, asked)["attribute"].iloc[0]), []
    first, *others = list_attributes(frame)
    if not others:
        return first, []
    return first, [
        f"This is the analysis of '{first}' only; the ratings have {len(others)} more: {', '.join(others)} "
        "(--attribute chooses)."
    ]


def list_attributes(frame: pd.DataFrame) -> list[str]:
    """Return what was asked, the main question first, without what is stored next to the answers.

    Raises:
        DesignError: No rating counts towards a mean.
    """
    rated = frame.loc[(frame["kind"] == "trial") & frame["score"].notna(), "attribute"]
    if rated.empty:
        raise DesignError("there is no rating of kind 'trial' with a score to analyse")
    codes, values = pd.factorize(rated)
    names = [str(value) for value in values]  # in the order of their first rows
    counts = dict(zip(names, np.bincount(codes), strict=True))
    unasked = BY_PRODUCTS & set(names)
    if DIFFERENCE in counts and counts.get("score") == counts[DIFFERENCE]:
        unasked = unasked | {"score"}  # of the object, which the difference grade contains
    first = next((name for name in names if name not in unasked), names[0])
    if counts.keys() >= _P835:
        first = "ovrl"
    if LEVEL in counts:  # the trials of a staircase, which chose them by the answers
        first, unasked = LEVEL, unasked | {CORRECT}
    return [first, *(str(n) for n in frame["attribute"].unique() if n not in {first, *unasked})]


def choose_conditions(rows: pd.DataFrame, among: list[str] | None = None) -> list[str]:
    """Return the conditions named, or the methods, or all conditions if there are fewer than two methods.

    Args:
        rows: The ratings of one attribute (`analysis.ratings.tidy.select_rated`).
        among: Conditions named by the caller.

    Raises:
        DesignError: A named condition has no rating of this attribute.
    """
    listed = conditions(rows)
    known = list(listed["condition"])
    methods = list(listed.loc[listed["role"] == "method", "condition"])
    unknown = [name for name in among or [] if name not in known]
    if unknown:
        names = ", ".join(f"'{name}'" for name in known)
        raise DesignError(f"no rating has the condition {unknown[0]!r} to compare with; found {names}")
    return among or (methods if len(methods) >= 2 else known)
