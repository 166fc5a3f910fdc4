"""How the scores are distributed: two peaks, skewed residuals, and scores that crowd at the top."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from analysis.formatting import number
from analysis.models.checks.methods import list_methods
from analysis.models.checks.row import Row, make_row
from analysis.ratings.tidy import cells, conditions, iter_rows
from analysis.statistics.variance import Floats

_BIMODAL = 5 / 9
_FEW_GRADES = 11


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


def check_peaks(rows: pd.DataFrame, scale: tuple[float, float]) -> list[Row]:
    """Look for two peaks in each method's scores.

    References and anchors are at the ends of the scale, where the coefficient says little. On scales
    of a few grades the shares are seen at once, and the coefficient makes peaks of the gaps: nothing is
    looked for there.
    """
    if scale[1] - scale[0] < _FEW_GRADES and (rows["score"] == rows["score"].round()).all():
        return []
    out = []
    listed = conditions(rows)
    for row in iter_rows(listed[listed["condition"].isin(list_methods(rows))]):
        scores = rows.loc[rows["condition"] == row.condition, "score"].to_numpy(float)
        b = bimodality(scores)
        skewed = b > _BIMODAL and not has_valley(scores, scale)
        warns = b > _BIMODAL and not skewed
        two = "may have two peaks: listeners or items may fall into groups"
        sentence = f"The scores of {row.label} {two if warns else 'show no sign of two peaks'} (b = {b:.2f})."
        if skewed:
            sentence = f"The scores of {row.label} have one peak and are skewed (b = {b:.2f})."
        if np.isnan(b):
            sentence = f"The scores of {row.label} are too few or too similar to look for two peaks."
        clause = "BS.1534-3, pp. 14-31"
        out.append(make_row("bimodality", row.condition, b, _BIMODAL, warns, sentence, clause))
    return out


def check_skew(rows: pd.DataFrame) -> list[Row]:
    """Return the skewness of what listener and item leave unexplained."""
    table = cells(rows)
    table = table[table["condition"].isin(list_methods(rows))]
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
    if np.isnan(skew):
        sentence = "There are no residuals to judge the skewness by."
    return [make_row("skewness", "", skew, 0.5, size > 0.5, sentence, "BS.1534-3, attachment 4")]


def check_ceiling(rows: pd.DataFrame, scale: tuple[float, float]) -> list[Row]:
    """Return the share of the methods' scores in the top fifth of the scale."""
    scores = rows.loc[rows["condition"].isin(list_methods(rows)), "score"]
    limit = scale[0] + 0.8 * (scale[1] - scale[0])
    share = float((scores >= limit).mean())
    meaning = ": the test may not separate the methods" if share > 0.5 else ""
    sentence = f"{100 * share:.0f} % of the methods' scores are in the top fifth of the scale{meaning}."
    return [make_row("ceiling", "", share, 0.5, share > 0.5, sentence, "BS.1534-3, p. 25")]
