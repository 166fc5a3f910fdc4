"""Names that are not the server's, and what is logged of them."""

from __future__ import annotations

import pytest

from mushra_server.web.server import Options

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
    "host",
    [
        '"><script>',
        "a@evil.example",
        "127.0.0.1/evil",
        "127.0.0.1, evil.example",
        "a b",
        "a..b",
        ".",
        "a" * 64,
    ],
)
def test_a_host_that_is_not_one_is_refused(make_app, caplog, host):
    for options in (Options(), Options(host="127.0.0.1"), Options(behind_proxy=True)):
        client = make_app(options=options).test_client()
        answer = client.get("/resume/x", headers={"Host": host})
        assert answer.status_code == 400 and "<script>" not in answer.text
    forged = client.get("/resume/x", headers={"Host": "lab.example", "X-Forwarded-Host": host})
    assert forged.status_code in (400, 404) and "<script>" not in forged.text
    assert "Traceback" not in caplog.text, "each would write hundreds of lines"


def test_no_flood_of_requests_fills_the_log(make_app, caplog, monkeypatch):
    client = make_app(options=Options(host="127.0.0.1")).test_client()
    for number in range(20):
        assert client.get("/", headers={"Host": f"evil{number}.example"}).status_code == 421
        origin = {"Origin": f"http://evil{number}.example"}
        assert client.post("/admin/login", headers=origin).status_code == 403
    monkeypatch.setattr("mushra_server.participant.entry.texts_for_browser", {}.__getitem__)
    assert {client.get("/").status_code for _ in range(20)} == {500}
    assert len(caplog.records) == 3
    assert [record.exc_info is not None for record in caplog.records] == [False, False, True]


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
