"""The demo's minutes and scores, seed by seed, against what the project promises of them.

    python -m benchmarks.demo [SEED ...]

Each seed has its own sounds, classifier and explainers; three take about 20 minutes on two cores. The exit
code is 1 if a promise is not kept.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

SCORES = {
    "ai": ("AI", 1),
    "ag": ("AG", 1),
    "ff": ("FF", 2),
    "fid_in": ("Fid-In", 2),
    "sps": ("SPS", 2),
    "si_sdr_improvement_db": ("SI-SDRi (dB)", 1),
    "energy_overlap": ("Overlap", 2),
    "fixed_gain": ("Fixed gain", 2),
}
OURS, PEER = "LMAC-TD (alpha 0.75)", "L-MAC"
LEAST_AI, MOST_FIXED_GAIN, MOST_MINUTES = 65, 0.3, 6


def run_demo(seed: int, folder: Path) -> tuple[float, pd.DataFrame]:
    """Run the demo and return its minutes and its table of faithfulness, by method."""
    command = [sys.executable, "-m", "listenable", "demo", "--no-serve", "--seed", str(seed)]
    subprocess.run([*command, "--out", str(folder)], check=True, stdout=subprocess.DEVNULL)
    minutes = sum(json.loads((folder / "demo.json").read_text())["seconds"].values()) / 60
    return minutes, pd.read_csv(folder / "evaluation" / "faithfulness.csv").set_index("label")


def find_broken_promises(seed: int, minutes: float, scores: pd.DataFrame) -> list[str]:
    """Return what a seed's demo does not keep."""
    ours = scores.loc[OURS]
    others = scores["ai"].drop([OURS, PEER])
    best = str(others.idxmax())
    broken = []
    if minutes > MOST_MINUTES:
        broken.append(f"seed {seed}: {minutes:.1f} minutes; expected at most {MOST_MINUTES}")
    if ours["ai"] < LEAST_AI:
        broken.append(f"seed {seed}: AI {ours['ai']:.1f}; expected at least {LEAST_AI}")
    if ours["ai"] <= others.max():
        broken.append(f"seed {seed}: AI {ours['ai']:.1f}; {best} has {others.max():.1f}")
    if ours["fixed_gain"] >= MOST_FIXED_GAIN:
        broken.append(f"seed {seed}: fixed gain {ours['fixed_gain']:.2f}; expected under {MOST_FIXED_GAIN}")
    return broken


def main(seeds: list[int]) -> int:
    """Run the demo with each seed and print the table."""
    print("## The demo\n")
    print("| Seed | Minutes | Method | " + " | ".join(name for name, _ in SCORES.values()) + " |")
    print("|---:|---:|---|" + "---:|" * len(SCORES))
    broken = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            minutes, scores = run_demo(seed, Path(folder))
        broken += find_broken_promises(seed, minutes, scores)
        for label in (OURS, PEER):
            row = scores.loc[label]
            cells = [f"{row[key]:.{digits}f}" for key, (_, digits) in SCORES.items()]
            print(f"| {seed} | {minutes:.1f} | {label} | " + " | ".join(cells) + " |", flush=True)
    print("\n" + ("\n".join(broken) or "Every promise of docs/results.md is kept."))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main([int(word) for word in sys.argv[1:]] or [0, 1, 2]))
