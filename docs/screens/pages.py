"""The pages of a study in order: each as it opens, with what it says is missing, and filled in."""

from __future__ import annotations

from playwright.sync_api import Page

from docs.screens.camera import Camera
from docs.take_screenshots import fill_in, rate

__all__ = ["HURRY", "arrive", "hear", "take_pages"]

# Pauses of the page's own are short, so that checks of hearing are walked through in seconds.
HURRY = """(() => {
  const wait = window.setTimeout;
  window.setTimeout = (action, ms, ...rest) => wait(action, ms / 20, ...rest);
})()"""
CHECKS = ("headphone_check", "hearing_check", "environment_check")
PATIENCE_MS = 30_000


def arrive(page: Page, number: int) -> str | None:
    """Wait until page `number` is ready; return its type, or None at the end."""
    page.wait_for_selector(f".progress-text[data-page='{number}'], .done-mark", timeout=PATIENCE_MS)
    if page.locator(".done-mark").count():
        return None
    page.wait_for_selector(".foot .primary:not([disabled])", timeout=PATIENCE_MS)
    return str(page.locator("article").get_attribute("data-type"))


def hear(page: Page) -> None:
    """Play every sound of the page until it counts as heard."""
    for button in page.locator(".sound-button").all():
        button.click()
        page.locator(".sound-button.heard").and_(button).wait_for(timeout=PATIENCE_MS)
    for button in page.locator(".volume .button").all():
        button.click()
        page.wait_for_selector(".foot .primary:not(.waiting)")


def take_pages(page: Page, camera: Camera, study: str, *, most: int = 99) -> None:
    """Walk through a session, taking each of its pages up to `most`, and what it says at the end."""
    number = 1
    while number <= most and (kind := arrive(page, number)) is not None:
        name = f"{study} {number:02} {kind}"
        if kind in CHECKS:
            _take_check(page, camera, name)
        else:
            _take_page(page, camera, name)
        _leave(page, number)
        number += 1
    if number <= most:
        camera.take(page, f"{study} {number:02} end", focus=True)


def _leave(page: Page, number: int) -> None:
    """Press *Next*, and once more where a training page explains something first."""
    gone = f".progress-text:not([data-page='{number}']), .done-mark"
    page.locator(".foot .primary").click()
    page.wait_for_selector(f"{gone}, #hint:not(:empty)", timeout=PATIENCE_MS)
    if not page.locator(gone).count():
        page.locator(".foot .primary").click()
        page.wait_for_selector(gone, timeout=PATIENCE_MS)


def _take_page(page: Page, camera: Camera, name: str) -> None:
    camera.take(page, name, focus=True)
    if page.locator(".foot .primary.waiting").count():  # otherwise the page would be left
        page.locator(".foot .primary").click()
        camera.take(page, f"{name} missing")
    hear(page)
    rate(page, page.locator(".lane").count())
    fill_in(page)
    camera.take(page, f"{name} filled", focus=True)
    while page.locator(".step").count() and page.locator(".foot .primary").text_content() == "Next question":
        page.locator(".foot .primary").click()
        fill_in(page)
        rate(page, page.locator(".lane").count())
        camera.take(page, f"{name} next question")


def _take_check(page: Page, camera: Camera, name: str) -> None:
    """Take a check of what is listened with: the start, a round, the second attempt and the end."""
    camera.take(page, name, focus=True)
    again = page.locator(".notice[role=alert]")
    over = page.locator(".notice.good")
    taken = False
    page.locator(".listening-check .primary").click()
    while not over.count():
        if again.count():
            camera.take(page, f"{name} again", focus=True)
            page.locator(".listening-check .primary").click()
        page.locator(".listening-check .large").click()
        page.wait_for_selector(".listening-check .sound-button:not([disabled])", timeout=PATIENCE_MS)
        if not taken:
            camera.take(page, f"{name} round", focus=True)
        taken = True
        page.locator(".listening-check .sound-button").first.click()
    camera.take(page, f"{name} done")
