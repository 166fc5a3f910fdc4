"""Studies of each listening test: pages, pairs, orders, and what is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from study_builder.building import pages, rating_pages
from study_builder.checks.listening_tests import right_answers_needed
from study_builder.checks.study import check_study
from study_builder.config import TEST_NAMES, TESTS, AbxPage, LikertPage, MushraPage, StudyConfig
from study_builder.config.json_schema import describe_config
from study_builder.config.scales import scales_of
from study_builder.design import incomplete_blocks, session_plan, trial_pages
from study_builder.errors import ConfigError
from tests.study_builder.small_studies import build, refuse

MakeFolder = Callable[..., Path]
NAMES = ("reference", "new", "old", "codec")
METHODS = {"new", "old", "codec"}


@pytest.fixture
def sounds(make_folder: MakeFolder) -> Path:
    return make_folder(items=3, conditions=NAMES)


@pytest.mark.parametrize("test", TEST_NAMES)
def test_each_test_has_its_pages_and_can_be_read_again(sounds: Path, tmp_path: Path, test: str) -> None:
    config = build(sounds, tmp_path / "study", test=test, repeats=2)
    read = StudyConfig.load(tmp_path / "study")
    assert read == config
    Draft202012Validator(describe_config()).validate(yaml.safe_load(config.to_yaml()))
    assert read.options.tests == (None if test == "mushra" else (test,))
    pages = trial_pages(read)
    assert {page.type for page in pages} == {TESTS[test].page_type}
    per_item = {"all": 1, "one": 3 if TESTS[test].open_reference else 4, "pair": 6, "block": 1}
    assert len(pages) == 3 * per_item[TESTS[test].presents]
    kinds = Counter(read.trial(page).kind for page in read.walk() if page.rates)
    assert kinds["repeat"] == 2 and kinds["training"] == min(6, per_item[TESTS[test].presents])
    found = list(check_study(tmp_path / "study", jobs=1).findings)
    assert [finding for finding in found if finding.severity == "error"] == []
    original = "page-type" not in {finding.code for finding in found}
    assert original == (TESTS[test].original or test == "mushra-nmr")


def test_a_test_has_only_so_many_pages(sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pairs of some thousand conditions are millions, which whoever looks at the study would wait for."""
    monkeypatch.setattr(rating_pages, "MOST_PAGES", 17)
    out = tmp_path / "study"
    refuse("the test would have 18 pages; expected at most 17", sounds, out, test="ab")
    refuse("the test would have 18 pages", sounds, out, test="ab", pairs=[f"new:old{n}" for n in range(18)])
    monkeypatch.setattr(rating_pages, "MOST_PAGES", 5)
    monkeypatch.setattr(rating_pages, "combinations", None)
    refuse("the test would have 6 pages; expected at most 5", sounds, out, test="ab")
    assert trial_pages(build(sounds, out, test="mushra")), "a page for each item is what it has sounds for"


