"""Groups of listeners: do they differ, and do they differ in how they rate the conditions?

Each listener belongs to one group, so that groups are compared over listeners and conditions within them: a
split-plot analysis of each listener's mean per condition, over the pages on which all conditions were rated.
The error term of the groups is listeners within groups, that of the conditions and of group x condition is
listeners x conditions within groups (Maxwell, Delaney & Kelley 2018, chapter 12).
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import linalg, stats

from analysis.errors import DesignError
from analysis.formatting import number, p_in_words
from analysis.models.shared_pages import average_shared_pages
from analysis.ratings.selection import choose_conditions
from analysis.ratings.tidy import conditions, is_simulated, scale_of, select_rated
from analysis.statistics.corrections import adjust
from analysis.statistics.intervals import LEVEL
from analysis.statistics.populations import OF_INTERVAL
from analysis.statistics.variance import Floats

NEW_LISTENERS = OF_INTERVAL["listener"]


def analyse_groups(
    frame: pd.DataFrame, column: str, *, attribute: str | None = None, among: list[str] | None = None
) -> pd.DataFrame:
    """Test groups, conditions and their interaction by a split-plot analysis of variance.

    Args:
        frame: Tidy ratings.
        column: What tells the groups apart, such as the questionnaire column `q_expert`.
        attribute: The scale, if the frame has several.
        among: Conditions to compare; by default the methods, all conditions if there are fewer than two.

    Returns:
        Rows `group`, `condition` and `group x condition` with `effect, statistic, df1, df2, p, epsilon_gg,
        p_gg, n_listeners, sentence, about, simulated`. Epsilon is Greenhouse and Geisser's, of the covariance
        within groups. With groups of different sizes, `condition` is about the mean over listeners.

    Raises:
        DesignError: No such column, a listener in two groups, fewer than two conditions, or fewer than two
            groups of two listeners.
    """
    means, group = _listener_means(frame, column, attribute, among)
    codes, names = pd.factorize(group, sort=True)
    values = means.to_numpy(float)
    n, k = values.shape
    inside = np.eye(len(names))[codes]
    sizes = inside.sum(axis=0)
    df = float(n - len(names))
    overall = values.sum(axis=1, keepdims=True) / k**0.5
    contrasts = values @ linalg.helmert(k).T
    parts = []
    for turned in (overall, contrasts):
        of_group = inside.T @ turned / sizes[:, None]
        rest = turned - of_group[codes]
        between = float((sizes[:, None] * (of_group - turned.mean(axis=0)) ** 2).sum())
        parts.append((between, rest))
    epsilon = _greenhouse_geisser(parts[1][1])
    common = n * float((contrasts.mean(axis=0) ** 2).sum())
    rows = [
        _row("group", parts[0][0], len(names) - 1.0, parts[0][1], df, np.nan),
        _row("condition", common, k - 1.0, parts[1][1], df * (k - 1), epsilon),
        _row(
            "group x condition", parts[1][0], (len(names) - 1.0) * (k - 1), parts[1][1], df * (k - 1), epsilon
        ),
    ]
    what = column.removeprefix("q_")
    table = pd.DataFrame(rows).assign(n_listeners=n)
    table["sentence"] = [_describe(row, what) for row in rows]
    return table.assign(about=NEW_LISTENERS, simulated=is_simulated(frame))


def compare_groups(
    frame: pd.DataFrame,
    column: str,
    *,
    attribute: str | None = None,
    among: list[str] | None = None,
    correction: str = "holm",
    level: float = LEVEL,
) -> pd.DataFrame:
    """Compare the groups on each condition by Welch's t test over the listeners' mean scores.

    Args:
        frame: Tidy ratings.
        column: What tells the groups apart.
        attribute: The scale, if the frame has several.
        among: Conditions to compare on; by default the methods, all conditions if there are fewer than two.
        correction: `holm`, `hochberg` or `none`, over all rows.
        level: Coverage of the intervals, simultaneous (Bonferroni) if p values are corrected.

    Returns:
        One row per condition and pair of groups: `condition, label, group_a, group_b, n_a, n_b, mean_a,
        mean_b, difference, ci_low, ci_high, df, p, p_uncorrected, correction, sentence, about, simulated`.

    Raises:
        DesignError: As `analyse_groups`.
    """
    means, group = _listener_means(frame, column, attribute, among)
    listed = conditions(select_rated(frame, attribute))
    labels = dict(zip(listed["condition"], listed["label"], strict=True))
    pairs = list(combinations(sorted(group.unique()), 2))
    together = 1 if correction == "none" else means.shape[1] * len(pairs)
    rows = []
    for name in means.columns:
        for a, b in pairs:
            first, second = (means.loc[group == end, name].to_numpy(float) for end in (a, b))
            found = _welch(first, second, (1 - level) / together)
            rows.append({"condition": name, "label": labels[name], "group_a": a, "group_b": b, **found})
    table = pd.DataFrame(rows)
    table["p_uncorrected"] = table["p"]
    table["p"] = adjust(table["p"].to_numpy(float), correction)
    low, high = scale_of(select_rated(frame, attribute))
    digits = 1 if high - low > 10 else 2
    what = column.removeprefix("q_")
    table["sentence"] = [
        f"{row['label']}: {what} = {row['group_a']} rates it {number(abs(row['difference']), digits)} "
        f"{'higher' if row['difference'] >= 0 else 'lower'} than {what} = {row['group_b']} "
        f"({p_in_words(row['p'])})."
        for row in table.to_dict("records")
    ]
    return table.assign(correction=correction, about=NEW_LISTENERS, simulated=is_simulated(frame))


def _listener_means(
    frame: pd.DataFrame, column: str, attribute: str | None, among: list[str] | None
) -> tuple[pd.DataFrame, pd.Series[str]]:
    """Each listener's mean per condition [listeners, conditions] over complete pages, and the groups."""
    rows = select_rated(frame, attribute)
    if column not in rows:
        known = ", ".join(name for name in rows.columns if name.startswith("q_")) or "no questionnaire column"
        raise DesignError(f"the ratings have no column {column!r} to group listeners by; found {known}")
    groups = rows.dropna(subset=column).groupby("listener")[column].agg(lambda values: sorted(set(values)))
    several = groups[groups.map(len) > 1]
    if len(several):
        values = ", ".join(map(str, several.iloc[0]))
        raise DesignError(
            f"listener {several.index[0]!r} has several values of {column!r} ({values}); expected one per "
            "listener"
        )
    chosen = choose_conditions(rows, among)
    means = average_shared_pages(frame, chosen, attribute)
    means = means[means.index.isin(groups.index)]
    group = groups.map(lambda values: str(values[0])).reindex(means.index)
    sizes = group.value_counts()
    if len(chosen) < 2 or len(sizes) < 2 or sizes.min() < 2:
        counted = ", ".join(f"{name!r}: {size}" for name, size in sizes.head(6).items()) or "none"
        raise DesignError(
            f"groups by {column!r} need two conditions and two listeners in each of two groups or more; "
            f"found {len(chosen)} conditions and listeners {counted}"
        )
    return means, group


