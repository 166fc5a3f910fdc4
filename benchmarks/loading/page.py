"""How soon the participant page shows something in a real browser, and how heavy it is."""

from __future__ import annotations

import shutil

OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
READ = """() => ({
  paint: performance.getEntriesByName('first-contentful-paint')[0].startTime,
  bytes: [...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]
    .filter((entry) => !new URL(entry.name).pathname.startsWith('/audio/'))
    .reduce((sum, entry) => sum + entry.transferSize, 0),
})"""


def visit(url: str, times: int) -> list[dict[str, float]]:
    """Open the page with an empty cache some times.

    Returns:
        Milliseconds to the first paint, and bytes sent without sounds, headers included; empty where there is
        no Chromium or no Playwright.
    """
    program = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        return []
    if program is None:
        return []
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        for _ in range(times):
            context = browser.new_context()
            page = context.new_page()
            page.goto(url)
            page.wait_for_load_state("networkidle")
            found.append(page.evaluate(READ))
            context.close()
        browser.close()
    return found
