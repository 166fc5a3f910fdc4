from __future__ import annotations

from pathlib import Path

import yaml

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
    webmushra,
)
from study_builder.config.page_types import PAGE_TYPES, Block
from tests.study_builder.parsing import load

EVERY_KEY = Path(__file__).with_name("every_key.yaml").read_text(encoding="utf-8")


def test_every_key_of_webmushra_is_read_and_written_again() -> None:
    config, notices = StudyConfig.parse(EVERY_KEY)
    assert StudyConfig.parse(config.to_yaml())[0] == config
    found, written = yaml.safe_load(EVERY_KEY), yaml.safe_load(config.to_yaml())
    del written["listenable"]
    _assert_kept(found, written)
    idle = {"language", "createAnchor35", "createAnchor70", "randomize", "writeResults"}
    idle |= {"showConditionNames", "showResults"}
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
