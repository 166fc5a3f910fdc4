"""Crowds: who is let in, what is kept of their address, what they take home."""

from __future__ import annotations

import threading

import pytest

from mushra_server.database import settings
from mushra_server.errors import AnswerError
from mushra_server.participant.admission import keep_parameters, participant_of
from mushra_server.web.server import EXTENSION, Options
from study_builder.config.options import StudyOptions

NONCE = "0b1e2c3d-4f5a-4b6c-8d7e-9fa0b1c2d3e4"


def enter(app, **parameters):
    return app.test_client().post("/api/session", json={"parameters": parameters})


def test_named_and_crowd_parameters_are_kept_as_text(make_app, rows):
    app = make_app(url_parameters=["group"])
    given = {"PROLIFIC_PID": "5f3a", "STUDY_ID": "0012", "SESSION_ID": "1e5", "group": "07", "other": "gone"}
    assert enter(app, **given).status_code == 201
    kept = {row["name"]: row["value"] for row in rows(app, "SELECT name, value FROM parameters")}
    assert kept == {"PROLIFIC_PID": "5f3a", "STUDY_ID": "0012", "SESSION_ID": "1e5", "group": "07"}


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ([], "parameters: expected an object of texts"),
        ({"PROLIFIC_PID": 7}, "parameters: expected an object of texts"),
        ({"PROLIFIC_PID": "x" * 501}, "parameters: 'PROLIFIC_PID' has 501 characters; expected at most 500"),
    ],
)
def test_parameters_that_are_refused(app, rows, parameters, sentence):
    answer = app.test_client().post("/api/session", json={"parameters": parameters})
    assert answer.status_code == 400 and answer.json["error"] == sentence
    assert rows(app, "SELECT * FROM sessions") == []


def test_the_listener_of_the_export_is_the_crowds_own_id(make_app, make_listener, rows):
    app = make_app()
    make_listener(app).start({"workerId": "A1", "assignmentId": "x", "hitId": "y"}).save_all()
    make_listener(app).start({"PROLIFIC_PID": "P1"}).save_all()
    make_listener(app).start().save_all()
    found = rows(app, "SELECT DISTINCT listener, session FROM export_ratings")
    listeners = {row["listener"] for row in found}
    assert {"A1", "P1"} < listeners and len(listeners) == 3
    (own,) = listeners - {"A1", "P1"}
    assert own in {row["session"] for row in found}


def test_one_entry_for_each_id_where_it_is_asked_for(make_app, make_study):
    open_to_all = make_app(make_study("a"))
    assert [enter(open_to_all, PROLIFIC_PID="p").status_code for _ in range(2)] == [201, 201]
    once = make_app(make_study("b"), options=Options(one_entry=True))
    assert enter(once, PROLIFIC_PID="p").status_code == 201
    refused = enter(once, PROLIFIC_PID="p")
    assert refused.status_code == 403 and refused.json["reason"] == "already"
    assert refused.json["error"] == (
        "the id p has taken part already; to continue an unfinished session, open its resume link"
    )
    assert enter(once, PROLIFIC_PID="q").status_code == 201
    assert [enter(once).status_code for _ in range(2)] == [201, 201], (
        "without an id there is nothing to compare"
    )


def test_one_entry_lets_the_same_browser_continue(make_app, make_listener):
    app = make_app(options=Options(one_entry=True))
    listener = make_listener(app).start({"PROLIFIC_PID": "p"})
    first = listener.state["pages"][0]["id"]
    assert listener.start({"PROLIFIC_PID": "p"}).state["pages"][0]["id"] == first


def start(client, nonce=NONCE, **parameters):
    return client.post("/api/session", json={"parameters": parameters, "nonce": nonce})


def test_a_start_whose_answer_was_lost_finds_its_session(make_app, rows):
    app = make_app(options=Options(one_entry=True))
    lost, again = (start(app.test_client(), PROLIFIC_PID="p") for _ in range(2))
    assert (lost.status_code, again.status_code) == (201, 200)
    assert again.headers["Set-Cookie"].split(";")[0] == lost.headers["Set-Cookie"].split(";")[0]
    assert again.json == lost.json and len(rows(app, "SELECT * FROM sessions")) == 1
    refused = start(app.test_client(), nonce="f" * 36, PROLIFIC_PID="p")
    assert refused.status_code == 403 and refused.json["reason"] == "already"


