"""What a participant sees when something is not as usual: doors, lost lines, sessions, wrong addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Route

from docs.screens import studies
from docs.screens.camera import Camera
from docs.screens.pages import arrive, hear
from docs.take_screenshots import run_app, serve
from mushra_server import create_app
from mushra_server.database.settings import set_closed
from mushra_server.web.server import EXTENSION

__all__ = ["STATES", "Stage"]

_SOUNDS = re.compile(r"(?<!static/page)/audio/[^/]+$")


class Stage:
    """Where states are set: a browser, a folder for studies, and a camera."""

    def __init__(self, browser: Browser, home: Path, camera: Camera) -> None:
        self.home, self.camera = home, camera
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def open(self, address: str, **options: Any) -> Page:
        """Open an address in a fresh profile."""
        context = self._browser.new_context(**{"locale": "en-GB", **self.camera.device.options, **options})
        self._contexts.append(context)
        page = context.new_page()
        page.goto(address, wait_until="commit")
        return page

    def study(self, name: str, **options: Any) -> Path:
        """Write a small study of its own."""
        return studies.build_plain(self.home / self.camera.device.name, name, **options)

    def close(self) -> None:
        """Close what was opened."""
        for context in self._contexts:
            context.close()


State = Callable[[Stage], None]


def doors(stage: Stage) -> None:
    """Take what is said to those who may not start: closed, full, already taken part, no name, too many."""
    app = create_app(stage.study("closed"))
    database = app.extensions[EXTENSION].database
    with database.write() as connection:
        set_closed(connection, True, "enough")
    with run_app(app) as address:
        _message(stage, address, "closed")
    database.close()
    with serve(stage.study("full", quota=1)) as address:
        _walk(stage.open(address))
        _message(stage, address, "full")
    with serve(stage.study("already"), one_entry=True) as address:
        arrive(stage.open(f"{address}/?participant=p07"), 1)
        _message(stage, f"{address}/?participant=p07", "already")
        _message(stage, f"{address}/?PROLIFIC_PID=%7B%7B%25PROLIFIC_PID%25%7D%7D", "placeholder")
    with serve(stage.study("crowded"), sessions_per_hour=1, limit_local=True) as address:
        arrive(stage.open(address), 1)
        _message(stage, address, "crowded")


def _message(stage: Stage, address: str, name: str) -> None:
    page = stage.open(address)
    page.wait_for_selector(".message")
    stage.camera.take(page, f"state {name}", focus=True)


def _walk(page: Page) -> None:
    number = 1
    while arrive(page, number) is not None:
        page.locator(".foot .primary").click()
        number += 1


def lines(stage: Stage) -> None:
    """Take a line that breaks: at the start, on the way, at the end, and while sounds are loaded."""
    with serve(stage.study("lines")) as address:
        page = stage.open("about:blank")
        page.route("**/api/session", lambda route: route.abort())
        page.goto(address, wait_until="commit")
        page.get_by_text("keeps trying").wait_for()
        stage.camera.take(page, "state connecting")

        page = stage.open("about:blank")
        page.route("**/page/main.js", lambda route: route.abort())
        page.goto(address, wait_until="commit")
        page.locator(".boot-late a").wait_for()
        page.wait_for_timeout(12_000)  # it is shown after a while
        stage.camera.take(page, "state script not loaded", focus=True)

        page = stage.open("about:blank")
        page.route(_SOUNDS, lambda route: None)  # never answered
        page.goto(address, wait_until="commit")
        arrive(page, 1)
        page.locator(".foot .primary").click()
        page.wait_for_selector(".progress-text[data-page='2']")
        page.wait_for_timeout(600)
        stage.camera.take(page, "state sounds loading")

        page = stage.open("about:blank")
        page.route(_SOUNDS, lambda route: route.abort())
        page.goto(address, wait_until="commit")
        arrive(page, 1)
        page.locator(".foot .primary").click()
        page.wait_for_timeout(3000)
        stage.camera.take(page, "state sounds failed", focus=True)

        page = stage.open(address)
        arrive(page, 1)
        page.wait_for_timeout(1000)  # the sounds are there
        page.context.set_offline(True)
        page.locator(".foot .primary").click()
        arrive(page, 2)
        page.wait_for_timeout(1500)
        stage.camera.take(page, "state offline")
        page.locator(".foot .primary").click()
        arrive(page, 3)
        page.locator(".foot .primary").click()
        page.get_by_text("keep this page open").wait_for()
        stage.camera.take(page, "state sending")

        page = stage.open(address, java_script_enabled=False)
        stage.camera.take(page, "state no script", scripts=False)


def sessions(stage: Stage) -> None:
    """Take sessions that get in each other's way, are lost, or are answered with a refusal."""
    study = stage.study("sessions")
    with serve(study) as address:
        first = stage.open(address)
        arrive(first, 1)
        link = first.evaluate("fetch('api/session').then((a) => a.json()).then((s) => s.resume_url)")
        other = stage.open(address)
        arrive(other, 1)
        tab = other.context.new_page()
        tab.goto(address.replace("127.0.0.1", "localhost") + "/nowhere")  # another site
        tab.evaluate("link => { location.href = link; }", address + link)
        tab.get_by_role("button").wait_for()
        stage.camera.take(tab, "state resume", focus=True)
        tab.get_by_role("button").click()
        arrive(tab, 1)
        other.locator(".foot .primary").click()
        other.get_by_text("Another session").wait_for()
        stage.camera.take(other, "state other session", focus=True)

        first.context.clear_cookies()
        first.locator(".foot .primary").click()
        first.get_by_text("was not found").wait_for()
        stage.camera.take(first, "state lost", focus=True)

        page = stage.open(address)
        arrive(page, 1)
        page.locator(".foot .primary").click()
        arrive(page, 2)
        page.route("**/api/session/pages/1", _spoil)
        page.locator(".foot .primary").click()
        page.get_by_text("was not accepted").wait_for()
        arrive(page, 2)
        page.wait_for_selector(".lane")
        stage.camera.take(page, "state refused page", focus=True)

        for path in ("nowhere", "resume/of-nobody", "picture/none"):
            page = stage.open(f"{address}/{path}")
            stage.camera.take(page, f"state address {path}", focus=True)

        sound = study / "audio/method00.wav"
        page = stage.open("about:blank")
        page.route(_SOUNDS, lambda route: None)
        page.goto(address, wait_until="commit")
        arrive(page, 1)
        sound.write_bytes(sound.read_bytes()[:-2000])
        page.unroute_all()
        page.locator(".foot .primary").click()
        page.wait_for_timeout(4000)
        stage.camera.take(page, "state sound changed", focus=True)


