"""Checks of what the statistics assume, each with its number, its limit, a sentence and the clause."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import DesignError
from analysis.formatting import number, p_in_words
from analysis.models.anova import omnibus
from analysis.models.checks import record
from analysis.models.mixed import item_condition_test
from analysis.models.order_effects import drift, speed
from analysis.models.study_effect import study_effect
from analysis.ratings.tidy import cells, conditions, is_simulated, iter_rows, scale_of, select_rated
from analysis.statistics.variance import Floats

_BIMODAL = 5 / 9
_FEW_GRADES = 11


def assumptions(
    frame: pd.DataFrame, *, attribute: str | None = None, scale: tuple[float, float] | None = None
) -> pd.DataFrame:
    """Check the ratings for what would make means, intervals or tests misleading.

    Args:
        frame: Tidy ratings.
        attribute: The scale, if the frame has several.
        scale: Its ends; by default guessed from the scores.

    Returns:
        Columns `check, condition` (empty for the whole study), `value, limit, warns, sentence, clause,
        simulated`.
    """
    rows = select_rated(frame, attribute)
    ends = scale or scale_of(rows)
    checks: list[Callable[[], list[dict[str, object]]]] = [
        lambda: _bimodality(rows, ends),
        lambda: _skew(rows),
        lambda: _ceiling(rows, ends),
        lambda: _anchor_distance(rows, ends),
        lambda: drift(rows, "trial_position", "order"),
        lambda: drift(rows, "condition_position", "position in the trial"),
        lambda: speed(rows),
        lambda: study_effect(rows),
        lambda: _interaction(rows),
        lambda: _same_items(rows),
    ]
    found = [record for check in checks for record in check()]
    return pd.DataFrame(found).assign(simulated=is_simulated(rows))


def bimodality(scores: Floats) -> float:
    """Sarle's coefficient of bimodality with small-sample terms (BS.1534-3, pp. 14-31); above 5/9 warns."""
    n = len(scores)
    if n < 4 or scores.std() == 0:
        return float("nan")
    g = float(stats.skew(scores, bias=False))
    k = float(stats.kurtosis(scores, bias=False))
    return (g**2 + 1) / (k + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)))


def has_valley(scores: Floats, scale: tuple[float, float]) -> bool:
    """Return whether fewer scores are in some fifth of the scale than in one below and one above it.

    Sarle's coefficient is large for one skewed peak, too, such as at the end of a scale.
    """
    counts = np.histogram(scores, 5, scale)[0]
    below = np.maximum.accumulate(counts)[:-2]
    above = np.maximum.accumulate(counts[::-1])[::-1][2:]
    return bool((counts[1:-1] < np.minimum(below, above)).any())


def _same_items(rows: pd.DataFrame) -> list[dict[str, object]]:
    """Share of item x condition that was rated: means over different items do not compare like with like."""
    share = len(rows.drop_duplicates(["item", "condition"])) / (
        rows["item"].nunique() * rows["condition"].nunique()
    )
    sentence = (
        "Every condition was rated on every item."
        if share == 1
        else "Not every condition was rated on every item: the means are over different items, while the "
        "differences are within items."
    )
    return [record("same items", "", share, 1.0, share < 1, sentence, "BS.1534-3, p. 13")]


def _bimodality(rows: pd.DataFrame, scale: tuple[float, float]) -> list[dict[str, object]]:
    """One record per method; references and anchors are at the ends of the scale, where b says little.

    None on scales of a few grades, whose shares are seen at once and of whose gaps b makes peaks.
    """
    if scale[1] - scale[0] < _FEW_GRADES and (rows["score"] == rows["score"].round()).all():
        return []
    out = []
    listed, methods = conditions(rows), _methods(rows)
    for row in iter_rows(listed[listed["condition"].isin(methods)]):
        b = bimodality(rows.loc[rows["condition"] == row.condition, "score"].to_numpy(float))
        scores = rows.loc[rows["condition"] == row.condition, "score"].to_numpy(float)
        skewed = b > _BIMODAL and not has_valley(scores, scale)
        warns = b > _BIMODAL and not skewed
        two = "may have two peaks: listeners or items may fall into groups"
        sentence = f"The scores of {row.label} {two if warns else 'show no sign of two peaks'} (b = {b:.2f})."
        if skewed:
            sentence = f"The scores of {row.label} have one peak and are skewed (b = {b:.2f})."
        if np.isnan(b):
            sentence = f"The scores of {row.label} are too few or too similar to look for two peaks."
        out.append(record("bimodality", row.condition, b, _BIMODAL, warns, sentence, "BS.1534-3, pp. 14-31"))
    return out


