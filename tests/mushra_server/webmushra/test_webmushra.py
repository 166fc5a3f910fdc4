"""webMUSHRA's wire: the raw body as its client sends it, the empty answer, the nine files."""

from __future__ import annotations

import html
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from sqlalchemy import event

from mushra_server.errors import AnswerError, Refusal
from mushra_server.webmushra import store
from mushra_server.webmushra.store import read_pages
from mushra_server.webmushra.wire_format import read_body
from tests.mushra_server.posted import COLLECT, HARD, post, posted_pages, session


@pytest.fixture
def app(make_app, make_study, tmp_path):
    """A server that takes what webMUSHRA posts of such a study."""
    return make_app(make_study(pages=posted_pages(tmp_path / "study"), n_items=3), options=COLLECT)


def test_the_answer_is_200_and_empty_and_the_comment_survives(app, rows):
    answer = post(app, session())
    assert answer.status_code == 200 and answer.data == b""
    assert answer.headers["Access-Control-Allow-Origin"] == "*", "webMUSHRA may run on another host"
    (row,) = rows(app, "SELECT * FROM export_ratings WHERE item = 'item1' AND condition = 'lmac-td'")
    assert row["comment"] == HARD
    assert (row["score"], row["time_ms"], row["role"], row["kind"]) == (63, 48211, "method", "trial")
    assert row["session"] == row["listener"] == session()["uuid"] and row["finished"] == 1
    answers = {row["name"]: row["value"] for row in rows(app, "SELECT * FROM export_answers")}
    assert answers == {"email": "a@b.c", "age": "30"}


def test_a_session_is_stored_in_few_statements_however_many_pages_it_has(app):
    """Others want to store a page meanwhile."""
    engine, said = app.extensions["listenable"].database.engine, []
    event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    assert post(app, session()).status_code == 200
    assert sum(sql.startswith("INSERT INTO submissions") for sql in said) == 1
    assert len(said) < 2 * len(session()["trials"])


def test_pages_are_looked_up_not_looked_for(app, monkeypatch):
    """A session of four hundred trials would look at its four hundred pages for each of them."""
    study = app.extensions["listenable"].study
    walks, walk = [], type(study.config).walk
    monkeypatch.setattr(type(study.config), "walk", lambda config: walks.append(1) or walk(config))
    counts = []
    for trials in (session()["trials"][:1], session()["trials"][:5]):
        read_pages(study, read_body(json.dumps(session(trials=trials)).encode()))
        counts.append(len(walks))
        walks.clear()
    assert counts[0] == counts[1]


def test_clicks_at_the_same_moment_are_one_session(make_app, make_study, tmp_path, postgresql_url, rows):
    """PostgreSQL has several writers: whoever comes second must look after the first has stored."""
    study = make_study(pages=posted_pages(tmp_path / "study"), n_items=3)
    app = make_app(study, options=COLLECT, url=postgresql_url)
    together = threading.Barrier(4)

    def click(sent):
        together.wait()
        return post(app, sent).status_code

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(click, [session()] * 4)) == {200}
        assert set(threads.map(click, [session(testId="another")] * 4)) == {400}
    assert len(rows(app, "SELECT * FROM sessions")) == len(rows(app, "SELECT * FROM refused_posts")) == 1


def test_sessions_at_the_same_moment_count_towards_the_quota(
    make_app, make_study, tmp_path, postgresql_url, rows, monkeypatch
):
    study = make_study(pages=posted_pages(tmp_path / "study"), n_items=3, quota=1)
    app = make_app(study, options=COLLECT, url=postgresql_url)
    refuse_entry, let_in = store.refuse_entry, []
    waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory' AND pid IN "
    waits += "(SELECT pid FROM pg_stat_activity WHERE datname = current_database())"

    def refuse(*asked, **options):
        refuse_entry(*asked, **options)
        let_in.append(1)
        while len(let_in) < 2 and not rows(app, waits):
            time.sleep(0.01)

    monkeypatch.setattr(store, "refuse_entry", refuse)
    with ThreadPoolExecutor(2) as threads:
        answers = threads.map(lambda name: post(app, session(uuid=name)).status_code, ["first", "second"])
        assert sorted(answers) == [200, 403]
    assert len(rows(app, "SELECT * FROM sessions")) == 1


