from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import typer
import yaml

from stimuli import MAX_SEED
from study_builder.building.build import build_study, plan_study
from study_builder.building.choices import Choices
from study_builder.choice_texts import CHOICE_TEXTS
from study_builder.commands.study import study
from study_builder.config import Question, StudyConfig
from study_builder.config.options import SessionSettings
from study_builder.errors import BuildError, ConfigError
from tests.study_builder.small_studies import refuse

MakeFolder = Callable[..., Path]


def test_choices_from_a_file_and_from_flags(make_folder: MakeFolder, tmp_path: Path) -> None:
    path = tmp_path / "choices.yaml"
    path.write_text("title: From the file\nanchors: [mid]\nseed: 4\ncompletion: {code: ABC}\n")
    choices = Choices.load(path, seed=MAX_SEED, question=None)
    assert (choices.title, choices.anchors, choices.seed) == ("From the file", ("mid",), MAX_SEED)
    build_study(make_folder(items=1), tmp_path / "study", choices, jobs=1)
    config = StudyConfig.load(tmp_path / "study")
    assert config.options.seed == MAX_SEED
    assert config.test_id == "from-the-file"
    assert config.options.completion is not None and config.options.completion.code == "ABC"


@pytest.mark.parametrize(
    ("text", "flags", "message"),
    [
        ("titel: x", {}, "choices.yaml, line 1: the key 'titel' is unknown .did you mean 'title'"),
        ("a: 1\norder: latin", {}, "choices.yaml, line 1: the key 'a' is unknown|line 2: 'order' is 'latin'"),
        (
            "order: latin",
            {},
            "choices.yaml, line 1: 'order' is 'latin'; expected 'williams', 'random' or",
        ),
        ("", {"order": "latin"}, "--order: 'order' is 'latin'; expected"),
        ("- 1", {}, "choices.yaml: has no keys; expected choices such as"),
        ("seed: -1", {}, "choices.yaml, line 1: 'seed' is -1; expected 0 or more$"),
        ("", {"seed": 2**64}, f"--seed: 'seed' is {2**64}; expected {2**64 - 1} or less$"),
    ],
)
def test_wrong_choices_are_one_sentence(
    tmp_path: Path, text: str, flags: dict[str, object], message: str
) -> None:
    path = tmp_path / "choices.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        Choices.load(path, **flags)


def test_two_answers_of_one_name_are_refused_before_a_study_is_written(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    asked = [{"type": "text", "name": "lab", "label": "Your laboratory"}]
    message = "^'lab' is a URL parameter and a question; expected different names$"
    refuse(message, make_folder(), tmp_path / "study", questionnaire=asked, url_parameters=["lab"])


def test_every_choice_has_one_sentence_and_the_command_line_shows_it() -> None:
    assert set(CHOICE_TEXTS) == set(Choices.model_fields)
    assert all(text.endswith(".") and "\n" not in text for text in CHOICE_TEXTS.values())
    command = typer.main.get_command(study).commands["build"]  # type: ignore[attr-defined]
    shown = {parameter.name: parameter.help for parameter in command.params}
    common = shown.keys() & CHOICE_TEXTS.keys()
    assert len(common) == 21
    assert {name: shown[name] for name in common} == {name: CHOICE_TEXTS[name] for name in common}


def test_what_is_chosen_for_the_sessions_is_kept_under_the_same_keys(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    chosen = {
        "seed": 7, "order": "random", "items_per_session": 1, "must_listen": False, "must_rate": False,
        "scales": [{"name": "speech"}, {"name": "noise"}], "url_parameters": ["lab"],
        "completion": {"code": "A1"}, "headphone_check": "huggins", "screens": ["hearing"], "quota": 9,
        "language": "de", "lab": {"contact": "ask us"},
    }  # fmt: skip
    excluded = {"pages_per_session", "adaptive"}  # by items_per_session; only for abx
    assert {*chosen} | excluded == set(SessionSettings.model_fields)
    choices = Choices.model_validate(chosen)
    build_study(make_folder(items=1), tmp_path / "study", choices, jobs=1)
    options = StudyConfig.load(tmp_path / "study").options
    for name in chosen:
        assert getattr(options, name) == getattr(choices, name) != SessionSettings.model_fields[name].default
    block = (tmp_path / "study" / "config.yaml").read_text().partition("\nlistenable:\n")[2]
    assert block.startswith("  schema_version: 1\n  seed: 7\n")


def test_scales_of_one_name_are_refused_in_a_file_of_choices(tmp_path: Path) -> None:
    path = tmp_path / "choices.yaml"
    path.write_text("scales:\n- name: a\n- name: a\n")
    with pytest.raises(ConfigError, match=r"choices.yaml, line 1: 'scales': scales are named a, a; expected"):
        Choices.load(path)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("test: acr\nties: true\n", "ties are answers of an ab test, and the test is acr"),
        ("test: ab\npairs: ['a:b']\nagainst: c\n", "pairs and against are both given; expected one of them"),
    ],
)
def test_choices_that_do_not_go_together_are_refused_from_a_file_and_from_flags(
    tmp_path: Path, chosen: str, said: str
) -> None:
    """They are of no single key, which a file of choices ended in a traceback for."""
    path = tmp_path / "choices.yaml"
    path.write_text(chosen, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        Choices.load(path)
    assert str(error.value) == f"{path}: {said}"
    with pytest.raises(ConfigError) as error:
        Choices.load(None, **yaml.safe_load(chosen))
    assert str(error.value) == said


def test_two_questions_of_one_name_are_refused_before_a_study_is_made_of_them(tmp_path: Path) -> None:
    """The last page refuses them, too: in an error that the commands and the studio do not know."""
    path = tmp_path / "choices.yaml"
    path.write_text("title: A\nquestionnaire:\n- {type: text, name: age}\n- {type: number, name: age}\n")
    said = r"line 2: 'questionnaire': 'age' is asked 2 times; expected different names$"
    with pytest.raises(ConfigError, match=said):
        Choices.load(path)


def test_what_only_the_config_forbids_is_refused_in_words(make_folder: MakeFolder) -> None:
    questions = (Question(type="text", name="age"), Question(type="number", name="age"))
    unchecked = Choices().model_copy(update={"questionnaire": questions})
    with pytest.raises(BuildError, match=r"^the questionnaire asks 'age' 2 times; expected different names$"):
        plan_study(make_folder(items=1), unchecked)
