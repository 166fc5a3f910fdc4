"""How fast `listenable render` makes a stimuli set, with one process and with two.

    python -m benchmarks.render [--items 96] [--repeats 3]

An LMAC-TD and GradCAM, trained for two steps, explain clips of 5 s. Each run is the whole command, from the
start of Python; a second run of few items shows how much of that is the start. The sets must be equal.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.loading.measure import format_seconds
from interpreter.training.request import Request
from interpreter.training.train import train
from stimuli import sha256_of
from stimuli.soundscapes import make_soundscapes, write_soundscapes

FEW = 2
CLASSES, SECONDS = 4, 5.0
BRIEF = ("epochs=1", "steps_per_epoch=2", "batch_size=2")
ROOT = Path(__file__).resolve().parents[1]


def make_runs(folder: Path, items: int) -> tuple[Path, Path]:
    """Return a data set of at least so many clips, and the run of an explainer of it."""
    data = folder / "sounds"
    clips = max(-(-items // CLASSES), 5)
    write_soundscapes(data, make_soundscapes(classes=CLASSES, clips=clips, duration_s=SECONDS, seed=0))
    train(Request("classifier", data, folder / "classifier", overrides=BRIEF))
    train(
        Request("lmac-td", data, folder / "lmac-td", classifier=folder / "classifier", overrides=BRIEF)
    )  # fmt: skip
    return data, folder / "lmac-td"


def seconds(data: Path, run: Path, out: Path, items: int, processes: int) -> float:
    """Render a new set and return how long that took."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "listenable", "render", "--run", run, "--method", "gradcam"]
    command += ["--data", data, "--out", out, "--items", items, "--any", "--devices", processes]
    # One thread per process: sums depend on how many add up, and two processes share two cores.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    begin = time.perf_counter()
    done = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"render ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return time.perf_counter() - begin


def sounds(folder: Path) -> dict[str, str]:
    """Return the hashes of a set's sounds by their paths."""
    return {str(path.relative_to(folder)): sha256_of(path) for path in sorted(folder.rglob("*.wav"))}


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=96)
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    print("## Rendering stimuli\n")
    print(
        f"`listenable render` of {chosen.items} items of {SECONDS:g} s: the input, LMAC-TD and GradCAM "
        "(preset `tiny`), residuals too, on the CPU with one thread per process; medians of "
        f"{chosen.repeats} (least to most). The rate leaves out what a set of {FEW} items takes: Python's "
        "start and the processes'. No peer renders such sets; loudness is measured by pyloudnorm itself, "
        "so that there is nothing to compare.\n"
    )
    print(f"| processes | {chosen.items} items | {FEW} items | items per second |\n|---:|---:|---:|---:|")
    made = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        data, run = make_runs(folder, chosen.items)
        for processes in (1, 2):
            few, all_of_them = [], []
            out = folder / f"set-{processes}"
            for _ in range(chosen.repeats):
                few.append(seconds(data, run, folder / "few", FEW, processes))
                all_of_them.append(seconds(data, run, out, chosen.items, processes))
            pairs = zip(all_of_them, few, strict=True)
            rates = sorted((chosen.items - FEW) / (whole - start) for whole, start in pairs)
            rate = f"{statistics.median(rates):.1f} ({rates[0]:.1f} to {rates[-1]:.1f})"
            print(
                f"| {processes} | {format_seconds(all_of_them)} | {format_seconds(few)} | {rate} |",
                flush=True,
            )
            made.append(sounds(out))
    same = "the same, byte for byte" if made[0] == made[1] else "**not the same**"
    print(f"\nThe sounds of both sets ({len(made[0])} files) are {same}.")


if __name__ == "__main__":
    main()
