"""A tab of a real browser that can import the page's modules."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

PAGE = Path(__file__).resolve().parents[4] / "mushra_server" / "static" / "page"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map: ClassVar[dict[str, str]] = {
        ".js": "text/javascript",
        ".html": "text/html",
        ".svg": "image/svg+xml",
    }

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def tab(browser: Any) -> Iterator[Any]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(PAGE)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"http://127.0.0.1:{server.server_port}/icon.svg")
    yield page
    context.close()
    server.shutdown()
    server.server_close()
    thread.join()
