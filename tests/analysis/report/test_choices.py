"""The report on choices: right sentences, the standard of each test, no mean opinion score of a choice."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pandas as pd
import pytest

from analysis import (
    DesignError,
    Options,
    count_pairs,
    discrimination,
    load_ratings,
    mos,
    pair_scale,
    write_report,
)
from analysis.ratings.choices import pairs_of, trials_of
from analysis.report.choices.findings import Latex
from analysis.report.choices.write import ChoiceResults, _latex, analyse_choices
from tests.analysis.choices.simulated import draw_pairs
from tests.analysis.choices.tables import draw_table
from tests.analysis.html import Balanced
from tests.analysis.ratings.test_readers import BS1116
from tests.analysis.sources import write

TESTS = ("ab", "abx", "ccr", "bs1116", "best-worst")
CITED = {
    "ab": "Korn and Graubard, 1998",
    "abx": "(Clark, 1982)",
    "ccr": "ITU-T P.800, annex E",
    "bs1116": "ITU-R BS.1116-3",
    "best-worst": "(Marley and Louviere, 2005)",
}
OPTIONS = Options(draws=200)


def report(table: pd.DataFrame, out: Path, options: Options = OPTIONS) -> tuple[ChoiceResults, str]:
    path = out / "ratings.csv"
    table.to_csv(path, index=False)
    results = write_report(load_ratings(path), out / "report", options)
    assert isinstance(results, ChoiceResults)
    return results, (out / "report" / "index.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("drawn_figures")
@pytest.mark.parametrize("test", TESTS)
def test_each_test_has_page_tables_figures_and_latex(tmp_path: Path, test: str) -> None:
    results, page = report(draw_table(test), tmp_path)
    folder = tmp_path / "report"
    Balanced().feed(page)
    assert results.test == test
    written = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    for name, table in results.findings.tables.items():
        assert len(pd.read_csv(folder / f"{name}.csv")) == len(table) == len(written["tables"][name])
    for drawing in [drawing for section in results.findings.sections for drawing in section.figures]:
        assert {(folder / f"{drawing.name}.{end}").is_file() for end in ("svg", "pdf", "png")} == {True}
        assert drawing.alt in page.replace("&#39;", "'")
    assert len(results.findings.latex.rows) in ((folder / "results.tex").read_text().count(r" \\") - 1,)
    plain = re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", page, flags=re.DOTALL)
    assert "MOS" not in re.sub(r"CMOS", "", plain)
    assert "pinion" not in plain.replace("comparison mean opinion score", "")
    assert "SIMULATED" not in plain


def test_no_name_is_a_command_of_latex() -> None:
    """Names of conditions come from files that strangers send, and a paper's author compiles the table."""
    table = Latex("Shares.", "lr", ["Preferred", "$d'$"], [[r"$\input{/etc/passwd}$", "∞"]])
    results = SimpleNamespace(findings=SimpleNamespace(latex=table), simulated=False)
    written = _latex(cast("ChoiceResults", results), "tab:results")
    assert r"\input" not in written and r"\textbackslash{}input" in written
    assert r"$\infty$" in written and "{lr}" in written


@pytest.mark.parametrize("test", TESTS)
def test_the_paragraph_cites_the_standard_and_the_list_has_what_it_cites(tmp_path: Path, test: str) -> None:
    results, page = report(draw_table(test), tmp_path)
    assert CITED[test] in results.methods
    listed = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))["references"]
    years = set(re.findall(r"\b(1[89]\d\d|20\d\d)\b", results.methods))
    assert years <= {year for text in listed for year in re.findall(r"\b(1[89]\d\d|20\d\d)\b", text)}
    surnames = {re.split(r"[ .,]", re.sub(r"^(?:[A-Z]\.[ -]?)+", "", text).strip())[0] for text in listed}
    assert all(name in results.methods for name in surnames)
    assert all(text.split(".")[0] in page for text in listed)


@pytest.mark.parametrize("test", TESTS)
def test_simulated_choices_say_so_everywhere(tmp_path: Path, test: str) -> None:
    results, page = report(draw_table(test).assign(simulated=1), tmp_path)
    folder = tmp_path / "report"
    assert page.count("SIMULATED") >= 5
    assert results.methods.startswith("SIMULATED ratings: no person listened. ")
    assert "SIMULATED" in (folder / "results.tex").read_text()
    for name in results.findings.tables:
        assert set(pd.read_csv(folder / f"{name}.csv")["simulated"]) == {"SIMULATED"}


