"""Best-worst scaling: which of several sounds is best, which worst, as counts and as a scale.

Finn & Louviere 1992, Journal of Public Policy & Marketing 11:12-25; the model is the sequential one of Marley
& Louviere 2005, Journal of Mathematical Psychology 49:464-480: the best of a set is chosen with probability
proportional to `exp(u)`, the worst of the rest with probability proportional to `exp(-u)`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.choices.bradley_terry import reaches, sum_zero_basis
from analysis.choices.columns import select_answered
from analysis.choices.resampling import resample_listeners
from analysis.errors import DesignError
from analysis.statistics.choice_model import fit_choices
from analysis.statistics.intervals import LEVEL
from analysis.statistics.variance import Floats, Ints

Bools = npt.NDArray[np.bool_]

CHOICE_COLUMNS = ("listener", "item", "trial", "condition", "choice")


def best_worst(
    choices: pd.DataFrame,
    *,
    interval: str = "jackknife",
    level: float = LEVEL,
    draws: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Return counts of best and worst and the scale of a conditional logit.

    Args:
        choices: One row per condition of each trial: `listener, item, trial, condition, choice` (1 best, -1
            worst, 0 neither). A trial is known by listener, item and `trial` together.
        interval: `jackknife` or `bootstrap`, both over listeners (`analysis.choices.resampling`).
        level: Coverage of the intervals.
        draws: Draws of the bootstrap.
        seed: Seed of the draws.

    Returns:
        One row per condition, the best first: `condition, shown, best, worst, score` (best minus worst over
        shown), `score_low, score_high, worth` (utility, the mean of all 0), `ci_low, ci_high`. The ends are
        `nan` with one listener.

    Raises:
        DesignError: A column is missing, a trial has not exactly one best and one worst condition, or an
            unknown interval.
    """
    sets = _sets(choices)
    worths = _worths(sets.counts.sum(axis=0)[None], sets)[0]
    shown, best, worst = (table.sum(axis=0) for table in (sets.shown, sets.best, sets.worst))
    n = len(sets.shown)
    ends = np.full((2, 2, len(worths)), np.nan)
    if n > 1:
        both = resample_listeners(
            lambda weights: _estimate(weights, sets), n,
            interval=interval, level=level, draws=draws, seed=seed,
        )  # fmt: skip
        ends = both.reshape(2, 2, -1).swapaxes(0, 1)
        ends[0] = np.clip(ends[0], -1, 1)
    table = pd.DataFrame(
        {
            "condition": sets.conditions, "shown": shown.astype(int), "best": best.astype(int),
            "worst": worst.astype(int), "score": (best - worst) / shown, "score_low": ends[0][0],
            "score_high": ends[0][1], "worth": worths, "ci_low": ends[1][0], "ci_high": ends[1][1],
        }
    )  # fmt: skip
    table = table.sort_values("worth", ascending=False, kind="stable", ignore_index=True)
    table.attrs["level"] = level
    return table


@dataclass(frozen=True)
class _Sets:
    """The different sets that were chosen from, and what each listener chose.

    Attributes:
        conditions: Names.
        design: Covariates: of a condition for the best, with the opposite sign for the worst.
        available: Which alternatives a set has `[sets, alternatives]`.
        members: Index of the condition of each alternative; 0 if there is none.
        sign: 1 for a choice of the best, -1 for the worst `[sets]`.
        counts: Choices `[listeners, sets, alternatives]`.
        shown: Trials with a condition `[listeners, conditions]`; so too `best` and `worst`.
    """

    conditions: list[str]
    design: Floats
    available: Bools
    members: Ints
    sign: Floats
    counts: Floats
    shown: Floats
    best: Floats
    worst: Floats


