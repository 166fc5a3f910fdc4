"""How many requests an address may make, and whose address counts."""

from __future__ import annotations

import pytest

from mushra_server.errors import Refusal
from mushra_server.web.security import RateLimiter
from mushra_server.web.server import Options


def test_addresses_of_the_network_are_limited_and_this_machine_is_not(make_app):
    app = make_app(options=Options(requests_per_s=0.01, burst=3))
    client = app.test_client()
    for address, expected in (("203.0.113.9", 429), ("127.0.0.1", 400)):
        environ = {"REMOTE_ADDR": address}
        answers = [client.post("/api/session", json=[], environ_base=environ).status_code for _ in range(5)]
        assert answers[:3] == [400] * 3 and answers[-1] == expected


def test_the_bucket_refills():
    limiter = RateLimiter(per_second=2, burst=1, everyone=True)
    assert limiter._take("a", 0.0) == 0 and limiter._take("a", 0.1) > 0
    assert limiter._take("b", 0.1) == 0, "each address has its own"
    assert limiter._take("a", 0.6) == 0
    with pytest.raises(Refusal, match="too many requests"):
        for _ in range(3):
            limiter.check("c")


def test_the_bucket_says_how_long_to_wait_and_forgets_the_oldest_address(monkeypatch):
    limiter = RateLimiter(per_second=0.25, burst=2)
    assert [limiter._take("a", 100.0) for _ in range(3)] == [0, 0, 5], "a token every 4 s, rounded up"
    assert limiter._take("a", 102.0) == 3 and limiter._take("a", 104.0) == 0, "one whole token is enough"
    assert [limiter._take("a", 1000.0) for _ in range(3)] == [0, 0, 5], "it never holds more than a burst"
    monkeypatch.setattr("mushra_server.web.security.MAX_ADDRESSES", 2)
    limiter._take("b", 1000.0)
    limiter._take("c", 1000.0)
    assert list(limiter._buckets) == ["b", "c"]
    limiter._take("b", 1001.0)
    limiter._take("d", 1001.0)
    assert list(limiter._buckets) == ["b", "d"], "the one that was silent longest goes"


def test_forwarded_addresses_count_only_behind_a_declared_proxy(make_app, make_study):
    for number, behind in enumerate((False, True)):
        options = Options(requests_per_s=0.01, burst=1, behind_proxy=behind)
        client = make_app(make_study(f"s{number}"), options=options).test_client()
        answers = [
            client.post("/api/session", json=[], headers={"X-Forwarded-For": "203.0.113.9"}).status_code
            for _ in range(2)
        ]
        assert answers == ([400, 429] if behind else [400, 400])


@pytest.mark.parametrize("path", ["/api/session/pages/0", "/service/write.php"])
def test_no_address_fills_the_disk_however_few_its_requests_are(make_app, monkeypatch, path):
    """Answers as long as they may be, as often as an address may send them, are eleven gigabytes an hour."""
    monkeypatch.setattr("mushra_server.web.server.KIB_PER_HOUR", 100)
    app = make_app(options=Options(limit_local=True, collect_webmushra=True))
    client = app.test_client()
    client.post("/api/session", json={})
    method = "POST" if path.endswith("php") else "PUT"
    codes = [client.open(path, method=method, json={"x": "y" * 30_000}).status_code for _ in range(5)]
    assert 429 not in codes[:3] and codes[3:] == [429, 429]
    answer = client.open(path, method=method, json={"x": "y" * 30_000})
    assert 300 < int(answer.headers["Retry-After"]) < 1080, "until there is room for this one"
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.open(path, method=method, json={}, environ_base=elsewhere).status_code != 429
    assert client.get("/api/session").status_code == 200, "reading takes none"
    draft = client.put("/api/session/pages/0/draft", json={"x": "y" * 30_000})
    assert draft.status_code != 429, "and each draft replaces the one before"
