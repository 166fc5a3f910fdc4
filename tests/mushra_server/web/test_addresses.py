"""A study at an address other than its own: prefixes, proxies, public URLs."""

from __future__ import annotations

import json
import re

import pytest

from mushra_server.errors import ServerError
from mushra_server.web.addresses import PublicUrl
from mushra_server.web.server import Options

PUBLIC = "https://lab.example/study1"
ADDRESS = re.compile(r"(?:href|src|action)=\"([^\"#]*)\"")


@pytest.mark.parametrize("kept", ["/study1", ""])
@pytest.mark.parametrize("host", ["127.0.0.1:8000", "backend", "lab.example"])
def test_every_address_begins_with_the_public_urls_path(make_app, kept, host):
    """The proxy may remove the path or leave it, and write any Host."""
    client = make_app(options=Options(public_url=PUBLIC, host="127.0.0.1")).test_client(use_cookies=False)
    headers = {"Host": host, "Origin": "https://lab.example"}
    answer = client.post(f"{kept}/api/session", json={}, headers=headers)
    assert answer.status_code == 201, answer.json
    cookie = answer.headers["Set-Cookie"]
    assert "Path=/study1/;" in cookie + ";" and "Secure" in cookie and "SameSite=Lax" in cookie
    state = answer.json
    assert state["resume_url"].startswith("/study1/resume/")
    urls = re.findall(r'"(/[^"]*)"', json.dumps(state))
    assert len(urls) > 15 and all(url.startswith(("/study1/audio/", "/study1/resume/")) for url in urls)
    token = {"Cookie": cookie.split(";")[0], "Host": host}
    sound = next(url for url in urls if "audio" in url).removeprefix("/study1")
    assert client.get(kept + sound, headers=token).status_code == 200
    page = client.get(f"{kept}/", headers=token).text
    login = client.get(f"{kept}/admin/login", headers=token).text
    found = [url for text in (page, login) for url in ADDRESS.findall(text) if url]
    assert len(found) > 20 and all(url.startswith("/study1/static/") for url in found)
    for url in found:
        assert client.get(kept + url.removeprefix("/study1"), headers=token).status_code == 200, url


@pytest.mark.parametrize("prefix", ["/said", "/a/b", "/s/a+b_1.2-x"])
def test_a_proxy_says_the_prefix(make_app, prefix):
    app = make_app(options=Options(behind_proxy=True, host="127.0.0.1"))
    headers = {"X-Forwarded-Prefix": prefix, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "lab.example"}
    answer = app.test_client().post("/api/session", json={}, headers=headers)
    assert answer.json["resume_url"].startswith(f"{prefix}/resume/")
    assert f"Path={prefix}/;" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    "prefix", ["//evil.example", '/a"onload=', "/a/../b/%2e", "javascript:", "/a b", "/"]
)
def test_a_prefix_that_is_not_one_is_ignored(make_app, prefix):
    app = make_app(options=Options(behind_proxy=True))
    headers = {"X-Forwarded-Prefix": prefix}
    answer = app.test_client().post("/api/session", json={}, headers=headers)
    assert answer.json["resume_url"].startswith("/resume/")


def test_a_prefix_from_elsewhere_than_the_proxy_is_ignored(make_app):
    headers = {"X-Forwarded-Prefix": "/evil", "X-Forwarded-Host": "evil.example"}
    for options in (Options(), Options(behind_proxy=True, proxy_address="198.51.100.7")):
        answer = make_app(options=options).test_client().post("/api/session", json={}, headers=headers)
        assert answer.json["resume_url"].startswith("/resume/")


@pytest.mark.parametrize(
    ("proxy", "peer", "trusted"),
    [
        (None, "127.0.0.1", True),
        (None, "::1", True),
        (None, "", True),  # a Unix socket
        (None, "198.51.100.7", False),
        ("198.51.100.7", "198.51.100.7", True),
        ("198.51.100.0/24", "::ffff:198.51.100.9", True),
        ("198.51.100.7", "127.0.0.1", False),
    ],
)
def test_only_the_proxy_says_who_asks(make_app, caplog, proxy, peer, trusted):
    options = Options(requests_per_s=0.01, burst=1, limit_local=True, behind_proxy=True, proxy_address=proxy)
    client = make_app(options=options).test_client()
    codes = [
        client.post(
            "/api/session",
            json=[],
            headers={"X-Forwarded-For": f"203.0.113.{n}"},
            environ_base={"REMOTE_ADDR": peer},
        ).status_code
        for n in range(2)
    ]
    assert codes == ([400, 400] if trusted else [400, 429])
    assert (f"give --proxy-address {peer}" in caplog.text) == (not trusted)


