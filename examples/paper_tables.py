"""The paper's tables on a data set of yours: every method, four settings, several seeds.

    python examples/paper_tables.py --data esc10 --out tables --speech speech --seeds 0 1 2

Each step is a `listenable` command in a process of its own; what is there is not made again, so that an
interrupted run goes on where it stopped. For each seed a classifier is trained on folds 1 to 3, then the
explainers for it, and all of them are scored on fold 4; the next seed's classifier gives the second opinion.
`OUT/tables.md` has means over the seeds and their standard deviation, `OUT/minutes.json` what each step took.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

ALPHAS = ("1", "0.75", "0")
GRADIENT = (
    "saliency",
    "smoothgrad",
    "integrated-gradients",
    "gradcam",
    "guided-gradcam",
    "guided-backprop",
    "shap",
)
SETTINGS = ("id", "mixtures", "white-noise", "speech")
COLUMNS = {
    "ai": ("AI ↑", 1),
    "ad": ("AD ↓", 1),
    "ad_published": ("AD (published) ↓", 1),
    "ag": ("AG ↑", 1),
    "ff": ("FF ↑", 2),
    "fid_in": ("Fid-In ↑", 3),
    "sps": ("SPS ↑", 2),
    "comp": ("COMP ↓", 2),
    "agree_in": ("Agree in ↑", 2),
    "agree_out": ("Agree out ↓", 2),
    "mask_sd": ("Mask SD", 2),
    "cos_ix": ("cos(i, x)", 2),
    "si_sdr_improvement_db": ("SI-SDRi (dB)", 1),
    "energy_overlap": ("Overlap", 2),
    "randomised": ("Randomised", 2),
}


class Study:
    """All runs and tables under one folder."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.out: Path = options.out
        self.minutes_file = self.out / "minutes.json"
        self.minutes: dict[str, float] = {}
        if self.minutes_file.is_file():
            self.minutes = json.loads(self.minutes_file.read_text())

    def step(self, made: Path, *words: str) -> None:
        """Run a command unless what it makes is there."""
        if (made / "run.json").is_file() or made.is_file():
            return
        name = str(made.relative_to(self.out))
        print(name, flush=True)
        begin = time.monotonic()
        command = [sys.executable, "-m", "listenable", *words, "--out", str(made)]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise SystemExit(f"{name}: `listenable {' '.join(words)}` ended with exit code {done.returncode}")
        self.minutes[name] = round((time.monotonic() - begin) / 60, 2)
        self.minutes_file.write_text(json.dumps(self.minutes, indent=1) + "\n")

    def train(self, kind: str, out: Path, seed: int, *words: str) -> None:
        """Train a run, or go on with it."""
        data = ["--data", str(self.options.data), "--preset", self.options.preset, "--seed", str(seed)]
        self.step(out, "train", kind, *data, "--no-progress", "--resume", *words)

    def seed(self, seed: int) -> None:
        """Train everything of one seed."""
        runs = self.out / f"seed-{seed}"
        classifier = runs / "classifier"
        self.train("classifier", classifier, seed)
        known = ["--classifier", str(classifier)]
        for alpha in ALPHAS:
            self.train("lmac-td", runs / f"lmac-td-{alpha}", seed, *known, "--set", f"alpha={alpha}")
        self.train("lmac", runs / "lmac", seed, *known)
        self.train("lmac-ft", runs / "lmac-ft", seed, *known, "--start", str(runs / "lmac"))
        self.train("nmf", runs / "nmf", seed, *known)
        self.train("l2i", runs / "l2i", seed, *known, "--start", str(runs / "nmf"))

    def score(self, seed: int, second: Path, setting: str) -> None:
        """Score every method of one seed in one setting."""
        runs = self.out / f"seed-{seed}"
        learned = [*(f"lmac-td-{alpha}" for alpha in ALPHAS), "lmac", "lmac-ft", "l2i"]
        words = [word for name in learned for word in ("--run", str(runs / name))]
        words += [word for name in GRADIENT for word in ("--method", name)]
        words += ["--data", str(self.options.data), "--setting", setting, "--seed", str(seed)]
        words += ["--second-classifier", str(second), "--sanity", "8" if setting == "id" else "0"]
        if setting == "speech":
            words += ["--noise", str(self.options.speech)]
        self.step(runs / f"{setting}.csv", "evaluate", *words)


def averaged(tables: list[pd.DataFrame]) -> list[list[str]]:
    """Return headings and rows: means over the seeds with their standard deviation."""
    stacked = pd.concat(tables)
    known = [name for name in COLUMNS if name in stacked and stacked[name].notna().any()]
    rows = [["Method", *(COLUMNS[name][0] for name in known)]]
    for label in tables[0]["label"]:
        figures = stacked.loc[stacked["label"] == label, known].astype(float)
        rows.append([label, *(_cell(figures[name], COLUMNS[name][1]) for name in known)])
    return rows


def _cell(values: pd.Series, decimals: int) -> str:
    if values.isna().all():
        return ""
    mean, spread = values.mean(), values.std(ddof=1)
    return f"{mean:.{decimals}f}" + (f" ± {spread:.{decimals}f}" if len(values) > 1 else "")


def main() -> None:
    """Train, score, and write the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="data set in ESC-50 layout")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--preset", default="small")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS), choices=(*SETTINGS, "clean"))
    parser.add_argument("--speech", type=Path, help="folder of speech recordings, for the setting speech")
    options = parser.parse_args()
    if "speech" in options.settings and options.speech is None:
        parser.error("the setting speech needs --speech FOLDER; or leave it out of --settings")
    study = Study(options)
    seeds: list[int] = options.seeds
    for seed in seeds:
        study.seed(seed)
    classifiers = [study.out / f"seed-{seed}" / "classifier" for seed in seeds]
    if len(seeds) == 1:
        classifiers.append(study.out / "second-classifier")
        study.train("classifier", classifiers[1], seeds[0] + 1000)
    parts = []
    for setting in options.settings:
        for place, seed in enumerate(seeds):
            study.score(seed, classifiers[(place + 1) % len(classifiers)], setting)
        tables = [pd.read_csv(study.out / f"seed-{seed}" / f"{setting}.csv") for seed in seeds]
        accuracy = _cell(pd.Series([table["accuracy"].iloc[0] for table in tables]), 1)
        size = f"{tables[0]['n_items'].iloc[0]} items; the classifier gets {accuracy} % right"
        lines = [f"| {' | '.join(row)} |" for row in averaged(tables)]
        lines.insert(1, "|---" + "|---:" * (lines[0].count(" | ")) + "|")
        parts.append("\n".join([f"### {setting} ({size})", "", *lines]))
    (study.out / "tables.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    print(study.out / "tables.md")


if __name__ == "__main__":
    main()
