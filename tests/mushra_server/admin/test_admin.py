"""The experimenter's pages: login, forms, what they change, and what they never show as code."""

from __future__ import annotations

import io
import json
import re
import threading
import time
import zipfile

import pytest

from mushra_server.admin import results_cache
from mushra_server.admin.results import compute
from mushra_server.admin.work import analyse, stream_export
from mushra_server.database import settings
from tests.mushra_server.conftest import answer_to

PAGES = ["", "/sessions", "/data", "/log", "/data/csv", "/mos/0.svg", "/qr.svg", "/sessions/x"]
FORMS = ["/close", "/reopen", "/logout", "/sessions/x/exclude", "/sessions/x/restore", "/sessions/x/link"]


@pytest.fixture
def token(app):
    return settings.ensure_admin_token(app.extensions["listenable"].database)


@pytest.fixture
def admin(app, token):
    client = app.test_client()
    assert client.post("/admin/login", data={"token": token}).status_code == 302
    return client


@pytest.fixture(autouse=True)
def _analyse_here(monkeypatch):
    """The analysis without its process, which takes seconds to start."""
    monkeypatch.setattr(
        results_cache, "analyse", lambda server, limit_s: compute(server.study, server.database)
    )


def computed(app):
    """Analyse in this process."""
    server = app.extensions["listenable"]
    return compute(server.study, server.database)


def show_overview(app, admin):
    """Open the overview until its results are those of now."""
    app.extensions["listenable_results"].get(patience_s=60)
    return admin.get("/admin").text


def form_token(admin):
    return re.search(r'name="form_token" value="([^"]+)"', admin.get("/admin/log").text)[1]


def send(admin, path, **fields):
    return admin.post(path, data={"form_token": form_token(admin), **fields})


@pytest.mark.parametrize("path", PAGES)
def test_every_page_needs_the_login(app, token, path):
    answer = app.test_client().get(f"/admin{path}")
    assert answer.status_code == 302 and answer.headers["Location"] == "/admin/login"


@pytest.mark.parametrize("path", FORMS)
def test_every_form_needs_the_login_and_the_form_token(app, admin, rows, path):
    assert app.test_client().post(f"/admin{path}").headers["Location"] == "/admin/login"
    assert admin.post(f"/admin{path}", data={"reason": "x"}).status_code == 403
    assert admin.post(f"/admin{path}", data={"reason": "x", "form_token": "forged"}).status_code == 403
    assert admin.get(f"/admin{path}").status_code in (404, 405), "no GET changes anything"
    assert rows(app, "SELECT * FROM events WHERE action <> 'login'") == []


def test_a_form_from_another_site_is_refused(app, admin):
    fields = {"form_token": form_token(admin), "reason": "x"}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        answer = admin.post("/admin/close", data=fields, headers=headers)
        assert answer.status_code == 403, headers
    with app.extensions["listenable"].database.read() as connection:
        assert not settings.is_closed(connection)


def test_the_token_is_stored_as_a_hash_and_a_new_one_ends_old_logins(app, token, admin, rows):
    database = app.extensions["listenable"].database
    assert settings.ensure_admin_token(database) is None, "it is shown once"
    assert token not in json.dumps(rows(app, "SELECT * FROM meta"))
    assert admin.get("/admin").status_code == 200
    settings.new_admin_token(database)
    assert admin.get("/admin").status_code == 302
    assert app.test_client().post("/admin/login", data={"token": token}).status_code == 403


def test_wrong_tokens_run_into_the_rate_limit(app, token):
    client = app.test_client()
    answers = [client.post("/admin/login", data={"token": "guess"}).status_code for _ in range(12)]
    assert answers[0] == 403 and answers[-1] == 429


def test_a_forged_cookie_is_no_login(app, token):
    client = app.test_client()
    client.set_cookie("listenable_admin", "eyJhZG1pbiI6IngifQ.aaaa.bbbb", path="/admin")
    assert client.get("/admin").status_code == 302


def test_excluding_leaves_the_views_and_the_log_keeps_why(app, listener, admin, rows):
    listener.save_all().finish()
    uuid = rows(app, "SELECT uuid FROM sessions")[0]["uuid"]
    assert send(admin, f"/admin/sessions/{uuid}/exclude", reason="  broken headphones ").status_code == 302
    assert rows(app, "SELECT * FROM export_ratings") == [] and rows(app, "SELECT * FROM export_answers") == []
    assert len(rows(app, "SELECT * FROM ratings")) == 15, "nothing is deleted"
    assert "broken headphones" in admin.get(f"/admin/sessions/{uuid}").text
    assert send(admin, f"/admin/sessions/{uuid}/restore", reason="was a mistake").status_code == 302
    assert len(rows(app, "SELECT * FROM export_ratings")) == 15
    log = [(row["action"], row["reason"]) for row in rows(app, "SELECT * FROM events ORDER BY id")]
    assert log == [("login", None), ("exclude", "broken headphones"), ("restore", "was a mistake")]


