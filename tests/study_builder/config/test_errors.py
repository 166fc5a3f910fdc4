"""What is wrong in a study's config is reported with its line; no change of it ends in a traceback."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study_builder.config import StudyConfig
from study_builder.errors import ConfigError
from tests.study_builder.parsing import error_of, load

EVERY_KEY = Path(__file__).with_name("every_key.yaml").read_text(encoding="utf-8")


def test_unknown_and_idle_keys_are_named_with_line_and_nearest_key() -> None:
    text = """testname: T
tesId: x
pages:
  - type: mushra
    id: m
    enableloop: true
    reference: r.wav
    stimuli: {a: a.wav}
  - type: finish
    writeResults: true
    questionnaire:
      - type: text
        name: mail
        optionl: true
"""
    _, notices = StudyConfig.parse(text)
    assert [str(notice) for notice in notices] == [
        "line 2: the key 'tesId' is unknown (did you mean 'testId'?); it was left out",
        "line 6: the key 'enableloop' is unknown (did you mean 'enableLooping'?); it was left out",
        "line 10: 'writeResults' has no effect here: webMUSHRA always sends the results",
        "line 14: the key 'optionl' is unknown (did you mean 'optional'?); it was left out",
    ]


@pytest.mark.parametrize("key", ["redirect", "screened_out_redirect"])
@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", " java\tscript:alert(1)", "data:text/html,x", "file:///x"]
)
def test_a_completion_address_runs_nothing(key: str, address: str) -> None:
    text = "pages: []\nlistenable:\n  headphone_check: huggins\n  completion:\n"
    text += f"    {key}: {json.dumps(address)}\n"
    assert error_of(text) == (
        f"config.yaml, line 5: 'completion.{key}': {address!r} is not a web address; "
        "expected one that begins with https://"
    )
    for fine in ("https://app.prolific.com/submissions/complete?cc=C1", "HTTP://a.example", "thanks?x=a:b"):
        load(text.replace(json.dumps(address), json.dumps(fine)))


def test_loading_logs_what_it_notices(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("pages: []\nnonsense: 1\n")
    with caplog.at_level(logging.WARNING, "study_builder"):
        StudyConfig.load(tmp_path)
    assert f"{path.parent}, line 2: the key 'nonsense' is unknown; it was left out" in caplog.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "config.yaml: has no keys; expected a study's config with 'testname' and 'pages'"),
        ("- 1", "config.yaml: has no keys; expected a study's config with 'testname' and 'pages'"),
        ("testname: x", "config.yaml, line 1: 'pages' is missing; expected a list of pages"),
        ("a: 1\npages: 3", "config.yaml, line 2: 'pages' is int 3; expected a list of pages"),
        ("a: 1\na: 2", "config.yaml, line 2: the key 'a' is already on line 1"),
        ("a: [1", "config.yaml, line 1: expected ',' or ']', but got '<stream end>'; expected YAML"),
        ("a: &x [*x]", "config.yaml, line 1: contains itself; expected a study's config"),
        ("a: *x", "config.yaml, line 1: the alias '*x' has no anchor before it"),
        ("a: 1\n---\nb: 2", "config.yaml, line 2: a second document begins; expected one"),
        (
            "a: !!python/name:os.system x",
            "config.yaml, line 1: could not determine a constructor for the tag "
            "'tag:yaml.org,2002:python/name:os.system'; expected YAML",
        ),
        (
            "a: !!bool maybe",
            "config.yaml, line 1: 'maybe' is not what its tag 'tag:yaml.org,2002:bool' says; expected YAML",
        ),
        (
            "a: 1\nb: !!int",
            "config.yaml, line 2: '' is not what its tag 'tag:yaml.org,2002:int' says; expected YAML",
        ),
        ("? [1]\n: 2", "config.yaml, line 1: a key is a list, a mapping or an alias; expected text"),
        (
            "pages:\n- [random, random]",
            "config.yaml, line 2: an entry of 'pages' is str 'random'; expected a page or a list of pages",
        ),
        (
            "pages:\n- type: mushra\n  reference: r\n  stimuli: {reference: a}",
            "config.yaml, line 2: 'pages.0': a condition is named 'reference' like the page's reference; "
            "expected another name",
        ),
        (
            "pages:\n- type: paired_comparison\n  id: pc\n  stimuli: {a: a, b: b}",
            "config.yaml, line 2: 'pages.0': page 'pc' has no 'reference'; expected the sound that its "
            "stimuli are compared with",
        ),
        (
            "pages:\n- type: bs1116\n  name: Tail\n  stimuli: {a: a}",
            "config.yaml, line 2: 'pages.0': page 'Tail' has no 'reference'; expected the sound that its "
            "stimuli are compared with",
        ),
        (
            "pages:\n- type: volume\n  stimulus: a\n  defaultVolume: 3",
            "config.yaml, line 4: 'defaultVolume' is 3; expected 1 or less",
        ),
        ("pages:\n- type: volume", "config.yaml, line 2: 'stimulus' is missing"),
        (
            "pages: []\nlistenable:\n  seed: 1\n  items_per_sesion: 3",
            "config.yaml, line 4: the key 'items_per_sesion' is unknown (did you mean 'items_per_session'?)",
        ),
        (
            "pages: []\nlistenable:\n  schema_version: 2",
            "config.yaml, line 3: 'schema_version' is 2; this version of listenable reads 1",
        ),
        (
            "pages: []\nlistenable:\n  scales:\n  - {name: a, min: 5, max: 1}",
            "config.yaml, line 4: 'scales.0': scale 'a' runs from 5 to 1; expected max above min",
        ),
        (
            "pages:\n- {type: generic, id: told}\nlistenable:\n  questionnaires:\n"
            "    about: [{type: text, name: city}]",
            "config.yaml, line 5: no generic page has the id 'about'; "
            "expected the id of one generic page (told)",
        ),
        (
            "pages:\n- {type: generic, id: a}\n- {type: generic, id: a}\nlistenable:\n  questionnaires:\n"
            "    a: [{type: text, name: city}]",
            "config.yaml, line 6: more than one generic page has the id 'a'; "
            "expected the id of one generic page (a)",
        ),
        (
            "pages:\n- {type: generic, id: a}\n- type: finish\n  questionnaire: [{type: text, name: age}]\n"
            "listenable:\n  questionnaires:\n    a: [{type: text, name: city}, {type: number, name: age}]",
            "config.yaml, line 7: 'age' is asked on the last page and on page 'a'; expected different names",
        ),
        (
            "pages:\n- {type: generic, id: a}\nlistenable:\n  questionnaires:\n    a: []",
            "config.yaml, line 5: the questionnaire of page 'a' is empty; expected at least one question",
        ),
        (
            "pages:\n- type: finish\n  questionnaire: [{type: text, name: lab}]\n"
            "listenable:\n  seed: 1\n  url_parameters: [PID, lab]",
            "config.yaml, line 6: 'lab' is a URL parameter and a question; expected different names",
        ),
        (
            "pages:\n- type: volume\n  stimulus: a.wav\nlistenable:\n  url_parameters: [volume]",
            "config.yaml, line 5: 'volume' is a URL parameter and the answer of a volume page; "
            "expected different names",
        ),
        (
            "pages:\n- type: consent\n- type: finish\n  questionnaire: [{type: text, name: consent}]",
            "config.yaml, line 1: 'consent' is a question and the answer of a consent page; "
            "expected different names",
        ),
    ],
)
def test_errors_say_where_and_what_was_expected(text: str, message: str) -> None:
    assert error_of(text) == message


@pytest.mark.parametrize("number", ["9" * 400, ".inf", "-.inf", ".nan", "1e999"])
def test_a_number_that_nothing_can_be_computed_with_is_refused(number: str) -> None:
    with pytest.raises(ConfigError, match=r"line 4: .*is not a number that can be computed with"):
        StudyConfig.parse(f"pages: []\nlistenable:\n  scales:\n  - max: {number}")


def test_an_unknown_page_type_is_told_apart_from_the_known() -> None:
    message = error_of("pages:\n- type: mushr")
    assert message.startswith(
        "config.yaml, line 2: a page's type is 'mushr'; expected one of generic, consent"
    )


def test_a_file_that_is_missing_or_no_text_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist; expected a study's config"):
        StudyConfig.load(tmp_path / "nothing.yaml")
    (tmp_path / "config.yaml").write_bytes(b"testname: \xff\xfe")
    with pytest.raises(ConfigError, match=re.escape("byte 10 is not UTF-8; expected a text file")):
        StudyConfig.load(tmp_path)


LINES = EVERY_KEY.strip().split("\n")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_mutated_config_is_read_or_refused_with_a_sentence(data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["drop", "twice", "cut", "word", "indent", "value"])):
            case "drop":
                del lines[at]
            case "twice":
                lines.insert(at, lines[at])
            case "cut":
                lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
            case "word":
                lines[at] += data.draw(st.text(max_size=8))
            case "indent":
                lines[at] = " " * data.draw(st.integers(0, 5)) + lines[at]
            case "value":
                values = [
                    "null",
                    "3",
                    "[]",
                    "{}",
                    "-1",
                    "x",
                    "[[1]]",
                    "1e400",
                    "0x",
                    "true",
                    "&a [*a]",
                    "2026-01-01",
                ]
                lines[at] = re.sub(r":.*", ": " + data.draw(st.sampled_from(values)), lines[at])
    try:
        config, _ = StudyConfig.parse("\n".join(lines))
    except ConfigError as error:
        assert str(error).startswith("config.yaml")
        assert "\n" not in str(error)
    else:
        assert load(config.to_yaml()) == config
