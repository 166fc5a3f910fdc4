"""Take the README's pictures of the participant page from a study: at a desk, and on a phone in the dark.

    python docs/take_screenshots.py demo/study    writes docs/img/participant.png and participant-phone.png
    python docs/take_screenshots.py demo/study --all --out shots    every page, both themes, two screens

Nothing is written into the study: the answers go to a database in a temporary folder. Needs the system's
Chromium and the Python package playwright.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Page, TimeoutError, sync_playwright
from werkzeug.serving import make_server

from mushra_server import create_app
from mushra_server.web.server import Options

IMAGE = Path(__file__).resolve().parent / "img" / "participant.png"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--autoplay-policy=no-user-gesture-required"]
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
SCORES = (0.82, 0.55, 0.31, 0.97, 0.66, 0.18, 0.74, 0.43, 0.9, 0.25, 0.6, 0.5)
LISTEN_MS = 1150
ADVICE_MS = 3000


@contextmanager
def serve(study: Path, **options: Any) -> Iterator[str]:
    """Serve a study on a free port of this machine, with a database that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(study, f"sqlite:///{folder}/ratings.sqlite3", Options(**options))
        with run_app(app) as address:
            yield address


@contextmanager
def run_app(app: Flask) -> Iterator[str]:
    """Run an app on a free port of this machine; yield its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def listen(page: Page) -> None:
    """Play every sound of the page for long enough to be rated."""
    for button in page.locator(".sound-button, .volume .button").all():
        button.click()
        page.wait_for_timeout(LISTEN_MS)


def rate(page: Page, count: int) -> None:
    """Give the first `count` sounds of a trial a score with the mouse."""
    for lane, fraction in list(zip(page.locator(".lane").all(), SCORES, strict=False))[:count]:
        lane.locator(".sound-button").click()
        lane.locator(".slider.enabled").wait_for()
        box = lane.locator(".slider-track").bounding_box()
        assert box is not None
        upright = box["height"] > box["width"]
        across, down = (0.5, 1 - fraction) if upright else (fraction, 0.5)
        page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])


def fill_in(page: Page) -> None:
    """Answer whatever the page asks."""
    for box in page.locator("article input[type=checkbox]").all():
        box.check()
    for place, group in enumerate(page.locator("fieldset").all()):
        points = group.locator("input")
        points.nth(place % points.count()).check()  # the best sound is not the worst
    for field in page.locator("article input[type=number]").all():
        if not field.input_value():  # else it is an end of the loop
            field.fill("30")
    for field in page.locator("article input[type=text]").all():
        field.fill("text")


def walk(page: Page) -> Iterator[tuple[int, str]]:
    """Go through the pages of a session; yield number and type of each while it is open."""
    for number in range(1, 1000):
        page.wait_for_selector(f".progress-text[data-page='{number}'], .done-mark")
        if page.locator(".done-mark").count():
            return
        page.wait_for_selector(".foot .primary:not([disabled])")
        kind = str(page.locator("article").get_attribute("data-type"))
        yield number, kind
        leave(page, number)


def leave(page: Page, number: int) -> None:
    """Press *Next*, and once more where a training page explains something first."""
    page.locator(".foot .primary").click()
    gone = f".progress-text:not([data-page='{number}']), .done-mark"
    try:
        page.wait_for_selector(gone, timeout=ADVICE_MS)
    except TimeoutError:
        page.locator(".foot .primary").click()


def picture(page: Page, out: Path) -> None:
    """Walk to the first trial, rate most of its sounds, and take the README's picture while one plays."""
    for _, kind in walk(page):
        if kind == "mushra" and page.locator(".badge").count() == 0:
            listen(page)
            count = page.locator(".lane").count()
            rate(page, max(1, count - 1))
            page.mouse.move(2, 2)
            page.wait_for_timeout(150)
            out.parent.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=out)
            return
        if kind in ("volume", "mushra", "bs1116"):
            listen(page)
            rate(page, page.locator(".lane").count())
        fill_in(page)


def every_page(page: Page, out: Path, prefix: str, *, trials: int = 2) -> None:
    """Take a picture of every page, empty and filled in, up to the first `trials` trials."""
    out.mkdir(parents=True, exist_ok=True)
    seen = 0
    for number, kind in walk(page):
        page.screenshot(path=out / f"{prefix}-{number:02d}-{kind}.png")
        listen(page)
        rate(page, page.locator(".lane").count())
        fill_in(page)
        page.screenshot(path=out / f"{prefix}-{number:02d}-{kind}-filled.png", full_page=True)
        seen += kind == "mushra"
        if seen > trials:
            return
    page.screenshot(path=out / f"{prefix}-end.png")


def main() -> None:
    """Read the command line and take the pictures."""
    parser = argparse.ArgumentParser(description="Take pictures of the participant page.")
    parser.add_argument("study", type=Path, help="study folder, for example demo/study")
    parser.add_argument("--out", type=Path, default=IMAGE, help="PNG file, or a folder with --all")
    parser.add_argument("--all", action="store_true", help="every page, light and dark, desktop and phone")
    chosen = parser.parse_args()
    with serve(chosen.study) as address, sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        if chosen.all:
            for scheme in ("light", "dark"):
                for name, screen in (("desktop", DESKTOP), ("phone", PHONE)):
                    page = browser.new_context(color_scheme=scheme, **screen).new_page()
                    page.goto(address)
                    every_page(page, chosen.out, f"{name}-{scheme}")
        else:
            for scheme, screen, suffix in (
                ("light", {**DESKTOP, "device_scale_factor": 2}, ""),
                ("dark", PHONE, "-phone"),
            ):
                page = browser.new_context(color_scheme=scheme, **screen).new_page()
                page.goto(address)
                picture(page, chosen.out.with_stem(chosen.out.stem + suffix))
        browser.close()


if __name__ == "__main__":
    main()