def _skew(rows: pd.DataFrame) -> list[dict[str, object]]:
    table = cells(rows)
    table = table[table["condition"].isin(_methods(rows))]
    by = [table.groupby(["condition", name])["score"].transform("mean") for name in ("listener", "item")]
    residuals = (
        table["score"] - by[0] - by[1] + table.groupby("condition")["score"].transform("mean")
    ).to_numpy(float)
    skew = float(stats.skew(residuals)) if len(residuals) > 2 and residuals.std() > 1e-9 else float("nan")
    size = abs(skew)
    word = (
        "strongly skewed: prefer the non-parametric tests"
        if size > 1
        else "skewed: compare with the non-parametric tests"
    )
    sentence = (
        f"The residuals are {word if size > 0.5 else 'not notably skewed'} (skewness {number(skew, 2)})."
    )
    if skew != skew:
        sentence = "There are no residuals to judge the skewness by."
    return [record("skewness", "", skew, 0.5, size > 0.5, sentence, "BS.1534-3, attachment 4")]


def _ceiling(rows: pd.DataFrame, scale: tuple[float, float]) -> list[dict[str, object]]:
    scores = rows.loc[rows["condition"].isin(_methods(rows)), "score"]
    limit = scale[0] + 0.8 * (scale[1] - scale[0])
    share = float((scores >= limit).mean())
    meaning = ": the test may not separate the methods" if share > 0.5 else ""
    sentence = f"{100 * share:.0f} % of the methods' scores are in the top fifth of the scale{meaning}."
    return [record("ceiling", "", share, 0.5, share > 0.5, sentence, "BS.1534-3, p. 25")]


def _anchor_distance(rows: pd.DataFrame, scale: tuple[float, float]) -> list[dict[str, object]]:
    means = rows.groupby("role")["score"].mean()
    if not {"low_anchor", "mid_anchor"} <= set(means.index):
        return []
    distance = float(means["mid_anchor"] - means["low_anchor"]) / (scale[1] - scale[0]) * 100
    warns = distance < 20
    verdict = (
        "less than the 20 to 30 points that are expected" if warns else "as expected (20 points or more)"
    )
    sentence = f"The anchors are {distance:.0f} points apart on a scale of 100, {verdict}."
    return [record("anchor distance", "", distance, 20.0, warns, sentence, "BS.1534-3, attachment 5, p. 34")]


def _interaction(rows: pd.DataFrame) -> list[dict[str, object]]:
    """Whether differences depend on the item: F if all rated everything, else by the mixed model."""
    try:
        statistic, p, how = _interaction_test(rows)
    except DesignError:
        return []
    warns = p < 0.05
    verdict = (
        f"depend on the item: {_widest(rows)}. Look at the scores per item before trusting the overall mean"
        if warns
        else "do not notably depend on the item"
    )
    sentence = f"Differences between methods {verdict} ({how})."
    clause = "BS.1534-3, pp. 3 and 25"
    return [record("item x condition", "", statistic, float("nan"), warns, sentence, clause)]


def _interaction_test(rows: pd.DataFrame) -> tuple[float, float, str]:
    table = omnibus(rows) if _is_complete(rows) else pd.DataFrame({"effect": []})
    both = table[table["effect"] == "condition x item"]
    if not both.empty and both["statistic"].notna().all():
        f, p = float(both["statistic"].iloc[0]), float(both["p_gg"].iloc[0])
        return f, p, f"F = {number(f, 2)}, Greenhouse-Geisser {p_in_words(p)}; new listeners, these items"
    ratio, p, sd = item_condition_test(rows)
    return ratio, p, f"mixed model, SD {number(sd, 1)} points, {p_in_words(p)}; new listeners and items"


def _is_complete(rows: pd.DataFrame) -> bool:
    table = cells(rows[rows["condition"].isin(_methods(rows))])
    return len(table) == table["listener"].nunique() * table["item"].nunique() * table["condition"].nunique()


def _widest(rows: pd.DataFrame) -> str:
    """The method whose mean differs most between items, in words."""
    table = cells(rows[rows["condition"].isin(_methods(rows))])
    means = table.groupby(["condition", "item"])["score"].mean().unstack()
    lows, highs = means.min(axis=1), means.max(axis=1)
    name = str((highs - lows).idxmax())
    listed = conditions(rows).set_index("condition")["label"]
    digits = 0 if table["score"].max() > 10 else 1
    low, high = (number(float(ends[name]), digits) for ends in (lows, highs))
    return f"the item means of {listed[name]} run from {low} to {high}"


def _methods(rows: pd.DataFrame) -> list[str]:
    listed = conditions(rows)
    methods = list(listed.loc[listed["role"] == "method", "condition"])
    return methods or list(listed["condition"])
