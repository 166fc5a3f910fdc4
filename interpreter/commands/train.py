"""Commands `train` and `import`."""

from __future__ import annotations

import inspect
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from interpreter.commands.options import CLASSIFIER_HELP
from interpreter.explainers.registry import KINDS, Entry

train = typer.Typer(no_args_is_help=True, help="Train a classifier or an explainer.")

_DATA = typer.Option(
    ..., "--data", help="Data set: a folder in ESC-50 layout, or a CSV of path, label, fold."
)
_OUT = typer.Option(..., "--out", help="Run folder to write.")
_PRESET = typer.Option(
    "tiny", help="tiny (minutes on two cores), small (ESC-10 on two cores) or paper (a GPU)."
)
_FOLDS = typer.Option("1,2,3", help="Folds to train on; validation clips are taken from them as well.")
_NOISE = typer.Option(
    None,
    help="Noise to train with: synthetic (unless the preset is paper), none, or a folder of sounds "
    "(wham_noise).",
)
_SEED = typer.Option(0, help="Seed of everything drawn.")
_SET = typer.Option([], "--set", help="Change a setting of the preset: key=value; may be repeated.")
_RESUME = typer.Option(False, "--resume", help="Resume an interrupted run.")
_CLASSIFIER = typer.Option(..., "--classifier", help=CLASSIFIER_HELP)
_STARTS = ", ".join(f"of {one.starts_from} for {kind}" for kind, one in KINDS.items() if one.starts_from)
_START = typer.Option(..., "--start", help=f"Run folder to start from: {_STARTS}.")
_ACCELERATOR = typer.Option("auto", help="auto, cpu or gpu.")
_DEVICES = typer.Option(1, min=1, help="Devices (processes) on this machine.")
_NODES = typer.Option(1, min=1, help="Machines.")
_WORKERS = typer.Option(0, min=0, help="Processes that prepare batches.")
_THREADS = typer.Option(None, min=1, help="Threads of each process; one per core by default.")
_PROGRESS = typer.Option(True, "--progress/--no-progress", help="Show a progress bar.")


def _command(kind: str, entry: Entry) -> Callable[..., None]:
    """Return the command that trains `kind`: the options of `_train`, less the runs that it does not need."""
    needed = {"kind": False, "classifier": entry.needs_classifier, "start": entry.starts_from is not None}
    whole = inspect.signature(_train, eval_str=True)
    kept = [option for name, option in whole.parameters.items() if needed.get(name, True)]

    def command(**options: Any) -> None:
        _train(kind, **{"classifier": None, "start": None, **options})

    command.__signature__ = whole.replace(parameters=kept)  # type: ignore[attr-defined]
    command.__annotations__ = {option.name: option.annotation for option in kept}
    return command


def _train(
    kind: str,
    *,
    classifier: str | None = _CLASSIFIER,
    start: Path | None = _START,
    data: Path = _DATA,
    out: Path = _OUT,
    preset: str = _PRESET,
    train_folds: str = _FOLDS,
    noise: str | None = _NOISE,
    seed: int = _SEED,
    settings: list[str] = _SET,
    resume: bool = _RESUME,
    accelerator: str = _ACCELERATOR,
    devices: int = _DEVICES,
    nodes: int = _NODES,
    workers: int = _WORKERS,
    threads: int | None = _THREADS,
    progress: bool = _PROGRESS,
) -> None:
    """Train `kind`; the options are those of the training commands, each of which has those that it needs."""
    from interpreter.distributed import rank
    from interpreter.loading import is_run, load_target
    from interpreter.training.request import Engine, Request
    from interpreter.training.train import train

    target = classifier if classifier is not None and not is_run(classifier) else None
    explained = None if classifier is None else Path(classifier)
    request = Request(
        kind=kind,
        data=data,
        out=out,
        preset=preset,
        overrides=settings,
        train_folds=parse_folds(train_folds),
        noise=choose_training_noise(noise, preset),
        seed=seed,
        classifier=explained if target is None else load_target(target),
        start=start,
        # Whether a run was interrupted before it had begun says nothing about what came of it.
        command=shlex.join(["listenable", *(word for word in sys.argv[1:] if word != "--resume")]),
        target=target,
    )
    engine = Engine(accelerator, devices, nodes, workers, progress, threads)
    run, trained = train(request, engine, resume=resume)
    if rank() > 0:  # one of several processes speaks
        return
    if run.noise.endswith("/tr"):
        typer.echo(f"Noise: {run.noise} in training; the part cv in validation, and evaluate takes tt.")
    typer.echo(f"{out}: {'trained' if trained else 'this run is finished already; nothing to do'}.")


for _kind, _entry in KINDS.items():
    train.command(_kind, help=_entry.summary)(_command(_kind, _entry))


def choose_training_noise(noise: str | None, preset: str) -> str:
    """Return the noise to train with: what was asked for, else synthetic.

    Raises:
        ConfigError: the paper's preset without a word about its noise, which was recorded.
    """
    from interpreter.errors import ConfigError

    if noise is None and preset == "paper":
        raise ConfigError(
            "the preset paper trains with recorded noise and none was given; expected --noise FOLDER "
            "(wham_noise), or --noise synthetic or --noise none to do without"
        )
    return noise or "synthetic"


def parse_folds(text: str) -> tuple[int, ...]:
    """Return the folds of a list such as `1,2,3`.

    Raises:
        ConfigError: something in it is not a number.
    """
    from interpreter.errors import ConfigError

    try:
        return tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        raise ConfigError(
            f"--train-folds {text}: expected numbers with commas between, such as 1,2,3"
        ) from None


def import_checkpoint(
    source: Path = typer.Argument(..., help="A file, or the folder of several with SpeechBrain's names."),
    out: Path = _OUT,
    kind: str = typer.Option(
        "classifier",
        help=f"cnn14 (a start for training; PANNs too), {', '.join(KINDS)}.",
    ),
    labels: Path | None = typer.Option(None, help="label_encoder.txt, if it is not next to the weights."),
    classifier: Path | None = typer.Option(
        None, help="Run folder of the classifier that the weights explain."
    ),
    settings: list[str] = _SET,
) -> None:
    """Import weights of SpeechBrain or PANNs into a run."""
    from interpreter.importing import Import, import_run

    command = shlex.join(["listenable", *sys.argv[1:]])
    left_out = import_run(Import(kind, source, out, labels, classifier, settings, command))
    typer.echo(f"{out}: imported.")
    if left_out:
        typer.echo(f"Left out: {', '.join(left_out)}.")