def test_preferences_in_words(tmp_path: Path) -> None:
    results, _ = report(draw_pairs([0.0, 2.0], n_listeners=19, n_items=6), tmp_path)
    row = results.findings.tables["preferences"].iloc[0]
    assert (row["condition_a"], row["condition_b"]) == ("c1", "c0")
    assert results.findings.headline == [
        f"c1 was preferred to c0 in {100 * row['share']:.0f} % of 114 choices (95 % interval "
        f"{100 * row['ci_low']:.0f} to {100 * row['ci_high']:.0f} %, p < 0.0001).",
        "Intervals and p values are about new listeners and new items.",
    ]
    even, _ = report(draw_pairs([0.0, 0.0], n_listeners=19, n_items=6, spread=0.0), tmp_path)
    assert even.findings.headline[0].startswith("The choices do not distinguish c")


def test_a_scale_that_does_not_describe_the_choices_is_rejected_in_words(tmp_path: Path) -> None:
    rows = [
        (f"L{listener:02}", f"item{item}", first, second, float((listener + item) % 5 > 0))
        for listener in range(20)
        for item in range(5)
        for first, second in (("a", "b"), ("b", "c"), ("c", "a"))
    ]
    pairs = pd.DataFrame(rows, columns=["listener", "item", "first", "second", "choice"])
    results, page = report(pairs, tmp_path)
    said = results.findings.headline[-1]
    assert said.startswith("No single scale describes these choices (G²(1) = ")
    assert said.endswith("do not use the strengths, but the share of each pair.")
    assert "1 is circular in the panel" in page
    assert "The order mattered: the sound that came first was preferred in 80 % of choices" in page.replace(
        "\u00a0", " "
    )


def test_the_scale_is_that_of_the_function(tmp_path: Path) -> None:
    table = draw_pairs([0.0, 0.9, -0.4])
    results, _ = report(table, tmp_path)
    expected = pair_scale(count_pairs(table)).table
    assert results.findings.tables["scale"]["worth"].to_numpy() == pytest.approx(expected["worth"].to_numpy())
    assert results.findings.tables["scale"]["ci_low"].to_numpy() == pytest.approx(
        expected["ci_low"].to_numpy()
    )


def test_abx_in_words(tmp_path: Path) -> None:
    table = draw_table("abx")
    results, _ = report(table, tmp_path)
    trials = trials_of(load_ratings(tmp_path / "ratings.csv"))
    expected = discrimination(trials.assign(pair=trials["condition_a"] + " and " + trials["condition_b"]))
    for said, (_, row) in zip(results.findings.headline, expected.iterrows(), strict=True):
        assert said.startswith(
            f"Listeners heard the difference between {row['pair']}: {100 * row['share']:.0f} % "
        )
        assert f"d′ = {row['d_prime']:.2f} (" in said
        assert ("reaches down to guessing" in said) == (row["ci_low"] <= 0.5)
    guesses = table.assign(correct=[number % 2 for number in range(len(table))])
    said = report(guesses, tmp_path)[0].findings.headline[0]
    assert said.startswith("The answers do not show that the difference between codec and old can be heard: ")
    assert re.search(r"with 76 answers, a true share of 6\d % is found with a power of 80 %\.$", said)


def test_pages_that_ask_for_the_reference_have_shares_of_right_answers(tmp_path: Path) -> None:
    """Ratings of a paired comparison were reported as a mean opinion score between 0 and 1."""
    rows = [(f"L{n:02}", "dog", "codec", "correct", [1, 1, 1, 0.5][n % 4]) for n in range(24)]
    table = pd.DataFrame(rows, columns=["listener", "item", "condition", "attribute", "score"])
    results, page = report(table, tmp_path)
    assert results.findings.headline[0].startswith(
        "Listeners heard the difference between codec and the reference: 88 % of 24 answers were right"
    )
    assert "Listeners could not say in 6 of 24 answers" in page
    assert "trials that ask which of two sounds is the reference" in results.methods


def test_single_listeners_with_few_answers_cannot_be_significant(tmp_path: Path) -> None:
    nobody = "With so few answers of each nobody could: not even if all of them were right."
    few, _ = report(draw_table("abx", n_items=4), tmp_path)  # 0.5 ** 8 * 19 = 0.074
    assert few.findings.sections[1].sentences[0].endswith(nobody)
    more, _ = report(draw_table("abx", n_items=5), tmp_path)  # 0.5 ** 10 * 19 = 0.019
    assert nobody not in more.findings.sections[1].sentences[0]


def test_bs1116_is_reported_in_difference_grades_by_default(tmp_path: Path) -> None:
    frame = load_ratings(write(tmp_path, "bs1116.csv", BS1116), listener="name")
    results = write_report(frame, tmp_path / "report", OPTIONS)
    assert isinstance(results, ChoiceResults)
    grades = mos(frame, attribute="difference").set_index("condition")["mos"]
    for condition, grade in grades.items():
        shown = f"{grade:.2f}".replace("-", "−")
        assert any(said.startswith(f"{condition} has a mean difference grade of {shown} ") for said in
                   results.findings.headline)  # fmt: skip
    assert results.notes == []  # the scores of object and reference are not other questions
    asked = write_report(frame, tmp_path / "scores", Options(attribute="score"))
    assert not isinstance(asked, ChoiceResults)


