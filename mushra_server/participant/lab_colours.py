"""A laboratory's colour on the participant page, made lighter or darker until it can be read there."""

from __future__ import annotations

import functools
import re

from stimuli.tokens import TOKENS

__all__ = ["accents", "contrast", "palettes"]

READABLE = 4.5  # contrast of text, WCAG 2.2, success criterion 1.4.3
SOFT = 0.12  # share of the colour in the ground behind what it marks
STEPS = 50

Colour = tuple[float, float, float]


@functools.cache
def palettes() -> dict[str, dict[str, str]]:
    """Return the colours of the pages' light and dark scheme by name (`stimuli/tokens.css`)."""
    light, dark = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", text))
        for text in TOKENS.read_text("utf-8").split("@media (prefers-color-scheme: dark)")
    )
    return {"light": light, "dark": light | dark}


def accents(colour: str) -> dict[str, dict[str, str]]:
    """Return the page's accent colours by scheme: the nearest to a colour that are readable.

    Args:
        colour: Such as `#a01c2d`.

    Returns:
        For `light` and `dark`: `accent`, the `ink` on it, and the `soft` ground that it is readable on.
    """
    ends = {"light": (0.0, 0.0, 0.0), "dark": (1.0, 1.0, 1.0)}
    return {name: _accent(_parse(colour), palette, ends[name]) for name, palette in palettes().items()}


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.2)."""
    low, high = sorted((_luminance(_parse(one)), _luminance(_parse(other))))
    return (high + 0.05) / (low + 0.05)


def _accent(colour: Colour, palette: dict[str, str], end: Colour) -> dict[str, str]:
    ink = palette["accent-ink"]
    for step in range(STEPS + 1):
        accent = _mix(end, colour, step / STEPS)
        soft = _mix(_parse(accent), _parse(palette["surface"]), SOFT)
        others = (palette["ground"], palette["surface"], palette["raised"], soft, ink)
        if all(contrast(accent, other) >= READABLE for other in others):
            break
    return {"accent": accent, "ink": ink, "soft": soft}


def _mix(one: Colour, other: Colour, share: float) -> str:
    parts = (share * a + (1 - share) * b for a, b in zip(one, other, strict=True))
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)


def _parse(colour: str) -> Colour:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _luminance(colour: Colour) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
