"""The studio with spoiled forms, uploads and lists: an answer or a refusal, and its pages still open."""

from __future__ import annotations

import csv
import io
import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from mushra_server.many import ManyStudies
from mushra_server.studio import accounts, login, worker
from mushra_server.studio.app import close_studio, create_studio, studio_of
from mushra_server.studio.crowd_lists import LISTS
from mushra_server.studio.drafts import SOUNDS_NAME
from mushra_server.studio.jobs import Jobs
from mushra_server.studio.planning import forecasts
from mushra_server.studio.uploads import store_sounds
from tests.fuzz.mutations import SCALARS, VALUES, bounded, fewer, spoiled, spoiled_bytes, storable
from tests.fuzz.studio_forms import ARCHIVES, CHOICES, FORMS, SOUNDS, TYPES
from tests.mushra_server.conftest import build
from tests.mushra_server.studio.conftest import Browser
from tests.mushra_server.studio.sounds import archive, send, sounds

PAGES = ("", "/make", "/build", "/launch", "/watch", "/reports", "/people")
"""Of a study, which open whatever was sent before."""
NOT_DRAWN = {"studio.send_logout", "studio.send_login"}
"""They would end the logins of the examples that follow, or use up the tries; test_logins sends them."""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ManyStudies]:
    """A studio with a draft that has sounds, and a study that is open and has a session."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forecasts, "MAX_WAITING", 0)  # a process each, for a number that nobody reads here
        patch.setattr(login, "CHANGES_AT_ONCE", 10**9)
        patch.setattr(Jobs, "start", lambda *job: None)  # a second of imports each
        logging.getLogger("mushra_server").setLevel(logging.CRITICAL)
        made = create_studio(tmp_path_factory.mktemp("fuzz") / "lab")
        yield made
        close_studio(made)
        logging.getLogger("mushra_server").setLevel(logging.NOTSET)


@pytest.fixture(scope="module")
def owner(studio: ManyStudies) -> Browser:
    token = accounts.ensure_first_account(studio_of(studio).store)
    assert token is not None
    browser = Browser(studio, token)
    build(studio.folder / "live", pages=[{"type": "generic", "id": "hello", "name": "Hello", "content": ""}])
    browser.get("/")
    assert browser.post("/studies/live/launch/open").status_code == 302
    assert Client(studio).post("/s/live/api/session", json={}).status_code == 201
    for name in ("Draft", "Sent"):
        assert browser.post("/studies", title=name).status_code == 302
    draft = studio_of(studio).studies.draft("draft")
    store_sounds([send("sounds.zip", archive(sounds(seconds=0.1)))], draft / SOUNDS_NAME)
    return browser


@pytest.fixture(scope="module")
def member(studio: ManyStudies, owner: Browser) -> Browser:
    owner.post("/people", name="Vera")
    found = re.search(r"shown this once: <code>([^<]+)</code>", owner.post("/people", name="Max").text)
    assert found
    for study in ("live", "draft", "sent"):
        assert owner.post(f"/studies/{study}/people", person="Max", role="assistant").status_code == 302
    return Browser(studio, found[1])


def addresses(studio: ManyStudies) -> list[tuple[str, str, str]]:
    """Return endpoint, method and rule of everything that the studio answers."""
    found = []
    for rule in studio.front.url_map.iter_rules():
        if rule.endpoint not in NOT_DRAWN:
            methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
            found += [(rule.endpoint, method, rule.rule) for method in sorted(methods)]
    return sorted(found)


def ask(browser: Browser, method: str, address: str, **sent: Any) -> TestResponse:
    answer = browser.client.open(address, method=method, **sent)
    assert answer.status_code < 500, (method, address, sent, answer.text)
    answer.close()
    return answer


def draw_address(rule: str, data: st.DataObject) -> str:
    """Put a study, a session, a list or something else where an address has a place for it."""
    known = {"name": ["draft", "live"], "kind": sorted(LISTS), "number": ["1"], "file": ["index.html"]}

    def fill(part: re.Match[str]) -> str:
        usual = st.sampled_from(known.get(part[1], ["0" * 32]))
        return quote(str(storable(data.draw(usual | usual | usual | SCALARS, label=part[1]))), safe="")

    return re.sub(r"<(?:\w+:)?(\w+)>", fill, rule)


def as_form(fields: Any) -> dict[str, str]:
    named = fields if isinstance(fields, dict) else {"reason": fields}
    return {str(storable(key)): str(storable(value)) for key, value in named.items()}


@bounded
@given(st.data())
def test_every_form(studio: ManyStudies, owner: Browser, member: Browser, data: st.DataObject) -> None:
    browser = data.draw(st.sampled_from([owner, member]))
    for endpoint, method, rule in data.draw(st.lists(st.sampled_from(addresses(studio)), max_size=6)):
        address, form = draw_address(rule, data), FORMS.get(endpoint, {"reason": "why not"})
        fields = data.draw(spoiled(form) | st.just(form), label=endpoint)
        texts = as_form(fields)
        if method == "GET":
            ask(browser, method, address, query_string=texts)
            continue
        ask(browser, method, address, data={**texts, "form_token": browser.form_token})
        ask(browser, method, address, json=data.draw(VALUES))
        raw = data.draw(st.binary(max_size=60))
        ask(browser, method, address, data=raw, content_type=data.draw(st.sampled_from(TYPES)))
    check_pages_open(owner, data.draw(st.sampled_from(["draft", "live"])), data)


def check_pages_open(browser: Browser, study: str, data: st.DataObject) -> None:
    for address in ("/", f"/studies/{study}{data.draw(st.sampled_from(PAGES))}"):
        answer = browser.get(address)
        assert answer.status_code == 200, (address, answer.text)


@fewer(0.5)
@given(st.data())
def test_choices_that_are_saved(owner: Browser, member: Browser, data: st.DataObject) -> None:
    """Whatever was saved, the form shows it again, with what is wrong, and the file of choices has it."""
    found = re.search(r'name="version" value="(\d+)"', owner.get("/studies/draft/make").text)
    assert found
    chosen = data.draw(spoiled({key: value for key, value in CHOICES.items() if key != "only"}))
    sent = {**as_form(chosen), "version": found[1], "form_token": member.form_token}
    status = ask(member, "POST", "/studies/draft/make", data=sent).status_code
    assert status in (302, 400, 413), status
    for place in ("make", "choices.yaml", "launch"):
        answer = owner.get(f"/studies/draft/{place}")
        assert answer.status_code == 200, (place, answer.text)


def upload(studio: ManyStudies, browser: Browser, name: str, content: bytes) -> None:
    """Send sounds, and measure them if they were taken, as the job does that begins then."""
    sent = {"form_token": browser.form_token, "files": (io.BytesIO(content), name)}
    if ask(browser, "POST", "/studies/sent/sounds", data=sent).status_code == 302:
        draft = studio_of(studio).studies.draft("sent")
        try:
            worker.JOBS["measure"]({"draft": str(draft)}, draft / "status.json")
        except (ValueError, OSError) as error:
            assert str(error)  # which the page shows


@fewer(0.5)
@given(st.sampled_from(sorted(ARCHIVES)), st.data())
def test_archives(
    studio: ManyStudies, owner: Browser, member: Browser, name: str, data: st.DataObject
) -> None:
    upload(studio, member, "sent.zip", data.draw(spoiled_bytes(ARCHIVES[name]), label=name))
    check_pages_open(owner, "sent", data)


@fewer(0.5)
@given(st.sampled_from(sorted(SOUNDS)), st.data())
def test_sounds(studio: ManyStudies, owner: Browser, member: Browser, name: str, data: st.DataObject) -> None:
    """One of the sounds is spoiled, or its place, so that the set itself may have gaps."""
    whole = SOUNDS[name]
    content = data.draw(spoiled_bytes(whole) | spoiled_bytes(whole, head=64), label=name)
    place = data.draw(st.just(f"dog/new{name}") | st.text(max_size=20), label="place")
    files = {**sounds(1, "", seconds=0.1), str(storable(place)).partition("\0")[0] or "x": content}
    upload(studio, member, "sent.zip", archive(files))
    check_pages_open(owner, "sent", data)


@fewer(0.5)
@given(spoiled_bytes(
    b'--x\r\nContent-Disposition: form-data; name="form_token"\r\n\r\nTOKEN\r\n'
    b'--x\r\nContent-Disposition: form-data; name="files"; filename="item0/reference.wav"\r\n'
    b"Content-Type: audio/wav\r\n\r\n" + SOUNDS[".wav"][:400] + b"\r\n--x--\r\n"
), st.data())  # fmt: skip
def test_bodies_of_uploads(owner: Browser, member: Browser, content: bytes, data: st.DataObject) -> None:
    sent = content.replace(b"TOKEN", member.form_token.encode())
    ask(member, "POST", "/studies/sent/sounds", data=sent, content_type="multipart/form-data; boundary=x")
    check_pages_open(owner, "sent", data)


@fewer(0.5)
@given(st.lists(st.text(min_size=1, max_size=30) | SCALARS.map(str), min_size=1, max_size=3), SCALARS)
def test_lists_of_participants(
    studio: ManyStudies, owner: Browser, member: Browser, names: list[str], amount: Any
) -> None:
    for place in ("restore", "launch/times", "launch/open"):  # what other examples may have undone
        assert owner.post(f"/studies/live/{place}").status_code == 302
    for name in names:
        client = Client(studio)
        parameters = {"PROLIFIC_PID": str(storable(name))}
        started = client.post("/s/live/api/session", json={"parameters": parameters})
        assert started.status_code < 500, (name, started.text)
        if started.status_code == 201:
            assert client.post("/s/live/api/session/finish", json={}).status_code < 500
    for kind in LISTS:
        query = {"amount": str(storable(amount))} if kind == "bonus" else {}
        answer = member.client.get(f"/studies/live/lists/{kind}.csv", query_string=query)
        assert answer.status_code == 200 or (kind == "bonus" and answer.status_code == 400), answer.text
        if answer.status_code == 200:
            rows = list(csv.reader(io.StringIO(answer.text, newline=""), strict=True))
            width = {"bonus": 2, "decisions": 3}.get(kind, 1)
            assert {len(row) for row in rows} <= {width}, (kind, rows)
            assert all("\n" not in row[0] and "\r" not in row[0] for row in rows), kind


def test_logins(studio: ManyStudies) -> None:
    for token in ("", "\x00", "'; DROP TABLE accounts; --", "ä" * 5000, "\ud83d".encode("utf-8", "replace")):
        answer = Client(studio).post("/login", data={"token": token})
        assert 400 <= answer.status_code < 500, token
    assert Client(studio).post("/logout").status_code in (302, 403)
