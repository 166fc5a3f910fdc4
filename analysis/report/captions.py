"""Whom the numbers of each table and figure speak about, as parts of captions."""

from __future__ import annotations

from analysis.report.results import Results
from analysis.statistics.populations import MEANING, OF_INTERVAL


def captions(results: Results) -> dict[str, str]:
    """Return the part of each caption that says what its intervals and p values are, and for whom.

    `meaning` is a sentence of its own: what the intervals of the scores promise, empty if there are none.
    """
    about = OF_INTERVAL[results.options.interval]
    found = {"mos": f"95 % intervals, {results.options.interval}: {about}"}
    found["meaning"] = MEANING[about] if results.mos["ci_low"].notna().any() else ""
    for name in results.options.by:
        table = results.tables.get(f"by_{name}")
        if table is not None:
            found[f"by_{name}"] = f"95 % intervals, {table['interval'].iloc[0]}: {table['about'].iloc[0]}"
    if "comparisons" in results.tables:
        found["comparisons"] = _of_differences(results)
    return found


def _of_differences(results: Results) -> str:
    table = results.tables["comparisons"]
    together, about = int(table["together"].iloc[0]), str(table["about"].iloc[0])
    intervals = "95 % intervals" if together == 1 else f"simultaneous 95 % intervals of {together} pairs"
    correction = results.options.correction
    corrected = (
        "uncorrected"
        if correction == "none"
        else f"corrected by {correction.capitalize()} over {together} pair{'' if together == 1 else 's'}"
    )
    return f"{intervals} and p values {corrected}, both about {about}"
