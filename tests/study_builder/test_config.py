from __future__ import annotations

import json
import logging
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from study_builder import webmushra
from study_builder.config import (
    ConditionInfo,
    GenericPage,
    LikertPoint,
    LikertSingleStimulusPage,
    MushraPage,
    Question,
    Scale,
    StudyConfig,
    StudyOptions,
    TrialInfo,
)
from study_builder.config_dump import dump
from study_builder.config_pages import PAGE_TYPES, Block, FinishPage
from study_builder.config_yaml import parse
from study_builder.errors import ConfigError

# Every key of every page type that webMUSHRA's documentation or code knows.
EVERY_KEY = """
testname: Every key
testId: every_key
bufferSize: 1024
stopOnErrors: false
showButtonPreviousPage: true
language: de
remoteService: service/write.php
pages:
  - {type: generic, id: g, name: Hello, content: <b>Hi</b>, language: en}
  - {type: consent, id: c, name: Consent, content: "Do you?", mustConsent: true}
  - {type: volume, id: v, name: Volume, content: Set it, stimulus: v.wav, defaultVolume: 0.25}
  - - random
    - type: mushra
      id: m
      name: MUSHRA
      content: Rate
      showWaveform: true
      enableLooping: true
      strict: false
      reference: r.wav
      createAnchor35: true
      createAnchor70: true
      randomize: false
      showConditionNames: true
      switchBack: true
      stimuli: {C1: a.wav, C2: b.wav}
    - - {type: bs1116, id: b, name: B, content: x, showWaveform: true, enableLooping: true, reference: r.wav,
         createAnchor35: false, createAnchor70: true, stimuli: {C1: a.wav}}
      - {type: paired_comparison, id: p, name: P, unforced: I do not know, content: x, showWaveform: true,
         enableLooping: true, reference: r.wav, stimuli: {C1: a.wav}}
  - type: likert_single_stimulus
    id: l1
    name: L
    content: x
    mustRate: true
    mustPlayback: ended
    maxStimuli: 2
    randomize: true
    stimuli: {C1: a.wav, C2: b.wav, C3: c.wav}
    response:
      - - {value: 1, label: low, img: i.png, imgSelected: s.png, imgHigherResponseSelected: h.png}
        - {value: 2, label: high}
      - - {value: no}
        - {value: yes}
  - type: likert_multi_stimulus
    id: l2
    name: L
    content: x
    mustRate: true
    mustPlayback: processUpdate
    stimuli: {C1: a.wav}
    response: [{value: 1, label: one}, {value: 2, label: two}]
  - type: spatial
    id: s
    name: S
    content: x
    framerate: 40
    roomMeasurements: [600, 240, 500]
    numberofLocObj: 2
    stimuli: {C1: a.wav}
    views: [{view: 3d, position: [1, 2, 3], rotation: [0, 0, 1]}]
    objects: [{type: custom, path: head.dae, position: [0, 1, 0], rotation: [0, 0, 180], scale: 5}]
    responses:
      - {type: localization, name: a, label: A, color: 0xff0000, stimulus: C1, position: [1, 2, 3], size: 20}
      - {type: hwd, name: b, label: B, color: red, stimulus: C1, bezierOuterLeft: [1, 2, 3], height: 10,
      depth: 5,
         bezierInnerLeft: [1, 2, 3], bezierInnerRight: [1, 2, 3], bezierOuterRight: [1, 2, 3]}
      - {type: lev, name: c, stimulus: C1, position: [1, 2, 3], size: [1, 2, 3]}
      - {type: asw, name: d, stimulus: C1}
  - type: finish
    id: f
    name: Bye
    content: x
    popupContent: Sent
    showResults: true
    showErrors: true
    writeResults: true
    questionnaire:
      - {type: text, label: Mail, name: mail, optional: true}
      - {type: number, label: Age, name: age, min: 0, max: 100, default: 30, optional: false}
      - {type: likert, name: g, label: G, response: [{value: f, label: F}, {value: m, label: M}]}
      - {type: long_text, name: t, label: T, optional: true}
"""


def _nested(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)


def load(text: str) -> StudyConfig:
    return StudyConfig.parse(text)[0]


