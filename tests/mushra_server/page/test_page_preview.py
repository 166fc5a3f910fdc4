"""The experimenter's walk through every page type."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mushra_server.preview.app import open_preview
from mushra_server.web.server import Options
from tests.servers import served

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("which", ["every", "compared"])
def test_pages_fill_themselves_in(
    make_study: Callable[..., Path], open_page: Callable[..., Any], pages: dict[str, Any], which: str
) -> None:
    study = make_study(pages[which])
    with open_preview(study, Options()) as app, served(app) as address:
        tab = open_page(f"{address}/preview").tab
        frame = tab.frame_locator("#frame")
        rating = next(n for n, page in enumerate(pages[which]) if "stimuli" in page)
        tab.locator(f"#pages option[value='{rating}']").wait_for(state="attached")
        tab.locator("#pages").select_option(str(rating))  # nothing before it was answered
        frame.locator(f"article[data-type={pages[which][rating]['type']}]").wait_for()
        tab.locator("#pages").select_option("0")
        tab.get_by_label("Phone", exact=True).check()
        assert frame.locator("body").evaluate("() => innerWidth") == 390
        tab.get_by_role("button", name="Walk through").click()
        frame.locator(".done-mark").wait_for()
        tab.get_by_role("button", name="Walk through").wait_for()  # it has stopped
        tab.goto("about:blank")
    assert not list(study.glob("ratings*"))
