"""2,000 participants with six connections each: PostgreSQL, four gunicorn workers, nginx, on one machine.

    python -m benchmarks.workers [--participants 2000] [--seconds 120]

Needs Debian's packages postgresql and nginx-light, and gunicorn and psycopg (`pip install gunicorn
"listenable[postgresql]"`). Everything is started here, in a temporary folder, and stopped at the end. Each
participant opens six connections, then loads the ten sounds of a page and saves it every 40 s; at the end,
what was acknowledged is compared with what is stored.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.loading.client import CONNECTIONS, Log, rate
from benchmarks.loading.ports import find_free_port
from benchmarks.loading.postgresql import find_programs, run_postgresql
from benchmarks.loading.study import make_study
from benchmarks.server import row

WORKERS, THREADS, EVERY_S, START_S = 4, 16, 40.0, 60.0
BACKLOG, CONNECTIONS_EACH = 4096, 4000
MOST_FILES = 65_536  # for each, nginx takes half a kilobyte at the start
ROOT = Path(__file__).resolve().parents[1]
NGINX = """
{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes 2;
worker_rlimit_nofile {files}; events {{ worker_connections {files}; }}
http {{ {temporary} {servers} }}
"""


def main() -> None:
    """Start all, measure, and print the section."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--participants", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=120.0)
    options = parser.parse_args()
    found = describe_versions()
    allow_files()
    with tempfile.TemporaryDirectory(prefix="workers-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx's own user must reach the socket
        study = make_study(folder / "study")
        with run_postgresql() as cluster:
            url = cluster.url()
            (folder / "sounds").mkdir()
            bind = f"127.0.0.1:{find_free_port()}"
            with gunicorn(study, url, bind, sendfile=folder / "sounds"), nginx(folder, bind) as port:
                log, took = load(port, options.participants, options.seconds)
                report(log, took, options.participants, count_stored(url), found)


def describe_versions() -> str:
    """Return what is measured, or end with what is missing."""
    try:
        python = f"gunicorn {version('gunicorn')}, psycopg {version('psycopg')}"
    except PackageNotFoundError as error:
        sys.exit(f'{error.name} is missing: pip install gunicorn "listenable[postgresql]"')
    programs = find_programs()
    if shutil.which("nginx") is None or programs is None:
        sys.exit("nginx or PostgreSQL is missing: apt-get install nginx-light postgresql")
    shown = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr
    return f"PostgreSQL {programs.parent.name}, {python}, nginx {shown.strip().split('/')[-1]}"


def allow_files() -> None:
    """Raise the limit of open files as far as the system lets; those who are started inherit it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def gunicorn(
    study: Path, url: str, bind: str, workers: int = WORKERS, sendfile: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run workers as docs/server.md starts them; yield the process that starts them."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "LISTENABLE_STUDY": str(study),
        "LISTENABLE_DATABASE": url,
        "LISTENABLE_BEHIND_PROXY": "1",
        "LISTENABLE_SENDFILE": "" if sendfile is None else str(sendfile),
    }
    command = [
        sys.executable, "-m", "gunicorn", "--workers", str(workers), "--threads", str(THREADS),
        "--backlog", str(BACKLOG), "--worker-connections", str(CONNECTIONS_EACH),
        "--bind", bind, "--log-level", "warning", "mushra_server.wsgi:make_app()",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment)
    try:
        wait_until(lambda: reaches(bind), "gunicorn")
        yield process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def nginx(folder: Path, bind: str) -> Iterator[int]:
    """Run nginx in front of the workers, as in deploy/nginx.conf but without TLS; yield its port."""
    port = find_free_port()
    servers = (ROOT / "deploy/nginx.conf").read_text(encoding="utf-8")
    for there, here in {
        "listen 80;": f"listen 127.0.0.1:{find_free_port()};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} backlog=4096;",
        "127.0.0.1:8000": bind,
        "/var/log/nginx": str(folder),
        "/var/lib/nginx": str(folder),
        "/var/lib/listenable": str(folder),
    }.items():
        servers = servers.replace(there, here)
    servers = "\n".join(line for line in servers.splitlines() if "ssl_certificate" not in line)
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    config = folder / "nginx.conf"
    config.write_text(
        NGINX.format(
            user=f"user {folder.owner()};" if os.geteuid() == 0 else "",  # who may read the copies
            folder=folder,
            files=min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], MOST_FILES),
            temporary=" ".join(f"{name}_temp_path {folder}/{name};" for name in names),
            servers=servers,
        )
    )
    process = subprocess.Popen(["nginx", "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: reaches(f"127.0.0.1:{port}"), "nginx")
        yield port
    finally:
        process.terminate()
        process.wait()


def load(port: int, participants: int, seconds: float) -> tuple[Log, float]:
    """Let participants take part for some seconds."""
    log = Log()

    async def run() -> None:
        runs = (
            rate(port, log, seconds=seconds, every_s=EVERY_S, sounds=True, seed=seed)
            for seed in range(participants)
        )
        await asyncio.gather(*runs)

    begin = time.perf_counter()
    asyncio.run(run())
    return log, time.perf_counter() - begin


def count_stored(url: str) -> dict[str, int]:
    """Return how often each page is stored, by the attempt that the browser gave it."""
    import psycopg

    with psycopg.connect(url) as connection:
        query = "SELECT attempt, COUNT(*) FROM submissions GROUP BY attempt"
        return dict(connection.execute(query).fetchall())


def report(log: Log, took: float, participants: int, found: dict[str, int], programs: str) -> None:
    """Print the section; end with exit code 1 if an acknowledged page is missing or there twice."""
    rate_mb = log.bytes_read / took / 1e6
    print(
        f"## Server with {WORKERS} workers\n\n"
        f"{participants:,} participants with {CONNECTIONS} connections each, one page every {EVERY_S:g} s, "
        f"for {took:.0f} s. {programs}; all of them and the participants on one machine; "
        f"{THREADS} threads per worker.\n"
    )
    print("| request | requests | median | p95 | errors |\n|---|---:|---:|---:|---:|")
    for kind, name in {
        "page": "the page and five of its scripts, all at once",
        "session": "start of a session",
        "sound": f"ten sounds of 64 kB, all at once ({rate_mb:.0f} MB/s)",
        "save": "page save",
    }.items():
        if kind in log.seconds:  # a short run comes to no page
            row(name, log.seconds[kind], [error for error in log.errors if error.startswith(f"{kind}:")])
    counts = [found.get(attempt, 0) for attempt in log.acknowledged]
    missing, twice = counts.count(0), sum(count > 1 for count in counts)
    print(f"\nOf {len(counts):,} acknowledged pages, {missing} are missing and {twice} are stored twice.")
    if missing or twice:
        sys.exit(1)


def reaches(bind: str) -> bool:
    """Tell whether something listens at an address of gunicorn's form: `unix:FILE` or `HOST:PORT`."""
    name, _, rest = bind.rpartition(":")
    family, address = (socket.AF_UNIX, rest) if name == "unix" else (socket.AF_INET, (name, int(rest)))
    with socket.socket(family) as probe:
        return probe.connect_ex(address) == 0


def wait_until(ready: Callable[[], bool], name: str) -> None:
    """Wait for a program that was started."""
    end = time.perf_counter() + START_S
    while not ready():
        if time.perf_counter() > end:
            raise SystemExit(f"{name} did not start")
        time.sleep(0.1)


if __name__ == "__main__":
    main()