def test_a_reason_is_needed(app, listener, admin, rows):
    uuid = rows(app, "SELECT uuid FROM sessions")[0]["uuid"]
    answer = send(admin, f"/admin/sessions/{uuid}/exclude", reason="   ")
    assert answer.status_code == 400 and "A reason of 1 to 500 characters is needed" in answer.text
    assert send(admin, "/admin/sessions/none/exclude", reason="x").status_code == 404


def test_excluded_sessions_give_their_slot_to_the_next(app, make_listener, admin, rows):
    make_listener(app).start()
    first = rows(app, "SELECT uuid FROM sessions")[0]["uuid"]
    send(admin, f"/admin/sessions/{first}/exclude", reason="x")
    make_listener(app).start()
    send(admin, f"/admin/sessions/{first}/restore", reason="y")
    assert [row["slot"] for row in rows(app, "SELECT slot FROM sessions ORDER BY id")] == [0, 0]
    assert len(rows(app, "SELECT * FROM slots")) == 1


def test_closing_lets_nobody_new_in_but_lets_listeners_finish(app, listener, admin):
    send(admin, "/admin/close", reason="enough")
    answer = app.test_client().post("/api/session", json={"parameters": {}})
    assert answer.status_code == 403
    assert answer.json == {"error": "this study is closed", "reason": "closed"}
    assert listener.save_all().finish().status_code == 200
    send(admin, "/admin/reopen", reason="more")
    assert app.test_client().post("/api/session", json={"parameters": {}}).status_code == 201


def test_overview_shows_the_mean_that_was_rated(app, make_listener, admin):
    for score in (40, 50):
        listener = make_listener(app).start()
        for page in listener.state["pages"]:
            ratings = [
                {"key": s["key"], "attribute": "score", "score": score} for s in page.get("stimuli", [])
            ]
            listener.save(page["index"], **({"ratings": ratings} if ratings else {}))
        listener.finish()
    text = show_overview(app, admin)
    assert text.count('<td class="number">45.0</td>') == 5, "five conditions, each 40 and 50"
    assert "<strong>2</strong> finished" in text and "<strong>30</strong> ratings" in text
    assert "of all listeners" in text, "both rated the hidden reference low: screening leaves nobody"
    assert admin.get("/admin/mos/0.svg").data.startswith(b"<?xml")


def test_an_interval_that_cannot_be_estimated_says_so(app, make_listener, admin):
    make_listener(app).start().save_all().finish()
    text = show_overview(app, admin)
    assert "– to –" not in text and text.count('<td class="number">not estimable</td>') == 5


def test_the_overview_names_a_sound_that_was_changed(app, admin):
    assert "since the study is served" not in admin.get("/admin").text
    file = app.extensions["listenable"].study.file("audio/item0/saliency.wav")
    file.unlink()
    assert f"{file} is missing since the study is served" in admin.get("/admin").text


def test_the_chart_leaves_names_of_any_script_to_the_browsers_fonts(make_app, make_listener):
    app = make_app(conditions={"lmac-td": {"role": "method", "label": "新しい方法 ✓"}})
    make_listener(app).start().save_all().finish()
    chart = computed(app).scales[0].svg.decode()
    assert ">新しい方法 ✓</text>" in chart


def test_the_overview_calls_items_and_conditions_by_their_labels(make_app, make_listener):
    app = make_app(
        conditions={"lmac-td": {"role": "method", "label": "L-MAC-TD"}}, items={"item1": {"label": "Größe 1"}}
    )
    make_listener(app).start().save_all().finish()
    admin = app.test_client()
    own = settings.ensure_admin_token(app.extensions["listenable"].database)
    admin.post("/admin/login", data={"token": own})
    text = show_overview(app, admin)
    assert '<th scope="row">Größe 1</th>' in text and '<th scope="col" class="number">L-MAC-TD</th>' in text


def test_every_page_finds_its_styles(app, admin):
    for path in ("/admin", "/admin/log", "/admin/sessions/none"):
        styles = re.findall(r'stylesheet" href="([^"]+)"', admin.get(path).text)
        assert styles == ["/static/tokens.css", "/static/admin/layout.css", "/static/admin/parts.css"]
        assert {admin.get(style).status_code for style in styles} == {200}


