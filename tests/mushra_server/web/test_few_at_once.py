"""Under gunicorn, sessions that are shown or posted leave threads, and the interpreter, to page saves."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import pytest

from mushra_server.errors import Refusal
from mushra_server.web.few_at_once import (
    AT_ONCE,
    HALF_LIFE_S,
    KINDS,
    PER_ADDRESS,
    POSTED,
    RETRY_S,
    SPARED,
    SPARED_HALF_LIFE_S,
    STATES,
    USUAL,
    USUAL_BYTES,
    WAITING,
    FewAtOnce,
)
from mushra_server.web.waitress_server import THREADS
from mushra_server.wsgi import make_app

STRANGER, OTHER = "203.0.113.1", "203.0.113.2"


@pytest.fixture
def app(make_study):
    environment = {"LISTENABLE_BEHIND_PROXY": "1", "LISTENABLE_COLLECT_WEBMUSHRA": "1"}
    made = make_app({"LISTENABLE_STUDY": str(make_study()), **environment})
    yield made
    made.extensions["listenable"].database.close()


class Held:
    """Stands in for what takes long, until it may go on."""

    def __init__(self, found):
        self.found, self.inside = found, threading.Semaphore(0)
        self.may_go, self.now, self.most = threading.Event(), 0, 0
        self._lock = threading.Lock()

    def __call__(self, *args, **options):
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.inside.release()
        assert self.may_go.wait(20)
        with self._lock:
            self.now -= 1
        return self.found(*args, **options)


def hold(monkeypatch, name):
    module, _, function = name.rpartition(".")
    held = Held(getattr(__import__(module, fromlist=[function]), function))
    monkeypatch.setattr(name, held)
    return held


def from_address(app, address, listener=None):
    client = app.test_client()
    client.environ_base.update(HTTP_X_FORWARDED_FOR=address, REMOTE_ADDR="127.0.0.1")
    if listener is not None:
        client.set_cookie("listenable_session", listener.client.get_cookie("listenable_session").value)
    return client


def test_who_asks_for_a_session_again_and_again_holds_few_threads(app, make_listener, answer, monkeypatch):
    listener = make_listener(app).start()
    held = hold(monkeypatch, "mushra_server.participant.routes.session_state")
    with ThreadPoolExecutor(2 * PER_ADDRESS) as pool:
        ask = [
            pool.submit(from_address(app, STRANGER, listener).get, "/api/session")
            for _ in range(PER_ADDRESS + 1)
        ]
        for _ in range(AT_ONCE[STATES]):
            assert held.inside.acquire(timeout=20)
        (refused,) = (one.result() for one in wait(ask, 20, FIRST_COMPLETED).done)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, str(RETRY_S))
        page = listener.state["pages"][0]
        assert listener.client.put("/api/session/pages/0", json=answer(page)).status_code == 200
        other = pool.submit(from_address(app, OTHER, listener).get, "/api/session")
        held.may_go.set()
        assert sorted(one.result().status_code for one in ask) == [200] * PER_ADDRESS + [503]
        assert other.result().status_code == 200
    assert held.most == AT_ONCE[STATES]
    assert from_address(app, STRANGER, listener).get("/api/session").status_code == 200


def post(app, size, address=STRANGER):
    body = b"sessionJSON={}" + b" " * (size - 14)
    return from_address(app, address).post("/service/write.php", data=body)


def test_one_long_session_of_webmushra_is_read_at_once(app, monkeypatch):
    held = hold(monkeypatch, "mushra_server.webmushra.routes.read_body")
    with ThreadPoolExecutor(PER_ADDRESS) as pool:
        posts = [pool.submit(post, app, USUAL_BYTES + 1) for _ in range(PER_ADDRESS)]
        assert held.inside.acquire(timeout=20)
        held.may_go.set()
        assert {one.result().status_code for one in posts} == {400}  # and each gives back its place
    assert held.most == AT_ONCE[POSTED] == 1


@pytest.mark.parametrize(("size", "count"), [(USUAL_BYTES, SPARED), (3 * USUAL_BYTES, SPARED // 3)])
@pytest.mark.parametrize("addresses", [1, 250])
def test_a_class_that_sends_its_sessions_at_one_moment_is_not_refused(
    app, monkeypatch, size, count, addresses
):
    """webMUSHRA's page sends a session once, and thanks whatever the answer is."""
    held = hold(monkeypatch, "mushra_server.webmushra.routes.read_body")
    kind = USUAL if size == USUAL_BYTES else POSTED
    count += AT_ONCE[kind] + WAITING[kind]
    with ThreadPoolExecutor(count + 1) as pool:
        posts = [
            pool.submit(post, app, size, f"203.0.113.{1 + number % addresses}") for number in range(count + 1)
        ]
        for _ in range(AT_ONCE[kind]):
            assert held.inside.acquire(timeout=20)
        (refused,) = (one.result() for one in wait(posts, 20, FIRST_COMPLETED).done)
        assert refused.status_code == 503  # more would have all threads, from however many addresses
        held.may_go.set()
        assert sorted(one.result().status_code for one in posts) == [400] * count + [503]
    assert held.most == AT_ONCE[kind], "the others leave the interpreter to page saves"


