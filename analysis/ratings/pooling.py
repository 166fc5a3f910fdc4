"""Several studies in one analysis: whether the same id is the same person."""

from __future__ import annotations

import pandas as pd

_SHOWN = 3


def separate_listeners(frame: pd.DataFrame, same_listeners: bool = False) -> tuple[pd.DataFrame, list[str]]:
    """Put the study before listener ids that occur in several studies: `p01` of two studies is two people.

    Args:
        frame: Tidy ratings.
        same_listeners: Whether equal ids are the same person.

    Returns:
        The ratings, and a sentence on what was assumed, if any id occurs in several studies.
    """
    studies = frame.groupby("listener")["study"].nunique()
    shared = studies.index[studies > 1]
    if len(shared) == 0:
        return frame, []
    names = ", ".join(map(repr, shared[:_SHOWN])) + (", ..." if len(shared) > _SHOWN else "")
    ids = f"{len(shared)} listener id{'s' if len(shared) > 1 else ''} ({names})"
    if same_listeners:
        return frame, [f"{ids} in several studies: the same people (--same-listeners)."]
    own = frame["study"] + "/" + frame["listener"]
    separate = frame["listener"].where(~frame["listener"].isin(shared), own)
    said = f"{ids} in several studies: treated as different people; --same-listeners if they are not."
    return frame.assign(listener=separate), [said]