def rate_as_heard(listener, score, reference):
    """Rate every condition alike, but for the hidden reference, which sounds like the open one."""
    for page in listener.state["pages"]:
        body = answer_to(page, score)
        if page["type"] == "mushra":
            heard = listener.client.get(page["reference"]["url"]).data
            for rating, sound in zip(body["ratings"], page["stimuli"], strict=True):
                same = listener.client.get(sound["url"]).data == heard
                rating["score"] = reference if same else score
        assert listener.put(page["index"], body).status_code == 200
    listener.finish()


def test_screening_follows_the_studys_scale(make_app, make_listener):
    """Guessed from the scores, the scale would be 1 to 7 and its limit for the reference 6.4, not 5.4."""
    app = make_app(scales=[{"name": "quality", "min": 0, "max": 6, "step": 0.1}])
    for listener in ("a", "b"):
        rate_as_heard(make_listener(app).start({"participant": listener}), 2, 5.5)
    (scale,) = computed(app).scales
    assert scale.note is None and [row["kept"] for row in scale.screening] == [True, True]


def test_attention_checks_are_evaluated(make_app, make_listener):
    trials = {f"trial{number}": {"item": f"item{number}"} for number in range(2)}
    trials["trial2"] = {"item": "item2", "kind": "attention", "expected": {"saliency": [0, 10]}}
    app = make_app(trials=trials)
    rate_as_heard(make_listener(app).start({"participant": "asleep"}), 60, 100)
    rate_as_heard(make_listener(app).start({"participant": "awake"}), 5, 100)
    (scale,) = computed(app).scales
    flags = {row["listener"]: row["flags"] for row in scale.screening}
    assert "attention check failed" in flags["asleep"]
    assert "attention check failed" not in flags["awake"]


def test_simulated_results_say_so(app, make_listener, admin):
    make_listener(app).start(simulated=True).save_all().finish()
    assert "SIMULATED" in show_overview(app, admin)
    make_listener(app).start().save_all().finish()
    app.extensions["listenable_results"].expire()
    assert "SIMULATED" not in show_overview(app, admin), "real ratings alone are shown once there are some"


def test_what_participants_write_is_shown_as_text(app, make_listener, admin, rows):
    evil = "<script>alert(1)</script>"
    listener = make_listener(app).start({"PROLIFIC_PID": evil})
    listener.save_all()
    listener.save(5, answers={"age": "30", "email": evil})
    uuid = rows(app, "SELECT uuid FROM sessions")[0]["uuid"]
    for path in ("/admin", "/admin/sessions", f"/admin/sessions/{uuid}"):
        answer = admin.get(path)
        assert evil not in answer.text, path
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "&lt;script&gt;" in admin.get(f"/admin/sessions/{uuid}").text


def test_downloads_hold_what_was_rated(app, listener, admin):
    listener.save_all(score=70).finish()
    assert admin.get("/admin/data/csv").text.count("\n") == 16
    assert len(admin.get("/admin/data/json").json["ratings"]) == 15
    archive = zipfile.ZipFile(io.BytesIO(admin.get("/admin/data/webmushra").data))
    assert archive.namelist() == ["results/a-study/mushra.csv"]
    assert list(admin.get("/admin/data/pymushra").json) == ["a-study"]
    assert admin.get("/admin/data/exe").status_code == 404


def test_an_export_is_sent_while_it_is_written_and_ends_if_the_browser_goes(app, listener, admin):
    listener.save_all()
    chunks = stream_export(app.extensions["listenable"], "csv")
    assert next(chunks).startswith(b"study,")
    chunks.close()
    chunks = stream_export(app.extensions["listenable"], "csv")
    chunks.close()  # never read, as after a HEAD request
    answer = admin.get("/admin/data/csv", buffered=False)
    assert answer.headers["Content-Disposition"] == "attachment; filename=ratings.csv"
    assert "Content-Length" not in answer.headers and answer.mimetype == "text/csv"
    answer.close()


def test_an_export_that_fails_is_no_file(admin, monkeypatch):
    monkeypatch.setattr("mushra_server.admin.work.sys.executable", "/bin/false")
    for format in ("csv", "json", "webmushra"):
        answer = admin.get(f"/admin/data/{format}")
        assert answer.status_code == 500 and "The export failed" in answer.text, format


