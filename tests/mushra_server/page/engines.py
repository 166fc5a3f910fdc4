"""A WebDriver client for Firefox (Marionette) and WebKitGTK (WebKitWebDriver), of the standard library."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.loading.ports import find_free_port
from tests.mushra_server.page.participant import eventually

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element's id, in the standard
ADDRESSES = {
    "Navigate": "url",
    "ExecuteScript": "execute/sync",
    "FindElement": "element",
    "ElementClick": "element/{id}/click",
    "ElementSendKeys": "element/{id}/value",
}
SETTINGS = """user_pref("media.autoplay.default", 0); user_pref("marionette.port", %d);
user_pref("dom.storage.enabled", false);  // as in a browser that forbids it: the page must work without
"""


class Engine:
    """A tab of a browser; `send` sends a command with its parameters and returns the value of the answer."""

    def __init__(self, send: Callable[[str, dict[str, Any]], Any]) -> None:
        self._send = send

    def go(self, address: str) -> None:
        self._send("Navigate", {"url": address})

    def read(self, script: str, *values: Any) -> Any:
        """Return the value of an expression; its `arguments` are the values."""
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


@contextmanager
def open_firefox(home: Path) -> Iterator[Engine]:
    """Start Firefox without a window; its audio runs on the clock of a PulseAudio that plays nowhere."""
    firefox, pulse = _program("firefox-esr", "firefox-esr"), _program("pulseaudio", "pulseaudio")
    port, sound = find_free_port(), home / "sound"
    (home / "user.js").write_text(SETTINGS % port)
    modules = ["-L", "module-null-sink", "-L", f"module-native-protocol-unix socket={sound} auth-anonymous=1"]
    with (
        _running([pulse, "-n", "--exit-idle-time=-1", *modules], home),
        _running(
            [firefox, "--headless", "--marionette", "--profile", home], home, PULSE_SERVER=f"unix:{sound}"
        ),
        _connect(port) as connection,
        connection.makefile("rwb") as stream,
    ):

        def receive() -> Any:
            length = b"".join(iter(lambda: stream.read(1), b":"))
            return json.loads(stream.read(int(length)))

        def send(name: str, parameters: dict[str, Any]) -> Any:
            text = json.dumps([0, 1, f"WebDriver:{name}", parameters])
            stream.write(f"{len(text)}:{text}".encode())
            stream.flush()
            _, _, error, result = receive()
            assert error is None, error
            return result.get("value")

        receive()  # its greeting
        send("NewSession", {})
        yield Engine(send)


@contextmanager
def open_webkit(home: Path) -> Iterator[Engine]:
    """Start WebKitGTK's own small browser on a screen in memory."""
    driver, screen = _program("WebKitWebDriver", "webkit2gtk-driver"), _program("Xvfb", "xvfb")
    program = next(Path("/usr/lib").glob("*/webkit2gtk-4.1/MiniBrowser"), None)
    if program is None:
        pytest.skip("MiniBrowser is not installed (Debian package `libwebkit2gtk-4.1-0`)")
    port, display = find_free_port(), f":{find_free_port()}"
    base = f"http://127.0.0.1:{port}/session"

    def post(address: str, parameters: dict[str, Any]) -> Any:
        try:
            with urllib.request.urlopen(address, json.dumps(parameters).encode(), timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from None

    with (
        _running([screen, display, "-screen", "0", "1280x800x24"], home),
        _running([driver, f"--port={port}"], home, DISPLAY=display),
    ):
        _connect(port).close()
        options = {"binary": str(program), "args": ["--automation"]}
        wanted = {"browserName": "MiniBrowser", "webkitgtk:browserOptions": options}
        session = post(base, {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        yield Engine(lambda name, given: post(f"{base}/{session}/{ADDRESSES[name].format(**given)}", given))


def _program(name: str, package: str) -> str:
    if (found := shutil.which(name)) is None:
        pytest.skip(f"{name} is not installed (Debian package `{package}`)")
    return found


@contextmanager
def _running(command: list[str | Path], home: Path, **environment: str) -> Iterator[None]:
    given = {**os.environ, **environment, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=given, stdout=quiet, stderr=quiet, start_new_session=True) as process:
        try:
            yield
        finally:
            process.terminate()


def _connect(port: int) -> socket.socket:
    def reach() -> socket.socket | None:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            return None

    found = eventually(reach, lambda connection: connection is not None)
    assert found is not None, f"nothing listens on port {port}"
    return found
