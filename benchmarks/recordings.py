"""Long sounds and many files: memory and processor time of `listenable explain`, in a process each.

    python -m benchmarks.recordings [--minutes 1 10 60] [--files 1000]

GradCAM of a small network explains noise with tones of each length in `--minutes`, then a folder of clips of
a second. That command is interrupted (SIGINT) after a third of the files and started again; a third start
finds everything done. Memory is the process's peak, torch included.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import soundfile

from interpreter.training.request import Request
from interpreter.training.train import train
from stimuli.soundscapes import make_soundscapes, write_soundscapes

ROOT = Path(__file__).resolve().parents[1]
RATE = 16000
BRIEF = ("epochs=1", "steps_per_epoch=2", "batch_size=2")


@dataclass(frozen=True)
class Cost:
    """What a process took: its exit code, processor time in seconds and peak memory in MiB."""

    code: int
    seconds: float
    memory: float


def start(*words: object) -> subprocess.Popen[bytes]:
    """Start a command of listenable."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "listenable", *map(str, words)]
    return subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # a shell starts what runs in its background with interrupts ignored, and children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait(process: subprocess.Popen[bytes]) -> Cost:
    """Return what a process took once it has ended.

    Its peak memory is looked at while it runs: what `wait4` says of it begins with that of this process.
    """
    peak = 0.0
    while True:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        peak = max(peak, peak_memory(process.pid))
        time.sleep(0.05)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(process.returncode, usage.ru_utime + usage.ru_stime, peak)


def peak_memory(pid: int) -> float:
    """Return the most memory that a process has occupied so far, in MiB; 0 of one that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def write_long(path: Path, minutes: float, rate: int) -> None:
    """Write noise with a tone that changes every second, a minute at a time."""
    rng = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", rate, 1, "PCM_16") as file:
        for second in range(round(60 * minutes)):
            at = np.arange(rate) / rate
            tone = 0.2 * np.sin(2 * np.pi * (200 + 37 * (second % 60)) * at)
            file.write(tone + 0.05 * rng.uniform(-1, 1, rate))


def report_long(folder: Path, run: Path, minutes: list[float]) -> None:
    """Print a row for each length and rate."""
    print("| sound | processor time | per minute of sound | peak memory |\n|---|---:|---:|---:|")
    for rate in (RATE, 44100):
        for length in minutes:
            sound, out = folder / "long.wav", folder / "out"
            write_long(sound, length, rate)
            cost = wait(start("explain", sound, "--run", run, "--method", "gradcam", "--out", out))
            if cost.code:
                raise SystemExit(f"explain ended with {cost.code}")
            each = cost.seconds / length
            print(
                f"| {length:g} min at {rate:,} Hz | {cost.seconds:.1f} s | {each:.2f} s "
                f"| {cost.memory:.0f} MiB |",
                flush=True,
            )
            subprocess.run(["rm", "-r", out], check=True)


def report_many(folder: Path, run: Path, count: int) -> None:
    """Print a row for each start of the command on a folder."""
    sounds, out = folder / "many", folder / "explained"
    sounds.mkdir()
    rng = np.random.default_rng(1)
    at = np.arange(RATE) / RATE
    for number in range(count):
        tone = 0.3 * np.sin(2 * np.pi * rng.uniform(100, 4000) * at) + 0.03 * rng.uniform(-1, 1, RATE)
        soundfile.write(sounds / f"{number:04d}.wav", tone, RATE)
    words = ("explain", sounds, "--run", run, "--method", "gradcam", "--out", out)
    print(f"\nA folder of {count:,} clips of 1 s, interrupted after a third of them, and started twice more:")
    print("\n| start | files then explained | exit code | processor time | per file | peak memory |")
    print("|---|---:|---:|---:|---:|---:|")
    before = 0
    for title, until in (("interrupted", count // 3), ("started again", count), ("again, all done", count)):
        process = start(*words)
        if until < count:
            while process.poll() is None and count_done(out) < until:
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
        cost = wait(process)
        done = count_done(out)
        new = done - before
        per_file = f"{1000 * cost.seconds / new:.0f} ms" if new else "–"
        print(
            f"| {title} | {done:,} | {cost.code} | {cost.seconds:.1f} s | {per_file} "
            f"| {cost.memory:.0f} MiB |",
            flush=True,
        )
        before = done
    lines = [json.loads(line) for line in (out / "explanations.jsonl").read_text("utf-8").splitlines()]
    with (out / "explanations.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    page = (out / "index.html").stat().st_size
    left = list(out.rglob("*.part"))
    print(
        f"\n`explanations.jsonl` has {len(lines):,} lines of {len({one['source'] for one in lines}):,} "
        f"files, `explanations.csv` {len(rows):,} rows, the page {page / 2**20:.1f} MiB; {len(left)} "
        "half-written files are left."
    )


def count_done(out: Path) -> int:
    """Return how many files are explained."""
    return sum(1 for _ in out.glob("*/explanation.json"))


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, nargs="*", default=[1, 10, 60])
    parser.add_argument("--files", type=int, default=1000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data, run = folder / "sounds", folder / "classifier"
        write_soundscapes(data, make_soundscapes(classes=4, clips=20, duration_s=2.0, seed=0))
        train(Request("classifier", data, run, overrides=BRIEF))
        print("## Long sounds and many files\n")
        print(
            "`listenable explain` with GradCAM of a classifier of preset `tiny`, one thread, each row one "
            "process from the start of Python; memory is its peak, torch included.\n"
        )
        if chosen.minutes:
            report_long(folder, run, chosen.minutes)
        if chosen.files:
            report_many(folder, run, chosen.files)


if __name__ == "__main__":
    main()
