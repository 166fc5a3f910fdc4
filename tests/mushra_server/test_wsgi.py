"""The app that a WSGI server with several workers makes from its environment."""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mushra_server.database import slots
from mushra_server.errors import ServerError
from mushra_server.wsgi import make_app


@pytest.fixture
def workers(make_study, postgresql_url):
    """Two workers of one study on one database, each with its own app."""
    environment = {
        "LISTENABLE_STUDY": str(make_study()),
        "LISTENABLE_DATABASE": postgresql_url,
        "LISTENABLE_BEHIND_PROXY": "1",
        "LISTENABLE_ABANDONED_AFTER": "30",
    }
    made = [make_app(environment) for _ in range(2)]
    yield made
    for app in made:
        app.extensions["listenable"].database.close()


def test_a_server_without_a_declared_proxy_says_what_that_means(make_study, caplog):
    """gunicorn's threads are for whoever sends slowly, unless a proxy waits for the whole request."""
    for proxy in ({}, {"LISTENABLE_BEHIND_PROXY": "1"}, {"LISTENABLE_PROXY_ADDRESS": "172.18.0.2"}):
        make_app({"LISTENABLE_STUDY": str(make_study()), **proxy}).extensions["listenable"].database.close()
    assert [record.levelname for record in caplog.records].count("WARNING") == 1
    assert "no proxy is declared" in caplog.text


def test_one_session_goes_from_worker_to_worker(workers, make_listener, rows):
    first, second = workers
    listener = make_listener(first).start()
    assert first.extensions["listenable"].options.abandoned_after_min == 30
    other = second.test_client()
    other.get(listener.state["resume_url"], headers={"Sec-Fetch-Site": "none"})
    assert other.get("/api/session").json == listener.client.get("/api/session").json
    url = listener.trials()[0]["reference"]["url"]
    assert other.get(url).data == listener.client.get(url).data


def test_the_same_attempt_at_two_workers_at_once_stores_once(workers, make_listener, answer, rows):
    listener = make_listener(workers[0]).start()
    page = listener.trials()[0]
    clients = []
    for app in workers:
        clients.append(app.test_client())
        clients[-1].get(listener.state["resume_url"], headers={"Sec-Fetch-Site": "none"})
    for _ in range(10):
        body, statuses = answer(page), []

        def put(client, body=body, statuses=statuses):
            statuses.append(client.put(f"/api/session/pages/{page['index']}", json=body).status_code)

        threads = [threading.Thread(target=put, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses == [200, 200]
    assert len(rows(workers[0], "SELECT * FROM submissions")) == 10
    assert len(rows(workers[0], "SELECT * FROM export_ratings")) == 5


def test_listeners_who_start_at_once_queue_for_their_slots(workers, make_listener, rows, monkeypatch):
    """With a single try each, none loses the race for a slot."""
    monkeypatch.setattr(slots, "TRIES", 1)
    for _ in range(5):
        barrier = threading.Barrier(12)

        def start(number, barrier=barrier):
            listener = make_listener(workers[number % 2])
            barrier.wait()
            return listener.start(nonce=secrets.token_hex(16))

        with ThreadPoolExecutor(12) as pool:
            assert len(list(pool.map(start, range(12)))) == 12
    assert [row["slot"] for row in rows(workers[0], "SELECT slot FROM slots ORDER BY slot")] == list(
        range(60)
    )


def test_workers_that_start_at_once_agree_on_one_key(make_study, postgresql_url):
    environment = {"LISTENABLE_STUDY": str(make_study()), "LISTENABLE_DATABASE": postgresql_url}
    with ThreadPoolExecutor(6) as pool:
        apps = list(pool.map(lambda _: make_app(environment), range(6)))
    assert len({app.secret_key for app in apps}) == 1
    for app in apps:
        app.extensions["listenable"].database.close()


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "LISTENABLE_STUDY is not set; expected the study's folder"),
        ({"LISTENABLE_BEHIND_PROXY": "maybe"}, "LISTENABLE_BEHIND_PROXY is 'maybe'; expected 1 or 0"),
        ({"LISTENABLE_ABANDONED_AFTER": "soon"}, "LISTENABLE_ABANDONED_AFTER is 'soon'; expected minutes"),
        ({"LISTENABLE_ABANDONED_AFTER": "nan"}, "--abandoned-after is nan; expected 0 to 10000000 minutes"),
        ({"LISTENABLE_ABANDONED_AFTER": "inf"}, "--abandoned-after is inf; expected 0 to 10000000 minutes"),
        (
            {"LISTENABLE_MAX_PAGE_KIB": "1025"},
            "--max-page-kib is 1025; expected at most 1024, as no request may have more",
        ),
    ],
)
def test_variables_that_cannot_be_read(make_study, environment, sentence):
    if environment:
        environment = {"LISTENABLE_STUDY": str(make_study()), **environment}
    with pytest.raises(ServerError) as error:
        make_app(environment)
    assert str(error.value) == sentence
