"""The study that is loaded, the process that serves it, and a database with many sessions in it."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile as sf
import yaml

TEST_ID = "benchmark"
TRIALS = 9
CONDITIONS = [f"method-{number}" for number in range(1, 9)]
RATE, SECONDS = 16_000, 2.0


def make_study(folder: Path) -> Path:
    """Write a study of 9 trials with 8 conditions, hidden and open reference: ten sounds of 2 s per trial."""
    pages: list[object] = ["random"]
    noise = np.random.default_rng(0)
    for number in range(TRIALS):
        paths = {name: f"audio/item{number}/{name}.wav" for name in ("reference", *CONDITIONS)}
        (folder / f"audio/item{number}").mkdir(parents=True)
        for path in paths.values():
            sound = 0.1 * noise.standard_normal(round(RATE * SECONDS))
            sf.write(folder / path, sound.astype("float32"), RATE)
        page = {"type": "mushra", "id": f"trial{number}", "name": f"Sound {number + 1}", "content": ""}
        pages.append({**page, "reference": paths.pop("reference"), "stimuli": paths})
    welcome = {"type": "generic", "id": "welcome", "name": "Welcome", "content": "Listen."}
    config = {
        "testname": "Benchmark",
        "testId": TEST_ID,
        "pages": [welcome, pages, {"type": "finish", "id": "end", "name": "Thanks", "content": ""}],
        "listenable": {"schema_version": 1, "seed": 0},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return folder


class ServerProcess:
    """A server in a separate process."""

    process: subprocess.Popen[str] | subprocess.Popen[bytes]

    def kill(self) -> None:
        """End it without any warning: `kill -9`."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it as a service manager does."""
        self.process.terminate()
        self.process.wait()


class Served(ServerProcess):
    """`listenable serve` in a separate process; can be killed and started again at the same port."""

    def __init__(self, study: Path, *options: str) -> None:
        self.study = study
        self.options = options
        self.port = 0
        self.token = ""
        self.start()

    def start(self) -> None:
        """Start it and wait until it listens."""
        command = [
            sys.executable,
            "-m",
            "listenable",
            "serve",
            str(self.study),
            "--port",
            str(self.port),
            "--collect-webmushra",
            *self.options,
        ]
        self.process = started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert started.stdout is not None
        for line in started.stdout:
            found = re.search(r"Participants: http://[^:]+:(\d+)/", line)
            if found:
                self.port = int(found[1])
            token = re.search(r"Admin token: +(\S+)", line)
            if token:
                self.token = token[1]
            if "Ctrl-C" in line:
                return
        raise SystemExit("the server did not start")

    def count_stored(self) -> dict[str, int]:
        """Return how often each page is stored, by the attempt that the browser gave it."""
        connection = sqlite3.connect(self.study / "ratings.sqlite3")
        counts = dict(connection.execute("SELECT attempt, COUNT(*) FROM submissions GROUP BY attempt"))
        connection.close()
        return counts


def copy_sessions(database: Path, doublings: int) -> int:
    """Double the finished sessions of a database some times over; return how many there are then."""
    connection = sqlite3.connect(database)
    for _ in range(doublings):
        top_session, top_submission = connection.execute(
            "SELECT (SELECT MAX(id) FROM sessions), (SELECT MAX(id) FROM submissions)"
        ).fetchone()
        values = {"s": top_session, "p": top_submission}
        for statement in COPIES:
            connection.execute(statement, values)
    connection.commit()
    count = connection.execute("SELECT COUNT(*) FROM sessions").fetchone()[0]
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return int(count)


COPIES = [
    """INSERT INTO sessions (id, uuid, token_hash, slot, simulated, participant, source, created_at,
                             last_seen_at, finished_at)
       SELECT id + :s, lower(hex(randomblob(16))), lower(hex(randomblob(32))), slot + :s, simulated,
              participant, source, created_at, last_seen_at, finished_at FROM sessions WHERE id <= :s""",
    """INSERT INTO slots (simulated, slot, session_id)
       SELECT simulated, slot + :s, session_id + :s FROM slots WHERE session_id <= :s""",
    """INSERT INTO submissions (id, session_id, page_index, attempt, page_id, page_type, kind,
                                trial_position, time_ms, body, superseded, submitted_at)
       SELECT id + :p, session_id + :s, page_index, lower(hex(randomblob(16))), page_id,
              page_type, kind, trial_position, time_ms, body, superseded, submitted_at
       FROM submissions WHERE id <= :p""",
    """INSERT INTO ratings (submission_id, key, attribute, item, condition, role, score, listened_ms, comment,
                            condition_position)
       SELECT submission_id + :p, key, attribute, item, condition, role, score, listened_ms, comment,
              condition_position FROM ratings WHERE submission_id <= :p""",
]