def error_of(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(text)
    return str(caught.value)


def test_every_key_of_webmushra_is_read_and_written_again() -> None:
    config, notices = StudyConfig.parse(EVERY_KEY)
    assert StudyConfig.parse(config.to_yaml())[0] == config
    found, written = yaml.safe_load(EVERY_KEY), yaml.safe_load(config.to_yaml())
    del written["listenable"]
    _assert_kept(found, written)
    idle = {"language", "createAnchor35", "createAnchor70", "randomize", "writeResults"}
    assert {notice.key for notice in notices} == idle


def _assert_kept(found: object, written: object, path: str = "") -> None:
    """Everything that was found is written, with values that mean the same; defaults may be added."""
    if isinstance(found, dict):
        assert isinstance(written, dict), path
        for key, value in found.items():
            assert key in written, f"{path}.{key} was lost"
            _assert_kept(value, written[key], f"{path}.{key}")
    elif isinstance(found, list):
        assert isinstance(written, list) and len(written) == len(found), path
        for index, (value, other) in enumerate(zip(found, written, strict=True)):
            _assert_kept(value, other, f"{path}.{index}")
    else:
        # PyYAML, the witness, takes `no` and `yes` for truth values; webMUSHRA's reader takes them for text.
        as_text = {"False": "no", "True": "yes"}.get(str(found), str(found))
        assert found == written or as_text == str(written), path


def test_the_key_tables_and_the_models_have_the_same_fields() -> None:
    for kind, model in PAGE_TYPES.items():
        assert set(webmushra.PAGES[kind].fields.values()) == set(model.model_fields), kind
    assert set(webmushra.STUDY.fields.values()) == set(StudyConfig.model_fields)
    finish = webmushra.PAGES["finish"].nested["questionnaire"]
    assert set(finish.fields.values()) == set(Question.model_fields)


def test_pages_blocks_and_numbers_have_their_types() -> None:
    config = load(EVERY_KEY)
    block = config.pages[3]
    assert isinstance(block, Block) and block.random
    assert isinstance(block.pages[1], Block) and not block.pages[1].random
    mushra = next(page for page in config.walk() if isinstance(page, MushraPage))
    assert mushra.conditions == {"C1": "a.wav", "C2": "b.wav"}
    assert config.presented(mushra) == ("C1", "C2", "reference", "anchor35", "anchor70")
    single = next(page for page in config.walk() if isinstance(page, LikertSingleStimulusPage))
    assert [[point.value for point in scale] for scale in single.response] == [["1", "2"], ["no", "yes"]]


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


def test_loading_logs_what_it_notices(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("pages: []\nnonsense: 1\n")
    with caplog.at_level(logging.WARNING, "study_builder"):
        StudyConfig.load(tmp_path)
    assert f"{path.parent}, line 2: the key 'nonsense' is unknown; it was left out" in caplog.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "config.yaml: holds no keys; expected a study's config with 'testname' and 'pages'"),
        ("- 1", "config.yaml: holds no keys; expected a study's config with 'testname' and 'pages'"),
        ("testname: x", "config.yaml, line 1: 'pages' is missing; expected a list of pages"),
        ("a: 1\npages: 3", "config.yaml, line 2: 'pages' is int 3; expected a list of pages"),
        ("a: 1\na: 2", "config.yaml, line 2: the key 'a' stands on line 1 already"),
        ("a: [1", "config.yaml, line 1: expected ',' or ']', but got '<stream end>'; expected YAML"),
        ("a: &x [*x]", "config.yaml, line 1: holds itself; expected a study's config"),
        ("a: *x", "config.yaml, line 1: the alias '*x' has no anchor before it"),
        ("a: 1\n---\nb: 2", "config.yaml, line 2: a second document begins; expected one"),
        (
            "a: !!python/name:os.system x",
            "config.yaml, line 1: could not determine a constructor for the tag "
            "'tag:yaml.org,2002:python/name:os.system'; expected YAML",
        ),
        ("? [1]\n: 2", "config.yaml, line 1: a key is a list, a mapping or an alias; expected text"),
        (
            "pages:\n- [random, random]",
            "config.yaml, line 2: an entry of 'pages' is str 'random'; expected a page or a list of pages",
        ),
        (
            "pages:\n- type: mushra\n  reference: r\n  stimuli: {reference: a}",
            "config.yaml, line 2: 'pages.0': a condition is named 'reference' beside the page's reference; "
            "expected another name",
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
    ],
)
def test_errors_say_where_and_what_was_expected(text: str, message: str) -> None:
    assert error_of(text) == message


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


def test_our_own_block_round_trips_and_is_the_only_key_webmushra_does_not_know() -> None:
    options = StudyOptions(
        seed=7,
        order="random",
        items_per_session=4,
        hidden_reference=False,
        must_listen=False,
        scales=(Scale(name="match", question="How well?", max=10, step=0.5, labels=("no", "yes")), Scale()),
        conditions={"a": ConditionInfo(role="low_anchor", label="A")},
        trials={"t": TrialInfo(item="dog", kind="attention", probability=0.5, expected={"a": (20, 30)})},
        url_parameters=("PROLIFIC_PID",),
        headphone_check="huggins",
        quota=20,
        language="ja",
        files={"a.wav": "00"},
    )
    config = StudyConfig(options=options)
    written = config.to_yaml()
    assert load(written) == config
    assert set(yaml.safe_load(written)) - set(webmushra.STUDY.fields) == set()
    assert yaml.safe_load(written)["listenable"]["scales"][0]["labels"] == ["no", "yes"]


def test_a_questionnaire_between_pages_round_trips_and_leaves_webmushras_page_as_it_was() -> None:
    questions = (
        Question(type="number", name="age", label="Age", min=10),
        Question(type="likert", name="mood", response=(LikertPoint(value="1", img="a.png"),), optional=True),
    )
    page = GenericPage(id="about", name="About you", content="Some questions.")
    config = StudyConfig(pages=(page,), options=StudyOptions(questionnaires={"about": questions}))
    written = config.to_yaml()
    assert load(written) == config
    assert yaml.safe_load(written)["pages"] == [
        {"type": "generic", "id": "about", "name": "About you", "content": "Some questions."}
    ]
    assert config.questions(page) == questions
    assert config.questions(GenericPage(id="other")) == ()
    assert list(config.named_files()) == ["a.png"]


def test_roles_of_webmushras_names_are_known_without_being_listed() -> None:
    config = StudyConfig(options=StudyOptions(conditions={"anchor35": ConditionInfo(role="method")}))
    assert config.condition("reference").role == "hidden_reference"
    assert config.condition("anchor70").role == "mid_anchor"
    assert config.condition("anchor35").role == "method"
    assert config.condition("lmac").role == "method"


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
