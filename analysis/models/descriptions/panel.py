"""Who took part, from the answers to the questionnaire."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.ratings.tidy import is_simulated

_MOST_ANSWERS = 12  # different answers that are listed one by one
_MOST_ALONE = 1 / 3  # of the answers; more that nobody shares may identify people
_MOST_CHANGING = 0.5  # listeners with several answers: a column that changes from row to row describes trials
_FEWEST_NUMBERS = 6  # different numbers that are described by quartiles instead


def describe_listeners(frame: pd.DataFrame) -> pd.DataFrame:
    """Describe the listeners by their answers: quartiles of numbers, counts of anything else.

    If more than a third of the answers are shared with nobody, such as names and comments, they are counted
    but not shown: a report must not identify anybody.

    Args:
        frame: Tidy ratings with questionnaire columns `q_...`.

    Returns:
        One row per question that was answered: `question, n_listeners, answers, simulated`. A listener who
        answered twice differently counts with the first answer; a column that differs within most listeners
        is not an answer of theirs, and left out.
    """
    rows = []
    for column in frame.columns:
        if not str(column).startswith("q_"):
            continue
        answered = frame.dropna(subset=column)
        given = answered.drop_duplicates("listener")[column].map(str).str.strip()
        given = given[given != ""]
        several = answered.groupby("listener")[column].nunique() > 1
        if len(given) and several.mean() <= _MOST_CHANGING:
            rows.append((str(column).removeprefix("q_"), len(given), _describe(given)))
    table = pd.DataFrame(rows, columns=["question", "n_listeners", "answers"])
    return table.assign(simulated=is_simulated(frame))


def _describe(given: pd.Series[str]) -> str:
    numbers = pd.to_numeric(given, errors="coerce")
    different = given.nunique()
    if numbers.notna().all() and np.isfinite(numbers).all() and different >= _FEWEST_NUMBERS:
        low, q1, median, q3, high = np.quantile(numbers, [0, 0.25, 0.5, 0.75, 1])
        return f"median {median:g}, quartiles {q1:g} and {q3:g}, from {low:g} to {high:g}"
    counts = given.value_counts()
    alone = int((counts == 1).sum())
    if different > _MOST_ANSWERS or (different > 2 and alone > _MOST_ALONE * len(given)):
        return f"{different} different answers"
    order = sorted(counts.index, key=lambda name: (-counts[name], name))
    return ", ".join(f"{name}: {counts[name]}" for name in order)
