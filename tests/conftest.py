"""What several packages' tests need."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.templates import compile_once

pytest_plugins = ("tests.forked",)

ROOT = Path(__file__).resolve().parents[1]
LONGEST = "test_demo.py"
CHROMIUM = ("chromium-headless-shell", "chromium")
"""Chromium's engine without its windows costs a quarter less than the browser; either will do."""
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


# Test processes share the cores: threads of one library only wait for one another, and spin meanwhile.
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

compile_once()


def find_chromium() -> str | None:
    """Return the program that tests drive, or None if there is none."""
    return next((found for found in map(shutil.which, CHROMIUM) if found), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files, so that no worker still runs one when the others have ended."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path.name != LONGEST, item.path not in slow))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real recordings and ratings next to the project; or a skip."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("needs real recordings and ratings in ../shared/data, which is absent")
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, without a window; one for all tests of a process, since Playwright allows no second."""
    program = find_chromium()
    if program is None:
        pytest.skip("chromium is not installed (Debian package `chromium-headless-shell` or `chromium`)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as tools:
        chromium = tools.chromium.launch(executable_path=program, args=BROWSER_ARGUMENTS)
        yield chromium
        chromium.close()