def test_listeners_who_guess_are_named(tmp_path: Path) -> None:
    table = draw_table("bs1116")
    flat = table["listener"] == "L05"
    results, page = report(table.assign(score=table["score"].where(~flat, [0.3, -0.3] * 76)), tmp_path)
    heard = results.findings.tables["listeners"].set_index("listener")["hears"]
    assert not heard["L05"]
    assert f"The difference grades of {heard.sum()} of 19 listeners are below 0" in page
    assert "L05 (p = 0.5" in page.replace("\u00a0", " ")


def test_pages_of_pairs_are_those_that_were_read(tmp_path: Path) -> None:
    table = draw_table("ab")
    path = tmp_path / "ab.csv"
    table.to_csv(path, index=False)
    read = pairs_of(load_ratings(path))
    pd.testing.assert_frame_equal(read, table[list(read.columns)], check_dtype=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            Options(interval="crowdmos"),
            "^--interval crowdmos is for scores; expected one of two-way, listener, item f",
        ),
        (Options(against="c0"), "^--compare-with is for scores; leave it out for choices$"),
        (Options(exclude=("repeats",)), "^--exclude repeats is for scores; expected attention, headphones, "),
        (Options(margin=5), "^--margin is for scores; leave it out for choices$"),
        (Options(between="q_expert"), "^--between is for scores; leave it out for choices$"),
        (Options(test="wilcoxon"), "^--test wilcoxon is for scores; leave it out for choices$"),
    ],
)
def test_options_of_scores_are_refused(tmp_path: Path, options: Options, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        report(draw_table("ab"), tmp_path, options)
    assert not (tmp_path / "report").exists()


def test_failed_checks_screen_choices_if_asked(tmp_path: Path) -> None:
    draw_table("ab").to_csv(tmp_path / "ratings.csv", index=False)
    table = load_ratings(tmp_path / "ratings.csv")
    first, *others = sorted(table["listener"].unique())
    checks = table.groupby("listener").head(2).assign(kind="attention", item="check", trial_position=999.0)
    failed = checks["listener"] == first
    checks["score"] = checks["condition_position"].where(failed, 0.5)  # asked for: neither
    frame = pd.concat([table, checks], ignore_index=True)
    asked = dict.fromkeys(table["condition"].unique(), (0.5, 0.5))
    frame.attrs = table.attrs | {"expected": {"check": asked}}
    kept = analyse_choices(frame, "ab", Options(draws=50))
    assert "Nobody was excluded." in kept.methods
    assert kept.notes[-1] == (
        "1 listener failed an attention check and is kept (--exclude attention leaves them out)."
    )
    gone = analyse_choices(frame, "ab", Options(draws=50, exclude=("attention",)))
    assert f"1 of {len(others) + 1} listeners was excluded (attention)." in gone.methods
    assert gone.findings.listeners == len(others)
    without = analyse_choices(frame[frame["listener"] != first], "ab", Options(draws=50))
    shares = [found.findings.tables["preferences"]["share"].to_list() for found in (gone, without)]
    assert shares[0] == shares[1]


def test_pairs_that_the_answers_chose_are_only_described_and_the_fit_is_not_tested(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    draw_table("ab").to_csv(path, index=False)
    said, found = {}, {}
    for active in (True, False):
        frame = load_ratings(path)
        frame.attrs["active"] = active
        found[active] = analyse_choices(frame, "ab", OPTIONS)
        findings = found[active].findings
        texts = [text for section in findings.sections for text in section.sentences]
        said[active] = " ".join([*findings.headline, *texts, findings.methods])
    assert "Each pair was chosen by the listener's answers so far" in said[True]
    assert "shares of single pairs are only a description." in said[True]
    assert said[True].count("is not tested, and circular triads are not counted") == 2
    assert "chosen by" not in said[False] and "is not tested" not in said[False]
    for claim in ("G²", "triads of conditions", "was preferred to"):
        assert claim not in said[True]
    assert "G²" in said[False]
    scale = found[False].findings.tables["scale"]
    best = scale.iloc[0]
    assert found[True].findings.headline[0] == (
        f"{best['label']} has a log strength of {best['worth']:.2f} (95 % interval {best['ci_low']:.2f} to "
        f"{best['ci_high']:.2f})."
    )
    pd.testing.assert_frame_equal(found[True].findings.tables["scale"], scale)
    assert found[True].findings.latex.rows[0][0] == best["label"]
