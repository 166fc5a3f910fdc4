"""Which test ratings are of, and the choices in them as plain frames.

A page is a session and a `trial_position`. A page of two sounds has a row per sound, `condition_position` 0
for the one that was heard first and 1 for the other, under the attribute that says what was asked.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.errors import DesignError
from analysis.ratings.names import (
    BEST_WORST,
    COMPARISON,
    CORRECT,
    DIFFERENCE,
    LEVEL,
    PREFERRED,
    THRESHOLD,
)
from analysis.ratings.tidy import select_rated

# Attribute to the test that asks it; every other attribute is a score.
TESTS = {
    PREFERRED: "ab",
    CORRECT: "abx",
    COMPARISON: "ccr",
    DIFFERENCE: "bs1116",
    BEST_WORST: "best-worst",
    LEVEL: "staircase",
}
REFERENCE = "reference"  # what a stimulus was told from, if the page asked which of two is the reference
_PAGE = ["study", "session", "listener", "trial_position"]


def test_of(attribute: str) -> str | None:
    """Return the test that asks an attribute, or None for scores."""
    return TESTS.get(attribute)


def pairs_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return preferences as a frame of pairs (`analysis.choices.pairs`).

    Raises:
        DesignError: There is no preference, or a page does not have two sounds.
    """
    pages = _pages(frame, PREFERRED).rename(columns={"score_first": "choice"})
    return pages.drop(columns="score_second").reset_index(drop=True)


def comparisons_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return comparison ratings, the score being that of the second sound against the first.

    Raises:
        DesignError: There is no comparison rating, or a page does not have two sounds.
    """
    pages = _pages(frame, COMPARISON).rename(columns={"score_second": "score"})
    return pages.drop(columns="score_first").reset_index(drop=True)


def trials_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return right and wrong answers with the two sounds, in whichever order, as `condition_a, condition_b`.

    A page that asked which of two sounds is the reference has one row, of the other sound.

    Raises:
        DesignError: There is no answer, or a page has more than two sounds.
    """
    rows = select_rated(frame, CORRECT)
    single = ~rows.duplicated(_PAGE, keep=False) | rows["trial_position"].isna()
    alone = rows[single].rename(columns={"condition": "first", "score": "score_first"})
    alone["second"] = REFERENCE
    columns = ["listener", "item", "first", "second", "score_first"]
    found = [alone[columns]] + ([_pages(rows[~single], CORRECT)[columns]] if not single.all() else [])
    trials = pd.concat(found).sort_index()
    swapped = (trials["first"] > trials["second"]) & (trials["second"] != REFERENCE)
    return pd.DataFrame(
        {
            "listener": trials["listener"], "item": trials["item"],
            "condition_a": trials["second"].where(swapped, trials["first"]),
            "condition_b": trials["first"].where(swapped, trials["second"]),
            "correct": trials["score_first"],
        }
    ).reset_index(drop=True)  # fmt: skip


def tracks_of(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the trials of an adaptive ABX test, and a row per track with its threshold.

    A track is what a session heard of an item; its threshold is missing if it did not end.

    Returns:
        Trials with `listener, session, item, trial` (from 1), `level` and `correct`, in order; and tracks
        with `listener, item, trials, threshold`.

    Raises:
        DesignError: There is no level, or a level without its answer.
    """
    trials = {name: _trials_of(frame, name) for name in (LEVEL, CORRECT)}
    answered = trials[LEVEL].merge(trials[CORRECT], on=[*_PAGE, "item"], how="left")
    if answered[CORRECT].isna().any():
        raise DesignError("a trial of a staircase has a level and no answer; expected both rows of the page")
    answered = answered.sort_values([*_PAGE], kind="stable").reset_index(drop=True)
    track = ["study", "session", "listener", "item"]
    answered["trial"] = answered.groupby(track, dropna=False).cumcount() + 1
    ended = _trials_of(frame, THRESHOLD) if (frame["attribute"] == THRESHOLD).any() else None
    tracks = answered.groupby(track, dropna=False, sort=False).size().rename("trials").reset_index()
    if ended is None:
        tracks[THRESHOLD] = np.nan
    else:
        tracks = tracks.merge(ended[[*track, THRESHOLD]], on=track, how="left")
    kept = ["listener", "session", "item", "trial", LEVEL, CORRECT]
    return answered[kept], tracks[["listener", "item", "trials", THRESHOLD]]


def _trials_of(frame: pd.DataFrame, attribute: str) -> pd.DataFrame:
    """Return what was stored of each page under an attribute that is the same for both sounds."""
    rows = select_rated(frame, attribute).drop_duplicates(_PAGE)
    return rows[[*_PAGE, "item", "score"]].rename(columns={"score": attribute})


def sets_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return choices of best and worst with a trial's number, as `best_worst` takes them.

    Raises:
        DesignError: The choice does not exist.
    """
    rows = select_rated(frame, BEST_WORST)
    trial, _ = pd.factorize(pd.MultiIndex.from_frame(rows[_PAGE]))
    return pd.DataFrame(
        {
            "listener": rows["listener"], "item": rows["item"], "trial": trial + 1,
            "condition": rows["condition"], "choice": rows["score"],
        }
    ).reset_index(drop=True)  # fmt: skip


def _pages(frame: pd.DataFrame, attribute: str) -> pd.DataFrame:
    """Return a row per page: `listener, item, first, second, score_first, score_second`."""
    rows = select_rated(frame, attribute)
    pages = rows.groupby(_PAGE, dropna=False)
    sizes, sides = pages["condition"].transform("size"), pages["condition_position"].transform("nunique")
    wrong = (sizes != 2) | (sides != 2) | rows["trial_position"].isna()
    if wrong.any():
        row, size = rows[wrong].iloc[0], sizes[wrong].iloc[0]
        raise DesignError(
            f"page {row['trial_position']:g} of session {row['session']!r} has {size} rows of {attribute!r}; "
            "expected two, one of each sound, with the columns trial_position and condition_position"
        )
    ordered = rows.assign(row=rows.index).sort_values([*_PAGE, "condition_position"], kind="stable")
    first, second = ordered.iloc[::2], ordered.iloc[1::2]
    whole = pd.DataFrame(
        {
            "listener": first["listener"].to_numpy(), "item": first["item"].to_numpy(),
            "first": first["condition"].to_numpy(), "second": second["condition"].to_numpy(),
            "score_first": first["score"].to_numpy(), "score_second": second["score"].to_numpy(),
        },
        index=np.minimum(first["row"].to_numpy(), second["row"].to_numpy()),
    )  # fmt: skip
    return whole.sort_index()
