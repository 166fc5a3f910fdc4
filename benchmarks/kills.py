"""Kill commands with SIGKILL at random moments, start them again, and compare with an uninterrupted run.

    python -m benchmarks.kills [--rounds 6] [--seed 0] [COMMAND ...]

Each command first runs uninterrupted twice, which shows how long it takes and which files contain a time and
so differ anyway. Each round then kills it two times at a random moment of that time and runs it to its end.
The results must be equal byte for byte, and no file with a temporary name may be left in them; what is left
next to the folder is counted, too. The section is part of docs/reliability.md.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RATINGS = str(ROOT / "examples" / "analyse_webmushra" / "mushra.csv")
TEMPORARY = (".part", ".tmp", "-journal", "-wal")


@dataclass
class Subject:
    """A command, the folder that it writes, and how it is started again after a kill."""

    name: str
    words: list[str]
    out: str
    again: list[str] = field(default_factory=list)
    kills: int = 0
    complete: int = 0
    equal: int = 0
    left_over: int = 0
    beside: int = 0
    files: int = 0
    varying: list[str] = field(default_factory=list)


def subjects() -> list[Subject]:
    """Return the commands in the order in which each makes what the next needs."""
    sounds = ["--classes", "4", "--clips", "10", "--seconds", "1"]
    train = ["--preset", "tiny", "--set", "epochs=3"]
    return [
        Subject("data soundscapes", ["data", "soundscapes", "sounds", *sounds], "sounds"),
        Subject(
            "train classifier", ["train", "classifier", "--data", "sounds", *train, "--out", "classifier"],
            "classifier", ["--resume"],
        ),
        Subject("render", [
            "render", "--run", "classifier", "--method", "gradcam", "--method", "saliency",
            "--data", "sounds", "--fold", "4", "--items", "6", "--any", "--out", "set"], "set"),
        Subject("study build", ["study", "build", "set", "--out", "study"], "study"),
        Subject("analyze", ["analyze", RATINGS, "--out", "report"], "report"),
    ]  # fmt: skip


def start(words: list[str], folder: Path) -> subprocess.Popen[str]:
    """Start a command in a folder, with all its processes in a group that can be killed at once."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "listenable", *words], cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip


def finish(words: list[str], folder: Path) -> tuple[int, str]:
    """Run a command to its end; return its exit code and what it printed."""
    process = start(words, folder)
    output, _ = process.communicate()
    return process.returncode, output


def kill_after(words: list[str], folder: Path, seconds: float) -> bool:
    """Kill a command and all its processes; return whether it was still running."""
    process = start(words, folder)
    try:
        process.communicate(timeout=seconds)
        return False
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return True


def digests(folder: Path) -> dict[str, str]:
    """Return the hash of every file by its path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def measure(subject: Subject, folder: Path, rounds: int, draw: random.Random) -> None:
    """Run a subject uninterrupted, then with kills; leave the result of an uninterrupted run in its place."""
    out = folder / subject.out
    results, seconds = [], 0.0
    for _ in range(2):
        shutil.rmtree(out, ignore_errors=True)
        began = time.perf_counter()
        code, output = finish(subject.words, folder)
        seconds = time.perf_counter() - began
        if code:
            raise SystemExit(f"{subject.name} failed without kills:\n{output}")
        results.append(digests(out))
    whole, other = results
    subject.varying = [name for name in whole if whole[name] != other.get(name)]
    subject.files = len(whole)
    kept = folder / "kept"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(out, kept)
    for _ in range(rounds):
        shutil.rmtree(out)
        for _ in range(2):
            words = [*subject.words, *(subject.again if out.exists() else [])]
            subject.kills += kill_after(words, folder, draw.uniform(0.15, 1.0) * seconds)
        code, output = finish([*subject.words, *(subject.again if out.exists() else [])], folder)
        if code and all(digests(out).get(name) == whole[name] for name in {*whole} - {*subject.varying}):
            subject.complete += 1  # the kill came after the last file, and a second build is refused
        elif code:
            print(f"{subject.name}: exit code {code} after kills:\n{output}", file=sys.stderr)
            shutil.rmtree(out, ignore_errors=True)
            shutil.copytree(kept, out)
            continue
        found = digests(out)
        subject.left_over += sum(name.endswith(TEMPORARY) for name in found)
        beside = [path for path in folder.iterdir() if path.name.endswith(TEMPORARY)]
        subject.beside += len(beside)
        for path in beside:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        different = [n for n in {*whole, *found} - {*subject.varying} if whole.get(n) != found.get(n)]
        different += [name for name in subject.varying if name not in found]
        subject.equal += not different
        if different:
            print(f"{subject.name}: differs in {', '.join(sorted(different)[:8])}", file=sys.stderr)
    shutil.rmtree(out)
    shutil.move(kept, out)


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("commands", nargs="*", help="which are killed; those before them run uninterrupted")
    chosen = parser.parse_args()
    draw = random.Random(chosen.seed)
    print(
        "## Killing commands at random\n\nEach command is killed with SIGKILL at two random moments per "
        f"round, restarted, and left to finish; seed {chosen.seed}.\n"
    )
    print(
        "| command | rounds | kills | equal to the uninterrupted run | of these, killed after the last file "
        "| temporary files left in it | next to it | files compared |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        for subject in subjects():
            rounds = chosen.rounds if not chosen.commands or subject.name in chosen.commands else 0
            measure(subject, Path(name), rounds, draw)
            varying = (
                f" (all but {', '.join(subject.varying)}, which contain times)" if subject.varying else ""
            )
            print(
                f"| `{subject.name}` | {rounds} | {subject.kills} | {subject.equal} | {subject.complete} | "
                f"{subject.left_over} | {subject.beside} | {subject.files}{varying} |", flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