def _row(
    effect: str, between: float, df1: float, rest: Floats, df2: float, epsilon: float
) -> dict[str, float | str]:
    within = float((rest**2).sum())
    f = (between / df1) / (within / df2) if within > 1e-12 * max(between, 1.0) else np.nan
    return {
        "effect": effect, "statistic": f, "df1": df1, "df2": df2, "p": float(stats.f.sf(f, df1, df2)),
        "epsilon_gg": epsilon, "p_gg": float(stats.f.sf(f, df1 * epsilon, df2 * epsilon)),
    }  # fmt: skip


def _greenhouse_geisser(rest: Floats) -> float:
    square = rest.T @ rest
    total = float((square**2).sum())
    return float(np.trace(square) ** 2 / (len(square) * total)) if total > 0 else float("nan")


def _describe(row: dict[str, float | str], what: str) -> str:
    p = float(row["p"] if row["effect"] == "group" else row["p_gg"])
    corrected = "" if row["effect"] == "group" else ", Greenhouse and Geisser"
    found = p < 0.05
    said = {
        "group": f"Mean scores {'differ' if found else 'are not shown to differ'} between groups by {what}",
        "condition": f"Conditions {'differ' if found else 'are not shown to differ'} over all listeners",
        "group x condition": "Differences between conditions "
        f"{'depend' if found else 'are not shown to depend'} on {what}",
    }[str(row["effect"])]
    f = f"F({row['df1']:.0f}, {row['df2']:.0f}) = {number(float(row['statistic']), 2)}"
    return f"{said} ({f}, {p_in_words(p)}{corrected}; {NEW_LISTENERS})."


def _welch(a: Floats, b: Floats, alpha: float) -> dict[str, float]:
    parts = [(len(x), float(x.var(ddof=1))) for x in (a, b)]
    errors = [variance / n for n, variance in parts]
    se = sum(errors) ** 0.5
    gap = float(a.mean() - b.mean())
    out = {
        "n_a": len(a),
        "n_b": len(b),
        "mean_a": float(a.mean()),
        "mean_b": float(b.mean()),
        "difference": gap,
    }
    if se < 1e-12:
        return {**out, "ci_low": np.nan, "ci_high": np.nan, "df": np.nan, "p": np.nan}
    df = sum(errors) ** 2 / sum(error**2 / (n - 1) for error, (n, _) in zip(errors, parts, strict=True))
    half = float(stats.t.ppf(1 - alpha / 2, df)) * se
    p = float(2 * stats.t.sf(abs(gap) / se, df))
    return {**out, "ci_low": gap - half, "ci_high": gap + half, "df": df, "p": p}
