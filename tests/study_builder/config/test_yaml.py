"""YAML as webMUSHRA's reader and ours both understand it, read and written."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from study_builder.config import StudyConfig, StudyOptions
from study_builder.config.page_types import FinishPage
from study_builder.config.yaml_reader import _parse_patiently, _parse_quickly, find_text, parse
from study_builder.config.yaml_writer import dump
from study_builder.errors import ConfigError
from tests.study_builder.parsing import error_of, load

EVERY_KEY = Path(__file__).with_name("every_key.yaml").read_text(encoding="utf-8")


def _nested(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)


def test_text_follows_yaml_1_2_as_webmushras_reader_does() -> None:
    config = load("testname: no\ntestId: 1:30\npages:\n- {type: generic, name: yes, content: 010}")
    assert (config.title, config.test_id) == ("no", "1:30")
    assert next(config.walk()).name == "yes"


def test_text_with_a_colon_is_read_as_webmushra_reads_it() -> None:
    config, notices = StudyConfig.parse(
        "pages:\n- type: generic\n  content: Rate these: <b>a</b>\n  name: b\n"
    )
    page = next(config.walk())
    assert (page.content, page.name) == ("Rate these: <b>a</b>", "b")
    assert [notice.line for notice in notices] == [3]


def test_a_question_mark_between_braces_is_read_as_webmushra_reads_it() -> None:
    question = "{type: text, label: How old are you?, name: age, optional: true}"
    config, notices = StudyConfig.parse(f"pages:\n- type: finish\n  questionnaire:\n    - {question}\n")
    page = next(config.walk())
    assert isinstance(page, FinishPage)
    assert (page.questionnaire[0].label, page.questionnaire[0].name) == ("How old are you?", "age")
    assert [str(notice) for notice in notices] == [
        "line 4: this text needs quotes around it; it was read as webMUSHRA reads it"
    ]


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"]), max_size=40))
def test_any_text_survives_writing_for_both_versions_of_yaml(text: str) -> None:
    config = StudyConfig(title=text, pages=(FinishPage(name=text, content=text),))
    written = config.to_yaml()
    assert load(written) == config
    assert yaml.safe_load(written)["testname"] == text


def test_anchors_and_aliases_are_read_and_an_explosion_is_refused() -> None:
    config = load("pages:\n- &p {type: generic, name: a}\n- *p\n")
    assert [page.name for page in config.walk()] == ["a", "a"]
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    assert error_of(bomb).endswith("is too large; expected a study's config")


def test_saving_leaves_no_other_file_and_is_repeatable(tmp_path: Path) -> None:
    config = load(EVERY_KEY)
    config.save(tmp_path)
    first = (tmp_path / "config.yaml").read_bytes()
    config.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]
    assert (tmp_path / "config.yaml").read_bytes() == first
    assert StudyConfig.load(tmp_path) == StudyConfig.load(tmp_path / "config.yaml") == config


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.yaml").write_text("old")

    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        load(EVERY_KEY).save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]
    assert (tmp_path / "config.yaml").read_text() == "old"


def test_a_list_in_a_list_begins_on_its_own_line() -> None:
    # yaml.js, webMUSHRA's reader, takes `- - random` for the text "- random".
    written = load("pages: [[random, [{type: generic}], {type: generic}]]").to_yaml()
    assert "- -" not in written
    assert "pages:\n  -\n    - random\n    -\n      - type: generic\n" in written


TEXTS = st.text(alphabet="aZ 0:#-'\"\\{}[]&*!|>%@`,.?\n\té~=<b>", max_size=30)


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        TEXTS | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False), _nested
    )
)
def test_what_is_dumped_is_read_as_it_was(value: object) -> None:
    data = {"value": value}
    assert parse(dump(data), "dumped").data == data


@settings(max_examples=100, deadline=None)
@given(st.recursive(TEXTS | st.booleans() | st.integers(), _nested), st.sampled_from([True, False, None]))
def test_libyaml_reads_what_the_patient_reader_reads(value: object, flow: bool | None) -> None:
    pytest.importorskip("yaml._yaml", reason="PyYAML is installed without libyaml")
    for text in (EVERY_KEY, yaml.safe_dump({"value": value}, default_flow_style=flow)):
        assert _parse_quickly(text, "x") in (None, _parse_patiently(text, "x"))
    assert _parse_quickly(EVERY_KEY, "x") is not None


YAML_JS = os.environ.get("YAMLJS", "")


@pytest.mark.skipif(
    not YAML_JS, reason="YAMLJS does not name a folder of the npm package yamljs, webMUSHRA's reader"
)
def test_webmushras_own_reader_reads_what_is_written() -> None:
    texts = [
        "a: b",
        "- x",
        "# no",
        "'",
        '"',
        "{",
        "<p>x</p>",
        "two\nlines",
        "a #b",
        "yes",
        "007",
        "2026-01-01",
        "é",
    ]
    config = load(EVERY_KEY).model_copy(update={"title": " ".join(texts)})
    notes = StudyOptions(provenance={text: text for text in texts if " #" not in text})
    written = config.model_copy(update={"options": notes}).to_yaml()
    script = (
        "const text = require('fs').readFileSync(0, 'utf8');"
        "process.stdout.write(JSON.stringify(require(process.argv[1]).parse(text)))"
    )
    done = subprocess.run(
        ["node", "-e", script, YAML_JS], input=written, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == parse(written, "written").data


def _timed(text: str) -> float:
    start = time.process_time()
    with contextlib.suppress(ConfigError):
        StudyConfig.parse(text)
    return time.process_time() - start


@pytest.mark.parametrize(
    "page",
    [
        "- type: generic\n  id: p{n}\n  name: Hello\n  content: Is it: good {n}?\n",
        "- {{type: generic, id: p{n}, name: How good is {n}?, content: x}}\n",
        "- {{type: generic, id: p{n}, name: x, content: x, contents: x}}\n",
        "- {{type: mushrra, id: p{n}}}\n",
    ],
)
def test_a_file_with_1500_mistakes_is_read_in_two_seconds(page: str) -> None:
    text = "pages:\n" + "".join(page.format(n=n) for n in range(1500))
    assert _timed(text) < 2
    assert _timed(text) < 40 * _timed("pages:\n" + "".join(page.format(n=n) for n in range(150))) + 0.2


def test_only_texts_that_would_be_errors_are_read_as_meant() -> None:
    lines = (
        "a: one: two  ",
        "b: three # no: colon",
        "c: |",
        "  d: e: f",
        "&x e: g",
        "h: ends:",
        "i: x:y",
        "j: 1",
    )
    found = parse("\n".join(lines), "config.yaml")
    assert found.data == {
        "a": "one: two", "b": "three", "c": "d: e: f\n", "e": "g", "h": "ends:", "i": "x:y", "j": 1,
    }  # fmt: skip
    assert found.repaired == (1, 6)


@pytest.mark.parametrize(
    "text", ["a: [x" + " ? " * 30_000, "a: {x: ?" + " ?x" * 30_000 + "\n", "a: [" + "x?" * 40_000]
)
def test_questions_without_end_are_refused_at_once(text: str) -> None:
    began = time.process_time()
    with pytest.raises(ConfigError, match=r"^config\.yaml, line"):
        parse(text, "config.yaml")
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("testname: Codecs\npages: [", "Codecs"),
        ("pages: [{a: {b: [1, 2]}}, c]\ntestId: [x]\ntestname: 'Two: three'\n", "Two: three"),
        ("testname: A: b\n", "A: b"),
        ("testname: 5\n", "5"),
        ("testId: x\npages:\n  - testname: inner\n", None),
        ("testname: [x]\n", None),
        ("", None),
        ("- testname\n", None),
    ],
)
def test_a_key_is_found_without_what_comes_after_it(text: str, title: str | None) -> None:
    assert find_text(text, "testname") == title
