"""How long a study takes to build and check, and how much memory it needs.

    python -m benchmarks.study_builder [--items 12] [--conditions 10] [--seconds 10] [--rate 48000]

A trial has `conditions` signals: methods, hidden reference and both anchors. Memory is the largest resident
set of a separate process (Linux), for few and for many short items, and for few and more long ones.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from stimuli import write_audio
from study_builder.building.build import build_study
from study_builder.checks.study import check_study

MADE = 3  # conditions that are not methods: the reference and both anchors
METHODS = 3  # where memory is measured

MEASURED = """
import sys
from pathlib import Path
from study_builder.building.build import build_study
from study_builder.checks.study import check_study
source, out = map(Path, sys.argv[1:])
build_study(source, out, jobs=1)
check_study(out, jobs=1)
status = Path("/proc/self/status").read_text()  # getrusage would count the parent's memory, too
print(int(status.split("VmHWM:")[1].split()[0]) / 1024)
"""


def make_sounds(root: Path, items: int, methods: int, seconds: float, rate: int) -> Path:
    """Write `items` folders with a reference and `methods` noisy copies of it."""
    rng = np.random.default_rng(0)
    for item in range(1, items + 1):
        folder = root / f"item-{item:04d}"
        folder.mkdir(parents=True)
        clean = 0.05 * rng.standard_normal(round(seconds * rate), dtype=np.float32)
        write_audio(folder / "reference.wav", clean, rate)
        for method in range(1, methods + 1):
            noise = 0.005 * method * rng.standard_normal(len(clean), dtype=np.float32)
            write_audio(folder / f"method-{method}.wav", clean + noise, rate)
    return root


def time_study(root: Path, source: Path) -> tuple[float, float]:
    """Return how many seconds building and checking take, on all processors."""
    begin = time.perf_counter()
    build_study(source, root / "study", overwrite=True)
    built = time.perf_counter()
    report = check_study(root / "study")
    checked = time.perf_counter()
    assert report.exit_code < 2, [str(finding) for finding in report.of_severity("error")]
    return built - begin, checked - built


def peak_mib(root: Path, source: Path) -> float:
    """Return the largest resident set of a process that builds and checks a study, in MiB."""
    command = [sys.executable, "-c", MEASURED, str(source), str(root / "measured")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def speed(chosen: argparse.Namespace) -> None:
    """Print how long one study takes."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        source = make_sounds(
            root / "sounds", chosen.items, chosen.conditions - MADE, chosen.seconds, chosen.rate
        )
        runs = [time_study(root, source) for _ in range(chosen.runs)]
    print(
        f"{chosen.items} items x {chosen.conditions} conditions x {chosen.seconds:g} s at "
        f"{chosen.rate:,} Hz, on {os.cpu_count()} processors, {chosen.runs} runs. No peer "
        "builds or checks studies.\n"
    )
    print("| step | minimum | median | maximum |\n|---|---:|---:|---:|")
    for step, seconds in zip(("build", "check"), zip(*runs, strict=True), strict=True):
        middle = statistics.median(seconds)
        print(f"| {step} | {min(seconds):.1f} s | {middle:.1f} s | {max(seconds):.1f} s |")


def memory(chosen: argparse.Namespace) -> None:
    """Print the memory of building and checking studies of several sizes, in one thread."""
    print("\nPeak memory of a process that builds and checks, in one thread, libraries included:\n")
    print("| items | sounds | memory |\n|---:|---|---:|")
    sizes = [(items, 1.0, 16000) for items in (10, 100, chosen.many)]
    sizes += [(items, chosen.seconds, chosen.rate) for items in (3, chosen.items)]
    for items, seconds, rate in sizes:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            source = make_sounds(root / "sounds", items, METHODS, seconds, rate)
            what = f"{METHODS + MADE} x {seconds:g} s at {rate:,} Hz"
            print(f"| {items:,} | {what} | {peak_mib(root, source):.0f} MiB |", flush=True)


def main() -> None:
    """Measure everything and print the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=12)
    parser.add_argument("--conditions", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=int, default=48000)
    parser.add_argument("--many", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    chosen = parser.parse_args()
    print("## Building and checking a study\n")
    speed(chosen)
    memory(chosen)


if __name__ == "__main__":
    main()
