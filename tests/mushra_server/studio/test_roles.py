"""Who may do what: every address of the studio by role, without a login, without a form's token."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from werkzeug.test import Client

from mushra_server.many import ManyStudies
from mushra_server.studio.accounts import ROLES
from mushra_server.studio.app import close_studio, create_studio, studio_of
from mushra_server.web.server import Options
from tests.mushra_server.conftest import build
from tests.mushra_server.studio.conftest import Browser

# The least role of each address of a study; others need a login, or nothing.
NEEDS = {
    "viewer": """
        studio.show make.edit make.download_choices make.show_build launch.panel launch.qr
        launch.open_preview watch.progress watch.show_session reports.list_reports reports.send_report
        people.of_study
    """,
    "assistant": """
        studio.copy make.save make.upload make.build make.cancel_build launch.open_study launch.close_study
        launch.set_times launch.make_backup launch.check_study launch.confirm_completion watch.exclude
        watch.restore watch.send_list reports.make_report reports.send_everything
    """,
    "owner": "studio.archive studio.restore watch.unblind people.set_role",
}
PUBLIC = {"studio.login", "studio.send_login", "static"}
RANKS = list(ROLES)


@pytest.fixture
def study(studio: ManyStudies, admin: Browser) -> str:
    build(studio.folder / "codecs")
    admin.get("/")
    return "codecs"


def invite(studio: ManyStudies, admin: Browser, name: str, study: str, role: str) -> Browser:
    page = admin.post("/people", name=name).text
    assert 'href="/people" aria-current="page"' in page
    found = re.search(r"shown this once: <code>([^<]+)</code>", page)
    assert found
    assert admin.post(f"/studies/{study}/people", person=name, role=role).status_code == 302
    return Browser(studio, found[1])


def addresses(studio: ManyStudies) -> list[tuple[str, str, str]]:
    """Return the endpoint, method and address of everything that the studio answers."""
    values = {"name": "codecs", "uuid": "0" * 32, "kind": "approve", "number": "1", "file": "index.html"}
    found = []
    for rule in studio.front.url_map.iter_rules():
        address = re.sub(r"<(?:\w+:)?(\w+)>", lambda part: values.get(part[1], "x"), rule.rule)
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        found += [(rule.endpoint, method, address) for method in sorted(methods)]
    return found


def send(browser: Browser | Client, method: str, address: str) -> int:
    if method == "GET":
        answer = browser.get(address)
    else:
        answer = browser.post(address) if isinstance(browser, Browser) else browser.post(address, data={})
    refused = answer.status_code == 403 and "your role in this study" not in answer.text.lower()
    status = answer.status_code
    answer.close()
    return 400 if refused else status  # refused for another reason than the role


def test_every_address_of_a_study_needs_a_role(studio: ManyStudies, admin: Browser, study: str) -> None:
    needs = {endpoint: role for role, names in NEEDS.items() for endpoint in names.split()}
    found = addresses(studio)
    assert set(needs) == {endpoint for endpoint, _, address in found if "/studies/codecs" in address}
    people = {role: invite(studio, admin, role, study, role) for role in RANKS}
    stranger = invite(studio, admin, "stranger", study, "")
    for endpoint, method, address in found:
        if endpoint not in needs:
            continue
        assert send(stranger, method, address) == 404, endpoint
        for role in RANKS[: RANKS.index(needs[endpoint])]:
            assert send(people[role], method, address) == 403, (endpoint, role)
    for endpoint, method, address in found:  # last, as some change the study
        if endpoint in needs:
            assert send(people[needs[endpoint]], method, address) != 403, endpoint


def test_nothing_is_answered_without_a_login(studio: ManyStudies, study: str) -> None:
    for endpoint, method, address in addresses(studio):
        if endpoint in PUBLIC:
            continue
        client = Client(studio)
        if method == "GET" or endpoint == "studio.send_logout":
            answer = client.open(address, method=method)
            assert (answer.status_code, answer.headers.get("Location")) == (302, "/login"), endpoint
        else:  # what was filled in is one page back
            answer = client.post(address, data={})
            assert answer.status_code == 403 and "your login has ended" in answer.text.lower(), endpoint


def test_no_form_is_taken_without_its_token(studio: ManyStudies, admin: Browser, study: str) -> None:
    posts = [one for one in addresses(studio) if one[1] == "POST" and one[0] not in PUBLIC]
    assert len(posts) > 15
    for endpoint, _, address in posts:
        for forged in ({}, {"form_token": "guess"}):
            assert admin.client.post(address, data=forged).status_code == 403, endpoint
    with studio_of(studio).store.read() as connection:
        done = [row[0] for row in connection.exec_driver_sql("SELECT action FROM log")]
    assert done == ["login"]


def test_no_form_is_taken_with_a_nul(admin: Browser, study: str) -> None:
    """PostgreSQL refuses to store one, which was an error without a sentence."""
    for path, field in (("/studies", "title"), ("/people", "name"), (f"/studies/{study}/unblind", "reason")):
        answer = admin.post(path, **{field: "a\0b"})
        assert answer.status_code == 400 and "NUL" in answer.text, path


def test_people_are_for_the_administrator(studio: ManyStudies, admin: Browser, study: str) -> None:
    owner = invite(studio, admin, "Olga", study, "owner")
    assert owner.get("/people").status_code == 403
    assert owner.post("/people", name="Eve").status_code == 403


def test_a_study_without_a_role_is_not_seen(studio: ManyStudies, admin: Browser, study: str) -> None:
    viewer = invite(studio, admin, "Vera", study, "viewer")
    owner = invite(studio, admin, "Olga", study, "owner")
    build(studio.folder / "secret")
    admin.get("/")
    assert viewer.get("/studies/secret").status_code == 404
    assert "secret" not in viewer.get("/").text
    assert owner.post(f"/studies/{study}/unblind", reason="").status_code == 400
    assert owner.post(f"/studies/{study}/unblind", reason="interim, as registered").status_code == 302
    assert "interim, as registered" in viewer.get("/log").text
    assert owner.post(f"/studies/{study}/people", person="Vera", role="").status_code == 302
    assert viewer.get(f"/studies/{study}").status_code == 404


def test_a_preview_is_shown_only_to_who_has_a_role_in_the_study(
    studio: ManyStudies, admin: Browser, study: str
) -> None:
    """Its address may be in a chat, a history or a log; a role may be taken away while it is open."""
    owner = invite(studio, admin, "Olga", study, "owner")
    viewer = invite(studio, admin, "Vera", study, "viewer")
    stranger = invite(studio, admin, "stranger", study, "")
    place = viewer.post(f"/studies/{study}/launch/preview").headers["Location"]
    state = place.removesuffix("preview") + "api/session"
    assert viewer.get(place).status_code == owner.get(place).status_code == 200
    assert viewer.client.post(state, json={}).status_code == 201
    for nobody in (Client(studio), stranger.client):
        assert nobody.get(place).status_code == 404
        assert nobody.post(state, json={}).status_code == 404
    assert owner.post(f"/studies/{study}/people", person="Vera", role="").status_code == 302
    assert viewer.get(place).status_code == viewer.get(state).status_code == 404
    owner.post("/logout")
    assert owner.get(place).status_code == 404


def test_a_new_token_ends_the_logins_of_the_old_one(studio: ManyStudies, admin: Browser, study: str) -> None:
    viewer = invite(studio, admin, "Vera", study, "viewer")
    admin.post("/people", name="Vera", again="yes")
    assert viewer.get("/").headers["Location"] == "/login"


def test_wrong_tokens_from_many_addresses_do_not_fill_the_log(studio: ManyStudies, admin: Browser) -> None:
    for number in range(104):
        address = {"REMOTE_ADDR": f"2001:db8:0:{number:x}::1"}
        wrong = Client(studio).post("/login", data={"token": "guess"}, environ_overrides=address)
        assert wrong.status_code == 403
    assert admin.get("/log").text.count("login failed") == 100


def test_a_login_that_is_one_too_many_is_not_even_read(studio: ManyStudies) -> None:
    client, body = Client(studio), io.BytesIO(b"token=guess")
    form = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": "11", "wsgi.input": body}
    codes = [client.post("/login", data={"token": "guess"}).status_code for _ in range(10)]
    assert codes == [403] * 10
    assert client.post("/login", environ_overrides=form).status_code == 429 and body.tell() == 0


def test_strangers_read_the_studio_and_its_studies_only_so_often(tmp_path: Path) -> None:
    served = create_studio(tmp_path / "lab", Options(reads_per_s=0.01, read_burst=2))
    try:
        for number, path in enumerate(("/", "/login", "/s/unknown/", "/static/studio/studio.css")):
            address = {"REMOTE_ADDR": f"203.0.113.{number}"}
            answers = [Client(served).get(path, environ_overrides=address) for _ in range(3)]
            assert [answer.status_code == 429 for answer in answers] == [False, False, True], path
            for answer in answers:
                answer.close()
        assert Client(served).get("/login").status_code == 200, "the machine's own are not limited"
    finally:
        close_studio(served)


@pytest.mark.parametrize("role", ROLES)
def test_no_page_has_a_button_that_the_role_may_not_press(
    studio: ManyStudies, admin: Browser, study: str, role: str
) -> None:
    person = invite(studio, admin, role, study, role)
    pressed = set()
    screens = ("", "/make", "/build", "/launch", "/watch", "/reports", "/people")
    for path in ("/", "/log", *(f"/studies/{study}{screen}" for screen in screens)):
        page = person.get(path).text
        forms = re.findall(r'<form method="post"(?: action="([^"]*)")?', page)
        pressed |= {("POST", address or path) for address in forms if "/logout" not in address}
        pressed |= {("GET", address) for address in re.findall(r'href="(/[^"#?]*)"', page)}
    for method, address in sorted(pressed):
        answer = person.get(address) if method == "GET" else person.post(address)
        assert "your role in this study" not in answer.text.lower(), address
        assert (method, answer.status_code) != ("GET", 403) or "/reports" in address, address
        answer.close()
    assert (("POST", f"/studies/{study}/archive") in pressed) == (role == "owner")
    assert (("POST", f"/studies/{study}/copy") in pressed) == (role != "viewer")
    assert ("GET", "/people") not in pressed
