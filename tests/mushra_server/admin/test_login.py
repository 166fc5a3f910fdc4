"""Logging in and out: tokens, cookies, forms from elsewhere, the log of it all."""

from __future__ import annotations

import base64
import io
import json
import re

import pytest

from mushra_server.database import settings
from tests.mushra_server.admin.conftest import form_token, send

PAGES = ["", "/sessions", "/data", "/log", "/data/csv", "/mos/0.svg", "/qr.svg", "/sessions/x"]
FORMS = ["/close", "/reopen", "/logout", "/sessions/x/exclude", "/sessions/x/restore", "/sessions/x/link"]


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


def test_a_login_with_a_token_that_is_replaced_meanwhile_opens_nothing(app, token, monkeypatch):
    database, open_login = app.extensions["listenable"].database, settings.open_login

    def replace_first(*args):
        settings.new_admin_token(database)
        open_login(*args)

    monkeypatch.setattr(settings, "open_login", replace_first)
    late = app.test_client()
    late.post("/admin/login", data={"token": token})
    assert late.get("/admin").status_code == 302


def test_wrong_tokens_run_into_the_rate_limit(app, token):
    client = app.test_client()
    answers = [client.post("/admin/login", data={"token": "guess"}).status_code for _ in range(12)]
    assert answers[0] == 403 and answers[-1] == 429


def test_a_form_that_is_one_too_many_is_not_even_read(app, token):
    """Reading 100,000 fields takes longer than comparing a token."""

    class Unread(io.BytesIO):
        def read(self, size: int = -1) -> bytes:
            raise AssertionError("read")

    client = app.test_client()
    codes = [client.post("/admin/login", data={"token": "guess"}).status_code for _ in range(11)]
    assert codes == [403] * 10 + [429]
    form = {
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": "9",
        "wsgi.input": Unread(),
    }
    assert client.post("/admin/login", environ_overrides=form).status_code == 429


def test_wrong_tokens_from_many_addresses_do_not_fill_the_log(app, token, rows):
    for number in range(130):
        address = {"REMOTE_ADDR": f"2001:db8:0:{number:x}::1"}
        wrong = app.test_client().post("/admin/login", data={"token": "guess"}, environ_base=address)
        assert wrong.status_code == 403
    assert len(rows(app, "SELECT * FROM events WHERE action = 'login failed'")) == 100
    right = app.test_client().post("/admin/login", data={"token": token})
    assert right.status_code == 302, "nobody locks the experimenter out from elsewhere"


def test_the_cookie_is_signed_with_sha_256(app, admin):
    cookie = admin.get_cookie("listenable_admin", path="/admin")
    assert len(base64.urlsafe_b64decode(cookie.value.rpartition(".")[2] + "==")) == 32


def test_a_forged_cookie_is_no_login(app, token):
    client = app.test_client()
    client.set_cookie("listenable_admin", "eyJhZG1pbiI6IngifQ.aaaa.bbbb", path="/admin")
    assert client.get("/admin").status_code == 302


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


def test_https_stays_https(make_app):
    client = make_app().test_client()
    assert "Strict-Transport-Security" not in client.get("/").headers
    secure = client.get("/", base_url="https://localhost")
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"
