"""The report on an adaptive ABX test: thresholds in levels of a series, 1 being the hardest."""

from __future__ import annotations

import math

import pandas as pd

from analysis.choices.thresholds import ALL_ITEMS, Rule, infer_rule, thresholds
from analysis.formatting import group_digits, number, percent
from analysis.ratings.choices import tracks_of
from analysis.ratings.labels import item_labels
from analysis.ratings.names import LEVEL
from analysis.ratings.tidy import is_simulated, iter_rows
from analysis.report.choices import words
from analysis.report.choices.findings import Drawing, Findings, Latex, Listing, Section
from analysis.report.html_tables import Column
from analysis.report.results import Options

_COLUMNS = [
    Column("name", "Item"), Column("threshold", "Threshold (level)", "effect"),
    Column("ci", "95 % interval", "effects"), Column("spread", "SD of tracks", "effect"),
    Column("ended", "Tracks that ended", "count"), Column("tracks", "Tracks", "count"),
    Column("trials", "Trials per track", "effect"), Column("note", "Note", spare=True),
]  # fmt: skip
_LEVELS = [
    Column("level", "Level", "count"), Column("sounds", "Sounds"), Column("n", "Trials", "count"),
    Column("percent", "Right (%)", "effect"),
]  # fmt: skip

_CHOSEN_BY_ANSWERS = 0.05


def describe_thresholds(frame: pd.DataFrame, options: Options) -> Findings:
    """Analyse the tracks of a staircase and put the result into words.

    Args:
        frame: Tidy ratings with the attributes `level`, `correct` and `threshold`.
        options: Interval.

    Raises:
        DesignError: See `tracks_of`.
    """
    trials, tracks = tracks_of(frame)
    rule = infer_rule(trials)
    labels = item_labels(frame[frame["attribute"] == LEVEL])
    levels = _count_levels(frame, trials)
    ends = (1.0, float(levels["level"].max()))
    table = thresholds(tracks, interval=options.interval, scale=ends)
    table = table.assign(
        name=table["item"].map(lambda item: labels.get(item, item)), simulated=is_simulated(frame)
    )
    return Findings(
        test="from which level on a difference can be heard",
        headline=_headline(table, levels, rule, options),
        counts=[
            ("listeners", str(tracks["listener"].nunique())), ("items", str(tracks["item"].nunique())),
            ("levels", str(len(levels))), ("answers", group_digits(len(trials))),
        ],
        sections=[_section(table, len(levels), options), _levels(levels, is_simulated(frame))],
        methods=_methods(trials, tracks, levels, rule, options),
        latex=_latex(table),
        listeners=tracks["listener"].nunique(),
    )  # fmt: skip


