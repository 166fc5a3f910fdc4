"""Tables for a paper, in LaTeX with booktabs."""

from __future__ import annotations

import math

import pandas as pd

from analysis.formatting import number
from analysis.ratings.tidy import iter_rows
from analysis.report.staging import file_name

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",  # without a T1 font a < in text is printed as ¡
    ">": "$>$",
    "|": r"\textbar{}",
    "−": "$-$",
    "×": r"$\times$",
    "χ": r"$\chi$",
    "∞": r"$\infty$",
    "′": "$'$",
    "\u202f": r"\,",
}
_SPECIAL |= {sign: f"\\{sign}" for sign in "&%$#_{}"}


def latex_mos(table: pd.DataFrame, digits: int = 1, scale: str | None = None) -> str:
    """Return the MOS table as LaTeX: condition, number of ratings, mean and interval.

    Args:
        table: From `mos`.
        digits: Decimals of the scores.
        scale: What was rated, for the caption and the label; None if there is nothing to be told apart.
    """
    rows = [
        f"{escape(row.label)} & {row.n_ratings} & {_number(row.mos, digits)} & "
        f"{_interval(row.ci_low, row.ci_high, digits)} \\\\"
        for row in iter_rows(table)
    ]
    about = f"{escape(table['interval'].iloc[0])}: {escape(table['about'].iloc[0])}"
    caption = f"Mean opinion scores{_of(scale)} with 95\\,\\% intervals ({about})."
    return _table(
        caption,
        _label("tab:mos", scale),
        "lrrc",
        "Condition & Ratings & MOS & 95\\,\\% interval",
        rows,
        table,
    )


def latex_comparisons(table: pd.DataFrame, digits: int = 1, scale: str | None = None) -> str:
    """Return the pairwise differences as LaTeX: pair, difference, interval and corrected p value.

    Args:
        table: From `compare`.
        digits: Decimals of the differences.
        scale: As in `latex_mos`.
    """
    rows = [
        f"{escape(row.label_a)} $-$ {escape(row.label_b)} & {_number(row.difference, digits)} & "
        f"{_interval(row.ci_low, row.ci_high, digits)} & {_p(row.p)} \\\\"
        for row in iter_rows(table)
    ]
    head = "Pair & Difference & 95\\,\\% interval & $p$"
    together, correction = int(table["together"].iloc[0]), str(table["correction"].iloc[0])
    corrected = "uncorrected" if correction == "none" else f"corrected by {correction.capitalize()}"
    caption = (
        f"Paired differences{_of(scale)} in points with "
        f"{'simultaneous ' if together > 1 else ''}95\\,\\% intervals and "
        f"$p$ values ({escape(table['test'].iloc[0])}, {corrected}), about {escape(table['about'].iloc[0])}."
    )
    return _table(caption, _label("tab:differences", scale), "lrcr", head, rows, table)


def _of(scale: str | None) -> str:
    return "" if scale is None else f" of {escape(scale)}"


def _label(label: str, scale: str | None) -> str:
    return label if scale is None else f"{label}-{file_name(scale)}"


def escape(text: object) -> str:
    """Escape text for LaTeX."""
    return "".join(_SPECIAL.get(sign, sign) for sign in str(text))


def _table(caption: str, label: str, columns: str, head: str, rows: list[str], table: pd.DataFrame) -> str:
    said = caption + (" SIMULATED ratings." if bool(table["simulated"].any()) else "")
    lines = [
        "\\begin{table}", "  \\centering", f"  \\caption{{{said}}}", f"  \\label{{{label}}}",
        f"  \\begin{{tabular}}{{{columns}}}", "    \\toprule", f"    {head} \\\\", "    \\midrule",
        *[f"    {row}" for row in rows], "    \\bottomrule", "  \\end{tabular}", "\\end{table}", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _interval(low: float, high: float, digits: int) -> str:
    return "--" if math.isnan(low) else f"{_number(low, digits)} to {_number(high, digits)}"


def _number(value: float, digits: int) -> str:
    """A number with a minus sign, which in text mode is a hyphen."""
    return "--" if math.isnan(value) else escape(number(value, digits))


def _p(p: float) -> str:
    return "--" if math.isnan(p) else "$<0.0001$" if p < 0.0001 else f"{p:.4f}"
