"""Whether scores or speed change in the course of a session, which only different orders can show."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from analysis.formatting import number, p_in_words
from analysis.models.checks.row import Row, make_row
from analysis.ratings.tidy import trial_key

_CLAUSE = "BS.1534-3, p. 4 (random order)"
_FIXED = 0.05  # share of the positions' variance within stimuli below which the order is a fixed one


def check_drift(rows: pd.DataFrame, column: str, what: str) -> list[Row]:
    """Return the slope of the scores over a position, one per listener, tested over listeners.

    Args:
        rows: Ratings that count.
        column: The position.
        what: What it is called.
    """
    known = rows[rows[column].notna()]
    if known[column].nunique() < 2:
        return []
    stimulus = ["item", "condition"]
    if _is_fixed(known, column, stimulus):
        sentence = (
            f"The {what} was the same for all listeners: its effect cannot be separated from the sounds'."
        )
        return [make_row(f"effect of {what}", "", float("nan"), float("nan"), False, sentence, _CLAUSE)]
    residual = known["score"] - known.groupby(stimulus)["score"].transform("mean")
    slope, p = _slopes(residual, known[column], known["listener"])
    if np.isnan(p):
        return []
    change = f"{_format_signed(slope, 2)} points per position, {p_in_words(p)}; new listeners, these items"
    sentence = f"Scores {'drift' if p < 0.05 else 'do not notably drift'} with the {what} ({change})."
    return [make_row(f"effect of {what}", "", slope, float("nan"), p < 0.05, sentence, _CLAUSE)]


def check_speed(rows: pd.DataFrame) -> list[Row]:
    """Return whether listeners spend less time on later trials: fatigue, or practice."""
    known = rows[rows["time_ms"].notna() & (rows["time_ms"] > 0) & rows["trial_position"].notna()]
    key = trial_key(rows)
    trials = known.groupby(key)[["time_ms", "trial_position"]].max().reset_index()
    if trials.empty or trials["trial_position"].nunique() < 2 or _is_fixed(trials, "trial_position", key[1:]):
        return []
    logs = np.log(trials["time_ms"])
    residual = logs - logs.groupby([trials[name] for name in key[1:]]).transform("mean")
    slope, p = _slopes(residual, trials["trial_position"], trials["listener"])
    if np.isnan(p):
        return []
    change = float(100 * (np.exp(slope) - 1))
    sentence = f"Time per trial changes by {_format_signed(change, 1)} % per trial ({p_in_words(p)})."
    return [make_row("time per trial", "", change, float("nan"), False, sentence, _CLAUSE)]


def _is_fixed(rows: pd.DataFrame, column: str, within: list[str]) -> bool:
    """Return whether listeners met the same things at the same positions."""
    position = rows[column]
    apart = position - position.groupby([rows[name] for name in within]).transform("mean")
    return float((apart**2).mean()) < _FIXED * float(position.var(ddof=0))


def _slopes(values: pd.Series, position: pd.Series, listener: pd.Series) -> tuple[float, float]:
    """Mean of the listeners' least-squares slopes, and the p value of its t test."""
    x = position - position.groupby(listener).transform("mean")
    squares = (x**2).groupby(listener).sum()
    slopes = ((x * values).groupby(listener).sum() / squares.where(squares > 0)).dropna()
    if len(slopes) < 3 or slopes.std() == 0:
        return float("nan"), float("nan")
    t = float(slopes.mean() / (slopes.std() / len(slopes) ** 0.5))
    return float(slopes.mean()), float(2 * stats.t.sf(abs(t), len(slopes) - 1))


def _format_signed(value: float, digits: int) -> str:
    text = number(value, digits)
    return text if value < 0 or float(f"{value:.{digits}f}") == 0 else f"+{text}"