def test_pages_do_not_wait_for_the_analysis(app, listener, admin, monkeypatch):
    listener.save_all()
    begun, go_on = threading.Event(), threading.Event()

    def slowly(server, limit_s):
        begun.set()
        go_on.wait(30)
        return analyse(server, limit_s)

    monkeypatch.setattr(results_cache, "analyse", slowly)
    started = time.monotonic()
    for path in ("/admin", "/admin/sessions", "/admin"):
        text = admin.get(path).text
    assert time.monotonic() - started < 5 and begun.is_set()
    assert "Scores are being computed" in text and "<strong>–</strong> ratings" in text
    parts = text.count("data-live=")
    go_on.set()
    text = show_overview(app, admin)  # from the real process
    assert text.count("data-live=") == parts, "the script replaces each part by the same part of the new page"
    assert "being computed" not in text and "<strong>15</strong> ratings" in text


def test_an_analysis_that_takes_too_long_is_stopped(app, listener, admin):
    listener.save_all()
    found = analyse(app.extensions["listenable"], 0.01)
    assert found.problem == "the analysis took longer than 0.01 s and was stopped; run listenable analyze"


def test_too_many_ratings_are_counted_and_not_analysed(app, listener, monkeypatch):
    listener.save_all()
    monkeypatch.setattr("mushra_server.admin.results.MOST_RATINGS", 14)
    found = computed(app)
    assert found.problem == ("15 ratings are too many to analyse here (at most 14); run listenable analyze")
    assert found.ratings == 15 and found.counts["item0"]["saliency"] == 1 and not found.scales


def test_wrong_tokens_from_many_addresses_do_not_fill_the_log(app, token, rows):
    for number in range(130):
        address = {"REMOTE_ADDR": f"2001:db8:0:{number:x}::1"}
        wrong = app.test_client().post("/admin/login", data={"token": "guess"}, environ_base=address)
        assert wrong.status_code == 403
    assert len(rows(app, "SELECT * FROM events WHERE action = 'login failed'")) == 100
    right = app.test_client().post("/admin/login", data={"token": token})
    assert right.status_code == 302, "nobody locks the experimenter out from elsewhere"


def test_the_log_has_pages(app, admin):
    with app.extensions["listenable"].database.write() as connection:
        for number in range(60):
            settings.log_action(connection, "export", f"number {number}")
    first, second = admin.get("/admin/log").text, admin.get("/admin/log?page=1").text
    assert "number 59" in first and "number 5<" not in first and "log?page=1" in first
    assert "number 5<" in second and "number 59" not in second and "log?page=0" in second
    assert admin.get("/admin/log?page=x").status_code == 404


def test_a_new_resume_link_replaces_the_lost_one(app, listener, admin, rows):
    uuid = rows(app, "SELECT uuid FROM sessions")[0]["uuid"]
    link = re.search(r"/resume/[\w-]+", send(admin, f"/admin/sessions/{uuid}/link").text)[0]
    assert listener.client.get("/api/session").status_code == 401
    other = app.test_client()
    other.get(link)
    assert other.get("/api/session").json["pages"][0]["id"] == listener.state["pages"][0]["id"]


def test_logging_out_ends_the_login(admin):
    assert send(admin, "/admin/logout").status_code == 302
    assert admin.get("/admin").status_code == 302


def test_logging_out_ends_the_login_for_a_copy_of_its_cookie(app, admin):
    cookie = admin.get_cookie("listenable_admin", path="/admin").value
    thief = app.test_client()
    thief.set_cookie("listenable_admin", cookie, path="/admin")
    assert thief.get("/admin").status_code == 200
    token = re.search(r'name="form_token" value="([^"]+)"', admin.get("/admin").text)[1]
    assert admin.post("/admin/logout", data={"form_token": token}).status_code == 302
    assert thief.get("/admin").status_code == 302, "back to the login page"


def test_the_log_has_logins_failures_exports_and_links(app, admin, rows):
    app.test_client().post("/admin/login", data={"token": "wrong"})
    with admin.get("/admin/data/json") as answer:
        assert answer.status_code == 200
    found = [(row["action"], row["reason"]) for row in rows(app, "SELECT * FROM events ORDER BY id")]
    assert found == [("login", None), ("login failed", None), ("export", "json")]
    assert "login failed" in admin.get("/admin/log").text


@pytest.mark.parametrize("page", ["9e18", "9" * 19, "-1", "x", "\u0663"])
def test_a_page_that_cannot_be_is_404(admin, page):
    assert admin.get("/admin/sessions", query_string={"page": page}).status_code == 404
    assert admin.get("/admin/sessions").status_code == 200


def test_https_stays_https(make_app):
    client = make_app().test_client()
    assert "Strict-Transport-Security" not in client.get("/").headers
    secure = client.get("/", base_url="https://localhost")
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"
