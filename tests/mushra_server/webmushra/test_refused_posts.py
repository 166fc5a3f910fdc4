"""Posted sessions that are refused: which ones, in which words, and that their bytes are kept."""

from __future__ import annotations

import html
import io
import json

import pytest

from mushra_server.errors import ServerError
from mushra_server.export.erasure import forget
from mushra_server.export.tables import write_json
from mushra_server.web.server import Options
from mushra_server.webmushra import refused_posts as refused
from tests.mushra_server.posted import COLLECT, post, posted_pages, session


@pytest.fixture
def app(make_app, make_study, tmp_path):
    return make_app(make_study(pages=posted_pages(tmp_path / "study")), options=COLLECT)


def spoil(trial, **changes):
    """The trials of a session with one response of one trial changed."""
    posted = session()
    posted["trials"][trial]["responses"][0].update(changes)
    return posted


@pytest.mark.parametrize(
    ("posted", "words"),
    [
        (spoil(0, score="loud"), "trial 'trial1': the score of 'lmac-td' is 'loud'; expected a number"),
        (spoil(0, score="nan"), "trial 'trial1': the score of 'lmac-td' is 'nan'; expected a number"),
        (spoil(0, score="1e999"), "trial 'trial1': the score of 'lmac-td' is '1e999'; expected a number"),
        (spoil(0, score=10**30), "the score of 'lmac-td' is 1e+30; expected 0 to 100 (score)"),
        (spoil(0, score="-500"), "the score of 'lmac-td' is -500; expected 0 to 100 (score)"),
        (spoil(0, stimulus="@SUM(1)"), "trial 'trial1': the stimulus is '@SUM(1)'; expected one of lmac-td"),
        (spoil(0, stimulus="reference"), "trial 'trial1': 'reference' was rated twice for 'score'"),
        (spoil(1, nonReference="reference"), "trial 'bs': the nonReference is 'reference'; expected one of"),
        (spoil(1, referenceScore="6"), "the score of 'reference' is 6; expected 1 to 5 (score)"),
        (spoil(2, answer="yes"), "trial 'pc': the answer is 'yes'; expected one of correct, incorrect"),
        (spoil(3, stimulusRating="9"), "the score of 'lmac-td' is '9'; expected one of 1, 2, 3, 4, 5"),
        (spoil(4, stimulusRating=["1", "2", "3"]), "'lmac-td' has 3 ratings; expected at most 2"),
        (session(trials=[{"id": "=1+1", "type": "mushra", "responses": []}]),
         "the trial '=1+1' (mushra) is not a page of this study; expected one of 'trial1' (mushra), 'bs' ("),
        (session(trials=[{"id": "bs", "type": "mushra", "responses": []}]), "the trial 'bs' (mushra) is no"),
        (session(uuid="a/b"), "uuid is 'a/b'; expected 1 to 64 letters, digits, dots, hyphens"),
        (session(uuid="=HYPERLINK(1)"), "uuid is '=HYPERLINK(1)'; expected 1 to 64 letters"),
        (session(uuid=".."), "uuid is '..'; expected 1 to 64 letters"),
        (session(trials=[{**session()["trials"][4], "responses": [{"stimulus": "lmac-td"}] * 4}]),
         "trial 'lss': 4 responses; expected at most 3, one for each sound"),
        (session(trials=[{"id": "lss", "type": "likert_single_stimulus", "responses": []}] * 26),
         "sessionJSON: 26 trials; expected at most 25"),
        (session(testId="other"), "testId is 'other'; expected 'a-study'"),
        (session(testId=["a-study"]), "testId is a list; expected a text"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_study_is_refused_whole(app, rows, caplog, posted, words):
    answer = post(app, posted)
    assert answer.status_code == 400 and words.lower() in html.unescape(answer.text).lower()
    assert rows(app, "SELECT * FROM sessions") == [] and rows(app, "SELECT * FROM ratings") == []
    (kept,) = rows(app, "SELECT * FROM refused_posts")
    body = json.loads(bytes(kept["body"]).removeprefix(b"sessionJSON="))
    assert body == posted and words in kept["reason"], "webMUSHRA does not post again"
    (record,) = caplog.records
    assert record.levelname == "WARNING" and words in record.getMessage()
    assert record.getMessage().endswith("it is kept in " + app.extensions["listenable"].database.name)


@pytest.mark.parametrize(("time", "stored"), [(10**30, 2**31 - 1), (-5, None), ("soon", None), (None, None)])
def test_a_clock_that_is_wrong_costs_no_session(app, rows, time, stored):
    posted = session(trials=session()["trials"][:1])
    for response in posted["trials"][0]["responses"]:
        response["time"] = time
    assert post(app, posted).status_code == 200
    assert {row["time_ms"] for row in rows(app, "SELECT time_ms FROM export_ratings")} == {stored}


def test_the_own_page_takes_no_posted_sessions(make_app, rows):
    app = make_app()
    answer = post(app, session())
    assert answer.status_code == 403
    assert "takes no sessions of webMUSHRA; --collect-webmushra makes it take them" in answer.text
    assert rows(app, "SELECT * FROM sessions") == [] and rows(app, "SELECT * FROM refused_posts") == []


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_nothing_that_another_site_sends_is_kept_when_it_is_refused(app, rows, headers):
    client = app.test_client()
    assert client.post("/service/write.php", data=b"x" * 100, headers=headers).status_code == 400
    assert rows(app, "SELECT * FROM refused_posts") == []
    assert client.post("/service/write.php", data=b"x" * 100).status_code == 400
    assert len(rows(app, "SELECT * FROM refused_posts")) == 1


def test_posted_sessions_count_towards_the_quota_and_stop_at_it(make_app, rows):
    app = make_app(options=COLLECT, quota=1)
    trials = session()["trials"][:1]
    assert post(app, session(trials=trials)).status_code == 200
    late = post(app, session(trials=trials, uuid="late"))
    assert late.status_code == 403 and "has all the participants it needs" in late.text
    assert post(app, session(trials=trials)).status_code == 200, (
        "a second click on the button is no new session"
    )
    assert len(rows(app, "SELECT * FROM sessions")) == 1


def test_a_closed_study_takes_no_posted_session(make_app, rows):
    from mushra_server.database.settings import set_closed

    app = make_app(options=COLLECT)
    with app.extensions["listenable"].database.write() as connection:
        set_closed(connection, True, "enough")
    answer = post(app, session(trials=session()["trials"][:1]))
    assert answer.status_code == 403 and "this study is closed" in html.unescape(answer.text).lower()
    assert len(rows(app, "SELECT * FROM refused_posts")) == 1


def test_a_refused_body_is_kept_once_exported_and_taken_once_it_fits(make_app, make_study, rows):
    study = make_study()
    app = make_app(study, options=COLLECT)
    posted = session(testId="a study", trials=session()["trials"][:1])
    for _ in range(2):
        assert post(app, posted).status_code == 400
    file = io.StringIO()
    with app.extensions["listenable"].database.read() as connection:
        write_json(connection, file)
    (kept,) = json.loads(file.getvalue())["refused"]
    assert kept["reason"] == "sessionJSON: testId is 'a study'; expected 'a-study'"
    config = study / "config.yaml"
    config.write_text(config.read_text().replace("testId: a-study", "testId: a study"))
    mended = make_app(study, options=COLLECT)
    again = mended.test_client().post("/service/write.php", data=kept["body"].encode())
    assert again.status_code == 200 and len(rows(mended, "SELECT * FROM export_ratings")) == 3


def test_nobody_adds_any_number_of_columns_to_the_exports(make_app, make_study, tmp_path, rows, monkeypatch):
    """A posted session names its questions itself, and each name is a column for every other session."""
    app = make_app(make_study(pages=posted_pages(tmp_path / "study")), options=COLLECT)
    monkeypatch.setattr("mushra_server.webmushra.store.MOST_OTHER_QUESTIONS", 3)

    def send(number, *names):
        participant = {"name": ["age", *names], "response": ["30"] * (len(names) + 1)}
        return post(app, session(uuid=f"u{number}", participant=participant))

    assert send(1, "a", "b", "c").status_code == 200, "a questionnaire that was changed is kept"
    assert send(2, "a", "c").status_code == 200
    refused = send(3, "a", "d")
    assert (
        refused.status_code == 400
        and "with a, d there would be answers to more than 3 questions" in refused.text
    )
    assert (
        len(rows(app, "SELECT * FROM sessions")) == 2 and len(rows(app, "SELECT * FROM refused_posts")) == 1
    )


def test_no_posted_session_writes_lines_into_the_log(app, caplog):
    posted = session()
    posted["trials"][0]["type"] = "x)\nCRITICAL forged"
    assert post(app, posted).status_code == 400
    assert "a posted session of" in caplog.text and "\nCRITICAL forged" not in caplog.text


def test_there_is_a_limit_to_what_is_kept(app, rows, caplog, monkeypatch):
    monkeypatch.setattr(refused, "MAX_KEPT_BYTES", 50 + refused.ROW_BYTES)
    client = app.test_client()
    again = [b"x" * 40] * 5
    for body in (b"x" * 40, b"y" * 11, *again, *(b"z%d" % number for number in range(5))):
        assert client.post("/service/write.php", data=body).status_code == 400
    assert [bytes(row["body"]) for row in rows(app, "SELECT body FROM refused_posts")] == [b"x" * 40]
    assert "it is lost: 1074 bytes are kept already" in caplog.records[1].getMessage()
    assert "it came before" in caplog.records[2].getMessage()
    assert len(caplog.records) == 3, "of what is lost, and of what comes again, a line in ten seconds"


def test_strangers_bodies_are_read_before_others_wait(app, rows, monkeypatch):
    database, free = app.extensions["listenable"].database, []
    look = refused._names
    monkeypatch.setattr(
        refused, "_names", lambda *asked: free.append(database._writers._free) or look(*asked)
    )
    for name in ("ann", "bob"):
        post(app, session(testId="other", participant={"name": ["email"], "response": [name]}))
    assert forget(database, "ann")["refused posts"] == 1
    assert free == [1, 1] and len(rows(app, "SELECT * FROM refused_posts")) == 1


def test_forgetting_reaches_refused_bodies(app, rows):
    post(app, session(testId="other"))
    post(app, session(testId="other", participant={"name": ["email"], "response": ["ann@x.org"]}))
    app.test_client().post("/service/write.php", data=b'sessionJSON={"participant":["ann@x.org"')
    removed = forget(app.extensions["listenable"].database, "ann@x.org")
    assert removed["refused posts"] == 2
    assert [row["action"] for row in rows(app, "SELECT action FROM events")] == ["forget"]
    assert len(rows(app, "SELECT * FROM refused_posts")) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [({"id": None}, "has no id"), ({"id": "pc"}, "has the id 'pc' of 2 pages")],
)
def test_pages_whose_trials_could_not_be_told_apart_stop_the_start(
    make_app, make_study, tmp_path, change, words
):
    pages = posted_pages(tmp_path / "study")
    pages[1].update(change)
    study = make_study(pages=pages)
    with pytest.raises(ServerError) as error:
        make_app(study, options=COLLECT)
    assert str(error.value) == (
        f"config.yaml: the page 'Sound' (bs1116) {words}; webMUSHRA posts ratings under their page's id; "
        "expected a different id for each page"
    )
    pages[:] = [page for page in pages if page["type"] != "spatial"]  # ours shows none
    assert make_app(make_study(pages=pages), options=Options()), "our own page needs no ids"


def test_a_database_of_an_earlier_release_gets_the_table(make_app, make_study, rows):
    study = make_study()
    first = make_app(study, options=COLLECT)
    with first.extensions["listenable"].database.write() as connection:
        connection.exec_driver_sql("DROP TABLE refused_posts")
    app = make_app(study, options=COLLECT)
    assert post(app, session(uuid="a/b")).status_code == 400
    assert len(rows(app, "SELECT * FROM refused_posts")) == 1


def test_other_answers_under_a_stored_name_are_kept_and_not_acknowledged(app, rows):
    """They would be dropped: who came back to a page in webMUSHRA posts the session again."""
    first, other = session(), session()
    other["trials"][0]["responses"][0]["score"] = "11"
    assert [post(app, posted).status_code for posted in (first, other, first)] == [200, 409, 200]
    scores = {row["score"] for row in rows(app, "SELECT score FROM export_ratings")}
    assert 63 in scores and 11 not in scores
    (kept,) = rows(app, "SELECT * FROM refused_posts")
    assert kept["reason"] == "sessionJSON: another session with the same uuid is stored already"
    assert json.loads(kept["body"].removeprefix(b"sessionJSON=")) == other


@pytest.mark.parametrize("name", ["simulated", "session_uuid", "rating_score", "stimuli_rating2", " uuid"])
def test_no_question_is_taken_for_a_column_of_the_files(app, rows, name):
    """Because of one session the export, with the ratings of all others, could not be analysed."""
    answer = post(app, session(participant={"name": ["age", name], "response": ["30", "1"]}))
    assert answer.status_code == 400 and "is a column of webMUSHRA" in html.unescape(answer.text)
    assert not rows(app, "SELECT * FROM sessions") and len(rows(app, "SELECT * FROM refused_posts")) == 1