def _spoil(route: Route) -> None:
    """Send a score that is on no scale, as a page with a defect would."""
    route.continue_(post_data=(route.request.post_data or "").replace('"score":null', '"score":7777'))


def help_dialog(stage: Stage) -> None:
    """Take the help, with and without the lab's contact."""
    lab = {"name": "Hearing Lab", "colour": "#a01c2d", "contact": "lab@example.org"}
    with serve(stage.study("help", lab=lab)) as address:
        page = stage.open(address)
        arrive(page, 1)
        page.locator(".foot .primary").click()
        arrive(page, 2)
        page.wait_for_selector(".lane")
        hear(page)
        page.get_by_role("button", name="Help").click()
        page.wait_for_timeout(300)
        stage.camera.take(page, "state help", focus=True)


def ends(stage: Stage) -> None:
    """Take the last pages: with a code and a way back, with neither, and of those who are screened out."""
    code = {"code": "C1A2B3D4", "redirect": "https://example.org/done"}
    for name, options in (("code", {"completion": code}), ("plain", {})):
        with serve(stage.study(f"end-{name}", **options)) as address:
            page = stage.open(address)
            _walk(page)
            stage.camera.take(page, f"state end {name}", focus=True)


STATES: tuple[State, ...] = (doors, lines, sessions, help_dialog, ends)
