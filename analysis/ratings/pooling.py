"""Several files or studies in one analysis: what is one study, and whether the same id is the same person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from analysis.ratings.marks import STUDY_IS_FILE

_SHOWN = 3


def join_files(
    parts: Sequence[pd.DataFrame], sources: Sequence[str | Path | pd.DataFrame]
) -> tuple[list[pd.DataFrame], list[str]]:
    """Take files of one listener each as one study, named by their folder: programs write a file per session.

    Args:
        parts: The ratings of each source. Those that say nothing of studies have the mark `STUDY_IS_FILE` and
            their file's name as the study.
        sources: Where they came from.

    Returns:
        The ratings, and a sentence if there are such files. A listener of several has a session in each.
    """
    out = list(parts)
    single: dict[int, str] = {}
    for place, (part, source) in enumerate(zip(parts, sources, strict=True)):
        if STUDY_IS_FILE in part and not isinstance(source, pd.DataFrame):
            names = {str(name) for name in part["listener"].dropna().unique()} - {""}
            single |= {place: names.pop()} if len(names) == 1 else {}
    if len(single) < 2:
        return out, []
    files = Counter(single.values())
    for place, listener in single.items():
        part, source = parts[place], Path(str(sources[place]))
        out[place] = part.assign(study=source.resolve().parent.name)
        if "session" not in part and files[listener] > 1:
            out[place]["session"] = source.stem
    return out, [f"{len(single)} files have one listener each: they are taken as one study."]


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