def test_a_proxy_that_was_not_declared_is_reported_once(make_app, caplog):
    client = make_app(options=Options(public_url=PUBLIC, host="127.0.0.1")).test_client()
    for _ in range(2):
        client.get("/", headers={"X-Forwarded-For": "203.0.113.9"})
    said = [record.message for record in caplog.records]
    assert len(said) == 1 and said[0].endswith("share the tries at the admin token; give --behind-proxy")
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    client.get("/", headers={"X-Forwarded-For": "203.0.113.9"}, environ_base=elsewhere)
    assert len(caplog.records) == 1, "anybody can send that header"


def test_the_prefix_without_its_slash_leads_to_the_page(make_app):
    client = make_app(options=Options(public_url=PUBLIC)).test_client()
    answer = client.get("/study1?participant=p1")
    assert answer.status_code == 308 and answer.location == "/study1/?participant=p1"


def test_the_admins_pages_use_the_public_address(make_app, make_listener, rows):
    from mushra_server.database import settings

    app = make_app(options=Options(public_url=PUBLIC))
    token = settings.ensure_admin_token(app.extensions["listenable"].database)
    client = app.test_client()
    base = {"base_url": "https://lab.example/study1"}
    answer = client.post("/admin/login", data={"token": token}, **base)
    assert answer.location == "/study1/admin" and "Path=/study1/admin" in answer.headers["Set-Cookie"]
    page = client.get("/admin", **base).text
    assert f'<a href="{PUBLIC}/">' in page
    assert all(url.startswith(("/study1/", PUBLIC)) for url in ADDRESS.findall(page))
    make_listener(app).start()
    uuid = rows(app, "SELECT uuid FROM sessions")[0]["uuid"]
    form = re.search(r'name="form_token" value="([^"]+)"', page)[1]
    shown = client.post(f"/admin/sessions/{uuid}/link", data={"form_token": form}, **base).text
    assert f"<code>{PUBLIC}/resume/" in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://lab.example", "https://lab.example/"),
        ("https://Lab.Example:443/a/b/", "https://lab.example/a/b/"),
        ("http://lab.example:8080/study-1", "http://lab.example:8080/study-1/"),
        ("http://[2001:db8::1]:80", "http://[2001:db8::1]/"),
    ],
)
def test_public_urls_are_read(text, shown):
    assert str(PublicUrl.read(text)) == shown


@pytest.mark.parametrize(
    "text",
    ["lab.example", "ftp://lab.example", "https://", "https://user@lab.example", "https://lab.example/a?b",
     "https://lab.example/a b", "https://lab.example:99999", "https://[::1", "https://lab.example//evil"],
)  # fmt: skip
def test_what_is_not_a_public_url_is_refused(text):
    with pytest.raises(ServerError, match=r"--public-url is .*; expected what participants open"):
        PublicUrl.read(text)


@pytest.mark.parametrize("prefix", ["/service", "/resume", "/admin", "/api/session", "/new"])
def test_a_public_path_with_which_an_own_one_begins_is_refused(make_app, prefix):
    """Behind a proxy that removes it, /service/write.php would be answered as /write.php: 404."""
    sentence = f"--public-url has the path '{prefix}', with which this server's own '{prefix}"
    with pytest.raises(ServerError, match=re.escape(sentence)):
        make_app(options=Options(public_url=f"https://lab.example{prefix}/"))


@pytest.mark.parametrize("prefix", ["/services", "/audio/study1", "/s", "/lab/admin"])
def test_other_public_paths_are_taken_whether_they_are_removed_or_not(make_app, prefix):
    client = make_app(options=Options(public_url=f"https://lab.example{prefix}")).test_client()
    for path in ("/healthz", f"{prefix}/healthz"):
        assert client.get(path).status_code == 200