def test_a_nonce_belongs_to_one_participant(app, make_app, make_study, rows):
    client = app.test_client()
    first = start(client, participant="p07").json
    assert start(client, participant="p08").status_code == 201
    back = start(client, participant="p07")
    assert back.status_code == 200 and back.json == first, "the browser comes back to the first session"
    assert [row["participant"] for row in rows(app, "SELECT participant FROM sessions")] == ["p07", "p08"]
    token = back.headers["Set-Cookie"].split("=")[1].split(";")[0]
    elsewhere = start(make_app(make_study("other")).test_client(), participant="p07")
    assert len(token) == 43 and token not in elsewhere.headers["Set-Cookie"], "another server has another key"


@pytest.mark.parametrize("nonce", ["short", "a b" * 9, "x" * 65, 7, []])
def test_a_nonce_that_is_no_random_text_is_refused(app, rows, nonce):
    refused = start(app.test_client(), nonce=nonce)
    assert refused.status_code == 400
    sentence = f"nonce is {nonce!r}; expected a text of 22 to 64 letters, digits and hyphens"
    assert refused.json["error"] == sentence and rows(app, "SELECT * FROM sessions") == []


@pytest.mark.parametrize("nonce", [None, NONCE], ids=["three browsers", "one start, sent thrice"])
def test_starts_at_the_same_moment_are_let_in_once(make_app, postgresql_url, rows, nonce):
    app = make_app(url=postgresql_url, options=Options(one_entry=True))
    statuses = []

    def enter_at_once(number, barrier):
        client = app.test_client()
        barrier.wait()
        statuses.append(start(client, nonce=nonce, PROLIFIC_PID=f"p{number}").status_code)

    for number in range(20):
        barrier = threading.Barrier(3)
        threads = [threading.Thread(target=enter_at_once, args=(number, barrier)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(statuses) == [*[200] * 40 * bool(nonce), *[201] * 20, *[403] * 40 * (not nonce)]
    assert rows(app, "SELECT COUNT(*) AS n, COUNT(DISTINCT participant) AS p FROM sessions") == [
        {"n": 20, "p": 20}
    ]


def test_a_full_study_lets_nobody_new_in(make_app, make_listener):
    app = make_app(quota=2)
    for _ in range(2):
        make_listener(app).start().save_all().finish()
    running = make_listener(app)
    refused = enter(app)
    assert refused.status_code == 403
    assert refused.json == {"error": "this study has all the participants it needs", "reason": "full"}
    assert running.start(simulated=True).state["simulated"], "a rehearsal has a quota of its own"


def test_who_is_in_finishes_although_the_study_is_full(make_app, make_listener):
    app = make_app(quota=1)
    slow, quick = make_listener(app).start(), make_listener(app).start()
    assert quick.save_all().finish().status_code == 200
    assert slow.save_all().finish().status_code == 200


def test_completion_is_told_at_the_end_and_not_before(make_app, make_listener):
    completion = {"code": "C1A2", "redirect": "https://app.prolific.com/submissions/complete?cc=C1A2"}
    listener = make_listener(make_app(completion=completion)).start()
    assert listener.state["completion"] is None
    assert listener.save_all().finish().json["completion"] == completion
    assert listener.start().state["completion"] == completion


def test_time_outs_hand_the_place_to_another(make_app, make_listener, rows):
    app = make_app(options=Options(abandoned_after_min=0))
    make_listener(app).start()
    make_listener(app).start()
    assert [row["slot"] for row in rows(app, "SELECT slot FROM sessions ORDER BY id")] == [0, 0]


def test_an_id_has_room_in_an_index_however_it_is_written() -> None:
    assert participant_of({"participant": "\N{MUSICAL SYMBOL G CLEF}" * 500}) is not None
    small = "\N{GREEK SMALL LETTER ALPHA WITH PERISPOMENI AND YPOGEGRAMMENI}"  # longer once it is folded
    for letter in ("\N{SQUARE APAATO}", small):
        with pytest.raises(AnswerError, match="more than 2000 bytes"):
            participant_of({"participant": letter * 500})


def test_an_id_is_the_first_parameter_that_is_not_empty():
    assert participant_of({"PROLIFIC_PID": "", "workerId": "w", "participant": "p"}) == "w"
    assert participant_of({"STUDY_ID": "s"}) is None and participant_of({"participant": ""}) is None


def test_values_may_have_500_characters():
    options = StudyOptions(url_parameters=["wave"])
    long = {"wave": "x" * 500, "unknown": "y" * 9999}
    assert keep_parameters(options, long) == {"wave": "x" * 500}
    with pytest.raises(AnswerError, match="'wave' has 501 characters; expected at most 500"):
        keep_parameters(options, {"wave": "x" * 501})
    assert keep_parameters(options, None) == {}
    with pytest.raises(AnswerError, match="expected an object of texts"):
        keep_parameters(options, {"wave": 5})


SIMULATED_SENTENCE = (
    "a simulated session needs the secret in this study's database: run `listenable study simulate` with the "
    "study that is served here, or give --admin-token"
)


@pytest.mark.parametrize(
    ("more", "status", "sentence"),
    [
        ({}, 403, SIMULATED_SENTENCE),
        ({"secret": ""}, 403, SIMULATED_SENTENCE),
        ({"secret": "guess"}, 403, SIMULATED_SENTENCE),
        ({"secret": "ü\ud800"}, 403, SIMULATED_SENTENCE),
        ({"secret": 7}, 400, "secret is a int; expected a text"),
        ({"secret": ["x"]}, 400, "secret is a list; expected a text"),
    ],
)
def test_nobody_simulates_without_the_secret(make_app, rows, more, status, sentence):
    app = make_app(completion={"code": "C1A2"}, quota=1)
    answer = app.test_client().post("/api/session", json={"simulated": True, **more})
    assert (answer.status_code, answer.json["error"]) == (status, sentence)
    assert rows(app, "SELECT * FROM sessions") == []


@pytest.mark.parametrize("simulated", [1, "true", [], None])
def test_simulated_is_true_or_false(app, rows, simulated):
    answer = app.test_client().post("/api/session", json={"simulated": simulated})
    assert answer.status_code == 400
    assert answer.json["error"] == f"simulated is {simulated!r}; expected true or false"
    assert rows(app, "SELECT * FROM sessions") == []


def test_a_rehearsal_never_gets_the_completion_code(make_app, make_listener):
    app = make_app(completion={"code": "C1A2"})
    program = make_listener(app).start(simulated=True).save_all()
    assert program.finish().json["completion"] is None
    assert program.client.get("/api/session").json["completion"] is None
    person = make_listener(app).start().save_all()
    assert person.finish().json["completion"] == {"code": "C1A2", "redirect": None}


def test_the_admin_token_may_simulate(app, make_listener):
    token = settings.ensure_admin_token(app.extensions[EXTENSION].database)
    assert make_listener(app).start(simulated=True, secret=token).state["simulated"]


def test_a_rehearsal_does_not_use_up_a_persons_entry(make_app, make_listener):
    app = make_app(options=Options(one_entry=True))
    make_listener(app).start({"PROLIFIC_PID": "p"}, simulated=True)
    assert enter(app, PROLIFIC_PID="p").status_code == 201
    assert enter(app, PROLIFIC_PID="p").status_code == 403


@pytest.mark.parametrize("other", ["p1 ", "\tp1", "\uff50\uff11", "p1\u200b", "\ufeffp1", "p\u00ad1"])
def test_one_participant_however_the_id_is_written(make_app, rows, other):
    app = make_app(options=Options(one_entry=True))
    assert enter(app, PROLIFIC_PID="p1").status_code == 201
    assert enter(app, PROLIFIC_PID=other).json["reason"] == "already"
    assert enter(app, PROLIFIC_PID="p2").status_code == 201
    assert enter(app, PROLIFIC_PID="  ").status_code == 201, "blanks are no id"
    found = [row["participant"] for row in rows(app, "SELECT participant FROM sessions ORDER BY id")]
    assert found == ["p1", "p2", None]


def test_an_id_of_an_earlier_release_goes_on_in_its_browser(app, make_listener):
    listener = make_listener(app).start({"participant": "p1"})
    page = listener.state["pages"][0]["id"]
    with app.extensions[EXTENSION].database.write() as connection:
        connection.exec_driver_sql("UPDATE sessions SET participant = 'p1 '")
    assert listener.start({"participant": "p1 "}).state["pages"][0]["id"] == page


@pytest.mark.parametrize(
    "placeholder", ["{{%PROLIFIC_PID%}}", "${e://Field/PID}", "{%ID%}", "%ID%", "ASSIGNMENT_ID_NOT_AVAILABLE"]
)
def test_a_placeholder_is_no_participant(app, rows, placeholder):
    answer = enter(app, PROLIFIC_PID=placeholder)
    assert answer.status_code == 400 and answer.json["error"] == (
        f"parameters: PROLIFIC_PID is {placeholder!r}, a placeholder that was not replaced; "
        "open the study from the link that you were sent"
    )
    assert answer.json["reason"] == "placeholder"  # for which the page has words in the listener's language
    assert rows(app, "SELECT * FROM sessions") == []
