"""The report on difference grades (`bs1116`)."""

from __future__ import annotations

import pandas as pd

from analysis.choices.difference_grade import expertise
from analysis.errors import DesignError
from analysis.formatting import group_digits, number, p_in_words
from analysis.models.compare import compare
from analysis.models.mos import mos
from analysis.ratings.names import DIFFERENCE
from analysis.ratings.tidy import is_simulated, iter_rows, select_rated
from analysis.report.choices import words
from analysis.report.choices.findings import Drawing, Findings, Latex, Listing, Section
from analysis.report.choices.pair_tables import DIFFERENCE_COLUMNS, INTERVAL, NOTE, PANEL, P, list_values
from analysis.report.html_tables import Column
from analysis.report.results import Options

_GRADES = [
    Column("label", "Condition"), Column("mos", "Difference grade", "score"),
    INTERVAL, Column("sd", "SD", "score"), *PANEL, Column("n_ratings", "Trials", "count"), NOTE,
]  # fmt: skip
_LISTENERS = [
    Column("listener", "Listener"), Column("mean", "Mean grade", "score"), Column("t", "t", "effect"),
    P, Column("identified", "Object below reference", "count"),
    Column("n", "Trials", "count"), Column("hears", "Hears the impairment"),
]  # fmt: skip
_ENDS = (-4.0, 0.0)


def describe_difference_grades(frame: pd.DataFrame, options: Options) -> Findings:
    """Analyse difference grades and put the result into words.

    Args:
        frame: Tidy ratings with the attribute `difference`.
        options: Interval and correction.

    Raises:
        DesignError: There is no difference grade.
    """
    rows = select_rated(frame, DIFFERENCE)
    table = mos(rows, interval=options.interval, order=options.order, draws=options.draws, seed=options.seed)
    heard = expertise(rows).assign(simulated=is_simulated(frame))
    sections = [_grades(table, options)]
    differences = _differences(rows, options)
    if differences is not None:
        sections.append(differences)
    sections.append(_listeners(heard))
    return Findings(
        test="how annoying a small impairment is",
        headline=[*_headline(table), f"Intervals are about {words.about(options)}."],
        counts=[
            ("listeners", str(rows["listener"].nunique())), ("items", str(rows["item"].nunique())),
            ("conditions", str(len(table))), ("trials", group_digits(len(rows))),
        ],
        sections=sections,
        methods=_methods(rows, table, options, len(sections) > 2),
        latex=_latex(table),
        listeners=rows["listener"].nunique(),
    )  # fmt: skip


def _headline(table: pd.DataFrame) -> list[str]:
    found = []
    for row in iter_rows(table):
        grade = f"{number(row.mos, 2)} (95 % interval {words.ends(row.ci_low, row.ci_high)})"
        said = f"{row.label} has a mean difference grade of {grade}"
        if row.ci_high < 0:
            found.append(f"{said}: the impairment is heard.")
        elif row.ci_low > 0:
            found.append(f"{said}: listeners took the reference for the impaired sound.")
        elif row.ci_low == row.ci_low:
            found.append(f"{said}: the grades do not show that the impairment is heard.")
        else:
            found.append(f"{said}.")
    return found


def _grades(table: pd.DataFrame, options: Options) -> Section:
    from analysis.figures.choices import plot_scale

    drawn = table.assign(name=table["label"], centre=table["mos"], low=table["ci_low"], high=table["ci_high"])
    ends = (min(_ENDS[0], float(table["ci_low"].min())), max(_ENDS[1], float(table["ci_high"].max())))
    note = (
        "0: imperceptible, −1: perceptible but not annoying, −2: slightly annoying, −3: annoying, −4: very "
        "annoying."
    )
    return Section(
        "Difference grades",
        [],
        [
            Drawing(
                "grades", lambda: plot_scale(drawn, label="Difference grade", ends=ends),
                f"Mean difference grades with 95 % intervals about {words.about(options)}. {note}",
                f"Difference grades: {list_values(table, 'label', 'mos')}.",
            )
        ],
        [Listing("grades", table.drop(columns=["df"]), _GRADES, "Mean difference grades", note, 2)],
    )  # fmt: skip


def _differences(rows: pd.DataFrame, options: Options) -> Section | None:
    try:
        table = compare(rows, correction=options.correction)
    except DesignError:
        return None
    clear = table["p"] < 0.05
    said = list(table.loc[clear, "sentence"]) or ["The grades do not distinguish any two conditions."]
    columns = Listing("differences", table, DIFFERENCE_COLUMNS, "Differences of conditions in grades", "", 2)
    return Section("Differences between conditions", said, [], [columns])


def _listeners(table: pd.DataFrame) -> Section:
    unsure = table[~table["hears"]]
    said = [
        f"The difference grades of {len(table) - len(unsure)} of {words.count(len(table), 'listener')} are "
        "below 0 (one-sided t test, 5 %)."
    ]
    if len(unsure):
        shown = [
            f"{row.listener} ({p_in_words(row.p)})" if row.p == row.p else str(row.listener)
            for row in iter_rows(unsure)
        ]
        said.append(
            f"Those of {words.join_names(shown)} cannot be distinguished from guessing. They count here; the "
            "post-screening of ITU-R BS.1116-3 may leave them out."
        )
    return Section(
        "Listeners", said, [], [Listing("listeners", table, _LISTENERS, "Grades of each listener", "", 2)]
    )


def _methods(rows: pd.DataFrame, table: pd.DataFrame, options: Options, compared: bool) -> str:
    sentences = [
        f"{rows['listener'].nunique()} listeners graded {len(table)} conditions of {rows['item'].nunique()} "
        "items in double-blind triple-stimulus trials with hidden reference (ITU-R BS.1116-3), on the "
        "five-grade impairment scale.",
        "The difference grade is the grade of the object minus that of the hidden reference; its 95 % "
        f"intervals {words.mean_model(options)}, and speak about {words.about(options)}.",
    ]
    if compared:
        pairs = len(table) * (len(table) - 1) // 2
        sentences.append(
            f"{'Conditions were compared in pairs' if pairs > 1 else 'The two were compared'} by the same "
            "model"
            f"{', with the variances of all pairs moderating one another (Smyth, 2004)' if pairs > 1 else ''}"
            f"{words.correction_in_words(options, pairs, 'pairs')}."
        )
    sentences.append("A one-sided t test of each listener's difference grades is reported.")
    return " ".join(sentences)


def _latex(table: pd.DataFrame) -> Latex:
    rows = [
        [row.label, str(row.n_ratings), number(row.mos, 2), words.ends(row.ci_low, row.ci_high)]
        for row in iter_rows(table)
    ]
    head = ["Condition", "Trials", "Difference grade", r"95\,\% interval"]
    return Latex("Mean difference grades (ITU-R BS.1116-3).", "lrrc", head, rows)
