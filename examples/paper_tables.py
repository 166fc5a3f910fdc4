"""The paper's tables on a data set of yours: every method, four settings, several seeds.

    python examples/paper_tables.py --data esc10 --out tables --speech speech --seeds 0 1 2

Each step is a `listenable` command in its own process; what exists is not made again, so that an
interrupted run resumes where it stopped. For each seed a classifier is trained on folds 1 to 3, then the
explainers for it, and all of them are scored on fold 4; the next seed's classifier gives the second opinion.
`OUT/tables.md` has means over the seeds with their standard deviation and intervals over the clips,
`OUT/minutes.json` what each step took.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

from interpreter.evaluation.summary import summarise
from interpreter.evaluation.tables import BESIDE, METRICS_SHOWN
from interpreter.explainers.registry import KINDS, record_of

EXPLAINERS = ("lmac-td-1", "lmac-td-0.75", "lmac-td-0", "lmac", "lmac-ft", "l2i")
STARTS = {"lmac-ft": "lmac", "l2i": "nmf"}
"""The run that a training starts from."""
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
SCORES = {
    name: (f"{heading} {'↑' if up else '↓'}", decimals)
    for name, (heading, decimals, up) in METRICS_SHOWN.items()
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
        """Train a run, or resume it."""
        options = self.options
        data = ["--data", str(options.data), "--preset", options.preset, "--seed", str(seed)]
        data += ["--accelerator", "gpu" if options.device == "cuda" else "cpu"]
        data += ["--devices", str(options.devices)]
        if options.noise is not None:
            data += ["--noise", options.noise]
        if options.start is not None and kind == "classifier":
            data += ["--set", f"start={options.start}"]
        taken = [one for one in options.set if one.partition("=")[0] in fields_of(kind)]
        data += [word for setting in taken for word in ("--set", setting)]
        self.step(out, "train", kind, *data, "--no-progress", "--resume", *words)

    def seed(self, seed: int) -> None:
        """Train everything of one seed."""
        runs = self.out / f"seed-{seed}"
        classifier = runs / "classifier"
        self.train("classifier", classifier, seed)
        known = ["--classifier", str(classifier)]
        for name in self.options.explainers:
            if name.startswith("lmac-td-"):
                alpha = name.removeprefix("lmac-td-")
                self.train("lmac-td", runs / name, seed, *known, "--set", f"alpha={alpha}")
            elif name in STARTS:
                start = runs / STARTS[name]
                self.train(STARTS[name], start, seed, *known)
                self.train(name, runs / name, seed, *known, "--start", str(start))
            else:
                self.train(name, runs / name, seed, *known)

    def score(self, seed: int, second: Path, setting: str) -> None:
        """Score every method of one seed in one setting."""
        runs = self.out / f"seed-{seed}"
        words = [word for name in self.options.explainers for word in ("--run", str(runs / name))]
        words += [word for name in GRADIENT for word in ("--method", name)]
        words += ["--data", str(self.options.data), "--setting", setting, "--seed", str(seed)]
        words += ["--second-classifier", str(second), "--sanity", "8" if setting == "id" else "0"]
        words += ["--device", self.options.device, "--devices", str(self.options.devices)]
        recorded = self.options.noise not in (None, "synthetic", "none")
        if setting == "speech":
            words += ["--noise", str(self.options.speech)]
        elif setting == "id" and recorded:
            words += ["--noise", self.options.noise]
        self.step(runs / f"{setting}.csv", "evaluate", *words)


def fields_of(kind: str) -> set[str]:
    """Return the names of the settings that a kind of training takes."""
    return set(record_of(kind).config.model_fields)


def check_settings(settings: list[str], kinds: list[str]) -> str | None:
    """Return the first of `settings` that no training takes, or None."""
    known = {name for kind in kinds for name in fields_of(kind)}
    return next((one for one in settings if one.partition("=")[0] not in known), None)


def table_of(files: list[Path], setting: str) -> str:
    """Return one setting's two tables in Markdown.

    A cell is the mean over all seeds' items, its standard deviation over the seeds, and a 95 % bootstrap
    interval over clips, each drawn with all seeds' results.
    """
    seeds = pd.concat([pd.read_csv(file) for file in files])
    items = pd.concat([pd.read_csv(file.with_suffix(".items.csv")) for file in files])
    pooled = summarise(items).set_index("label")
    parts = [f"### {setting} ({pooled['n_items'].max() // len(files)} items, {_accuracy(files)})"]
    for columns, intervals in ((SCORES, True), (BESIDE, False)):
        known = [name for name in columns if name in seeds and seeds[name].notna().any()]
        heads = ["Method", "Seeds", *(columns[name][0] for name in known)]
        rows = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
        for label in pooled.index:
            own = seeds[seeds["label"] == label]
            ends = pooled.loc[label] if intervals else None
            cells = [_cell(own[name], columns[name][1], ends) for name in known]
            rows.append("| " + " | ".join([label, str(len(own)), *cells]) + " |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def _cell(values: pd.Series, decimals: int, ends: pd.Series | None = None) -> str:
    """Return mean, standard deviation over seeds, and the interval over clips."""

    def format_figure(figure: float) -> str:
        return f"{round(figure, decimals) + 0.0:.{decimals}f}"  # no minus before zero

    if values.isna().all():
        return ""
    text = format_figure(values.mean())
    if len(values) > 1:
        text += f" ± {format_figure(values.std(ddof=1))}"
    if ends is not None:
        low, high = (format_figure(float(ends[f"{values.name}_{end}"])) for end in ("low", "high"))
        text += f" [{low}, {high}]"
    return text


def _accuracy(files: list[Path]) -> str:
    shares = [pd.read_csv(file)["accuracy"].iloc[0] for file in files]
    return "the classifiers get " + ", ".join(f"{share:.1f}" for share in shares) + " % right"


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
    parser.add_argument("--explainers", nargs="+", default=list(EXPLAINERS), choices=EXPLAINERS)
    parser.add_argument("--set", action="append", default=[], help="a setting of every training, KEY=VALUE")
    parser.add_argument("--speech", type=Path, help="folder of speech recordings, for the setting speech")
    parser.add_argument("--noise", help="noise of the trainings and of id: a folder, synthetic or none")
    parser.add_argument("--start", type=Path, help="run of CNN14's weights that the classifiers start from")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--devices", type=int, default=1, help="processes, each with a GPU on cuda")
    options = parser.parse_args()
    if options.preset == "paper" and options.noise is None:
        parser.error("--preset paper needs --noise FOLDER (wham_noise), or --noise synthetic to do without")
    if (unknown := check_settings(options.set, list(KINDS))) is not None:
        parser.error(f"--set {unknown}: no training has such a setting")
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
        parts.append(table_of([study.out / f"seed-{seed}" / f"{setting}.csv" for seed in seeds], setting))
        (study.out / "tables.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    print(study.out / "tables.md")


if __name__ == "__main__":
    main()