def test_every_rated_type_reaches_the_ratings_view(app, rows):
    post(app, session())
    stored = rows(app, "SELECT item, condition, attribute, score FROM export_ratings WHERE item <> 'item1'")
    found = {(row["item"], row["condition"], row["attribute"]): row["score"] for row in stored}
    assert found == {
        ("bs", "lmac-td", "score"): 3.2,
        ("bs", "lmac-td", "hidden_reference"): 5,
        ("bs", "lmac-td", "difference"): -1.8,
        ("pc", "lmac-td", "correct"): 1,
        ("lms", "lmac-td", "score"): 3,
        ("lss", "lmac-td", "rating1"): 4,
        ("lss", "lmac-td", "rating2"): None,
    }


def test_each_response_of_a_page_per_stimulus_is_stored(app, rows):
    """webMUSHRA collects all stimuli of such a page in one trial."""
    pair = {"reference": "reference", "comment": None}
    names = ("saliency", "lmac-td", "anchor35")
    graded = [
        {**pair, "nonReference": name, "referenceScore": "5", "nonReferenceScore": f"{n}.5", "time": n * 100}
        for n, name in enumerate(names, start=1)
    ]
    answered = [
        {**pair, "nonReference": name, "answer": answer, "time": 5}
        for name, answer in zip(names, ("correct", "incorrect", "unknown"), strict=True)
    ]
    trials = [
        {"id": "bs", "type": "bs1116", "responses": graded},
        {"id": "pc", "type": "paired_comparison", "responses": answered},
    ]
    assert post(app, session(trials=trials)).status_code == 200
    stored = rows(app, "SELECT condition, attribute, score, time_ms, trial_position FROM export_ratings")
    assert {tuple(row.values()) for row in stored} == {
        *((name, "score", n + 0.5, 100 * n, n - 1) for n, name in enumerate(names, start=1)),
        *((name, "hidden_reference", 5, 100 * n, n - 1) for n, name in enumerate(names, start=1)),
        *((name, "difference", n - 4.5, 100 * n, n - 1) for n, name in enumerate(names, start=1)),
        ("saliency", "correct", 1, 5, 3),
        ("lmac-td", "correct", 0, 5, 4),
        ("anchor35", "correct", None, 5, 5),
    }
    pages = [row["page_id"] for row in rows(app, "SELECT page_id FROM submissions ORDER BY page_index")]
    assert pages[:2] == ["bs:saliency", "bs:lmac-td"], "as our own page names them"


def test_a_point_that_is_a_word_is_an_answer(make_app, make_study, tmp_path, rows):
    pages = posted_pages(tmp_path / "study")
    pages[3]["response"] = [{"value": "good"}, {"value": "NA"}, {"value": "2.0"}]
    app = make_app(make_study(pages=pages), options=COLLECT)
    names = ("lmac-td", "saliency", "anchor35")
    rated = [
        {"stimulus": name, "stimulusRating": value}
        for name, value in zip(names, ("good", "NA", 2), strict=True)
    ]
    trial = {"id": "lms", "type": "likert_multi_stimulus", "responses": rated}
    assert post(app, session(trials=[trial], participant=None)).status_code == 200
    assert [row["score"] for row in rows(app, "SELECT score FROM export_ratings ORDER BY condition")] == [
        2, None, None,
    ]  # fmt: skip
    answers = {row["name"]: row["value"] for row in rows(app, "SELECT * FROM export_answers")}
    assert answers == {"lms:lmac-td:score": "good", "lms:saliency:score": "NA"}


@pytest.mark.parametrize(
    ("written", "sent"), [("2024", 2024), ("2024.0", 2024), ("'007'", "007"), ("true", True), (None, None)]
)
def test_the_testid_is_compared_as_the_config_is_read(make_app, make_study, rows, written, sent):
    """A number in YAML is a number on the wire; a config without `testId` posts none."""
    study = make_study()
    config = study / "config.yaml"
    line = "" if written is None else f"testId: {written}\n"
    config.write_text(config.read_text().replace("testId: a-study\n", line))
    app = make_app(study, options=COLLECT)
    posted = session(testId=sent, trials=session()["trials"][:1])
    if sent is None:
        del posted["testId"]
    assert post(app, posted).status_code == 200
    assert {row["study"] for row in rows(app, "SELECT * FROM export_ratings")} == {
        app.extensions["listenable"].study.name
    }


def test_a_second_click_stores_once(app, rows):
    """webMUSHRA does not disable its button, and posts the questionnaire doubled the second time."""
    post(app, session())
    doubled = {"name": ["email", "age"] * 2, "response": ["a@b.c", "30"] * 2}
    assert post(app, session(participant=doubled)).status_code == 200
    assert len(rows(app, "SELECT * FROM sessions")) == 1
    assert len(rows(app, "SELECT * FROM export_answers")) == 2


