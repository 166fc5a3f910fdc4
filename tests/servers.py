"""Servers for tests: one in a thread, and one that Ctrl-C stops, also if the tests run in the background."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server


class _Quick(WSGIRequestHandler):
    """Keeps connections, as every server of ours does, and describes no request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_: Any) -> None:
        pass


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an app on a free port while the block runs; yields its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quick)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def hears_ctrl_c() -> None:
    """Undo what a shell does to processes in the background: they, and their children, ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