def test_a_session_of_very_many_pages_is_not_drawn(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of thousands would be balanced for hours, before anybody sees a page."""
    monkeypatch.setattr(incomplete_blocks, "MOST_PLACES", 35)
    monkeypatch.setattr(pages, "MOST_PLACES", 35)
    out = tmp_path / "study"
    said = "pages_per_session is 2 of 18, which is too many to be balanced; expected at most 1,"
    refuse(said, sounds, out, test="ab", pages_per_session=2)
    assert trial_pages(build(sounds, out, test="ab", pages_per_session=18)), "all of them need no drawing"
    monkeypatch.setattr(incomplete_blocks, "MOST_PLACES", 5)
    refuse("items_per_session is 2 of 3, which is too many", sounds, tmp_path / "x", items_per_session=2)


def test_a_mushra_study_says_nothing_of_tests(sounds: Path, tmp_path: Path) -> None:
    build(sounds, tmp_path / "study")
    text = (tmp_path / "study" / "config.yaml").read_text()
    assert "tests:" not in text and "test:" not in text and "pages_per_session" not in text


def test_nmr_hides_the_reference_among_the_sounds(sounds: Path, tmp_path: Path) -> None:
    config = build(sounds, tmp_path / "study", test="mushra-nmr")
    for page in trial_pages(config):
        assert isinstance(page, MushraPage) and page.reference is None
        assert set(page.conditions) == {*METHODS, "reference", "anchor35", "anchor70"}
        assert "reference" not in page.content
    assert config.condition("reference").role == "hidden_reference"


def test_scales_of_p835_have_their_names(sounds: Path, tmp_path: Path) -> None:
    config = build(sounds, tmp_path / "study", test="p835")
    for page in trial_pages(config):
        assert isinstance(page, LikertPage)
        assert [scale.name for scale in scales_of(config, page)] == ["sig", "bak", "ovrl"]
        assert [scale.labels[0] for scale in scales_of(config, page)] == [
            "Not distorted",
            "Not noticeable",
            "Excellent",
        ]


@pytest.mark.parametrize(
    ("choice", "pairs"),
    [
        ({}, set(map(frozenset, combinations(NAMES, 2)))),
        ({"pairs": ["new:old", "new:codec"]}, {frozenset({"new", "old"}), frozenset({"new", "codec"})}),
        ({"against": "reference"}, {frozenset({"reference", name}) for name in METHODS}),
    ],
)
def test_pairs_are_those_that_were_chosen(
    sounds: Path, tmp_path: Path, choice: dict[str, object], pairs: set[frozenset[str]]
) -> None:
    config = build(sounds, tmp_path / "study", test="ab", **choice)
    found = Counter(frozenset(page.conditions) for page in trial_pages(config))
    assert found == dict.fromkeys(pairs, 3)


def test_x_and_both_orders_are_balanced_over_four_listeners(sounds: Path, tmp_path: Path) -> None:
    config = build(sounds, tmp_path / "study", test="abx", repeats=1)
    seen: dict[str, list[tuple[tuple[str, ...], str | None]]] = {}
    for slot in range(12):
        for page in session_plan(config, slot).pages:
            if isinstance(page.page, AbxPage):
                seen.setdefault(page.id, []).append((page.conditions, page.hidden))
    for name, rows in seen.items():
        for start in range(0, 12, 4):
            four = rows[start : start + 4]
            assert len(set(four)) == 4, name  # each order with each X once
            assert all(x in order for order, x in four)
            places = Counter(order.index(str(x)) for order, x in four)
            assert places == {0: 2, 1: 2}


def test_listeners_share_the_pairs_evenly(sounds: Path, tmp_path: Path) -> None:
    config = build(sounds, tmp_path / "study", test="ab", pages_per_session=6)
    heard: Counter[str] = Counter()
    orders: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for slot in range(36):
        pages = [page for page in session_plan(config, slot).pages if page.kind == "trial"]
        assert len(pages) == 6
        heard.update(page.id for page in pages)
        orders.update((page.id, page.conditions) for page in pages)
    assert len(heard) == 18 and set(heard.values()) == {12}
    assert set(orders.values()) == {6}


def test_an_item_is_chosen_with_all_its_pages(sounds: Path, tmp_path: Path) -> None:
    config = build(sounds, tmp_path / "study", test="acr", items_per_session=2, repeats=3)
    for slot in range(6):
        pages = [page for page in session_plan(config, slot).pages if page.trial is not None]
        items = Counter(page.trial.item for page in pages if page.trial and page.kind == "trial")
        assert sorted(items.values()) == [4, 4]
        trials = {page.page.id for page in pages if page.kind == "trial"}
        assert all(page.trial.repeat_of in trials for page in pages if page.trial and page.kind == "repeat")


def test_several_tests_follow_one_another(sounds: Path, tmp_path: Path) -> None:
    config = build(sounds, tmp_path / "study", tests=["abx", "mushra"], pairs=["new:old"])
    kinds = [page.page.type for page in session_plan(config, 5).pages if page.kind == "trial"]
    assert kinds == ["abx"] * 3 + ["mushra"] * 3
    told = [page.id for page in config.walk() if page.type == "generic"]
    assert told == ["abx-instructions", "mushra-instructions"]


def test_best_and_worst_of_many_come_in_balanced_blocks_of_four(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    source = make_folder(items=1, conditions=[f"c{n}" for n in range(7)])
    config = build(source, tmp_path / "study", test="best-worst", training_items=0, layout="item/condition")
    pages = trial_pages(config)
    assert {len(page.conditions) for page in pages} == {4}
    met = Counter(pair for page in pages for pair in combinations(sorted(page.conditions), 2))
    assert len(met) == 21 and len(set(met.values())) == 1


def test_a_set_without_reference_needs_no_further_word(make_folder: MakeFolder, tmp_path: Path) -> None:
    source = make_folder(items=2, conditions=["new", "old"])
    assert len(trial_pages(build(source, tmp_path / "ab", test="ab", layout="item/condition"))) == 2
    assert len(trial_pages(build(source, tmp_path / "acr", test="acr", layout="item/condition"))) == 4
    for test, message in (
        ("dcr", "the test dcr plays a reference, and the study has none; expected"),
        ("mushra-nmr", "rates the reference as one of the sounds, and the study has none"),
        ("best-worst", "a best-worst test of 2 conditions has nothing to choose from; expected 3 or more"),
    ):
        refuse(message, source, tmp_path / test, test=test, layout="item/condition")


def test_scores_with_and_without_a_named_reference_are_two_studies(sounds: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"mushra and mushra-nmr, whose scores .* expected one of them"):
        build(sounds, tmp_path / "study", tests=("mushra", "mushra-nmr"))


def test_what_does_not_fit_an_adaptive_test_is_refused(sounds: Path, tmp_path: Path) -> None:
    out, series = tmp_path / "study", {"test": "abx", "against": "reference", "adaptive": "2-down-1-up"}
    for message, choices in (
        (r"the test is ab; expected abx$", {"test": "ab"}),
        (r"needs a series of pairs, the hardest first; expected against", {"against": None}),
        (r"repeats is 1, but the pages of an adaptive test follow from the answers", {"repeats": 1}),
        (r"attention_checks is 2, but the pages", {"attention_checks": 2}),
        (r"pages_per_session is 4, but the pages", {"pages_per_session": 4}),
        (r"show_previous is True, but the pages", {"show_previous": True}),
        (r"expected must_rate: true$", {"must_rate": False}),
        (r"--adaptive", {"adaptive": "2-up-1-down"}),
        (r"adaptive is 'active-9', but the test is abx; expected ab$", {"adaptive": "active-9"}),
    ):
        with pytest.raises(ConfigError, match=message):
            build(sounds, out, **{**series, **choices})
    few = {**series, "conditions": ["new", "old"]}
    refuse(
        r"^the series of the adaptive test has 2 pairs; expected 3 or more, the hardest first$",
        sounds,
        out,
        **few,
    )
    pairs = {"test": "ab", "adaptive": "active-2"}
    refuse(r"^there are 1 pairs to choose from; expected 3", sounds, out, **pairs, pairs=["new:old"])
    refuse(
        r"'active-2', but 4 conditions are connected by 3 pairs .* expected active-3 or", sounds, out, **pairs
    )
    config = build(sounds, out, **series, training_items=0, items_per_session=2)
    assert StudyConfig.load(out) == config
    assert config.options.adaptive == "2-down-1-up"
    answers = [True] * 40
    plan = session_plan(config, 0, answers)
    assert [page.page.id.split(".")[1] for page in plan.pages[-41:]][:7] == [
        *["old-reference"] * 2,  # the folder's names in order are codec, new, old: the last is the easiest
        *["new-reference"] * 2,
        *["codec-reference"] * 3,
    ]


def test_what_does_not_fit_a_test_is_refused(sounds: Path, tmp_path: Path) -> None:
    out = tmp_path / "study"
    refuse("attention_checks is 1; expected 0, as no answer to a page of the test bs1116", sounds, out,
           test="bs1116", attention_checks=1)  # fmt: skip
    refuse("pairs lists 'old:new' twice", sounds, out, test="ab", pairs=["new:old", "old:new"])
    refuse("repeats is 19; expected at most 18, the ab pages", sounds, out, test="ab", repeats=19)
    refuse("pages_per_session is 99; expected at most 18", sounds, out, test="ab", pages_per_session=99)
    for message, choices in (
        ("pairs and against are both given", {"test": "ab", "pairs": ["a:b"], "against": "c"}),
        ("pairs are chosen, but acr compares none; expected ab, abx or ccr", {"test": "acr", "against": "c"}),
        ("ties are answers of an ab test, and the test is abx", {"test": "abx", "ties": True}),
        ("test and tests are both given", {"test": "ab", "tests": ["ab"]}),
        ("tests lists ab, ab; expected different tests", {"tests": ["ab", "ab"]}),
        ("--test: 'test' is 'foo'", {"test": "foo"}),
    ):
        with pytest.raises(ConfigError, match=message):
            build(sounds, out, **choices)


def test_right_answers_needed_are_those_of_the_binomial_test() -> None:
    from scipy.stats import binomtest

    for n in range(1, 60):
        needed = right_answers_needed(n)
        reached = [k for k in range(n + 1) if binomtest(k, n, alternative="greater").pvalue <= 0.05]
        assert needed == (min(reached) if reached else None)


def test_check_knows_the_rules_of_tests(sounds: Path, tmp_path: Path) -> None:
    build(sounds, tmp_path / "ab", test="ab", question="Which one is the same as the reference?")
    codes = {finding.code for finding in check_study(tmp_path / "ab", jobs=1).findings}
    assert "question-of-test" in codes
    build(sounds, tmp_path / "abx", test="abx", pairs=["new:old"])
    notes = {finding.code: finding.message for finding in check_study(tmp_path / "abx", jobs=1).findings}
    assert "in 3 abx trials, in which even all right answers can be luck (12%)" in notes["abx-trials"]
    build(sounds, tmp_path / "acr", test="acr")
    path = tmp_path / "acr" / "config.yaml"
    path.write_text(path.read_text().replace("Excellent", "Superb", 1))
    notes = {finding.code: finding.severity for finding in check_study(tmp_path / "acr", jobs=1).findings}
    assert notes["words-of-test"] == "note"


@pytest.mark.parametrize("test", ["ab", "abx", "best-worst", "p835"])
def test_checks_ask_for_an_answer_by_its_place(sounds: Path, tmp_path: Path, test: str) -> None:
    config = build(sounds, tmp_path / "study", test=test, attention_checks=2)
    questions = set()
    for page in config.walk():
        trial = config.trial(page)
        if not page.rates or trial.kind != "attention":
            continue
        questions.add(trial.question)
        shown = [
            one for slot in range(4) for one in session_plan(config, slot).pages if one.page.id == page.id
        ]
        assert {one.conditions for one in shown} == {tuple(page.conditions)}  # for everybody
        expected = [low for low, high in (trial.expected or {}).values() if low == high]
        asked = re.findall(r"“(\w)”|(\d)", trial.question or "")
        places = ["".join(pair) for pair in asked]
        if test == "ab":
            assert expected.index(1) == "AB".index(*places) and sum(expected) == 1
        if test == "abx":  # who listens and does not read names the other sound
            assert {one.hidden for one in shown} == {list(page.conditions)["BA".index(*places)]}
            assert expected == [0, 0]
        if test == "best-worst":
            assert [expected.index(1) + 1, expected.index(-1) + 1] == [int(place) for place in places]
        if test == "p835":
            assert expected == [int(*places)]
    assert len(questions) == 2
    assert StudyConfig.load(tmp_path / "study") == config


def test_checks_of_a_preference_ask_for_neither(sounds: Path, tmp_path: Path) -> None:
    config = build(sounds, tmp_path / "ties", test="ab", ties=True, attention_checks=1)
    (check,) = [trial for trial in config.options.trials.values() if trial.kind == "attention"]
    assert check.question is not None
    assert "“No preference”" in check.question
    assert set((check.expected or {}).values()) == {(0.5, 0.5)}
    training = [page.content for page in config.walk() if page.id and page.id.startswith("training")]
    assert training
    assert all(
        "get to know the sounds and the task. These answers do not count." in text for text in training
    )
