"""Accessibility of pages by axe-core, from the package axe-playwright-python."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FADED = """() => Promise.all(document.getAnimations()
  .filter((animation) => animation.effect.getComputedTiming().endTime !== Infinity)
  .map((animation) => animation.finished.catch(() => null))).then(() => null)"""
VIOLATIONS = """([within, options]) => axe.run(within ?? document, options)
  .then(({ violations }) => violations.map(({ id, impact, nodes }) =>
    ({ id, impact, targets: nodes.slice(0, 3).map((node) => node.target) })))"""


def load_axe() -> str:
    """Return the source of axe-core, or skip the test."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("axe-core is not installed (Python package `axe-playwright-python`)")
    return (Path(found.origin).parent / "axe.min.js").read_text("utf-8")


def complaints(tab: Any, axe: str, rules: list[str] | None = None, within: str | None = None) -> list[str]:
    """Return what axe-core finds wrong with the page as it now is: rule, impact, elements.

    Args:
        tab: The page.
        axe: What `load_axe` returned.
        rules: Which are checked; by default all of WCAG 2.2 AA and the best practice.
        within: A selector of what is looked at, with all that is in it; by default the whole page.
    """
    if not tab.evaluate("typeof window.axe === 'object'"):
        tab.evaluate(f"() => {{ {axe} }}")
    tab.evaluate(FADED)  # a fading colour has no contrast to speak of
    only = {"type": "tag", "values": RULES} if rules is None else {"type": "rule", "values": rules}
    # What passes is not described, nor are style sheets asked for again: a quarter of the time.
    options = {"runOnly": only, "resultTypes": ["violations"], "preload": False}
    found = tab.evaluate(VIOLATIONS, [within, options])
    return [f"{v['id']} ({v['impact']}): {v['targets']}" for v in found]
