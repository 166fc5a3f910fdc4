"""One palette and one scale of sizes: every page uses them, and what they say can be read."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from stimuli.tokens import TOKENS

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("stimuli", "interpreter", "study_builder", "mushra_server", "analysis", "listenable")
FIGURES = ROOT / "analysis" / "figures"  # figures are printed on paper: their palette is their own
STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch|lab|lch|hwb)a?\(")
# Lengths that a scale has steps for; a hairline (below 2 px) and what is counted in letters have none.
SCALED = re.compile(
    r"(?<![-\w])((?:margin|padding|gap|row-gap|column-gap|border-radius|font-size|font)[a-z-]*):([^;{}]+)"
)
LENGTH = re.compile(r"(?<![-\w.])-?(\d*\.?\d+)(px|rem)\b")
FUNCTION = re.compile(r"\b(?:calc|clamp|min|max|env)\((?:[^()]|\([^()]*\))*\)")

TEXTS = ("ink", "muted", "accent", "good", "bad", "notice")
GROUNDS = ("ground", "surface", "raised")
PAIRS = [
    *itertools.product(TEXTS, GROUNDS),
    ("accent-ink", "accent"),
    *((text, "accent-soft") for text in ("ink", "accent")),
    *((name, f"{name}-soft") for name in ("good", "bad", "notice")),
]
MARKS = [*itertools.product(("strong-line", "accent"), (*GROUNDS, "accent-soft"))]
SCHEMES = ("light", "dark")


def declared(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", css))


def palette(scheme: str) -> dict[str, str]:
    light, dark = TOKENS.read_text("utf-8").split("@media (prefers-color-scheme: dark)")
    return declared(light) | (declared(dark) if scheme == "dark" else {})


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2 of a colour `#rrggbb`."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def styles() -> dict[str, str]:
    """Return every style sheet of ours but the palette: files, and what pages have inline."""
    found = {}
    for path in (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*"))):
        name = path.relative_to(ROOT).as_posix()
        if path == TOKENS or path.suffix not in {".css", ".html", ".py"}:
            continue
        text = path.read_text("utf-8")
        if path.suffix == ".css":
            found[name] = text
        elif inline := "".join(STYLE.findall(text)):
            found[name] = inline
    return found


def test_contrast_agrees_with_published_values() -> None:
    # Black on white by definition, and the grey on white that WCAG names as just enough.
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    assert contrast("#ff0000", "#ffffff") == pytest.approx(4.00, abs=0.005)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_texts_can_be_read(scheme: str) -> None:
    colours = palette(scheme)
    found = {(text, ground): contrast(colours[text], colours[ground]) for text, ground in PAIRS}
    assert not {pair: ratio for pair, ratio in found.items() if ratio < 4.5}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_marks_can_be_seen(scheme: str) -> None:
    colours = palette(scheme)
    found = {(mark, ground): contrast(colours[mark], colours[ground]) for mark, ground in MARKS}
    assert not {pair: ratio for pair, ratio in found.items() if ratio < 3}


def test_the_dark_scheme_only_changes_what_the_light_one_has() -> None:
    light, dark = palette("light"), palette("dark")
    assert set(light) == set(dark)
    assert all(light[name] != dark[name] for name in (*TEXTS, *GROUNDS, "line", "strong-line"))


def test_all_pages_are_looked_at() -> None:
    assert {
        "mushra_server/static/page/style/base.css",
        "mushra_server/static/admin/layout.css",
        "analysis/templates/style.css",
        "analysis/templates/companion.html",
        "interpreter/recordings/listening_page.py",
    } <= set(styles())


def test_colours_come_from_the_palette() -> None:
    assert not {name: found for name, css in styles().items() if (found := COLOUR.findall(css))}


def test_scripts_and_pages_name_no_colours() -> None:
    files = [
        path
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.suffix in {".js", ".html"}
    ]
    named = re.compile(
        r"""(?:fill|stroke|color|colour|background)[\w-]*["']?\s*[:=]\s*["']?#[0-9a-fA-F]{3,8}\b"""
    )
    assert len(files) > 60
    assert not [str(path) for path in files if named.search(path.read_text("utf-8"))]


def test_sizes_come_from_the_scales() -> None:
    wrong = [
        f"{name}: {key}: {value.strip()}"
        for name, css in styles().items()
        for key, value in SCALED.findall(css)
        for number, unit in LENGTH.findall(FUNCTION.sub("", value))
        if float(number) * (16 if unit == "rem" else 1) >= 2
    ]
    assert not wrong


def test_every_property_that_a_page_asks_for_exists() -> None:
    tokens = set(palette("light"))
    for name, css in styles().items():
        asked = set(re.findall(r"var\(--([\w-]+)", css))
        # What a page sets itself: in its own files, or from its scripts.
        folder = (ROOT / name).parent
        texts = [*(path.read_text("utf-8") for path in folder.glob("*.css")), css]
        own = {key for text in texts for key in declared(text)}
        script = "".join(
            path.read_text("utf-8") for path in (ROOT / "mushra_server/static/page").rglob("*.js")
        )
        assert asked <= tokens | own | set(re.findall(r'"--([\w-]+)"', script)), name


def test_every_step_is_used() -> None:
    everything = "".join(styles().values()) + TOKENS.read_text("utf-8")
    steps = [name for name in palette("light") if name.startswith(("space-", "radius-", "text-"))]
    assert [name for name in steps if f"var(--{name})" not in everything] == []
