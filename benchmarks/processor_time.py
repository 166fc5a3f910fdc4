"""Processor time of the interpreter's commands with one thread: explaining, scoring, training, reading noise.

    python -m benchmarks.processor_time [--repeats 5]

Commands are measured whole, from the start of Python, as the processor seconds of their process, which depend
less on what else the machine does than the time on the clock. An update of a training is the difference of
two trainings of different length, over the updates that one has more.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

from benchmarks.loading.measure import format_seconds, ratio
from interpreter.training.clips import FolderNoise
from interpreter.training.request import Request
from interpreter.training.train import train
from stimuli import read_audio, write_audio
from stimuli.soundscapes import make_soundscapes, write_soundscapes

ROOT = Path(__file__).resolve().parents[1]
RATE, PIECE_S, NOISE_S, DRAWS = 16000, 5, 60, 50
FEW, MANY = 10, 70  # updates of the two trainings
BRIEF = ("epochs=1", "steps_per_epoch=2", "batch_size=2")


def processor_seconds(*words: object) -> float:
    """Run Python and return the processor time that it took."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, *map(str, words)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, words))} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def listenable(out: Path, *words: object) -> float:
    """Run a command that writes `out` and return the processor time that it took."""
    shutil.rmtree(out, ignore_errors=True)
    return processor_seconds("-m", "listenable", *words)


def seconds_per_update(data: Path, classifier: Path, folder: Path) -> float:
    """Return the processor time of an update of LMAC-TD, preset tiny."""

    def take(updates: int) -> float:
        out = folder / "trained"
        words = ["train", "lmac-td", "--classifier", classifier, "--data", data, "--no-progress"]
        settings = ["--set", "epochs=1", "--set", f"steps_per_epoch={updates}"]
        return listenable(out, *words, *settings, "--accelerator", "cpu", "--out", out)

    return (take(MANY) - take(FEW)) / (MANY - FEW)


def seconds_per_piece(read: Callable[[np.random.Generator], object]) -> float:
    """Return the processor time of a draw of noise."""
    rng = np.random.default_rng(0)
    begin = time.process_time()
    for _ in range(DRAWS):
        read(rng)
    return (time.process_time() - begin) / DRAWS


def report_noise(path: Path, rate: int, repeats: int) -> None:
    """Write a long recording and print the row of a piece of it."""
    rng = np.random.default_rng(0)
    write_audio(path, 0.1 * rng.standard_normal(NOISE_S * rate).clip(-3, 3), rate)
    noise = FolderNoise((path,), RATE)
    ours = [seconds_per_piece(lambda rng: noise(PIECE_S * RATE, rng)) for _ in range(repeats)]
    whole = [seconds_per_piece(lambda _: read_audio(path, RATE)) for _ in range(repeats)]
    compared = f"the whole file: {format_seconds(whole)}, {ratio(whole, ours)} times as long"
    print(f"| {PIECE_S} s of noise out of {NOISE_S} s at {rate:,} Hz | {format_seconds(ours)} | {compared} |")


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats: int = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data, classifier, run = folder / "sounds", folder / "classifier", folder / "lmac-td"
        write_soundscapes(data, make_soundscapes(classes=4, clips=20, duration_s=2.0, seed=0))
        train(Request("classifier", data, classifier, overrides=BRIEF))
        train(Request("lmac-td", data, run, overrides=BRIEF, classifier=classifier))
        clip = next((data / "audio").glob("*.wav"))
        table = folder / "scores" / "table.csv"
        score = ["evaluate", "--run", run, "--method", "gradcam", "--data", data, "--out", table]
        explain = ["explain", clip, "--run", run, "--out", folder / "out"]
        rows: dict[str, Callable[[], float]] = {
            "`import torch`, for comparison": lambda: processor_seconds("-c", "import torch"),
            "`listenable explain`, a clip of 2 s": lambda: listenable(folder / "out", *explain),
            "`listenable evaluate`, 16 clips of 2 s": lambda: listenable(table.parent, *score),
            "an update in training, 4 clips of 2 s": lambda: seconds_per_update(data, classifier, folder),
        }
        print("## Processor time of the interpreter's commands\n")
        print(
            f"LMAC-TD, preset `tiny`, one thread, medians of {repeats} (least to most); commands from the "
            "start of Python. `evaluate` also scores GradCAM, the floors and the oracle.\n"
        )
        print("| what | processor time | compared with |\n|---|---:|---|")
        for what, measure in rows.items():
            measure()
            print(f"| {what} | {format_seconds([measure() for _ in range(repeats)])} | |", flush=True)
        for rate in (RATE, 44100):
            report_noise(folder / f"{rate}.wav", rate, repeats)


if __name__ == "__main__":
    main()
