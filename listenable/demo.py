"""The whole pipeline with one command: sounds, classifier, explanations, stimuli, study, listeners, report.

Each stage is a command that a user could type, run in a separate process; on Linux these are forked from one
that has imported the packages, which would take each of them some seconds. A stage that has finished is not
run again, so that an interrupted demo resumes where it stopped.
"""

from __future__ import annotations

import json
import multiprocessing
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext, SpawnContext
from pathlib import Path

import typer

from listenable.cli import main
from stimuli.files import write_text

IMPORTED_ONCE = ["interpreter.training.train", "interpreter.evaluation", "analysis.report", "study_builder"]
SERVED_AT = ("127.0.0.1", 8000)
GRADIENT_METHODS = ("gradcam", "saliency")
TEST_FOLD = "4"
LISTENERS = "19"
ITEMS = "9"
QUICK = ("--set", "epochs=1")
"""What `--quick` changes in the training of explainers; the classifier has to be right to be explained."""
QUICK_SOUNDS = ("--clips", "20")
"""What `--quick` changes in the synthesised data set: half as many clips of each class."""


class DemoError(ValueError):
    """The demo cannot continue; the command line prints it as one sentence."""

    exit_code = 2


@dataclass(frozen=True)
class Stage:
    """One step of the demo: the arguments of a `listenable` command, and what it is for."""

    name: str
    purpose: str
    arguments: Sequence[str]


def stages(out: Path, data: Path | None, seed: int, quick: bool = False) -> list[Stage]:
    """Return the stages of a demo in `out`, on the data set `data` or on synthesised sounds."""
    dataset = data or out / "dataset"
    classifier, lmac_td, lmac = (str(out / "runs" / name) for name in ("classifier", "lmac-td", "lmac"))
    scores, study = str(out / "evaluation" / "faithfulness.csv"), str(out / "study")
    chosen = ["--data", str(dataset), "--seed", str(seed)]
    runs = [
        "--run",
        lmac_td,
        "--run",
        lmac,
        *(word for name in GRADIENT_METHODS for word in ("--method", name)),
    ]
    train = ["--preset", "tiny", *chosen]
    explainer = [*train, "--classifier", classifier, *(QUICK if quick else ())]
    synthesis = ["data", "soundscapes", str(dataset), "--seed", str(seed), *(QUICK_SOUNDS if quick else ())]
    steps = [
        Stage(
            "classifier",
            "Train the classifier to be explained",
            ["train", "classifier", *train, "--out", classifier],
        ),
        Stage(
            "lmac-td",
            "Train LMAC-TD",
            ["train", "lmac-td", *explainer, "--set", "alpha=0.75", "--out", lmac_td],
        ),
        Stage("lmac", "Train L-MAC", ["train", "lmac", *explainer, "--out", lmac]),
        Stage(
            "evaluation",
            "Score the explanations of clips that no training saw",
            ["evaluate", *runs, *chosen, "--fold", TEST_FOLD, "--setting", "clean", "--out", scores],
        ),
        Stage(
            "stimuli",
            "Render the stimuli of the listening test",
            ["render", *runs, *chosen, "--fold", TEST_FOLD, "--items", ITEMS, "--out", str(out / "stimuli")],
        ),
        Stage(
            "study",
            "Build the study",
            ["study", "build", str(out / "stimuli"), "--out", study, "--seed", str(seed)],
        ),
        Stage(
            "listeners",
            "Let simulated listeners rate over HTTP",
            ["study", "simulate", study, "--listeners", LISTENERS, "--seed", str(seed)],
        ),
        Stage("report", "Analyse the ratings", ["analyze", study, "--out", str(out / "report")]),
    ]
    return steps if data else [Stage("dataset", "Synthesise environmental sounds", synthesis), *steps]


