"""What a program can see of a screen: cut-off text, parts that overlap, a focus that does not show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

__all__ = ["find_faults", "find_hidden_focus"]

MOST_STEPS = 60  # presses of Tab
_SCRIPT = Path(__file__).with_name("checks.js").read_text(encoding="utf-8").replace("export const", "const")


def find_faults(page: Page) -> list[str]:
    """Return what is too wide, cut off or on top of something else."""
    found: list[str] = _run(page, "findFaults")
    return found


def find_hidden_focus(page: Page) -> list[str]:
    """Go through the screen with Tab; return the elements whose focus is invisible or covered."""
    faults, seen = set(), set()
    page.evaluate("() => { document.activeElement?.blur(); scrollTo(0, 0); }")
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        found = _run(page, "lookAtFocus")
        if found is None or found["shot"] in seen:
            break
        seen.add(found["shot"])
        if found["fault"]:
            faults.add(found["fault"])
    return sorted(faults)


def _run(page: Page, name: str) -> Any:
    return page.evaluate(f"() => {{ {_SCRIPT} return {name}(); }}")
