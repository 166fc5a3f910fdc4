"""A rehearsal: simulated listeners take part in a study, on a running server or on one started here."""

from __future__ import annotations

import json
import logging
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from stimuli import refuse_seed
from stimuli.files import write_text
from stimuli.vocabulary import RATINGS_NAME
from study_builder.config import StudyConfig
from study_builder.config.rehearsal_secret import REHEARSAL_SECRET
from study_builder.errors import SimulateError
from study_builder.simulation.answers import rate_study
from study_builder.simulation.http_client import Browser, SoundIndex
from study_builder.simulation.listeners import ListenerModel, SimulatedListener, condition_quality

logger = logging.getLogger(__name__)

START_S = 60.0
_SERVE_WHILE_READ = """
import os, signal, threading

def wait():
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=wait, daemon=True).start()
from listenable.cli import main
main()
"""
"""`python -m listenable` that ends with the process that started it, however that ended: its input ends."""

Track = Callable[[Iterable[int]], Iterable[int]]


def simulate_study(
    study: Path | str,
    listeners: int = 19,
    *,
    seed: int = 0,
    url: str | None = None,
    admin_token: str | None = None,
    quality: Mapping[str, float] | None = None,
    track: Track | None = None,
) -> dict[str, float]:
    """Let simulated listeners take part in a study, over HTTP.

    An interrupted rehearsal resumes: the listeners' cookies are kept next to the ratings.

    Args:
        study: its folder.
        listeners: how many.
        seed: of the panel; the same seed gives the same scores.
        url: of a server that serves this study; None starts one for the time of the rehearsal.
        admin_token: of that server; None reads the secret of the study's own database instead.
        quality: mean score of conditions, 0 to 100; the others follow the stated rule.
        track: wraps the listeners' numbers, for a progress bar.

    Returns:
        The quality of each condition in the model.

    Raises:
        SimulateError: the server cannot be reached, or refuses something.
        SeedError: the seed is negative or has more than 64 bits.
    """
    refuse_seed(seed)
    if listeners < 1:
        raise SimulateError(f"--listeners is {listeners}; expected 1 or more")
    folder = Path(study)
    config = StudyConfig.load(folder)
    model = ListenerModel(condition_quality(config, quality))
    sounds = SoundIndex.of(folder, config)
    tokens = _Tokens(folder / f".rehearsal-{seed}.json")
    numbers: Iterable[int] = range(1, listeners + 1)
    with _server(folder, url) as address:
        secret = admin_token or rehearsal_secret(folder / RATINGS_NAME)
        for number in track(numbers) if track else numbers:
            browser = Browser(address, tokens.get(number), secret=secret)
            try:
                rate_study(browser, SimulatedListener(config, model, seed, number), sounds)
            finally:
                tokens.keep(number, browser.token)
    return dict(model.quality)


def rehearsal_secret(database: Path) -> str:
    """Return the secret that lets this study's rehearsals start sessions; empty if there is none to read."""
    if not database.is_file():
        return ""
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT value FROM meta WHERE key = ?", (REHEARSAL_SECRET,)).fetchone()
    except sqlite3.Error as error:
        raise SimulateError(f"{database}: cannot be read ({error}); give --admin-token") from None
    return "" if found is None else str(found[0])


class _Tokens:
    """The cookies of a rehearsal's listeners, in a file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tokens: dict[str, str] = json.loads(path.read_text()) if path.is_file() else {}

    def get(self, number: int) -> str | None:
        return self.tokens.get(str(number))

    def keep(self, number: int, token: str | None) -> None:
        if token is None or self.get(number) == token:
            return
        self.tokens[str(number)] = token
        write_text(self.path, json.dumps(self.tokens), private=True)


@contextmanager
def _server(study: Path, url: str | None) -> Iterator[str]:
    """Give the address of the study's server, starting one if none is named."""
    if url is not None:
        yield url
        return
    port = _free_port()
    command = [sys.executable, "-c", _SERVE_WHILE_READ, "serve", str(study), "--port", str(port)]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait_until_it_answers(process, f"http://127.0.0.1:{port}/", output)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], url: str, output: IO[bytes]) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            output.seek(0)
            said = output.read().decode(errors="replace").strip().splitlines()
            raise SimulateError(f"the server did not start: {said[-1] if said else 'it said nothing'}")
        try:
            with opener.open(url, timeout=5):
                return
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            time.sleep(0.1)
    raise SimulateError(f"the server did not answer within {START_S:.0f} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
