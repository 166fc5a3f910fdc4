"""Take the README's pictures of the studio, on the way of somebody who makes a study in it.

    python docs/take_studio_screenshots.py    writes docs/img/studio-make.png and studio.png
    python docs/take_studio_screenshots.py --all --out shots    every screen, both themes, two screens

Everything is in a temporary folder. Needs the system's Chromium and the Python package playwright.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile as sf
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from take_screenshots import ARGUMENTS, CHROMIUM
from werkzeug.serving import make_server

from mushra_server.studio import accounts
from mushra_server.studio.app import create_studio, studio_of
from study_builder.simulation.rehearsal import simulate_study

IMAGES = Path(__file__).resolve().parent / "img"
TITLE = "Speech and music codecs at 16 to 24 kbit/s"
NAME = "speech-and-music-codecs-at-16-to-24-kbit-s"
ITEMS = (
    "accordion", "castanets", "choir", "female-speech", "glockenspiel", "guitar", "male-speech", "piano",
    "string-quartet", "trumpet",
)  # fmt: skip
CONDITIONS = ("reference", "aac-16", "opus-16", "opus-24", "usac-16")
CHOICES = {
    "Attention checks": "1",
    "Completion code": "C1A2B3",
    "Completion address": "https://app.prolific.com/submissions/complete?cc=C1A2B3",
    "Quota": "24",
}
RATE, SECONDS = 16_000, 1.2
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
PATIENCE_MS = 180_000


def make_sounds(folder: Path) -> Path:
    """Write a folder of sounds as somebody would upload it: harmonic tones, worse by more noise."""
    draw = np.random.default_rng(0)
    time = np.arange(round(RATE * SECONDS)) / RATE
    for place, item in enumerate(ITEMS):
        tone = sum(np.sin(2 * np.pi * (180 + 25 * place) * n * time) / n for n in range(1, 6))
        for number, condition in enumerate(CONDITIONS):
            path = folder / item / f"{condition}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            noise = 0.004 * number * draw.standard_normal(len(time))
            sf.write(path, (0.1 * tone * np.hanning(len(time)) + noise).astype("float32"), RATE)
    return folder


@contextmanager
def serve(folder: Path, port: int) -> Iterator[tuple[str, str]]:
    """Serve an empty studio; yield its address and the administrator's token."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    served = create_studio(folder)
    studio = studio_of(served)
    server = make_server("127.0.0.1", port, served, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", str(accounts.ensure_first_account(studio.store))
    server.shutdown()
    thread.join()
    for part in (studio.jobs, studio.forecasts, studio.previews, studio.store, served):
        part.close()


class Pictures:
    """What is taken on the way: the README's two pictures, or every screen in each theme and size."""

    def __init__(self, page: Page, out: Path, *, everything: bool) -> None:
        self._page, self._out, self._all, self._count = page, out, everything, 0
        out.mkdir(parents=True, exist_ok=True)

    def take(self, name: str) -> None:
        """Take the present screen, if every screen is taken."""
        if not self._all:
            return
        self._count += 1
        for size, (width, height) in SIZES.items():
            self._page.set_viewport_size({"width": width, "height": height})
            for scheme in ("light", "dark"):
                self._page.emulate_media(color_scheme=scheme)
                path = self._out / f"{self._count:02d}-{name}.{size}.{scheme}.png"
                self._page.screenshot(path=path, full_page=True)
        width, height = SIZES["desktop"]
        self._page.set_viewport_size({"width": width, "height": height})
        self._page.emulate_media(color_scheme="light")

    def take_for_readme(self, name: str, height: int) -> None:
        """Take one of the README's pictures, unless every screen is taken."""
        if self._all:
            return
        self._page.set_viewport_size({"width": SIZES["desktop"][0], "height": height})
        path = self._out / f"{name}.png"
        self._page.screenshot(path=path)
        Image.open(path).quantize(256).save(path, optimize=True)  # flat colours: a third of the bytes
        self._page.set_viewport_size({"width": SIZES["desktop"][0], "height": SIZES["desktop"][1]})


def press(page: Page, name: str, role: str = "button") -> None:
    """Press what is called so, and wait for the next page."""
    page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]
    page.wait_for_load_state()


def make_study(page: Page, pictures: Pictures, sounds: Path) -> None:
    """Go from the empty list to a study that is open."""
    pictures.take("no-studies")
    page.get_by_label("Title of a new study").fill(TITLE)
    press(page, "New study")
    pictures.take("new")
    page.get_by_label("Folder", exact=True).set_input_files(sounds)
    press(page, "Upload the folder")
    page.locator("#choices").wait_for(timeout=PATIENCE_MS)
    pictures.take("uploaded")
    for label, value in CHOICES.items():
        page.get_by_label(label, exact=True).fill(value)
    press(page, "Save the choices")
    page.get_by_text("4 of 5 studies").wait_for(timeout=PATIENCE_MS)
    page.get_by_text("LUFS.").first.wait_for(timeout=PATIENCE_MS)
    page.evaluate("window.scrollTo(0, 0)")
    pictures.take("saved")
    pictures.take_for_readme("studio-make", 1400)
    press(page, "Build the study")
    pictures.take("building")
    page.get_by_text("The study is built.").wait_for(timeout=PATIENCE_MS)
    pictures.take("built")
    press(page, "Preview")
    page.go_back()
    press(page, "Launch panel", "link")
    pictures.take("launch")
    press(page, "Open the study")
    pictures.take("open")
    pictures.take_for_readme("studio", 1000)


def watch_and_report(page: Page, pictures: Pictures) -> None:
    """Go from a study with sessions to a report."""
    press(page, "Watch", "link")
    pictures.take("watch")
    page.get_by_role("table").get_by_role("link").first.click()
    page.wait_for_load_state()
    pictures.take("session")
    press(page, "Launch", "link")
    page.get_by_label("Why close?").fill("Enough listeners")
    press(page, "Close the study")
    pictures.take("closed")
    press(page, "Report", "link")
    pictures.take("no-reports")
    page.get_by_label("Leave out").select_option(label="nobody")
    press(page, "Make a report")
    pictures.take("reporting")
    page.get_by_role("link", name="Report 1").wait_for(timeout=PATIENCE_MS)
    pictures.take("report")
    for name in ("Overview", "People", "Studies", "Log"):
        press(page, name, "link")
        pictures.take(name.lower())


def main() -> None:
    """Read the command line and take the pictures."""
    parser = argparse.ArgumentParser(description="Take pictures of the studio.")
    parser.add_argument("--out", type=Path, default=IMAGES, help="folder of the pictures")
    parser.add_argument("--all", action="store_true", help="every screen, light and dark, desktop and phone")
    parser.add_argument("--port", type=int, default=8000, help="where the studio is served meanwhile")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, serve(Path(name) / "lab", chosen.port) as (address, token):
        sounds = make_sounds(Path(name) / "sounds")
        with sync_playwright() as tools:
            browser = tools.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            width, height = SIZES["desktop"]
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(address)
            pictures = Pictures(page, chosen.out, everything=chosen.all)
            pictures.take("login")
            page.get_by_label("Your token").fill(token)
            press(page, "Log in")
            make_study(page, pictures, sounds)
            if chosen.all:
                simulate_study(Path(name) / "lab" / NAME, 6, seed=1)
                watch_and_report(page, pictures)
            browser.close()


if __name__ == "__main__":
    main()