def test_all_kinds_together_leave_threads_to_page_saves():
    assert sum(AT_ONCE.values()) + sum(WAITING.values()) <= THREADS - 3


def test_who_is_spared_is_not_sent_away_for_somebody_else():
    places = FewAtOnce(1, waiting=1, per_address=2, spared=2)
    waiting = fill(places, [STRANGER, STRANGER, STRANGER])
    waiting += fill_more(places, [OTHER])  # is spared, too, rather than to take the place of one who waits
    newcomer = Asking(places, "198.51.100.1")
    newcomer.start()
    waiting[0].join(20)
    assert not waiting[0].is_alive() and waiting[0].error.status == 503
    with pytest.raises(Refusal):
        places.take("198.51.100.2")
    for address in (STRANGER, STRANGER, OTHER, "198.51.100.1"):
        places.give_back(address)
    for thread in (*waiting[1:], newcomer):
        thread.join(20)
        assert not thread.is_alive() and thread.error is None


def test_nobody_is_spared_for_ever_but_again_after_some_time(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("mushra_server.web.few_at_once.time.monotonic", lambda: now[0])
    places = FewAtOnce(1, waiting=0, spared=1)
    waiting = fill(places, [STRANGER, OTHER])
    with pytest.raises(Refusal):
        places.take("198.51.100.1")
    now[0] = 0.9 * SPARED_HALF_LIFE_S
    with pytest.raises(Refusal):  # a flood is not to live of what time gives back
        places.take("198.51.100.1")
    now[0] = 10 * SPARED_HALF_LIFE_S
    waiting += fill_more(places, ["198.51.100.1"])
    for address in (STRANGER, OTHER, "198.51.100.1"):
        places.give_back(address)
    for thread in waiting:
        thread.join(20)
        assert not thread.is_alive() and thread.error is None


def test_a_failure_gives_its_place_back(app, make_listener, monkeypatch):
    listener = make_listener(app).start()

    def fail(*_args, **_options):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("mushra_server.participant.routes.session_state", fail)
        statuses = {from_address(app, STRANGER, listener).get("/api/session").status_code for _ in range(20)}
    assert statuses == {500}
    assert from_address(app, STRANGER, listener).get("/api/session").status_code == 200


def test_many_addresses_together_have_few_places_and_this_machine_is_no_address():
    for addresses in (
        [f"203.0.113.{number}" for number in range(10, 14)],
        ["127.0.0.1"] * 4,
    ):
        places = FewAtOnce(1, waiting=3, per_address=2)
        waiting = fill(places, addresses)
        if addresses[0] == addresses[1]:
            places._lately[OTHER] = len(addresses)  # no less than they; one each is no reason to go
        with pytest.raises(Refusal) as refused:
            places.take(OTHER)
        assert refused.value.status == 503
        for address in addresses:
            places.give_back(address)
        for thread in waiting:
            thread.join(20)
        assert not places._of


def test_two_addresses_that_ask_all_the_time_keep_nobody_out():
    places = FewAtOnce(1, waiting=3, per_address=2)
    refused = fill(places, [STRANGER, STRANGER, OTHER, OTHER])
    newcomer = threading.Thread(target=places.take, args=("198.51.100.1",))
    newcomer.start()
    refused[-1].join(20)  # of who has had most, the last one is sent away
    assert not refused[-1].is_alive() and refused[-1].error.status == 503
    places._lately[STRANGER] += 1
    with pytest.raises(Refusal):
        places.take(STRANGER)  # who has had most takes nobody's place
    for address in (STRANGER, STRANGER, OTHER):
        places.give_back(address)
    newcomer.join(20)
    assert not newcomer.is_alive()
    places.give_back("198.51.100.1")
    assert (places._computing, places._waiting, +places._of) == (0, [], {})


def test_what_an_address_has_had_is_forgotten(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("mushra_server.web.few_at_once.time.monotonic", lambda: now[0])
    places = FewAtOnce(1, waiting=3)
    for _ in range(3):
        places.take(STRANGER)
        places.give_back(STRANGER)
    assert places._lately[STRANGER] == 3
    now[0] = 2.5 * HALF_LIFE_S
    places.take(OTHER)
    assert places._lately == {OTHER: 1}


class Asking(threading.Thread):
    """Asks for a place; `error` is how it is refused."""

    def __init__(self, places, address):
        super().__init__(daemon=True)
        self.places, self.address, self.error = places, address, None

    def run(self):
        try:
            self.places.take(self.address)
        except Refusal as error:
            self.error = error


def fill(places, addresses):
    """Let the first compute and the others wait, in this order; return the others."""
    places.take(addresses[0])
    return fill_more(places, addresses[1:])


def fill_more(places, addresses):
    waiting = [Asking(places, address) for address in addresses]
    for number, thread in enumerate(waiting, start=1 + count(places)):
        thread.start()
        while count(places) < number:
            pass
    return waiting


def count(places):
    with places._lock:
        return places._of.total()


def test_the_kinds_are_endpoints_that_there_are(app):
    assert set(KINDS) - {"remote_service"} <= set(app.view_functions)
