"""A PostgreSQL server in a temporary folder, for benchmarks and tests: reached by a Unix socket only."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Cluster", "find_programs", "run_postgresql"]


def find_programs() -> Path | None:
    """Return the folder of the newest PostgreSQL's programs, as Debian has them, or None."""
    return max(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), default=None
    )


class Cluster:
    """A server's data and socket, in one folder.

    Args:
        folder: An empty folder; its path must be short, because that of a socket has at most 107 bytes.
        settings: Settings of the server, such as `max_connections=200`.
    """

    def __init__(self, folder: Path, *settings: str) -> None:
        programs = find_programs()
        if programs is None:
            raise FileNotFoundError("PostgreSQL is not installed; expected Debian's package postgresql")
        self.folder = folder
        self._programs = programs
        self._as_user: list[str] = []
        data = folder / "data"
        data.mkdir()
        folder.chmod(0o755)  # the server's own user must reach the socket
        if os.geteuid() == 0:  # as whom PostgreSQL refuses to run
            self._as_user = ["runuser", "-u", "postgres", "--"]
            for path in (folder, data):
                shutil.chown(path, "postgres", "postgres")
        # Nothing in the folder is of use after a crash of the machine.
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        chosen = [f"unix_socket_directories={folder}", "listen_addresses=", *settings]
        self._options = " ".join(f"-c {setting}" for setting in chosen)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", self._options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast` ends the clients' transactions, `immediate` is as a crash."""
        self._run("pg_ctl", "-w", "-m", mode, "stop")

    def url(self, database: str = "postgres") -> str:
        """Return the URL of one of its databases."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def _run(self, program: str, *words: str) -> None:
        command = [*self._as_user, str(self._programs / program), "-D", str(self.folder / "data"), *words]
        # Not through a pipe, which the server would keep open.
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(command, stdout=said, stderr=subprocess.STDOUT, cwd="/", check=False)
            said.seek(0)
            if done.returncode != 0:
                raise RuntimeError(f"{program} failed: {said.read()}")


@contextmanager
def run_postgresql(*settings: str) -> Iterator[Cluster]:
    """Run a server in a new folder, and remove both at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        cluster = Cluster(folder, *settings)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop("immediate")
    finally:
        shutil.rmtree(folder)
