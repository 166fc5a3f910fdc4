"""Tests in several processes that are forked once everything is collected: `pytest --fork 5`.

Workers that start from nothing, as those of pytest-xdist, each import torch, rewrite the assertions of 500
files and collect the same tests: 20 CPU-seconds per worker. Here one process collects, and its children have
what it has. A child takes one file after the other, so that fixtures of a module are made once, and sends
what became of each test to the parent, which reports as if it had run the tests itself.
"""

from __future__ import annotations

import gc
import itertools
import os
import sys
from collections.abc import Iterator
from multiprocessing import connection, forkserver, get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

_CONTEXT = get_context("fork")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--fork`."""
    parser.addoption(
        "--fork", type=int, default=0, metavar="N", help="run the files of tests in N forked processes"
    )


class _Files:
    """The files that no child has begun, handed out in order; the same object in every child."""

    def __init__(self, items: list[pytest.Item]) -> None:
        self._files = [list(group) for _, group in itertools.groupby(items, lambda item: item.path)]
        self._begun = _CONTEXT.Value("i", 0)

    def hand_out(self) -> Iterator[pytest.Item]:
        """Yield the tests of one file after the other until all files are begun."""
        while True:
            with self._begun.get_lock():
                number = self._begun.value
                self._begun.value += 1
            if number >= len(self._files):
                return
            yield from self._files[number]


class _Sender:
    """The plugin of a child: what it is told of a test goes to the parent."""

    def __init__(self, config: pytest.Config, parent: Connection) -> None:
        self._config = config
        self._parent = parent

    def pytest_runtest_logstart(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        """Say which test begins, so that the parent can name it if this process dies."""
        self._parent.send(("begins", (nodeid, location)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Send a report as plain data."""
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._parent.send(("report", data))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run the tests in forked processes if `--fork` asks for it."""
    count = session.config.getoption("--fork")
    if count < 1 or session.config.option.collectonly or session.testsfailed:
        return None
    files = _Files(session.items)
    # Made here, so that children have folders next to one another in it.
    base = session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    _start_shared_forkserver()
    children: dict[Connection, BaseProcess] = {}
    sys.stdout.flush()
    gc.freeze()  # what has been collected stays, and need not be looked through in each child
    for number in range(count):
        ours, theirs = _CONTEXT.Pipe(duplex=False)
        child = _CONTEXT.Process(target=_run, args=(session, files, theirs, base / f"process-{number}"))
        child.start()
        theirs.close()
        children[ours] = child
    if lost := _report(session, children):
        session.shouldfail = "; ".join(lost)  # what the summary shows
        raise session.Failed(session.shouldfail)
    return True


def _start_shared_forkserver() -> None:
    """Let the children take their processes from one server, which imports what commands need once."""
    if "tests.warm" not in sys.modules:
        return
    forkserver.ensure_running()
    # A child asks whether the server still runs by waiting for it, which only the parent of both may do.
    server = vars(forkserver)["_forkserver"]
    owner = os.getpid()
    ensure_running = server.ensure_running
    server.ensure_running = lambda: ensure_running() if os.getpid() == owner else None


def _run(session: pytest.Session, files: _Files, parent: Connection, base: Path) -> None:
    """Run tests in a child: nothing of it reaches the terminal."""
    config = session.config
    manager = config.pluginmanager
    for name in ("terminalreporter", "logging-plugin-terminal"):
        if (plugin := manager.getplugin(name)) is not None:
            manager.unregister(plugin)
    capture = manager.getplugin("capturemanager")
    if capture is not None and capture.is_globally_capturing():
        # The parent's temporary files have one position for all who share them.
        capture.stop_global_capturing()
        capture.start_global_capturing()
    config._tmp_path_factory._basetemp = base  # type: ignore[attr-defined]
    base.mkdir()
    manager.register(_Sender(config, parent))
    for item, following in _with_next(files.hand_out()):
        config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    parent.send(("ends", ""))
    parent.close()


def _with_next(items: Iterator[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    """Yield each test with the one that follows: pytest then knows which fixtures have had their day."""
    here, ahead = itertools.tee(items)
    next(ahead, None)
    yield from zip(here, itertools.chain(ahead, (None,)), strict=False)  # of no tests, one more


def _report(session: pytest.Session, children: dict[Connection, BaseProcess]) -> list[str]:
    """Pass on what the children send until all have ended; return what was lost."""
    hook = session.config.hook
    # Named at once: whoever ends the tests before they are through knows which failed.
    terminal = session.config.pluginmanager.getplugin("terminalreporter")
    running: dict[Connection, str] = dict.fromkeys(children, "")
    ended, lost = set[Connection](), []
    while running:
        for pipe in connection.wait(list(running)):
            assert isinstance(pipe, Connection)
            try:
                kind, data = pipe.recv()
            except EOFError:
                children[pipe].join()
                if pipe not in ended:
                    code = children[pipe].exitcode
                    lost.append(f"a process of tests ended with {code} in {running[pipe] or 'no test'}")
                del running[pipe]
                continue
            if kind == "ends":
                ended.add(pipe)
            elif kind == "begins":
                running[pipe] = data[0]
                hook.pytest_runtest_logstart(nodeid=data[0], location=data[1])
            else:
                report = hook.pytest_report_from_serializable(config=session.config, data=data)
                hook.pytest_runtest_logreport(report=report)
                if report.failed and terminal is not None:
                    terminal.write_line(f"\nFAILED {report.nodeid} ({report.when})")
                if report.when == "teardown":
                    hook.pytest_runtest_logfinish(nodeid=report.nodeid, location=report.location)
        if session.shouldfail or session.shouldstop:
            for child in children.values():
                child.terminate()
            raise session.Failed(session.shouldfail or session.shouldstop)
    return lost
