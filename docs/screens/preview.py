"""The experimenter's preview, with the study in each of its frames."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from docs.screens.camera import Camera
from docs.take_screenshots import run_app
from mushra_server.preview.app import open_preview
from mushra_server.web.server import Options

__all__ = ["take_preview"]


def take_preview(browser: Browser, study: Path, camera: Camera) -> None:
    """Take the preview of a study: as it opens, and its second page in the three frames."""
    with open_preview(study, Options()) as app, run_app(app) as address:
        page = browser.new_context(**camera.device.options).new_page()
        page.goto(f"{address}/preview")
        frame = page.frame_locator("#frame")
        frame.locator(".progress-text[data-page='1']").wait_for()
        camera.take(page, "preview 1", focus=True)
        page.locator("#forward").click()
        frame.locator(".lane").first.wait_for()
        for size in ("desktop", "phone", "sideways"):
            page.locator(f"input[value={size}]").check()
            page.wait_for_timeout(500)
            camera.take(page, f"preview {size}")
        page.context.close()