def _sets(choices: pd.DataFrame) -> _Sets:
    rows = _check_choices(choices)
    codes, conditions = pd.factorize(rows["condition"], sort=True)
    rows = rows.assign(code=codes, who=pd.factorize(rows["listener"], sort=True)[0])
    n, size = int(rows["who"].max()) + 1, len(conditions)
    known: dict[tuple[tuple[int, ...], int], int] = {}
    chosen: list[tuple[int, int, int]] = []
    for _, trial in rows.groupby(["who", "item", "trial"], sort=False):
        who = int(trial["who"].iloc[0])
        members = tuple(sorted(trial["code"]))
        best = int(trial.loc[trial["choice"] == 1, "code"].iloc[0])
        worst = int(trial.loc[trial["choice"] == -1, "code"].iloc[0])
        rest = tuple(code for code in members if code != best)
        for among, sign, choice in ((members, 1, best), (rest, -1, worst)):
            place = known.setdefault((among, sign), len(known))
            chosen.append((who, place, among.index(choice)))
    widest = max(len(among) for among, _ in known)
    inside = np.zeros((len(known), widest), dtype=int)
    available = np.zeros((len(known), widest), dtype=bool)
    signs = np.array([sign for _, sign in known], dtype=float)
    for (among, _), place in known.items():
        inside[place, : len(among)] = among
        available[place, : len(among)] = True
    counts = np.zeros((n, len(known), widest))
    np.add.at(counts, tuple(np.array(chosen).T), 1.0)
    tables = np.zeros((3, n, size))
    for table, of in zip(tables, (rows, rows[rows["choice"] == 1], rows[rows["choice"] == -1]), strict=True):
        np.add.at(table, (of["who"].to_numpy(), of["code"].to_numpy()), 1.0)
    design = sum_zero_basis(size)[inside] * (available * signs[:, None])[:, :, None]
    return _Sets([str(name) for name in conditions], design, available, inside, signs, counts, *tables)


def _estimate(weights: Floats, sets: _Sets) -> Floats:
    """Return the scores, then the worths, of each panel `[panels, 2 conditions]`."""
    with np.errstate(invalid="ignore"):  # a condition that none of a panel's listeners heard
        scores = (weights @ (sets.best - sets.worst)) / (weights @ sets.shown)
    return np.concatenate([scores, _worths(np.tensordot(weights, sets.counts, axes=1), sets)], axis=1)


def _worths(counts: Floats, sets: _Sets) -> Floats:
    """Fit tables of counts `[tables, sets, alternatives]`; return worths `[tables, conditions]`."""
    size = len(sets.conditions)
    links = np.zeros((len(counts), size, size), dtype=bool)
    for place, among in enumerate(sets.members):
        inside = among[sets.available[place]]
        for alternative, code in enumerate(inside):
            taken = counts[:, place, alternative] > 0
            for other in inside:
                a, b = (code, other) if sets.sign[place] > 0 else (other, code)
                links[:, a, b] |= taken
    # As for pairs: if some group always wins, no estimate is finite, and half a choice is added.
    endless = ~reaches(links).all(axis=(1, 2))
    padded = counts + np.where(np.reshape(endless, (-1, 1, 1)) & sets.available, 0.5, 0.0)
    fit = fit_choices(sets.design, padded, sets.available)
    return fit.parameters @ sum_zero_basis(size).T


def _check_choices(choices: pd.DataFrame) -> pd.DataFrame:
    empty = "there is no choice of a best and a worst condition"
    rows = select_answered(choices, CHOICE_COLUMNS, "choice", name="choices", empty=empty)
    grouped = rows.groupby(["listener", "item", "trial"])["choice"]
    counts = pd.DataFrame({"best": grouped.apply(lambda c: (c == 1).sum()),
                           "worst": grouped.apply(lambda c: (c == -1).sum())})  # fmt: skip
    wrong = counts[(counts != 1).any(axis=1)]
    if len(wrong):
        listener, item, trial = wrong.index[0]
        raise DesignError(
            f"trial {trial} of {listener!r} with {item!r} has {wrong['best'].iloc[0]} best and "
            f"{wrong['worst'].iloc[0]} worst conditions; expected one of each"
        )
    return rows
