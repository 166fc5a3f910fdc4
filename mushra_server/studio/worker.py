"""The process of one job: reads its task from standard input, writes how far it is to a file."""

from __future__ import annotations

import hashlib
import json
import signal
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from mushra_server.database.clock import now
from mushra_server.studio.jobs import Progress
from mushra_server.studio.reading import LOUDNESS_NAME
from stimuli.files import atomic_folder, write_text

__all__ = ["main", "write_status"]

T = TypeVar("T")


def main() -> None:
    """Do the job; what goes wrong is part of its progress, as a sentence."""
    # Ends as an exception, so that what is half written is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    task: dict[str, Any] = json.loads(sys.stdin.buffer.read())
    status = Path(task["status"])
    try:
        done = JOBS[task["kind"]](task, status)
        write_status(status, Progress("done", done, done))
    except (ValueError, OSError) as error:
        write_status(status, Progress("failed", message=str(error)))
    except Exception:
        write_status(status, Progress("failed", message="the studio could not do this; its log says more"))
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


def report(task: dict[str, Any], status: Path) -> int:
    """Write a report as `listenable analyze` does, with the version of the data that it is of."""
    from analysis.ratings.load import load_ratings
    from analysis.report.write import write_report

    write_status(status, Progress("running", message="Analysing"))
    study, out = Path(task["study"]), Path(task["out"])
    frame = load_ratings(str(study), simulated="include")
    real = frame[frame["simulated"] == 0]
    simulated = bool(real.empty)
    frame = load_ratings(str(study), simulated="only" if simulated else "exclude")
    with atomic_folder(out) as folder:
        notes = write_report(frame, folder).notes
        version = {
            "made_at": now(),
            "by": task["by"],
            "listeners": int(frame["listener"].nunique()),
            "ratings": int(frame["score"].notna().sum()),
            "simulated": simulated,
            "data": hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest()[:12],
            "notes": list(notes),
        }
        write_text(folder / "version.json", json.dumps(version))
    return len(frame)


JOBS = {"build": build, "measure": measure, "report": report}


def _track(things: Iterable[T], total: int, status: Path, message: str) -> Iterator[T]:
    write_status(status, Progress("running", 0, total, message))
    for done, thing in enumerate(things, start=1):
        yield thing
        write_status(status, Progress("running", done, total, message))


def write_status(status: Path, progress: Progress) -> None:
    """Write how far a job is."""
    write_text(status, json.dumps(asdict(progress)))


if __name__ == "__main__":
    main()
