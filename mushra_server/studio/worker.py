"""The process of one job: reads its task from standard input, writes how far it is to a file."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from mushra_server.studio.jobs import Progress
from mushra_server.studio.reading import LOUDNESS_NAME
from stimuli.files import write_text

__all__ = ["main"]

T = TypeVar("T")


def main() -> None:
    """Do the job; what goes wrong is part of its progress, as a sentence."""
    # Ends as an exception, so that what is half written is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    task: dict[str, Any] = json.loads(sys.stdin.buffer.read())
    status = Path(task["status"])
    try:
        done = JOBS[task["kind"]](task, status)
        _write(status, Progress("done", done, done))
    except (ValueError, OSError) as error:
        _write(status, Progress("failed", message=str(error)))
    except Exception:
        _write(status, Progress("failed", message="the studio could not do this; its log says more"))
        raise


def build(task: dict[str, Any], status: Path) -> int:
    """Build a study as `listenable study build` does, and check it; it appears when it is complete."""
    from study_builder.building.build import build_study
    from study_builder.building.choices import Choices
    from study_builder.checks.study import check_study

    choices, draft = Path(task["choices"]), Path(task["draft"])
    built = build_study(
        draft / "sounds",
        task["out"],
        Choices.load(choices),
        pictures=draft,
        command=f"listenable study build --choices {choices.name}",
        overwrite=True,
        progress=lambda trials, total: _track(trials, total, status, "Building"),
    )
    report = check_study(built.folder).to_json()
    write_text(draft / "check.json", json.dumps({**report, "warnings": built.warnings}))
    return len(built.config.options.files)


def measure(task: dict[str, Any], status: Path) -> int:
    """Measure the loudness of every uploaded sound."""
    from stimuli import integrated_loudness, read_audio

    draft = Path(task["draft"])
    paths = [path for path in (draft / "sounds").rglob("*") if path.is_file() and path.suffix != ".json"]
    levels = []
    for path in _track(paths, len(paths), status, "Measuring"):
        audio, rate = read_audio(path)
        levels.append(round(integrated_loudness(audio, rate), 2))
    finite = [level for level in levels if level > float("-inf")]
    write_text(draft / LOUDNESS_NAME, json.dumps(finite))
    return len(levels)


JOBS = {"build": build, "measure": measure}


def _track(things: Iterable[T], total: int, status: Path, message: str) -> Iterator[T]:
    _write(status, Progress("running", 0, total, message))
    for done, thing in enumerate(things, start=1):
        yield thing
        _write(status, Progress("running", done, total, message))


def _write(status: Path, progress: Progress) -> None:
    write_text(status, json.dumps(asdict(progress)))


if __name__ == "__main__":
    main()
