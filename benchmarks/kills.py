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
BUILD_IN_STUDIO = "a job of the studio: build"


@dataclass
class Subject:
    """A command, the folder that it writes, and how it is started again after a kill.

    Attributes:
        name: As it is called in the table.
        words: Of the command.
        out: The folder that it writes.
        again: Further words if the folder is there.
        program: What the words are given to.
        compared: The folder within `out` of which all files must be equal.
    """

    name: str
    words: list[str]
    out: str
    again: list[str] = field(default_factory=list)
    program: str = "listenable"
    compared: str = "."
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
    lmac = ["--preset", "tiny", "--set", "epochs=2", "--set", "steps_per_epoch=10"]
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
        Subject(BUILD_IN_STUDIO, ["study/audio", "lab"], "lab", program="benchmarks.loading.studio_build",
                compared="codecs"),
        Subject("analyze", ["analyze", RATINGS, "--out", "report"], "report"),
        Subject("train lmac-td", [
            "train", "lmac-td", "--classifier", "classifier", "--data", "sounds", *lmac, "--out", "lmac-td"],
            "lmac-td", ["--resume"]),
        Subject("evaluate", [
            "evaluate", "--run", "lmac-td", "--method", "saliency", "--data", "sounds", "--fold", "4",
            "--batch-size", "2", "--out", "scores/scores.csv"], "scores"),
        Subject("explain", ["explain", "study/audio", "--run", "lmac-td", "--out", "heard"], "heard"),
    ]  # fmt: skip


def start(subject: Subject, folder: Path) -> subprocess.Popen[str]:
    """Start a command in a folder, with all its processes in a group that can be killed at once."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    words = [*subject.words, *(subject.again if (folder / subject.out).exists() else [])]
    return subprocess.Popen(
        [sys.executable, "-m", subject.program, *words], cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip


def finish(subject: Subject, folder: Path) -> tuple[int, str]:
    """Run a command to its end; return its exit code and what it printed."""
    process = start(subject, folder)
    output, _ = process.communicate()
    return process.returncode, output


def kill_after(subject: Subject, folder: Path, seconds: float) -> bool:
    """Kill a command and all its processes; return whether it was still running."""
    process = start(subject, folder)
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


def run_uninterrupted(subject: Subject, folder: Path) -> float:
    """Run a command from nothing; return how long it took."""
    shutil.rmtree(folder / subject.out, ignore_errors=True)
    began = time.perf_counter()
    code, output = finish(subject, folder)
    if code:
        raise SystemExit(f"{subject.name} failed without kills:\n{output}")
    return time.perf_counter() - began


def measure(subject: Subject, folder: Path, rounds: int, draw: random.Random) -> None:
    """Run a subject uninterrupted, then with kills; leave the result of an uninterrupted run in its place."""
    out = folder / subject.out
    compared = out / subject.compared
    results, seconds = [], 0.0
    for _ in range(2):
        seconds = run_uninterrupted(subject, folder)
        results.append(digests(compared))
    whole, other = results
    subject.varying = [name for name in whole if whole[name] != other.get(name)]
    subject.files = len(whole)
    kept = folder / "kept"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(out, kept)
    for _ in range(rounds):
        shutil.rmtree(out)
        for _ in range(2):
            subject.kills += kill_after(subject, folder, draw.uniform(0.15, 1.0) * seconds)
        code, output = finish(subject, folder)
        if code and all(digests(compared).get(name) == whole[name] for name in {*whole} - {*subject.varying}):
            subject.complete += 1  # the kill came after the last file, and a second build is refused
        elif code:
            print(f"{subject.name}: exit code {code} after kills:\n{output}", file=sys.stderr)
            shutil.rmtree(out, ignore_errors=True)
            shutil.copytree(kept, out)
            continue
        found = digests(compared)
        subject.left_over += sum(name.endswith(TEMPORARY) for name in found)
        beside = [path for path in compared.parent.iterdir() if path.name.endswith(TEMPORARY)]
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
    parser.add_argument("commands", nargs="*", help="which are killed; what they need runs uninterrupted")
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
    found = subjects()
    killed = [subject for subject in found if not chosen.commands or subject.name in chosen.commands]
    if unknown := set(chosen.commands) - {subject.name for subject in killed}:
        parser.error(f"unknown command {min(unknown)!r}; expected some of {[one.name for one in found]}")
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        for subject in found[: found.index(killed[-1]) + 1]:
            if subject not in killed:
                run_uninterrupted(subject, Path(name))
                continue
            measure(subject, Path(name), chosen.rounds, draw)
            varying = (
                f" (all but {', '.join(subject.varying)}, which contain times)" if subject.varying else ""
            )
            print(
                f"| `{subject.name}` | {chosen.rounds} | {subject.kills} | {subject.equal} | "
                f"{subject.complete} | {subject.left_over} | {subject.beside} | {subject.files}{varying} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
