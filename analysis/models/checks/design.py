"""Whether the design compares like with like, and whether differences between methods depend on the item."""

from __future__ import annotations

import pandas as pd

from analysis.errors import DesignError
from analysis.formatting import number, p_in_words
from analysis.models.anova import omnibus
from analysis.models.checks.methods import list_methods
from analysis.models.checks.row import Row, make_row
from analysis.models.item_condition import item_condition_test
from analysis.ratings.tidy import cells, conditions


def check_items(rows: pd.DataFrame) -> list[Row]:
    """Return the share of item x condition that was rated: means over different items differ with them."""
    share = len(rows.drop_duplicates(["item", "condition"])) / (
        rows["item"].nunique() * rows["condition"].nunique()
    )
    sentence = (
        "Every condition was rated on every item."
        if share == 1
        else "Not every condition was rated on every item: the means are over different items, while the "
        "differences are within items."
    )
    return [make_row("same items", "", share, 1.0, share < 1, sentence, "BS.1534-3, p. 13")]


def check_anchors(rows: pd.DataFrame, scale: tuple[float, float]) -> list[Row]:
    """Return how far apart the mean scores of the two anchors are, in points of 100; nothing without both."""
    means = rows.groupby("role")["score"].mean()
    if not {"low_anchor", "mid_anchor"} <= set(means.index):
        return []
    distance = float(means["mid_anchor"] - means["low_anchor"]) / (scale[1] - scale[0]) * 100
    warns = distance < 20
    verdict = (
        "less than the 20 to 30 points that are expected" if warns else "as expected (20 points or more)"
    )
    sentence = f"The anchors are {distance:.0f} points apart on a scale of 100, {verdict}."
    clause = "BS.1534-3, attachment 5, p. 34"
    return [make_row("anchor distance", "", distance, 20.0, warns, sentence, clause)]


def check_interaction(rows: pd.DataFrame) -> list[Row]:
    """Test item x condition: by F if all listeners rated everything, otherwise by the mixed model."""
    table = cells(rows)
    table = table[table["condition"].isin(list_methods(rows))]
    try:
        statistic, p, how = _test_interaction(rows, table)
    except DesignError:
        return []
    warns = p < 0.05
    verdict = (
        f"depend on the item: {_describe_widest(rows, table)}. Look at the scores per item before trusting "
        "the overall mean"
        if warns
        else "do not notably depend on the item"
    )
    sentence = f"Differences between methods {verdict} ({how})."
    clause = "BS.1534-3, pp. 3 and 25"
    return [make_row("item x condition", "", statistic, float("nan"), warns, sentence, clause)]


def _test_interaction(rows: pd.DataFrame, table: pd.DataFrame) -> tuple[float, float, str]:
    if len(table) == table["listener"].nunique() * table["item"].nunique() * table["condition"].nunique():
        tests = omnibus(rows)
        both = tests[tests["effect"] == "condition x item"]
        if not both.empty and both["statistic"].notna().all():
            f, p = float(both["statistic"].iloc[0]), float(both["p_gg"].iloc[0])
            how = f"F = {number(f, 2)}, Greenhouse-Geisser {p_in_words(p)}; new listeners, these items"
            return f, p, how
    ratio, p, sd = item_condition_test(rows)
    return ratio, p, f"mixed model, SD {number(sd, 1)} points, {p_in_words(p)}; new listeners and items"


def _describe_widest(rows: pd.DataFrame, table: pd.DataFrame) -> str:
    """Name the method whose mean differs most between items."""
    means = table.groupby(["condition", "item"])["score"].mean().unstack()
    lows, highs = means.min(axis=1), means.max(axis=1)
    name = str((highs - lows).idxmax())
    listed = conditions(rows).set_index("condition")["label"]
    digits = 0 if table["score"].max() > 10 else 1
    low, high = (number(float(ends[name]), digits) for ends in (lows, highs))
    return f"the item means of {listed[name]} run from {low} to {high}"
