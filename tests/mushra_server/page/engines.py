"""A WebDriver client for Firefox (Marionette) and WebKitGTK (WebKitWebDriver), of the standard library."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mushra_server.page.participant import eventually

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element's id, in the standard
ADDRESSES = {
    "NewSession": "/session",
    "Navigate": "/session/{session}/url",
    "ExecuteScript": "/session/{session}/execute/sync",
    "FindElement": "/session/{session}/element",
    "ElementClick": "/session/{session}/element/{id}/click",
    "ElementSendKeys": "/session/{session}/element/{id}/value",
}
FIREFOX_SETTINGS = {
    "media.autoplay.default": 0,
    "dom.storage.enabled": False,  # as in a browser that forbids it: the page must work without
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
}

Send = Callable[[str, dict[str, Any]], Any]


class Engine:
    """A tab of a browser.

    Args:
        send: sends a command with its parameters and returns the value of its answer.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def go(self, address: str) -> None:
        self._send("Navigate", {"url": address})

    def read(self, script: str, *values: Any) -> Any:
        """Return what an expression gives; `arguments` are the values."""
        return self._send("ExecuteScript", {"script": f"return {script}", "args": list(values)})

    def wait(self, selector: str) -> None:
        found = eventually(lambda: self.read("document.querySelector(arguments[0]) !== null", selector), bool)
        assert found, f"{selector} does not appear: {self.read('document.body.innerText')}"

    def click(self, selector: str) -> None:
        self.wait(selector)
        self._send("ElementClick", {"id": self._find(selector)})

    def write(self, selector: str, text: str) -> None:
        self._send("ElementSendKeys", {"id": self._find(selector), "text": text})

    def _find(self, selector: str) -> str:
        return str(self._send("FindElement", {"using": "css selector", "value": selector})[ELEMENT])


@contextlib.contextmanager
def open_firefox(home: Path) -> Iterator[Engine]:
    """Start Firefox without a window; its audio runs on the clock of a PulseAudio that plays nowhere."""
    firefox, pulse = _find("firefox-esr", "firefox-esr"), _find("pulseaudio", "pulseaudio")
    port, socket_path = _free_port(), home / "sound"
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in FIREFOX_SETTINGS.items()
    ]
    (home / "user.js").write_text("\n".join([*lines, f"user_pref('marionette.port', {port});"]))
    modules = (
        "-L",
        "module-null-sink",
        "-L",
        f"module-native-protocol-unix socket={socket_path} auth-anonymous=1",
    )
    browse = [firefox, "--headless", "--no-remote", "--marionette", "--profile", str(home)]
    with (
        _running([pulse, "-n", "--exit-idle-time=-1", *modules], home),
        _running(browse, home, PULSE_SERVER=f"unix:{socket_path}"),
        _connect(port) as stream,
    ):
        _receive(stream)  # its greeting

        def send(name: str, parameters: dict[str, Any]) -> Any:
            text = json.dumps([0, 1, f"WebDriver:{name}", parameters])
            stream.write(f"{len(text)}:{text}".encode())
            stream.flush()
            _, _, error, result = _receive(stream)
            assert error is None, error
            return result.get("value")

        send("NewSession", {})
        yield Engine(send)


@contextlib.contextmanager
def open_webkit(home: Path) -> Iterator[Engine]:
    """Start WebKitGTK's own small browser on a screen in memory."""
    driver, screen = _find("WebKitWebDriver", "webkit2gtk-driver"), _find("Xvfb", "xvfb")
    program = next(Path("/usr/lib").glob("*/webkit2gtk-4.1/MiniBrowser"), None)
    if program is None:
        pytest.skip("MiniBrowser is not installed (Debian package `libwebkit2gtk-4.1-0`)")
    port, display = _free_port(), f":{_free_port()}"
    with (
        _running([screen, display, "-screen", "0", "1280x800x24", "-nolisten", "tcp"], home),
        _running([driver, f"--port={port}"], home, DISPLAY=display),
    ):
        _connect(port).close()
        session = ""

        def send(name: str, parameters: dict[str, Any]) -> Any:
            path = ADDRESSES[name].format(session=session, id=parameters.get("id"))
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}{path}", json.dumps(parameters).encode()
            )
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.load(answer)["value"]
            except urllib.error.HTTPError as error:
                raise AssertionError(error.read().decode()) from None

        options = {"binary": str(program), "args": ["--automation"]}
        wanted = {"browserName": "MiniBrowser", "webkitgtk:browserOptions": options}
        session = send("NewSession", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        yield Engine(send)


def _find(program: str, package: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed (Debian package `{package}`)")
    return found


@contextlib.contextmanager
def _running(command: list[str], home: Path, **environment: str) -> Iterator[None]:
    quiet = subprocess.DEVNULL
    given = {**os.environ, **environment, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    process = subprocess.Popen(command, env=given, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _connect(port: int) -> Any:
    def reach() -> socket.socket | None:
        with contextlib.suppress(OSError):
            return socket.create_connection(("127.0.0.1", port))
        return None

    found = eventually(reach, lambda connection: connection is not None)
    assert found is not None, f"nothing listens on port {port}"
    with found:  # the stream keeps the connection open
        return found.makefile("rwb")


def _receive(stream: Any) -> Any:
    digits = b""
    while (digit := stream.read(1)) != b":":
        digits += digit
    return json.loads(stream.read(int(digits)))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
