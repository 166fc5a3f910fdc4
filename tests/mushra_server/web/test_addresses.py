"""A study at an address other than its own: prefixes, proxies, public URLs, frames, foreign names."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from mushra_server.errors import ServerError
from mushra_server.web.addresses import PublicUrl
from mushra_server.web.server import Options
from mushra_server.web.waitress_server import bind, listen

PUBLIC = "https://lab.example/study1"
ADDRESS = re.compile(r"(?:href|src|action)=\"([^\"#]*)\"")
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")


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
    assert len(found) > 30 and all(url.startswith("/study1/static/") for url in found)
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


HOSTS = [
    ("localhost:8000", 200), ("127.0.0.1:8000", 200), ("192.168.1.7", 200), ("[::1]:8000", 200),
    ("backend", 200),
    ("lab.example", 200), ("LAB.example.:443", 200), ("evil.example", 421), ("evil.example:8000", 421),
    ("lab.example.evil.example", 421), ("127.0.0.1.evil.example", 421), ("localhost.evil.example", 421),
]  # fmt: skip


@pytest.mark.parametrize(("host", "status"), HOSTS)
def test_a_name_that_leads_here_but_is_not_ours_is_refused(make_app, caplog, host, status):
    """DNS rebinding: a web site lets its own name lead to this machine."""
    client = make_app(options=Options(host="127.0.0.1", public_url="https://lab.example")).test_client()
    for path in ("/", "/admin/login", "/healthz", "/static/tokens.css"):
        assert client.get(path, headers={"Host": host}).status_code == status, path
    assert ("--public-url" in caplog.text) == (status == 421)


@pytest.mark.parametrize(
    "host", ['"><script>', "a@evil.example", "127.0.0.1/evil", "127.0.0.1, evil.example", "a b"]
)
def test_a_host_that_is_not_one_is_refused(make_app, host):
    for options in (Options(), Options(host="127.0.0.1"), Options(behind_proxy=True)):
        client = make_app(options=options).test_client()
        answer = client.get("/resume/x", headers={"Host": host})
        assert answer.status_code == 400 and "<script>" not in answer.text
    forged = client.get("/resume/x", headers={"Host": "lab.example", "X-Forwarded-Host": host})
    assert forged.status_code in (400, 404) and "<script>" not in forged.text


def test_no_request_writes_lines_into_the_log(make_app, caplog):
    """A path that contains line ends is quoted where it is logged."""
    client = make_app(options=Options(host="127.0.0.1")).test_client()
    path = "/resume/a%0aCRITICAL%20forged"
    refused = client.post(path, headers={"Origin": "http://evil.example"})
    assert refused.status_code == 403 and "was refused: its Origin" in caplog.text
    assert client.get(path, headers={"Host": "evil.example%0aforged.example"}).status_code == 400
    assert "\nCRITICAL forged" not in caplog.text and "\\nCRITICAL forged" in caplog.text


def test_a_proxy_answers_for_the_names_that_it_passes_on(make_app):
    client = make_app(options=Options(host="127.0.0.1", behind_proxy=True)).test_client()
    assert client.get("/", headers={"Host": "lab.example"}).status_code == 200
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    assert client.get("/", headers={"Host": "lab.example"}, environ_base=elsewhere).status_code == 421


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


def test_a_link_asks_nothing_where_nothing_is_replaced(app, make_listener):
    one = make_listener(app).start()
    fresh, foreign = app.test_client(), {"Sec-Fetch-Site": "cross-site"}
    assert fresh.get(one.state["resume_url"], headers=foreign).status_code == 303
    assert fresh.get(one.state["resume_url"], headers=foreign).status_code == 303, "the same session"
    finished = make_listener(app).start().save_all()
    finished.finish()
    assert finished.client.get(one.state["resume_url"], headers=foreign).status_code == 303


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian's package nginx-light)")
def test_nginx_with_a_prefix_and_another_host(make_app, tmp_path):
    """The real proxy: one location that removes the path, one that does not; both write their own Host."""
    port = free_port()
    app = make_app(options=Options(public_url=f"http://127.0.0.1:{port}/study1", host="127.0.0.1"))
    server = listen(app, bind("127.0.0.1", 0))
    threading.Thread(target=server.run, daemon=True).start()
    upstream = f"http://127.0.0.1:{server.effective_port}"
    paths = "".join(
        f"{name}_temp_path {tmp_path}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/err; events {{}} http {{ access_log off; "
        f"{paths}"
        f"server {{ listen 127.0.0.1:{port}; location /study1/api/ {{ proxy_pass {upstream}; }}"
        f"location /study1/ {{ proxy_pass {upstream}/; }} }} }}"
    )
    proxy = subprocess.Popen([NGINX, "-c", str(tmp_path / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        answer, cookie = ask(port, "POST", "/study1/api/session", body=b"{}")
        state = json.loads(answer)
        sounds = [one["url"] for page in state["pages"] for one in page.get("stimuli", ())]
        assert len(sounds) == 15
        assert ask(port, "GET", sounds[0], cookie=cookie)[0][:4] == b"RIFF"
        body = json.dumps(
            {"page": state["pages"][0]["id"], "attempt": "a", "ratings": [], "answers": {}}
        ).encode()
        saved, _ = ask(port, "PUT", "/study1/api/session/pages/0", body=body, cookie=cookie)
        assert json.loads(saved)["saved"] == 0
    finally:
        proxy.terminate()
        proxy.wait(timeout=10)
        server.close()


def temporary(folder):
    """Return the settings of nginx's own folders, which a user without rights cannot make elsewhere."""
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return "".join(f"{name}_temp_path {folder}/{name};" for name in names)


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian's package nginx-light)")
def test_the_nginx_example_logs_neither_participants_nor_resume_links(tmp_path):
    """The example of docs/server.md, without TLS, in front of a server that is down, which nginx logs too."""
    text = (Path(__file__).parents[3] / "docs/server.md").read_text(encoding="utf-8")
    example = re.search(r"```nginx\n(.*?)```", text, re.DOTALL)[1]
    port = free_port()
    example = example.replace("listen 443 ssl", f"listen 127.0.0.1:{port}").replace("/run/", f"{tmp_path}/")
    example = example.replace("/var/log/nginx/", f"{tmp_path}/")
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/main.log; events {{}} http {{ "
        f"{temporary(tmp_path)} {example} }}"
    )
    proxy = subprocess.Popen([NGINX, "-c", str(tmp_path / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        for path in (
            "/?PROLIFIC_PID=secret1",
            "/resume/secret2",
            "/new?participant=secret3",
            "/api/session?secret4",
        ):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", path, headers={"Referer": "http://127.0.0.1/?workerId=secret5"})
            assert connection.getresponse().status == 502
            connection.close()
    finally:
        proxy.terminate()
        proxy.wait(timeout=10)
    logs = {path.name: path.read_text() for path in tmp_path.glob("*.log")}
    assert (
        "GET /resume/... 502" in logs["listenable.access.log"]
        and "GET /new 502" in logs["listenable.access.log"]
    )
    assert not [name for name, said in logs.items() if "secret" in said]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except ConnectionError:
            time.sleep(0.05)
    raise AssertionError(f"nothing listens at {port}")


def ask(port, method, path, *, body=None, cookie=""):
    """Send a request as a browser at the public address would; return the answer and the cookie."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{port}", "Cookie": cookie}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status in (200, 201), content
    found = (answer.headers["Set-Cookie"] or "").split(";")[0]
    connection.close()
    return content, found
