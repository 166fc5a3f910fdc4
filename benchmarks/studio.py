"""How long each screen of the studio takes with many studies, and what a schema per study costs.

    python -m benchmarks.studio [--studies 200] [--sessions 20] [--postgresql [URL]]

Every study is built, open and has finished sessions of 6 pages. Requests go straight into the app, one after
the other, so that the time is the studio's; a browser adds the network. The same is measured on
PostgreSQL if asked for: in an empty database that is named, or in one of a server that is started here.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import soundfile as sf
from sqlalchemy import text
from werkzeug.test import Client

from benchmarks.loading.postgresql import run_postgresql
from mushra_server.database.clock import now
from mushra_server.export.backup import back_up
from mushra_server.many import ManyStudies
from mushra_server.studio import accounts
from mushra_server.studio.app import close_studio, create_studio, studio_of
from mushra_server.studio.drafts import SOUNDS_NAME, UPLOAD_NAME, save_fact
from mushra_server.studio.studies import change_study
from stimuli.vocabulary import RATINGS_NAME
from study_builder.building.build import build_study
from study_builder.building.choices import Choices

ITEMS, CONDITIONS, REPEATS = 6, ("reference", "codec-a", "codec-b"), 9
OPENED = 10
SCREENS = {
    "list of studies": "/",
    "search": "/?q=study+0",
    "overview": "/studies/study-0",
    "make": "/studies/study-0/make",
    "build": "/studies/study-0/build",
    "launch": "/studies/study-0/launch",
    "watch": "/studies/study-0/watch",
    "session": "/studies/study-0/sessions/{uuid}",
    "report": "/studies/study-0/reports",
    "people of a study": "/studies/study-0/people",
    "people": "/people",
    "log": "/log",
}


def make_sounds(folder: Path) -> Path:
    """Write a set of short sounds."""
    draw = np.random.default_rng(0)
    for item in range(ITEMS):
        for name in CONDITIONS:
            path = folder / f"item{item}" / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            sf.write(path, (0.1 * draw.standard_normal(8000)).astype("float32"), 16000)
    return folder


def fill(served: ManyStudies, sounds: Path, built: Path, count: int, sessions: int) -> list[float]:
    """Put studies with sessions into a studio; return the seconds that opening each took."""
    studio, seconds = studio_of(served), []
    for number in range(count):
        name = f"study-{number}"
        shutil.copytree(built, served.folder / name, copy_function=os.link)
        config = served.folder / name / "config.yaml"
        text_of_it = config.read_text("utf-8").replace("listening-test", name)
        config.unlink()  # a second name of the file that was built
        config.write_text(text_of_it, "utf-8")
    draft = studio.studies.draft("study-0")
    shutil.copytree(sounds, draft / SOUNDS_NAME)
    save_fact(draft, UPLOAD_NAME, {"name": "one", "left_out": []})
    studio.studies.adopt()
    with studio.store.write() as connection:
        for number in range(count):
            change_study(connection, f"study-{number}", launched_at=now())
    files = served.databases.engine is None
    for number in range(min(count, OPENED) if files else count):
        begin = time.perf_counter()
        with served.use(f"study-{number}") as server:
            seconds.append(time.perf_counter() - begin)
            with server.database.write() as connection:
                for statement, rows in sessions_of(sessions):
                    connection.execute(text(statement), rows)
    for number in range(OPENED, count) if files else ():  # what is only listed may have another's file
        back_up(served.databases.url_of("study-0"), served.folder / f"study-{number}" / RATINGS_NAME)
    return seconds


def sessions_of(count: int) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """Yield statements that write finished sessions, and their rows."""
    ids = range(1, count + 1)
    moment = now()
    yield (
        "INSERT INTO sessions (id, uuid, token_hash, slot, simulated, participant, source, created_at, "
        "last_seen_at, finished_at) VALUES (:id, :uuid, :uuid, :id, 0, :who, 'own', :at, :at, :at)",
        [{"id": n, "uuid": f"{n:032x}", "who": f"p{n}", "at": moment} for n in ids],
    )
    pages = [(n, page) for n in ids for page in range(ITEMS)]
    yield (
        "INSERT INTO submissions (id, session_id, page_index, attempt, page_id, page_type, kind, "
        "trial_position, time_ms, body, superseded, submitted_at) VALUES (:id, :session, :page, 'a', :name, "
        "'mushra', 'trial', :page, 9000, '{}', 0, :at)",
        [
            {"id": ITEMS * n + page, "session": n, "page": page, "name": f"trial{page}", "at": moment}
            for n, page in pages
        ],
    )
    yield (
        "INSERT INTO ratings (submission_id, key, attribute, item, condition, role, score, listened_ms, "
        "condition_position) VALUES (:id, :key, 'score', :item, :name, 'method', :score, 2000, 0)",
        [
            {"id": ITEMS * n + page, "key": f"s{k}", "item": f"item{page}", "name": name, "score": 40 + 9 * k}
            for n, page in pages
            for k, name in enumerate(CONDITIONS)
        ],
    )


def log_in(served: ManyStudies) -> Client:
    """Return a browser of the administrator."""
    token = accounts.ensure_first_account(studio_of(served).store)
    client = Client(served)
    assert client.post("/login", data={"token": token}).status_code == 302
    return client


def time_screens(served: ManyStudies) -> dict[str, list[tuple[float, float]]]:
    """Return the seconds of each screen, and of them those of this process's processor."""
    client = log_in(served)
    uuid = f"{1:032x}"
    found = {}
    for name, address in SCREENS.items():
        seconds = []
        for _ in range(1 + REPEATS):
            begin = time.perf_counter(), time.process_time()
            answer = client.get(address.format(uuid=uuid))
            seconds.append((time.perf_counter() - begin[0], time.process_time() - begin[1]))
            assert answer.status_code == 200, (name, answer.status_code)
            answer.close()
        found[name] = seconds[1:]
    return found


