"""A camera that takes a screen in several shapes and in both schemes, and tiles the pictures to a sheet."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page

from docs.screens.checks import find_faults, find_hidden_focus
from docs.take_screenshots import DESKTOP, PHONE

__all__ = ["DESK", "HAND", "Camera", "Device"]


@dataclass(frozen=True)
class Device:
    """A browser window's options, and the shapes that it is turned or drawn to."""

    name: str
    options: dict[str, Any]
    shapes: tuple[tuple[int, int], ...]


DESK = Device("desk", DESKTOP, ((1280, 800),))
HAND = Device("phone", {**PHONE, "device_scale_factor": 1}, ((390, 844), (844, 390)))
SCALE = 0.62  # of the pictures on a sheet
GAP = 8
SCHEMES = ("light", "dark")
# Resolves when colours have stopped fading and the page has been drawn twice.
_SETTLED = """() => Promise.all(document.getAnimations()
  .filter((animation) => animation.effect.getComputedTiming().endTime !== Infinity)
  .map((animation) => animation.finished.catch(() => null)))
  .then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null)))))"""


@dataclass
class Camera:
    """Takes screens into a folder, and remembers what is wrong with them.

    Attributes:
        out: Folder of the sheets.
        device: What the page is open on.
        axe: Source of axe-core, which then checks each picture; or None.
        faults: What was found, by screen and shape.
    """

    out: Path
    device: Device
    axe: str | None = None
    faults: list[str] = field(default_factory=list)

    def take(self, page: Page, name: str, *, focus: bool = False, scripts: bool = True) -> None:
        """Take a screen in each shape and scheme; where it scrolls, its end as well.

        Args:
            page: What is taken.
            name: Of the screen.
            focus: Whether its focus is checked.
            scripts: Whether the page may run any; without them it has no animation to wait for.
        """
        rows: list[list[Image.Image]] = []
        for width, height in self.device.shapes:
            page.set_viewport_size({"width": width, "height": height})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                if scripts:
                    page.evaluate(_SETTLED)
                found = find_faults(page) + self._complaints(page)
                self.faults += [f"{name}, {width}x{height}, {scheme}: {fault}" for fault in found]
                rows.append(list(self._pictures(page)))
            if focus:
                hidden = find_hidden_focus(page)
                self.faults += [f"{name}, {width}x{height}: {fault}" for fault in hidden]
        page.set_viewport_size(self.device.options["viewport"])
        self.out.mkdir(parents=True, exist_ok=True)
        stem = re.sub(r"[^a-z0-9-]+", "-", name.lower())
        _tile(rows).save(self.out / f"{stem}-{self.device.name}.png")

    def _pictures(self, page: Page) -> list[Image.Image]:
        page.evaluate("scrollTo(0, 0)")
        taken = [_shoot(page)]
        if page.evaluate("document.documentElement.scrollHeight > innerHeight + 1"):
            page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
            taken.append(_shoot(page))
            page.evaluate("scrollTo(0, 0)")
        return taken

    def _complaints(self, page: Page) -> list[str]:
        if self.axe is None:
            return []
        from tests.axe import complaints

        return complaints(page, self.axe)


def _shoot(page: Page) -> Image.Image:
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    return picture.resize(
        (round(picture.width * SCALE), round(picture.height * SCALE)), Image.Resampling.LANCZOS
    )


def _tile(rows: list[list[Image.Image]]) -> Image.Image:
    """Put the pictures of a desk below each other, those of a phone in its two shapes next to each other."""
    upright = [picture for row in rows for picture in row if picture.height > picture.width]
    lying = [picture for row in rows for picture in row if picture.height <= picture.width]
    sheet_width = sum(picture.width + GAP for picture in upright)
    columns = 2
    cells = [lying[at : at + columns] for at in range(0, len(lying), columns)]
    lying_width = max((sum(one.width + GAP for one in row) for row in cells), default=0)
    height = max(
        max((one.height for one in upright), default=0),
        sum(max(one.height for one in row) + GAP for row in cells),
    )
    sheet = Image.new("RGB", (sheet_width + lying_width + GAP, height + 2 * GAP), "#a0a0a8")
    x = GAP
    for one in upright:
        sheet.paste(one, (x, GAP))
        x += one.width + GAP
    y = GAP
    for row in cells:
        at = x
        for one in row:
            sheet.paste(one, (at, y))
            at += one.width + GAP
        y += max(one.height for one in row) + GAP
    return sheet
