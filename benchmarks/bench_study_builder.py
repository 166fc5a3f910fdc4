"""How long a study takes to build and check, and how much memory it needs.

Run: PYTHONPATH=. python benchmarks/bench_study_builder.py [--items 12] [--conditions 10] [--seconds 10]
[--rate 48000]

The study has `conditions` signals a trial: methods, hidden reference and both anchors. Memory is the largest
resident set of a process of its own, for 10 items and for `many` short ones (Linux).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from stimuli import write_audio
from study_builder.build import build_study
from study_builder.check import check_study

MEASURED = """
import sys
from pathlib import Path
from study_builder.build import build_study
from study_builder.check import check_study
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


def timed(root: Path, source: Path) -> tuple[float, float]:
    """Return how many seconds building and checking take, on all processors."""
    begin = time.perf_counter()
    build_study(source, root / "study")
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--items", type=int, default=12)
    parser.add_argument("--conditions", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=int, default=48000)
    parser.add_argument("--many", type=int, default=1000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        methods = chosen.conditions - 3
        source = make_sounds(root / "speed", chosen.items, methods, chosen.seconds, chosen.rate)
        build_s, check_s = timed(root, source)
        print(
            f"{chosen.items} items x {chosen.conditions} conditions x {chosen.seconds:g} s "
            f"at {chosen.rate} Hz on {os.cpu_count()} processors: "
            f"build {build_s:.1f} s, check {check_s:.1f} s"
        )
    for items in (10, chosen.many):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            source = make_sounds(root / "memory", items, 3, 1.0, 16000)
            print(f"{items} items x 6 conditions x 1 s at 16000 Hz: {peak_mib(root, source):.0f} MiB at most")


if __name__ == "__main__":
    main()
