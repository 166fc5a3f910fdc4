"""Commands of `listenable`, each in a process forked from one that has imported the heavy packages.

A new interpreter spends two to seven CPU-seconds on imports before it does what a test asks of it. Tests of
that start-up itself, of signals and of several processes start real interpreters instead.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import resource
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.loading.ports import find_free_port
from tests.conftest import ROOT
from tests.figures import write_stand_ins

FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload([__name__, "tests.warm_imports"])


def run_listenable(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    timeout: float = 280,
    file_bytes: int | None = None,
    figures: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run `listenable WORDS` in `folder`, with `environment` in addition to this process's.

    `file_bytes` is how large a file may become; a longer one is refused as by a full disk. Without `figures`,
    a report has stand-ins of them.
    """
    return _run("listenable", words, folder, environment or {}, timeout, file_bytes, figures)


def run_under_torchrun(
    words: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None, processes: int = 2
) -> list[subprocess.CompletedProcess[str]]:
    """Run `listenable WORDS` in each of several processes that are told of one another as torchrun's are."""
    common = {
        **(environment or {}),
        "TORCHELASTIC_RUN_ID": "none",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(find_free_port()),
        "WORLD_SIZE": str(processes),
        "LOCAL_WORLD_SIZE": str(processes),
        "GROUP_RANK": "0",
    }

    def run_rank(rank: int) -> subprocess.CompletedProcess[str]:
        return run_listenable(words, folder, {**common, "RANK": str(rank), "LOCAL_RANK": str(rank)})

    with ThreadPoolExecutor(processes) as tasks:
        return list(tasks.map(run_rank, range(processes)))


def run_script(
    script: Path, words: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a Python file with the arguments `words` in `folder`, as `python SCRIPT WORDS` would."""
    return _run(str(script), words, folder, environment or {}, 280)


def _run(
    program: str,
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    timeout: float,
    file_bytes: int | None = None,
    figures: bool = True,
) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as kept:
        written = [Path(kept) / name for name in ("stdout", "stderr")]
        changed = {**os.environ, **environment}
        process = FORKSERVER.Process(
            target=_become, args=(program, list(words), folder, changed, *written, file_bytes, figures)
        )
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired([program, *words], timeout)
        out, err = (path.read_text(encoding="utf-8") if path.exists() else "" for path in written)
        return subprocess.CompletedProcess([program, *words], process.exitcode, out, err)


def _become(
    program: str,
    words: list[str],
    folder: Path,
    environment: dict[str, str],
    stdout: Path,
    stderr: Path,
    file_bytes: int | None,
    figures: bool,
) -> None:
    if file_bytes is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
        sys.dont_write_bytecode = True  # a module that is compiled now would be cut off as well, and stay so
    for stream, path in ((1, stdout), (2, stderr)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if "OMP_NUM_THREADS" in environment:  # torch read it when it was imported
        import torch

        torch.set_num_threads(int(environment["OMP_NUM_THREADS"]))
    if not figures:
        importlib.import_module("analysis.figures.style").save = write_stand_ins  # type: ignore[attr-defined]
    sys.path.insert(0, str(ROOT))
    sys.argv = [program, *words]
    if program == "listenable":
        runpy.run_module("listenable", run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, str(Path(program).parent))
        runpy.run_path(program, run_name="__main__")
