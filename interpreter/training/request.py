"""What is asked for: a training's request, and whether the run folder agrees with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from interpreter.classifier.labels import name_known
from interpreter.errors import ConfigError, RunError
from interpreter.explainers.registry import CLASSIFIERS
from interpreter.kinds.config import TrainingConfig
from interpreter.loading import hash_weights
from interpreter.noise import choose_noise
from interpreter.runs.folder import Run, describe_target, difference, link_to, read_run, versions
from interpreter.types import Classifier
from stimuli import Dataset

STATE = "checkpoints"
"""Subfolder of a run that exists while its training is unfinished."""


@dataclass(frozen=True)
class Request:
    """What to train.

    Attributes:
        kind: a key of `registry.KINDS`.
        data: the data set.
        out: the run folder.
        preset: the preset.
        overrides: `key=value` settings on top.
        train_folds: folds to train on; validation clips are taken from them as well.
        noise: `synthetic`, `none` or a folder of sounds.
        seed: of everything drawn.
        classifier: the classifier to explain: its run folder, or a torch module such as `wrap_module`
            makes, which `load_explainer` must then be given again.
        start: the run folder that the training starts from: an L-MAC run for `lmac-ft`, an NMF run for
            `l2i`.
        command: for the record.
        target: where a classifier that is not a run came from, by which `load_explainer` finds it again.
    """

    kind: str
    data: Path
    out: Path
    preset: str = "tiny"
    overrides: Sequence[str] = ()
    train_folds: tuple[int, ...] = (1, 2, 3)
    noise: str = "synthetic"
    seed: int = 0
    classifier: Path | Classifier | None = None
    start: Path | None = None
    command: str = ""
    target: str | None = None


@dataclass(frozen=True)
class Engine:
    """Where and how the training runs; none of it changes what is trained.

    Attributes:
        accelerator: Lightning's: `auto`, `cpu` or `gpu`.
        devices: processes on this machine.
        nodes: machines.
        workers: processes that prepare batches, 0 for none.
        threads: of the CPU, for each process; one per core if None. Weights that were trained with another
            number differ by rounding.
        progress: show a bar.
    """

    accelerator: str = "auto"
    devices: int = 1
    nodes: int = 1
    workers: int = 0
    progress: bool = False
    threads: int | None = None


def describe(request: Request, config: TrainingConfig, dataset: Dataset) -> Run:
    """Return what `run.json` will say.

    Raises:
        ConfigError: the data set has a class that the classifier does not know, or only one class for a
            classifier to learn.
    """
    classifier, labels = request.classifier, dataset.labels
    heard = sorted({clip.category for clip in dataset.clips})
    if request.kind in CLASSIFIERS and len(heard) < 2:
        raise ConfigError(
            f"{request.data}: the only class in the training folds is {heard[0]!r}; expected two or more"
        )
    if classifier is not None:
        labels = read_run(classifier).labels if isinstance(classifier, Path) else tuple(classifier.labels)
        unknown = sorted(set(dataset.labels) - set(labels))
        if unknown:
            raise ConfigError(
                f"{request.data}: the classifier does not know {unknown[0]!r}; "
                f"{name_known(labels, unknown[0])}; expected clips of its classes only, by its names (a CSV "
                "of path, label, fold can rename them)"
            )
    return Run(
        kind=request.kind,
        labels=labels,
        sample_rate=config.sample_rate,
        seed=request.seed,
        preset=request.preset,
        train_folds=request.train_folds,
        noise=_describe_noise(request.noise),
        data_sha256=dataset.sha256,
        samples_sha256=dataset.samples_sha256,
        classifier=link_to(classifier, request.out) if isinstance(classifier, Path) else None,
        target=None if request.target is None else describe_target(request.target, request.out),
        target_sha256=None if request.target is None else _hash(classifier),
        start=None if request.start is None else link_to(request.start, request.out),
        command=request.command,
        versions=versions(),
    )


def _hash(classifier: Path | Classifier | None) -> str | None:
    return None if classifier is None or isinstance(classifier, Path) else hash_weights(classifier)


def _describe_noise(name: str) -> str:
    """Return the noise as `run.json` has it: of a folder its name, of WHAM!'s the part, `wham_noise/tr`."""
    if name in ("synthetic", "none"):
        return name
    folder = Path(name)
    part = choose_noise(folder, "training")
    return folder.name if part == folder else f"{part.parent.name}/{part.name}"


def load_finished_run(request: Request, config: TrainingConfig, wanted: Run) -> Run:
    """Return the finished run in the folder.

    Raises:
        RunError: it was trained with other settings.
    """
    run = read_run(request.out)
    differs = difference(run, wanted, request.out, config.model_dump(mode="json"))
    if differs:
        raise RunError(
            f"{request.out}: contains a finished run with other settings ({differs}); choose another folder"
        )
    return run


def check_unfinished(request: Request, config: TrainingConfig, wanted: Run, last: Path, resume: bool) -> None:
    """Make sure that a training may begin, or resume, in the run folder.

    Raises:
        RunError: it contains something else, an unfinished run without `resume`, or one with other settings.
    """
    out = request.out
    if last.is_file():
        if not resume:
            raise RunError(f"{out}: contains an unfinished run; continue with --resume, or remove the folder")
        differs = difference(read_run(out / STATE), wanted, out, config.model_dump(mode="json"))
        if differs:
            raise RunError(f"{out}: the unfinished run has other settings ({differs})")
    elif out.is_dir() and any(out.iterdir()) and not (out / STATE).is_dir():
        raise RunError(f"{out}: the folder is not empty and contains no run; choose another")
