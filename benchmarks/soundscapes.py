"""How fast the built-in data is made: clips per second on one core, files included."""

from __future__ import annotations

import os
import statistics
import tempfile
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

from stimuli.soundscapes import make_soundscapes, write_soundscapes  # noqa: E402

RUNS = 5


def seconds() -> float:
    """Time the default set, 8 classes of 40 clips of 2 s, with its files."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.process_time()
        write_soundscapes(folder, make_soundscapes())
        return time.process_time() - begin


if __name__ == "__main__":
    seconds()
    rates = sorted(320 / seconds() for _ in range(RUNS))
    median = statistics.median(rates)
    print("## Built-in sounds\n")
    print(f"Processor time of {RUNS} runs; no peer makes this set.\n")
    print("| clips per second, one core | minimum | median | maximum |\n|---|---:|---:|---:|")
    print(f"| 320 clips of 2 s, files written | {rates[0]:.0f} | {median:.0f} | {rates[-1]:.0f} |")
