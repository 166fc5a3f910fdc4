"""The process of one job: it reads its task from standard input and writes its progress to a file.

Standard input stays open as long as the server runs, so that the job ends with it.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast

from mushra_server.admin.background import end_first, end_with_server, limit_time
from mushra_server.database.clock import now
from mushra_server.export.backup import back_up
from mushra_server.studio.disk import require_reserve
from mushra_server.studio.drafts import (
    BUILT_NAME,
    CHECKS_NAME,
    LOUDNESS_NAME,
    SOUNDS_NAME,
    find_sounds,
    save_fact,
)
from mushra_server.studio.jobs import Progress
from mushra_server.web.temporary import temporary_folder
from stimuli.files import atomic_folder, write_text
from stimuli.vocabulary import CONFIG_NAME, RATINGS_NAME

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["main", "write_status"]

LIMIT_S = 3600.0
"""Of a job that no page has a button to cancel: it takes one of few places. Hours of silence pack to nothing
and are measured for days, and a report on a thousand conditions compares half a million pairs."""

T = TypeVar("T")


def main() -> None:
    """Do the job; what goes wrong is part of its progress, as a sentence."""
    # Ends as an exception, so that what is half written is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    task: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    end_with_server(sys.stdin.fileno())
    status = Path(task["status"])
    try:
        with limit_time(None if task["kind"] == "build" else LIMIT_S):
            done = JOBS[task["kind"]](task, status)
        write_status(status, Progress("done", done, done))
    except (ValueError, OSError) as error:
        write_status(status, Progress("failed", message=say(str(error), task)))
    except Exception:
        write_status(status, Progress("failed", message="the studio could not do this; its log says more"))
        raise


def say(message: str, task: dict[str, Any]) -> str:
    """Return a message of the command line as the studio's pages say it: without folders of this machine."""
    folders = [value for value in task.values() if isinstance(value, str) and Path(value).is_absolute()]
    for folder in sorted(folders, key=len, reverse=True):
        message = message.replace(f"{folder}/", "").replace(folder, Path(folder).name)
    return message.replace("use --exclude none", "leave out nobody")


def build(task: dict[str, Any], status: Path) -> int:
    """Build a study as `listenable study build` does, and check it; it appears when it is complete.

    What is known of a study that was built before holds until it is replaced.
    """
    from study_builder.building.build import build_study
    from study_builder.building.choices import Choices
    from study_builder.checks.study import check_study

    choices, draft = Path(task["choices"]), Path(task["draft"])
    built = build_study(
        draft / SOUNDS_NAME,
        task["out"],
        Choices.load(choices),
        pictures=draft,
        command=f"listenable study build --choices {choices.name}",
        overwrite=True,
        progress=lambda trials, total: _track(_leave_room(trials, draft), total, status, "Building"),
    )
    (draft / CHECKS_NAME).unlink(missing_ok=True)  # of the study that was replaced
    save_fact(draft, BUILT_NAME, task["built_of"])
    report = check_study(built.folder).to_json()
    save_fact(draft, CHECKS_NAME, {**report, "warnings": built.warnings})
    return len(built.config.options.files)


def check(task: dict[str, Any], status: Path) -> int:
    """Check a study that the command line built, as `listenable study check` does."""
    from study_builder.checks.study import check_study

    write_status(status, Progress("running", message="Checking"))
    draft = Path(task["draft"])
    draft.mkdir(parents=True, exist_ok=True)
    save_fact(draft, CHECKS_NAME, {**check_study(task["study"]).to_json(), "warnings": []})
    return 1


def measure(task: dict[str, Any], status: Path) -> int:
    """Measure the loudness of every uploaded sound."""
    from stimuli import integrated_loudness, read_audio

    draft = Path(task["draft"])
    paths, levels = find_sounds(draft), []
    for path in _track(paths, len(paths), status, "Measuring"):
        audio, rate = read_audio(path)
        levels.append(round(integrated_loudness(audio, rate), 2))
    finite = [level for level in levels if level > float("-inf")]
    save_fact(draft, LOUDNESS_NAME, finite)
    return len(levels)


def report(task: dict[str, Any], status: Path) -> int:
    """Write a report as `listenable analyze` does, with the version of the data that it is of."""
    from analysis.ratings.load import load_ratings
    from analysis.report.results import Options
    from analysis.report.write import write_report

    write_status(status, Progress("running", message="Analysing"))
    with temporary_folder() as folder:
        copy = folder / Path(task["study"]).name  # of one moment: listeners may be rating
        copy.mkdir()
        shutil.copyfile(Path(task["study"]) / CONFIG_NAME, copy / CONFIG_NAME)
        back_up(task["url"], copy / RATINGS_NAME)
        both = load_ratings(str(copy), simulated="include")
        simulated = bool((both["simulated"] != 0).all())
        frame = load_ratings(str(copy), simulated="only" if simulated else "exclude")
    with atomic_folder(Path(task["out"])) as folder:
        exclude = task["exclude"]
        options = Options(exclude=None if exclude is None else tuple(exclude))
        notes = write_report(frame, folder, options).notes
        version = {
            "made_at": now(),
            "by": task["by"],
            "listeners": int(frame["listener"].nunique()),
            "ratings": int(frame["score"].notna().sum()),
            "simulated": simulated,
            "data": hash_table(frame)[:12],
            "notes": list(notes),
            "screening": task["screening"],
        }
        write_text(folder / "version.json", json.dumps(version))
    return len(frame)


def hash_table(frame: pd.DataFrame) -> str:
    """Return the SHA-256 of a table as CSV, which repeats each answer and may be too long for the memory."""
    hashed = hashlib.sha256()
    with io.TextIOWrapper(cast("IO[bytes]", _Hashed(hashed.update)), "utf-8", newline="") as file:
        frame.to_csv(file, index=False, lineterminator="\n")
    return hashed.hexdigest()


class _Hashed(io.RawIOBase):
    """A file of which nothing is kept."""

    def __init__(self, update: Callable[[bytes], None]) -> None:
        self._update = update

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._update(bytes(content))
        return len(content)


JOBS = {"build": build, "check": check, "measure": measure, "report": report}


def _track(things: Iterable[T], total: int, status: Path, message: str) -> Iterator[T]:
    write_status(status, Progress("running", 0, total, message))
    for done, thing in enumerate(things, start=1):
        yield thing
        write_status(status, Progress("running", done, total, message))


def _leave_room(things: Iterable[T], folder: Path) -> Iterator[T]:
    """Yield things that take disk, as long as some of it is left for the pages of listeners."""
    for thing in things:
        require_reserve(folder)
        yield thing


def write_status(status: Path, progress: Progress) -> None:
    """Write how far a job is."""
    write_text(status, json.dumps(asdict(progress)))


if __name__ == "__main__":
    end_first()
    main()
