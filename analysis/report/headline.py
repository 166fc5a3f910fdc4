"""What a reader takes away from a report: at most three sentences, each about one population."""

from __future__ import annotations

from analysis.formatting import number
from analysis.ratings.tidy import conditions, iter_rows
from analysis.report.results import Results


def headline(results: Results) -> list[str]:
    """Return the highest mean, what it is distinguished from, and whether that depends on the item."""
    listed = conditions(results.screened)
    names = list(listed.loc[listed["role"] == "method", "condition"]) or list(listed["condition"])
    table = results.mos[results.mos["condition"].isin(names)]
    best = next(iter_rows(table.sort_values("mos", ascending=False, kind="stable")))
    digits = results.digits
    ends = f"{number(best.ci_low, digits)} to {number(best.ci_high, digits)}"
    known = f"95 % interval {ends}, {best.about}" if best.ci_low == best.ci_low else f"interval {best.note}"
    what = "methods" if "method" in set(listed["role"]) else "conditions"
    among = f"Of the {len(names)} {what}, {best.label} has" if len(names) > 1 else f"{best.label} has"
    highest = "the highest mean" if len(names) > 1 else "the mean"
    apart = "" if _on_the_same_items(results) else "; not every condition was rated on every item"
    return [
        f"{among} {highest}: {number(best.mos, digits)} ({known}{apart}).",
        *_describe_distinguished(results, best.condition, best.label, names),
        *_describe_by_item(results),
    ]


def _on_the_same_items(results: Results) -> bool:
    if "assumptions" not in results.tables:
        return True
    rows = results.tables["assumptions"]
    return not rows.loc[rows["check"] == "same items", "warns"].any()


def _describe_distinguished(results: Results, best: str, label: str, names: list[str]) -> list[str]:
    if "comparisons" not in results.tables or len(names) < 2:
        return []
    rows = results.tables["comparisons"]
    rows = rows[((rows["condition_a"] == best) | (rows["condition_b"] == best)) & rows["p"].notna()]
    rows = rows[rows["condition_a"].isin(names) & rows["condition_b"].isin(names)]
    if rows.empty:
        return []
    above = (rows["condition_a"] == best) == (rows["difference"] > 0)
    clear = rows[(rows["p"] < 0.05) & above]
    correction = rows["correction"].iloc[0]
    how = f"p < 0.05{'' if correction == 'none' else f', {correction.capitalize()}'}, {rows['about'].iloc[0]}"
    if clear.empty:
        whom = "the other one" if len(rows) == 1 else f"any of the {len(rows)} others"
        return [f"The ratings do not distinguish {label} from {whom} ({how})."]
    if len(clear) == len(rows):
        few = {1: "the other one", 2: "both others"}
        whom = few.get(len(rows), f"all {len(rows)} others")
    else:
        whom = f"{len(clear)} of the {len(rows)} others"
    return [f"It is distinguished from {whom} ({how})."]


def _describe_by_item(results: Results) -> list[str]:
    if "assumptions" not in results.tables:
        return []
    rows = results.tables["assumptions"]
    return list(rows.loc[(rows["check"] == "item x condition") & rows["warns"], "sentence"])