class Progress:
    """Which stages of a demo are done and how long each took, kept in `demo.json`."""

    def __init__(self, out: Path, settings: dict[str, str]) -> None:
        self.path = out / "demo.json"
        self.settings = settings
        self.seconds: dict[str, float] = {}
        if self.path.is_file():
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            if kept["settings"] != settings:
                was = ", ".join(f"{key} {value}" for key, value in kept["settings"].items())
                raise DemoError(f"{self.path}: this folder contains a demo with {was}; choose another --out")
            self.seconds = kept["seconds"]

    def finish(self, stage: str, seconds: float) -> None:
        """Note that `stage` is done."""
        self.seconds[stage] = round(seconds, 1)
        content = json.dumps({"settings": self.settings, "seconds": self.seconds}, indent=1)
        write_text(self.path, content + "\n")


def run_stage(stage: Stage) -> float:
    """Run a stage's command and return how many seconds it took.

    Raises:
        DemoError: the command failed; what it printed says why.
    """
    begin = time.monotonic()
    process = _find_context().Process(target=main, args=(list(stage.arguments),))
    process.start()
    process.join()
    code = process.exitcode
    if code is None or code == 130 or code < 0:
        raise KeyboardInterrupt
    if code != 0:
        raise DemoError(f"the stage {stage.name!r} ended with exit code {code}; run the demo again to resume")
    return time.monotonic() - begin


def _find_context() -> ForkServerContext | SpawnContext:
    """Return how processes are started: forked only where the system's libraries stand it."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED_ONCE)
    return context


def refuse_busy_port(host: str, port: int) -> None:
    """Report at the start, rather than after minutes of training, that the server could not listen."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise DemoError(
                f"port {port} of {host} is in use; choose another with --port, "
                "or skip the server with --no-serve"
            ) from None


def demo(
    out: Path = typer.Option(Path("demo"), help="Folder of everything that the demo makes."),
    data: Path | None = typer.Option(
        None, help="A data set in ESC-50 layout, instead of synthesised sounds."
    ),
    serve: bool = typer.Option(True, help="Leave the server running at the end, to rate as a real person."),
    port: int = typer.Option(SERVED_AT[1], help="Port of that server."),
    seed: int = typer.Option(0, help="Seed of every draw."),
    quick: bool = typer.Option(
        False,
        "--quick",
        help="Half the sounds, and explainers of one epoch: to see every stage, not the scores.",
    ),
) -> None:
    """Run every stage, from sounds to a MOS plot: a few minutes on two CPU cores."""
    from stimuli import Dataset, refuse_seed

    refuse_seed(seed)
    if serve:
        refuse_busy_port(SERVED_AT[0], port)
    if data is not None:
        Dataset.load(data)
    out.mkdir(parents=True, exist_ok=True)
    settings = {"data": str(data.resolve()) if data else "soundscapes", "seed": str(seed)}
    if quick:
        settings["trainings"] = "quick"
    progress = Progress(out, settings)
    steps = stages(out, data, seed, quick)
    for number, stage in enumerate(steps, start=1):
        heading = f"[{number}/{len(steps)}] {stage.purpose}"
        if stage.name in progress.seconds:
            typer.secho(f"{heading}: done before", dim=True)
            continue
        typer.secho(heading, bold=True)
        typer.secho(f"  listenable {' '.join(stage.arguments)}", dim=True)
        progress.finish(stage.name, run_stage(stage))
    minutes = sum(progress.seconds.values()) / 60
    typer.secho(f"\nDone: {minutes:.1f} minutes of work.", bold=True)
    if quick:
        typer.echo("  --quick: the explainers are barely trained, so their scores mean nothing")
    typer.echo(f"  report        {out / 'report' / 'index.html'}")
    typer.echo(
        f"  MOS           {out / 'report' / 'mos.csv'}, {out / 'report' / 'mos.png'} (SIMULATED listeners)"
    )
    typer.echo(f"  faithfulness  {out / 'evaluation' / 'faithfulness.csv'}")
    typer.echo(f"  stimuli       {out / 'stimuli'}")
    typer.echo(f"  study         {out / 'study'}")
    if serve:
        typer.secho("\nNow rate as a real listener; Ctrl-C stops the server.", bold=True)
        # The first server of this study was the rehearsal's, so its admin token was never shown.
        served = ["serve", str(out / "study"), "--port", str(port), "--new-admin-token"]
        subprocess.run([sys.executable, "-m", "listenable", *served], check=False)