def _count_levels(frame: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """Return the sounds of each level, how often it was heard, and the share of right answers."""
    labels = words.labels_of(frame)
    rows = frame[(frame["attribute"] == LEVEL) & (frame["kind"] == "trial")]
    sounds = rows.groupby("score")["condition"].agg(
        lambda names: words.join_names(labels[name] for name in sorted(set(names)))
    )
    found = trials.groupby("level")["correct"].agg(["size", "mean"])
    table = found.rename(columns={"size": "n"}).assign(sounds=sounds, percent=100 * found["mean"])
    return table.drop(columns="mean").reset_index().astype({"level": int})


def _headline(table: pd.DataFrame, levels: pd.DataFrame, rule: Rule | None, options: Options) -> list[str]:
    row = next(iter_rows(table))
    whom = words.about(options) if row.item == ALL_ITEMS else "new listeners, this item"
    if row.ended == 0:
        return [
            f"None of {words.count(row.tracks, 'track')} ended: there is no threshold. Perhaps every level "
            "of the series is easier, or harder, than what listeners can just hear."
        ]
    share = "" if rule is None else f", where {percent(rule.target)} of the answers are right,"
    whose = "" if row.item == ALL_ITEMS or len(table) > 1 else f" of {row.name}"
    found = [
        f"The threshold{whose}{share} is at level {number(row.threshold, 2)} (95 % interval "
        f"{words.ends(row.ci_low, row.ci_high)}, {whom}){_name_neighbours(row.threshold, levels)}."
    ]
    found += warn_of_ends(levels, rule)
    if row.ended < row.tracks:
        found.append(
            f"{row.tracks - row.ended} of {words.count(row.tracks, 'track')} did not end and have no "
            "threshold; if they are those of the best or the worst listeners, the mean is biased."
        )
    return found


def warn_of_ends(levels: pd.DataFrame, rule: Rule | None) -> list[str]:
    """Say if even the hardest level is too easy, or the easiest too hard, so that tracks stayed at an end.

    Args:
        levels: From the hardest on, with `level`, `n` (answers) and `percent` (right).
        rule: Of the staircase; without one, nothing is known of where it settles.
    """
    if rule is None:
        return []
    found = []
    for row, sign, is_end, needed in (
        (levels.iloc[0], 1, "easier", "harder"), (levels.iloc[-1], -1, "harder", "easier"),
    ):  # fmt: skip
        # The levels were chosen by the answers, which moves their shares by a few percent.
        doubt = 2 * math.sqrt(0.25 / row["n"]) + _CHOSEN_BY_ANSWERS
        if sign * (row["percent"] / 100 - rule.target) > doubt:
            found.append(
                f"Level {int(row['level'])} is {is_end} than that ({percent(row['percent'] / 100)} of "
                f"{words.count(int(row['n']), 'answer')} were right): the threshold lies outside the series, "
                f"which needs {needed} pairs, and the level given here is only where tracks met its end."
            )
    return found


def _name_neighbours(threshold: float, levels: pd.DataFrame) -> str:
    """Name the sounds of the levels around a threshold."""
    known = dict(zip(levels["level"], levels["sounds"], strict=True))
    low, high = int(threshold), int(threshold) + 1
    if threshold == low and low in known:
        return f", the level of {known[low]}"
    if low in known and high in known:
        return f", between {known[low]} (level {low}) and {known[high]} (level {high})"
    return ""


def _section(table: pd.DataFrame, levels: int, options: Options) -> Section:
    from analysis.figures.choices import plot_scale

    drawn = table[table["ended"] > 0]
    drawn = drawn.assign(
        condition=drawn["item"], role="method", centre=drawn["threshold"], low=drawn["ci_low"],
        high=drawn["ci_high"],
    )  # fmt: skip
    spoken = "; ".join(
        f"{row.name} {number(row.threshold, 2)} ({words.ends(row.ci_low, row.ci_high)})"
        for row in iter_rows(drawn)
    )
    figures = [
        Drawing(
            "thresholds",
            lambda: plot_scale(drawn, label="Threshold (level, 1 is the hardest)", ends=(1, levels)),
            f"Thresholds with 95 % intervals: of all items about {words.about(options)}, of one item about "
            "new listeners.",
            f"Thresholds: {spoken}.",
        )
    ]
    note = "A level is a pair's place in the series; distances between levels are those of the series."
    listing = Listing("thresholds", table, _COLUMNS, "Thresholds", note, digits=2)
    return Section("Thresholds", [], figures if len(drawn) else [], [listing])


def _levels(levels: pd.DataFrame, simulated: bool) -> Section:
    said = (
        "The levels were chosen by the answers, so that these shares do not say how audible a level is: a "
        "listener comes back to a hard level after luck, and leaves it after bad luck."
    )
    table = levels.assign(simulated=simulated)
    return Section("Levels", [said], [], [Listing("levels", table, _LEVELS, "What was heard at each level")])


def _methods(
    trials: pd.DataFrame, tracks: pd.DataFrame, levels: pd.DataFrame, rule: Rule | None, options: Options
) -> str:
    how = "a staircase"
    if rule is not None:
        up = "one level" if rule.weight == 1 else f"{rule.weight:g} levels"
        right = "a right answer" if rule.down == 1 else f"{rule.down} right answers in a row"
        how = (
            f"a staircase in which {right} led to the next harder level and a wrong one back by {up}, so "
            f"that levels settle at {number(100 * rule.target, 1)} % right answers (Levitt, 1971"
            + ("" if rule.weight == 1 else "; Kaernbach, 1991") + ")"
        )  # fmt: skip
    ended = int(tracks["threshold"].notna().sum())
    model = {
        "two-way": "with listeners and items as random (Tsui and Weerahandi, 1989)",
        "listener": "over listeners, the items taken as fixed",
        "item": "over items, the listeners taken as fixed",
    }[options.interval]
    return (
        f"{tracks['listener'].nunique()} listeners gave {len(trials)} answers about "
        f"{tracks['item'].nunique()} items and a series of {len(levels)} pairs of sounds in an ABX test "
        f"(Clark, 1982) with {how}. A track ended after eight reversals, and its threshold is "
        "the mean level of the last six; "
        f"{ended} of {len(tracks)} tracks ended. The 95 % interval of the mean threshold is estimated "
        f"{model}."
    )


def _latex(table: pd.DataFrame) -> Latex:
    rows = [
        [
            str(row.name),
            number(row.threshold, 2),
            words.ends(row.ci_low, row.ci_high),
            f"{row.ended} of {row.tracks}",
        ]
        for row in iter_rows(table)
    ]
    head = ["Item", "Threshold", r"95\,\% interval", "Tracks that ended"]
    return Latex("Thresholds of the adaptive ABX test, in levels of the series.", "lrrr", head, rows)
