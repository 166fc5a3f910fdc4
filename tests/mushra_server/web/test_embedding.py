"""A study in another site's frame, and a resume link on another site's page."""

from __future__ import annotations

import pytest

from mushra_server.errors import ServerError
from mushra_server.participant import plain_texts
from mushra_server.web.server import Options


def test_only_the_named_sites_may_show_the_study_in_a_frame(make_app):
    sites = ("https://survey.example", "https://*.qualtrics.com")
    client = make_app(options=Options(public_url="https://lab.example", embed=sites)).test_client()
    page = client.get("/")
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors https://survey.example https://*.qualtrics.com" in policy and "'none'" in policy
    assert "X-Frame-Options" not in page.headers
    for path in ("/admin/login", "/admin"):
        headers = client.get(path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
        assert headers["X-Frame-Options"] == "DENY"
    cookie = client.post("/api/session", json={}, headers={"Sec-Fetch-Site": "same-origin"}).headers[
        "Set-Cookie"
    ]
    assert all(word in cookie for word in ("SameSite=None", "Secure", "Partitioned", "HttpOnly"))
    assert client.post("/api/session", json={}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


@pytest.mark.parametrize(
    ("embed", "public_url", "sentence"),
    [
        ("https://survey.example/path", "https://lab.example", "without a path"),
        ("survey.example", "https://lab.example", "expected the site"),
        ("https://a.example; script-src *", "https://lab.example", "expected the site"),
        ("https://survey.example", None, "--embed needs https"),
        ("https://survey.example", "http://lab.example", "--embed needs https"),
    ],
)
def test_a_site_that_cannot_be_embedded_in_is_refused(make_app, embed, public_url, sentence):
    with pytest.raises(ServerError, match=sentence):
        make_app(options=Options(embed=(embed,), public_url=public_url))


@pytest.mark.parametrize(
    ("headers", "asks"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "same-origin"}, False),
        ({}, True),  # plain http
        ({"Referer": "http://evil.example/"}, True),
        ({"Referer": "http://localhost/admin"}, False),
        ({"Referer": "http://[evil"}, True),
    ],
)
def test_a_link_on_another_site_takes_no_open_sessions_place_unasked(app, make_listener, headers, asks):
    victim, attacker = make_listener(app).start(), make_listener(app).start()
    link = attacker.state["resume_url"]
    before = victim.client.get("/api/session").json
    answer = victim.client.get(link, headers=headers)
    assert (answer.status_code == 200 and "Continue another session?" in answer.text) == asks
    assert (victim.client.get("/api/session").json == before) == asks
    forged = victim.client.post(link, headers={"Sec-Fetch-Site": "cross-site"})
    assert forged.status_code == 403
    assert victim.client.post(link, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert victim.client.get("/api/session").json["resume_url"] == link


@pytest.mark.parametrize(
    ("language", "shown", "title"),
    [
        ("de", "de", "Eine andere Sitzung fortsetzen?"),
        ("pt-BR", "pt", "Continuar outra sessão?"),
        ("zh_TW", "zh", "要继续另一个会话吗？"),
        ("nl", "en", "Continue another session?"),
    ],
)
def test_the_question_is_asked_in_the_studys_language(make_app, make_listener, language, shown, title):
    app = make_app(language=language)
    victim, attacker = make_listener(app).start(), make_listener(app).start()
    page = victim.client.get(attacker.state["resume_url"], headers={"Sec-Fetch-Site": "cross-site"}).text
    assert f'<html lang="{shown}">' in page and f"<h1>{title}</h1>" in page
    assert [words for words in plain_texts._TEXTS["en"] if words in page] == (
        [plain_texts._TEXTS["en"][number] for number in (2, 3, 5, 6)] if shown == "en" else []
    )


def test_a_link_on_another_site_makes_nobody_somebody_else_unasked(app, make_listener):
    """Whoever sent it has its token, and could read what is answered in its session."""
    foreign, sender = {"Sec-Fetch-Site": "cross-site"}, make_listener(app).start()
    link = sender.state["resume_url"]
    fresh, finished = app.test_client(), make_listener(app).start().save_all()
    finished.finish()
    for client, words in (
        (fresh, ("begun in another browser", "Start a session of your own")),
        (finished.client, ("begun in another browser", "Keep the session of this browser")),
    ):
        cookie = client.get_cookie("listenable_session")
        page = client.get(link, headers=foreign)
        assert page.status_code == 200 and all(word in page.text for word in words)
        assert client.get_cookie("listenable_session") == cookie
    assert fresh.post(link, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert fresh.get(link, headers=foreign).status_code == 303, "the same session"