def measure(
    folder: Path, count: int, sessions: int, url: str | None
) -> tuple[dict[str, list[tuple[float, float]]], str]:
    """Return the seconds of each screen, and a sentence about the databases."""
    sounds = make_sounds(folder / "sounds")
    built = build_study(sounds, folder / "built", Choices()).folder
    served = create_studio(folder / "lab", database_url=url)
    try:
        opened = fill(served, sounds, built, count, sessions)
        if served.databases.engine is not None:  # as it is a minute later, by itself
            with served.databases.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
        screens = time_screens(served)
        if served.databases.engine is None:
            sizes = [path.stat().st_size for path in (folder / "lab").glob("*/ratings.sqlite3*")]
            stored = f"{sum(sizes) / count / 1024:.0f} KiB of files per study"
        else:
            with served.databases.engine.connect() as connection:
                size = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
                held = connection.execute(
                    text("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()")
                ).scalar_one()
            stored = f"{size / count / 1024:.0f} KiB of the database per study, {held} connections open"
        sentence = f"opening a study for the first time {1000 * statistics.median(opened):.0f} ms, {stored}"
        return screens, sentence
    finally:
        close_studio(served)


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument(
        "--postgresql", nargs="?", const="", help="URL of an empty database, or one made here"
    )
    chosen = parser.parse_args()
    with run_postgresql() if chosen.postgresql == "" else nullcontext() as cluster:
        report(chosen.studies, chosen.sessions, chosen.postgresql if cluster is None else cluster.url())


def report(studies: int, sessions: int, postgresql: str | None) -> None:
    """Measure and print the section."""
    columns: dict[str, dict[str, list[tuple[float, float]]]] = {}
    sentences = []
    for name, url in (("SQLite", None), ("PostgreSQL", postgresql)):
        if name == "SQLite" or url is not None:
            with tempfile.TemporaryDirectory() as folder:
                columns[name], sentence = measure(Path(folder), studies, sessions, url)
            sentences.append(f"{name}: {sentence}.")
    print("## The studio\n")
    print(
        f"{studies} studies of {ITEMS} items x {len(CONDITIONS)} conditions with {sessions} "
        f"finished sessions each; medians of {REPEATS} requests after the first, without a network; in "
        "brackets the studio's processor time, without the database's.\n"
    )
    print(f"| screen | {' | '.join(columns)} |\n|---|{'---:|' * len(columns)}")
    for screen in SCREENS:
        medians = [map(statistics.median, zip(*found[screen], strict=True)) for found in columns.values()]
        cells = ["{:.0f} ms ({:.0f})".format(*(1000 * one for one in pair)) for pair in medians]
        print(f"| {screen} | {' | '.join(cells)} |")
    print("\n" + " ".join(sentences))


if __name__ == "__main__":
    main()
