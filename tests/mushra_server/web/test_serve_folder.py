"""`listenable serve` with a folder of studies: what it prints, and what a wrong study does to the others."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mushra_server.commands import serve
from mushra_server.errors import ServerError
from mushra_server.many import ManyStudies
from mushra_server.web.server import Options
from tests.mushra_server.conftest import build


@pytest.fixture
def start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[], tuple[str, str]]:
    """Serve the folder, stop at once, and return what was printed as output and as errors."""

    def stop(listener: serve.Runnable, close: Callable[[], object]) -> None:
        listener.close()  # type: ignore[attr-defined]
        close()

    monkeypatch.setattr(serve, "run_until_stopped", stop)

    def run() -> tuple[str, str]:
        serve._serve_many(tmp_path, "127.0.0.1", 0, Options(), None, False)
        return capsys.readouterr()

    return run


def test_a_wrong_study_keeps_nobody_from_the_others(
    tmp_path: Path, start: Callable[[], tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """After a machine has started again, nobody may be there to mend it."""
    for name in ("codecs", "draft"):
        build(tmp_path / name)
    config = tmp_path / "draft" / "config.yaml"
    right = config.read_text("utf-8")
    config.write_text("pages: 1\n")
    out, errors = start()
    assert re.search(r"/s/codecs/\n  admin token \S{20,}   \(shown this once", out)
    assert errors.startswith(f"draft cannot be served: {config}") and "/s/draft/" not in out
    config.write_text(right)
    out, errors = start()
    assert out.count("admin token") == 1 and re.search(r"/s/draft/\n  admin token \S{20,}", out)
    assert errors == ""
    for name in ("codecs", "draft"):
        (tmp_path / name / "config.yaml").write_text("pages: 1\n")
    with pytest.raises(ServerError, match=r": none of its studies can be served$"):
        start()
    assert capsys.readouterr().err.count(" cannot be served: ") == 2


def test_whoever_stops_the_start_has_seen_the_tokens_so_far(
    tmp_path: Path,
    start: Callable[[], tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("a", "b"):
        build(tmp_path / name)
    use = ManyStudies.use

    def stop_at_b(served: ManyStudies, name: str) -> object:
        if name == "b":
            raise KeyboardInterrupt
        return use(served, name)

    monkeypatch.setattr(ManyStudies, "use", stop_at_b)
    with pytest.raises(KeyboardInterrupt):
        start()
    assert "/s/a/\n  admin token " in capsys.readouterr().out
