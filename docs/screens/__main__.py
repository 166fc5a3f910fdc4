"""Take contact sheets of every screen that a participant can see, at a desk and on a phone, light and dark.

    python -m docs.screens --out sheets                    everything, about 15 minutes
    python -m docs.screens --out sheets --only acr,states  some of it
    python -m docs.screens --out sheets --language de      in another language

Each sheet is one screen: 1280x800, 390x844 and 844x390, light and dark, and its end where it scrolls. What a
program can see of it is printed: text that is cut off, parts that overlap, a focus that does not show, and
with --axe what axe-core finds. The exit code is 1 if there is anything. Needs the system's Chromium and the
Python packages playwright and Pillow.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Error, sync_playwright

from docs.screens import studies
from docs.screens.camera import DESK, HAND, Camera
from docs.screens.pages import HURRY, take_pages
from docs.screens.preview import take_preview
from docs.screens.states import STATES, Stage
from docs.take_screenshots import ARGUMENTS, CHROMIUM, serve

HURRIED = ("whole", "screened-out")  # they have checks of hearing, which take minutes
WHOLE = (*HURRIED, "likert")  # of the others, a trial is enough


def take_studies(browser: Browser, home: Path, camera: Camera, only: set[str], language: str) -> None:
    """Take the studies of each test, the one with every page around them, and the Likert pages."""
    completion = {"code": "C1A2", "screened_out_code": "D4E5F6"}
    builders: dict[str, Callable[[Path], Path]] = {
        **studies.find_builders(language),
        "likert": studies.build_likert,
        "whole": lambda home: studies.build_whole(home, language),
        "screened-out": lambda home: studies.build_whole(home, language, completion=completion),
    }
    for name, build in builders.items():
        if only and name not in only:
            continue
        (own := home / name).mkdir()
        with serve(build(own)) as address:
            context = browser.new_context(locale=language, **camera.device.options)
            if name in HURRIED:
                context.add_init_script(HURRY)
            page = context.new_page()
            page.goto(address)
            try:
                take_pages(page, camera, name, most=99 if name in WHOLE else 1)
            except Error as error:  # the others are worth looking at
                camera.take(page, f"{name} stuck")
                camera.faults.append(f"{name}: {error}")
            context.close()


def main() -> None:
    """Read the command line, take the sheets, and print what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m docs.screens", description="Take contact sheets.")
    parser.add_argument("--out", type=Path, required=True, help="folder of the sheets")
    parser.add_argument("--only", default="", help="names of studies, states or preview, separated by commas")
    parser.add_argument("--device", choices=("desk", "phone"), help="one of the two; by default both")
    parser.add_argument("--language", default="en", help="of the studies")
    parser.add_argument("--axe", action="store_true", help="check each picture with axe-core, too")
    chosen = parser.parse_args()
    only = set(filter(None, chosen.only.split(",")))
    axe = None
    if chosen.axe:
        from tests.axe import load_axe

        axe = load_axe()
    faults = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for device in (DESK, HAND):
            if chosen.device not in (None, device.name):
                continue
            home = Path(folder) / device.name
            home.mkdir()
            camera = Camera(chosen.out, device, axe)
            take_studies(browser, home, camera, only, chosen.language)
            stage = Stage(browser, home, camera)
            for state in STATES:
                if not only or only & {"states", state.__name__}:
                    try:
                        state(stage)
                    except Error as error:  # the others are worth looking at
                        camera.faults.append(f"{state.__name__}: {error}")
            stage.close()
            if not only or "preview" in only:
                take_preview(browser, studies.build_plain(home, "preview"), camera)
            faults += camera.faults
        browser.close()
    print("\n".join(faults) or "nothing found")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
