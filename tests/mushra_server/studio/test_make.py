"""Making a study in the studio: uploads, how they are read, choices, building, two who edit at once."""

from __future__ import annotations

import contextlib
import html
import io
import re
import time
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

import mushra_server
from mushra_server.many import ManyStudies
from mushra_server.studio import jobs
from mushra_server.studio.app import studio_of
from mushra_server.studio.choices.conflicts import read_base
from mushra_server.studio.choices.fields import GROUPS, Field, choices_yaml, read_form
from mushra_server.studio.choices.labels import say_labels
from mushra_server.studio.choices.rows import question_rows, scale_rows
from mushra_server.studio.choices.sentences import OPTIONS
from mushra_server.studio.drafts import SOUNDS_NAME, UPLOAD_NAME, save_fact
from mushra_server.studio.planning import forecasts
from mushra_server.studio.planning.plan import minutes_per_listener
from mushra_server.studio.routes.make import FIXED_KEYS
from mushra_server.studio.uploads import store_sounds
from study_builder.building.build import build_study
from study_builder.building.choices import Choices
from study_builder.config import StudyConfig
from tests.mushra_server.studio.conftest import Browser, wait_for
from tests.mushra_server.studio.sounds import archive, send, sounds, tone


@pytest.fixture(autouse=True)
def _no_forecast(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many listeners are needed is being computed for ever, which costs a process each time."""
    monkeypatch.setattr(forecasts, "MAX_WAITING", 0)


@pytest.fixture
def study(studio: ManyStudies, admin: Browser) -> str:
    """A draft with two items of three conditions, whose loudness nobody measures."""
    admin.post("/studies", title="Codecs")
    draft = studio_of(studio).studies.draft("codecs")
    store_sounds([send("sounds.zip", archive(sounds()))], draft / SOUNDS_NAME)
    save_fact(draft, UPLOAD_NAME, {"name": "one", "left_out": []})
    return "codecs"


def version(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found
    return found[1]


def test_an_upload_is_read_at_once(studio: ManyStudies, admin: Browser) -> None:
    admin.post("/studies", title="Codecs")
    packed = archive(sounds())
    answer = admin.post("/studies/codecs/sounds", files=(io.BytesIO(packed), "sounds.zip"))
    assert answer.status_code == 302, answer.text
    assert wait_for(studio, "codecs", "measure").state == "done"
    page = admin.get("/studies/codecs/make").text
    assert "6 sounds of 0.6 s" in page
    assert "item0, item1" in page
    assert "codec-a, codec-b, reference" in page
    assert "LUFS" in page.split("</section>")[0]
    assert "loudness not measured" not in page


def test_one_item_of_sounds_is_kept_and_shown_while_others_are_measured(
    admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "AT_ONCE", 0)
    monkeypatch.setattr(forecasts, "MAX_WAITING", 1)
    admin.post("/studies", title="Codecs")
    packed = archive({f"piano/{name}.wav": tone() for name in ("reference", "new")})
    assert admin.post("/studies/codecs/sounds", files=(io.BytesIO(packed), "a.zip")).status_code == 302
    page = admin.get("/studies/codecs/make").text
    assert "2 sounds of" in page and "loudness not measured" in page
    assert "The number of listeners is being computed." in page
    until = time.monotonic() + 60
    while "data-pending" in (page := admin.get("/studies/codecs/make").text) and time.monotonic() < until:
        time.sleep(0.1)
    assert "two-way test needs two items or more; found 1" in page.lower(), (
        "and not: no number is enough, ever"
    )
    assert 'class="bad"' not in page and "object at" not in page, "nothing is wrong with what was chosen"
    assert "<dt>1 item</dt>" in page and "<dt>2 conditions</dt>" in page


def test_an_ambiguous_folder_is_shown_in_both_readings(admin: Browser) -> None:
    admin.post("/studies", title="Ambiguous")
    files = {f"{a}/{b}.wav": tone() for a in ("x", "y") for b in ("one", "two")}
    admin.post("/studies/ambiguous/sounds", files=(io.BytesIO(archive(files)), "a.zip"))
    page = admin.get("/studies/ambiguous/make").text
    assert re.search("<details open>\\s*<summary>Both ways to read the folders", page)
    assert 'value="condition/item" aria-label="Read them this way: condition/item"' in page
    assert page.count("say which with “Folders”") == 1 and "--layout" not in page
    assert "See above how the folders were read." in page
    admin.post(
        "/studies/ambiguous/make", version=version(page), read_as="condition/item", **form(title="Ambiguous")
    )
    page = admin.get("/studies/ambiguous/make").text
    assert "<dt>2 items</dt><dd>one, two</dd>" in page
    assert "The folders are read this way." in page


def test_missing_sounds_are_named(admin: Browser) -> None:
    admin.post("/studies", title="Gaps")
    files = sounds(2, "")
    del files["item1/codec-b.wav"]
    admin.post("/studies/gaps/sounds", files=(io.BytesIO(archive(files)), "a.zip"))
    assert '<dd class="bad">item1/codec-b</dd>' in admin.get("/studies/gaps/make").text


def form(**changed: object) -> dict[str, object]:
    """A whole form with the defaults that a browser sends for what nobody changed."""
    from mushra_server.studio.choices.fields import show_value

    fields = [field for group in GROUPS.values() for field in group]
    sent: dict[str, object] = {field.name: show_value(field, {}) for field in fields}
    for prefix, rows in (("q", question_rows({})), ("s", scale_rows({}))):
        for number, row in enumerate(rows):
            sent |= {f"{prefix}-{number}-{key}": value for key, value in row.items()}
    return {**sent, **changed}


def test_choices_that_take_seconds_to_show_are_not_kept(admin: Browser) -> None:
    """The title is on every page of the study, and in the list of whoever may see it."""
    admin.post("/studies", title="Long")
    for changed, status, said in (
        ({"title": "T" * 201}, 400, "itle has 201 characters"),
        ({"consent": "a" * 200_000}, 413, "characters; expected at most 200000"),
        ({"consent": "ä" * 20_000, "title": "T" * 200}, 302, ""),
    ):
        answer = admin.post("/studies/long/make", version=0, **form(**{"title": "Long", **changed}))
        assert answer.status_code == status and said in answer.text
    assert read_base("[" * 300_000) == {}


@pytest.mark.parametrize("large", ["9" * 400, "9" * 5000, "ten"], ids=["400 digits", "5000 digits", "word"])
def test_what_is_no_number_is_refused_in_words(admin: Browser, study: str, large: str) -> None:
    """And its page can still be opened: choices that nobody can use are stored, too."""
    page = admin.get(f"/studies/{study}/make").text
    sent = form(title="Codecs", training_items=large, seed=large, quota=large) | {
        "s-0-max": large, "s-0-step": f"-{large}", "q-0-type": "number", "q-0-range": f"0 to {large}",
    }  # fmt: skip
    for number, extra in enumerate(({}, {"scales": f"up {large}"}, {"questions": f"remove {large}"})):
        answer = admin.post(f"/studies/{study}/make", version=number, **sent, **extra)
        assert answer.status_code == 302, answer.text
        page = admin.get(f"/studies/{study}/make")
        assert page.status_code == 200 and page.text.count('class="bad"') >= 1


@pytest.mark.parametrize(
    "field", [field for group in GROUPS.values() for field in group], ids=lambda field: field.name
)
def test_every_choice_has_a_sentence_and_one_default(field: Field) -> None:
    assert re.fullmatch(r"[A-Za-z].{8,}\.", field.sentence)
    assert "default" not in field.sentence.lower(), "the form adds it"
    assert field.default_text and "None" not in field.default_text


def test_every_choice_is_in_the_form() -> None:
    fields = {field.name.split(".")[0] for group in GROUPS.values() for field in group}
    lists = {"questionnaire", "scales"}
    assert fields | lists | FIXED_KEYS == set(Choices.model_fields)


def test_a_form_that_nobody_changed_chooses_nothing() -> None:
    assert read_form({name: str(value) for name, value in form().items()}) == {}


@pytest.mark.usefixtures("jobs_here")
def test_the_file_of_choices_builds_the_same_study(
    studio: ManyStudies, admin: Browser, study: str, tmp_path: Path
) -> None:
    sent = form(
        title="Codecs", test="ab", ties="yes", target_lufs="", language="de", **{"completion.code": "C1"}
    )
    page = admin.get(f"/studies/{study}/make").text
    assert admin.post(f"/studies/{study}/make", version=version(page), **sent).status_code == 302
    written = admin.get(f"/studies/{study}/choices.yaml").text
    assert yaml.safe_load(written) == {
        "title": "Codecs", "test_id": "codecs", "test": "ab", "ties": True, "language": "de",
        "target_lufs": None, "completion": {"code": "C1"},
    }  # fmt: skip
    assert admin.post(f"/studies/{study}/build").status_code == 302
    assert wait_for(studio, study, "build").state == "done"
    (tmp_path / "choices.yaml").write_text(written, "utf-8")
    draft = studio_of(studio).studies.draft(study) / "sounds"
    by_hand = build_study(draft, tmp_path / "by-hand", Choices.load(tmp_path / "choices.yaml"))
    built = StudyConfig.load(studio.folder / study)
    assert built.pages == by_hand.config.pages
    assert built.options.files == by_hand.config.options.files
    assert "The study is built" in admin.get(f"/studies/{study}/build").text


def test_a_wrong_choice_is_shown_at_its_field(admin: Browser, study: str) -> None:
    admin.post(f"/studies/{study}/make", version=0, **form(title="Codecs", items_per_session=9))
    page = admin.get(f"/studies/{study}/make").text
    assert re.search('id="error-items_per_session">“Items per listener” is 9; expected at most 2', page)
    assert admin.post(f"/studies/{study}/build").status_code == 400
    admin.post(f"/studies/{study}/make", version=1, **form(title="Codecs", sample_rate="fast"))
    assert 'id="error-sample_rate"' in admin.get(f"/studies/{study}/make").text


def test_two_questions_of_one_name_are_shown_as_wrong(admin: Browser, study: str) -> None:
    """The study's pages were answered 500 from then on."""
    sent = form(title="Codecs") | {"q-0-name": "age", "q-1-name": "age"}
    assert admin.post(f"/studies/{study}/make", version=0, **sent).status_code == 302
    page = admin.get(f"/studies/{study}/make")
    assert page.status_code == 200 and "is asked 2 times; expected different names" in page.text


def test_messages_name_the_fields_as_the_form_does() -> None:
    said = "items_per_session is 9; see --reference-name and --items; 'title' is '' (of the title, --out)"
    assert say_labels(said) == (
        "“Items per listener” is 9; see “Name of the reference” and “Items”; “Title” is '' "
        "(of the title, --out)"
    )


def test_choices_that_few_need_are_folded_until_one_is_made(admin: Browser, study: str) -> None:
    def folded(page: str) -> list[bool]:
        return [not mark for mark in re.findall('<details class="more"( open)?>', page)]

    assert set(folded(admin.get(f"/studies/{study}/make").text)) == {True}
    admin.post(f"/studies/{study}/make", version=0, **form(title="Codecs", repeats="1"))
    assert folded(admin.get(f"/studies/{study}/make").text).count(False) == 1


def test_checks_are_shown_at_their_fields(admin: Browser, study: str) -> None:
    admin.post(f"/studies/{study}/make", version=0, **form(title="Codecs", training_items="0"))
    field = (
        admin.get(f"/studies/{study}/make").text.split('name="training_items"')[1].split('class="field')[0]
    )
    assert "Warning: " in field
    assert "BS.1534-3" in field


def test_two_who_edit_at_once_lose_nothing(admin: Browser, study: str) -> None:
    page = admin.get(f"/studies/{study}/make").text
    assert (
        admin.post(
            f"/studies/{study}/make", version=version(page), **form(title="Theirs", quota="30")
        ).status_code
        == 302
    )
    url, base = f"/studies/{study}/make", re.search('name="base" value="([^"]*)"', page)
    assert base
    mine = {"base": html.unescape(base[1]), **form(title="Mine", repeats="1")}
    told = admin.post(url, version=version(page), only="plan", **mine).text
    assert "Somebody else has saved other choices" in told
    answer = admin.post(url, version=version(page), **mine)
    assert answer.status_code == 409
    offered = re.findall(
        r'name="take-(\w+)" value="(\w+)" aria-label="[^"]*"( checked)?><span>([^<]*)<', answer.text
    )
    assert offered == [
        ("title", "theirs", "", "Theirs"), ("title", "mine", " checked", "Mine"),
        ("quota", "theirs", " checked", "30"), ("quota", "mine", "", "default"),
        ("repeats", "theirs", "", "default"), ("repeats", "mine", " checked", "1"),
    ]  # fmt: skip
    assert answer.text.count("changed by both") == 1
    assert 'value="Theirs"' in admin.get(url).text, "nothing is stored yet"
    fields = dict(re.findall(r'type="hidden" name="([\w.-]+)" value="([^"]*)"', answer.text))
    chosen = {f"take-{key}": side for key, side, checked, _ in offered if checked}
    assert admin.post(url, **{**fields, **chosen}).status_code == 302
    saved = yaml.safe_load(admin.get(f"/studies/{study}/choices.yaml").text)
    assert (saved["title"], saved["quota"], saved["repeats"]) == ("Mine", 30, 1), "of each what they changed"


def test_building_saves_what_the_form_says(
    studio: ManyStudies, admin: Browser, study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not the choices of before; what cannot be built comes back with its errors."""
    started = []
    monkeypatch.setattr(studio_of(studio).jobs, "start", lambda *job: started.append(job[:2]))
    url = f"/studies/{study}/make"
    page = admin.get(url).text
    assert '<button form="choices" name="then" value="build">' in page
    wrong = admin.post(url, version=0, then="build", **form(title="Codecs", quota="many"))
    assert wrong.headers["Location"].endswith("/make#plan") and not started
    built = admin.post(url, version=1, then="build", **form(title="Saved by building"))
    assert built.headers["Location"] == f"/studies/{study}/build" and started == [(study, "build")]
    choices = studio_of(studio).studies.draft(study) / "choices.yaml"
    assert yaml.safe_load(choices.read_text("utf-8"))["title"] == "Saved by building"


def test_questions_are_added_moved_and_removed(admin: Browser, study: str) -> None:
    url = f"/studies/{study}/make"
    admin.post(url, version=0, questions="add", **form(title="Codecs"))
    rows = len(question_rows({}))
    page = admin.get(url).text
    assert f'name="q-{rows}-name" value="question{rows + 1}"' in page
    admin.post(url, version=1, questions="up 1", **form(title="Codecs"))
    assert 'name="q-0-name" value="device"' in admin.get(url).text
    admin.post(url, version=2, questions="remove 0", **form(title="Codecs"))
    assert 'value="age"' not in admin.get(url).text


def test_scales_are_added_and_become_those_of_the_study(admin: Browser, study: str) -> None:
    url = f"/studies/{study}/make"
    noise = {"s-1-name": "noise", "s-1-question": "How loud is the noise?", "s-1-min": "1", "s-1-max": "5",
             "s-1-step": "0.5", "s-1-labels": "Very\r\nNot at all"}  # fmt: skip
    admin.post(url, version=0, scales="add", **form(title="Codecs"))
    page = admin.get(url).text
    assert 'name="s-1-name" value="scale2"' in page
    admin.post(url, version=1, scales="up 1", **form(title="Codecs", **noise))
    chosen = yaml.safe_load(admin.get(f"/studies/{study}/choices.yaml").text)["scales"]
    assert [scale["name"] for scale in chosen] == ["noise", "score"]
    found = Choices.model_validate({"scales": chosen}).scales[0]
    assert (found.min, found.max, found.step, found.labels) == (1, 5, 0.5, ("Very", "Not at all"))
    admin.post(url, version=2, **form(title="Codecs", **{**noise, "s-1-max": "0"}))
    assert 'id="error-scales"' in admin.get(url).text


def test_minutes_are_those_of_the_pages(tmp_path: Path) -> None:
    for name, content in sounds(2, "").items():
        (tmp_path / "sounds" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "sounds" / name).write_bytes(content)
    built = build_study(
        tmp_path / "sounds", tmp_path / "study", Choices(test="acr", training_items=0, anchors=())
    )
    # Two items of three conditions, one at a time, heard twice (10 s each) and answered in 5 s; consent,
    # volume, instructions and the last page with its five questions.
    assert minutes_per_listener(built.config, 10.0) == pytest.approx((6 * 25 + 4 * 30 + 5 * 5) / 60)


def test_choices_are_written_in_their_order() -> None:
    assert choices_yaml({"title": "Größe", "repeats": 1}).endswith("title: Größe\nrepeats: 1\n")


def test_every_option_of_the_form_is_one_that_a_study_may_have() -> None:
    pages = Path(mushra_server.__file__).parent / "static/page/i18n"
    languages = {path.stem for path in pages.glob("*.js")}
    assert set(OPTIONS["language"]) == {*languages, "browser"}
    for name, options in OPTIONS.items():
        if name != "language":
            taken = []
            for value in {*options, "another"} - {""}:
                with contextlib.suppress(ValidationError):
                    Choices(**{name: int(value) if value.isdecimal() else value})
                    taken.append(value)
            assert set(taken) == set(options) - {""}, name


def test_each_choice_has_one_sentence() -> None:
    for field in (field for group in GROUPS.values() for field in group):
        assert field.sentence[0].isupper() and field.sentence.endswith("."), field.name
        assert field.default_text, field.name
    assert next(f for f in GROUPS["Sounds"] if f.name == "items").default_text == "all"