def test_an_answer_that_is_corrected_after_a_click_that_failed_counts(app, rows):
    corrected = {"name": ["email", "age"] * 2, "response": ["a@b.c", "3", "a@b.c", "30"]}
    assert post(app, session(participant=corrected)).status_code == 200

    def given():
        return {row["name"]: row["value"] for row in rows(app, "SELECT * FROM export_answers")}

    assert given() == {"email": "a@b.c", "age": "30"}
    again = {"name": ["email", "age"] * 3, "response": [*corrected["response"], "a@b.c", "31"]}
    assert post(app, session(participant=again)).status_code == 409, "not acknowledged: it is stored already"
    assert given()["age"] == "30" and len(rows(app, "SELECT * FROM refused_posts")) == 1


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "the body is not JSON"),
        (b"sessionJSON=", "the body is not JSON"),
        (b'sessionJSON={"testId":"a-study","tri', "the body is not JSON"),
        (b"sessionJSON=[]", "the body is a JSON list; expected an object"),
        (b"sessionJSON={}", "trials: expected a list"),
        (b'sessionJSON={"testId":"a-study","trials":[{"id":"x"}]}', "trials: expected a list of objects"),
        (b'sessionJSON={"testId":"other","trials":[]}', "testId is 'other'; expected 'a-study'"),
        (b"sessionJSON=" + b"[" * 100_000, "the body is not JSON"),
        (b'sessionJSON={"a":' + b"[" * 40 + b"]" * 40 + b"}", "nested more than 16 levels"),
    ],
)
def test_what_is_no_session_is_refused_and_nothing_is_stored(app, rows, body, sentence):
    answer = app.test_client().post(
        "/service/write.php", data=body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 400 and sentence.lower() in html.unescape(answer.text).lower()
    assert "Traceback" not in answer.text
    assert rows(app, "SELECT * FROM sessions") == []


@pytest.mark.parametrize(("kind", "stored"), [("mushra", 0), ("likert_single_stimulus", 0), ("asw", 0)])
def test_a_page_is_posted_once(app, rows, kind, stored):
    """Ten thousand of one page would take the database for minutes, with everybody else waiting."""
    trial = next(trial for trial in session()["trials"] if trial["type"] == kind)
    answer = post(app, session(trials=[trial] * 2))
    assert answer.status_code == 400 and "was posted twice" in answer.text
    assert len(rows(app, "SELECT * FROM sessions")) == stored
    if kind == "likert_single_stimulus":
        twice = {**trial, "responses": trial["responses"] * 2}
        assert post(app, session(trials=[twice])).status_code == 400


def test_percent_encoded_bodies_are_read_too():
    from urllib.parse import quote_plus

    encoded = b"sessionJSON=" + quote_plus(json.dumps(session(), ensure_ascii=False)).encode()
    assert read_body(encoded) == read_body(b"sessionJSON=" + json.dumps(session()).encode())
    with pytest.raises(Refusal, match="not JSON"):
        read_body(b"sessionJSON=%7Bbroken")


def test_a_session_without_uuid_gets_the_same_one_each_time():
    posted = session()
    del posted["uuid"]
    body = b"sessionJSON=" + json.dumps(posted).encode()
    assert read_body(body).uuid == read_body(body).uuid != session()["uuid"]


def test_the_configs_own_remote_service_is_served(make_app, make_study, rows):
    study = make_study()
    config = study / "config.yaml"
    config.write_text("remoteService: collect/here\n" + config.read_text())
    app = make_app(study, options=COLLECT)
    assert post(app, session(trials=session()["trials"][:1]), "/collect/here").status_code == 200
    assert len(rows(app, "SELECT * FROM sessions")) == 1


def test_questions_that_are_known_are_not_looked_for_in_all_pages():
    """Anybody may post a session, and each would hold up the pages of others for as long as that takes."""

    def look(*_):
        raise LookupError

    connection = SimpleNamespace(execute=look)
    known = {f"q{number}" for number in range(store.MOST_OTHER_QUESTIONS)}
    study = SimpleNamespace(config=SimpleNamespace(walk=list), posted_questions=known)
    store._check_question_names(connection, study, SimpleNamespace(participant={"q1": "yes"}))
    with pytest.raises(AnswerError, match="more than 100 questions"):
        store._check_question_names(connection, study, SimpleNamespace(participant={"another": "yes"}))
    known.remove("q1")
    with pytest.raises(LookupError):
        store._check_question_names(connection, study, SimpleNamespace(participant={"another": "yes"}))
