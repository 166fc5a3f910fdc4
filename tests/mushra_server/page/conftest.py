"""A study with every page type, the real server on a free port, and the system's Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.mushra_server.page import studies
from tests.mushra_server.page.participant import PATIENCE_S, Participant, eventually
from tests.servers import served


@pytest.fixture
def make_study(tmp_path: Path) -> Callable[..., Path]:
    """Write a study folder: `make_study([page, ...], previous=True, **options)`."""
    count = iter(range(100))
    return lambda pages, **options: studies.write_study(tmp_path / f"study{next(count)}", pages, **options)


@pytest.fixture(scope="session")
def pages() -> dict[str, Any]:
    """The pages and helpers that several files use."""
    return {
        "consent": studies.CONSENT,
        "volume": studies.VOLUME,
        "generic": studies.GENERIC,
        "mushra": studies.MUSHRA,
        "bs1116": studies.BS1116,
        "paired": studies.PAIRED,
        "single": studies.LIKERT_SINGLE,
        "multi": studies.LIKERT_MULTI,
        "finish": studies.FINISH,
        "every": studies.EVERY_TYPE,
        "compared": [*studies.COMPARISONS, studies.FINISH],
        "ab": studies.AB,
        "abx": studies.ABX,
        "ccr": studies.CCR,
        "dcr": studies.DCR,
        "best_worst": studies.BEST_WORST,
        "p835": studies.P835,
        "questions": studies.QUESTIONS,
        "trial": studies.trial,
        "reference": studies.REFERENCE,
        "stored": studies.stored,
        "answers": studies.answers,
        "eventually": eventually,
        "write_sound": studies.write_sound,
    }


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Serve a study on a free port and return its address: `serve(study, one_entry=True)`."""
    from mushra_server import create_app
    from mushra_server.web.server import Options

    with ExitStack() as running:

        def start(study: Path, **options: Any) -> str:
            app = create_app(study, options=Options(**options))
            running.callback(app.extensions["listenable"].database.close)
            return running.enter_context(served(app))

        yield start


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open an address in a fresh profile; an error or a refused resource in the page fails the test."""
    contexts = []
    problems: list[str] = []

    def start(address: str, *, expect_errors: bool = False, **options: Any) -> Any:
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", **options}
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE_S)
        if not expect_errors:
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
        page.goto(address)
        return Participant(page)

    yield start
    for context in contexts:
        context.close()
    assert problems == []
