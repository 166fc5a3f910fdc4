"""Run folders: what a training leaves behind, and how it comes back to life."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from interpreter.errors import CheckpointError, RunError
from interpreter.runs.tensor_files import read_tensors
from stimuli.files import write_bytes, write_text

SCHEMA_VERSION = 1
_HUGGING_FACE = "config.json"  # what `transformers` saves next to a model's weights
HUGGING_FACE, CLAPS = "hf:", ("laion-clap:", "msclap:")
"""What a target begins with that a path may follow."""

_MOST_VALUES = 10_000  # a thousand characters can stand for thousands of millions
CHECKPOINT, CONFIG, METRICS, RUN = "checkpoint.pt", "config.yaml", "metrics.csv", "run.json"


@dataclass(frozen=True)
class Link:
    """A run that another needs: its place, seen from the other's folder, and its checkpoint's SHA-256."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Run:
    """A finished training, as `run.json` has it.

    Attributes:
        kind: a key of `registry.KINDS`, or `cnn14`.
        labels: names of the classes, in the order of the logits.
        sample_rate: in Hz.
        seed: of everything drawn.
        preset: the preset that the settings started from.
        train_folds: the folds that were trained on, or None if the weights were imported.
        noise: `synthetic`, `none` or the name of a folder of sounds.
        data_sha256: hash of the data set's index, or None.
        samples_sha256: hash of the files that were trained on; None in runs of earlier releases.
        checkpoint_sha256: hash of `checkpoint.pt`; None in runs of earlier releases.
        classifier: the classifier's run, for an explainer.
        start: the run whose weights the training started from.
        command: what made the run.
        versions: of Python and the libraries.
        clip_s: length of the clips that were trained on, in seconds; None if it is not known.
        target: the classifier to explain if it is not a run: `package.module:factory`, or `hf:` and a name
            or a folder, seen from this one, or `laion-clap:` or `msclap:` and a file.
        target_sha256: hash of its weights.
        finished: always true; a run without `run.json` is not finished.
    """

    kind: str
    labels: tuple[str, ...]
    sample_rate: int
    seed: int
    preset: str
    train_folds: tuple[int, ...] | None
    noise: str
    data_sha256: str | None
    classifier: Link | None
    start: Link | None
    command: str
    versions: Mapping[str, str]
    clip_s: float | None = None
    samples_sha256: str | None = None
    checkpoint_sha256: str | None = None
    target: str | None = None
    target_sha256: str | None = None
    finished: bool = True
    schema_version: int = SCHEMA_VERSION


def versions() -> dict[str, str]:
    """Return the versions that a run depends on."""
    return {"python": platform.python_version(), **{name: version(name) for name in ("torch", "lightning")}}


def link_to(run: Path, from_folder: Path) -> Link:
    """Return the link from a run folder to another."""
    return Link(Path(os.path.relpath(run, from_folder)).as_posix(), sha256(run / CHECKPOINT))


def describe_target(target: str, from_folder: Path) -> str:
    """Return a classifier's target as a run has it: a path is seen from the run's folder."""
    prefix, path = _split_target(target)
    if not prefix or not Path(path).exists():
        return target
    return prefix + Path(os.path.relpath(path, from_folder)).as_posix()


def locate_target(from_folder: Path, target: str) -> str:
    """Return a run's target as it is loaded from the current folder: `describe_target` the other way."""
    prefix, name = _split_target(target)
    path = Path(os.path.normpath(from_folder / name))
    return f"{prefix}{path}" if prefix and path.exists() else target


def _split_target(target: str) -> tuple[str, str]:
    """Return what a path may follow, or nothing, and the rest."""
    for prefix in (HUGGING_FACE, *CLAPS):
        if target.startswith(prefix) and target != prefix:
            return prefix, target.removeprefix(prefix)
    return "", target


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_config(folder: Path, config: Mapping[str, Any]) -> None:
    """Write `config.yaml`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / CONFIG, yaml.safe_dump(dict(config), sort_keys=False))


def write_run(folder: Path, run: Run, state: Mapping[str, Tensor]) -> None:
    """Write the checkpoint and, last of all, `run.json`."""
    buffer = io.BytesIO()
    torch.save({name: tensor.detach().cpu().clone() for name, tensor in state.items()}, buffer)
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / CHECKPOINT, buffer.getbuffer())
    write_description(folder, replace(run, checkpoint_sha256=sha256(folder / CHECKPOINT)))


def write_description(folder: Path, run: Run) -> None:
    """Write `run.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / RUN, json.dumps(asdict(run), indent=2) + "\n")


def read_run(folder: str | Path) -> Run:
    """Read `run.json`.

    Raises:
        FileNotFoundError: the folder does not exist.
        RunError: the run is not finished, or not one that this version can read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(2, "No such run folder", str(folder))
    path = folder / RUN
    if not path.is_file():
        if (folder / _HUGGING_FACE).is_file():
            raise RunError(f"{folder}: not a run but a model of transformers; expected hf:{folder}")
        raise RunError(f"{folder}: not a finished run ({RUN} is missing); train it, or use --resume")
    try:
        values = json.loads(path.read_text("utf-8"))
        found = values["schema_version"]
        if found != SCHEMA_VERSION:
            raise RunError(f"{path}: schema_version is {found}; this version reads {SCHEMA_VERSION}")
        links = {
            name: Link(**values[name]) if values[name] is not None else None
            for name in ("classifier", "start")
        }
        folds = values["train_folds"]
        return Run(
            **{
                **values,
                **links,
                "labels": tuple(values["labels"]),
                "train_folds": None if folds is None else tuple(folds),
            }
        )
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise RunError(f"{path}: not a run's description ({error!r})") from error


def read_config(folder: Path) -> dict[str, Any]:
    """Read a run's `config.yaml`.

    Raises:
        RunError: the file is missing, or is not a map of settings of an ordinary size.
    """
    path = folder / CONFIG
    try:
        values = yaml.safe_load(path.read_text("utf-8"))
    except (FileNotFoundError, yaml.YAMLError) as error:
        raise RunError(f"{path}: the run's settings cannot be read ({error})") from error
    if not isinstance(values, dict):
        raise RunError(f"{path}: expected a map of settings")
    if _count_values(values) > _MOST_VALUES:
        raise RunError(f"{path}: its aliases stand for more than {_MOST_VALUES:,} values; expected settings")
    return values


def _count_values(values: Any) -> int:
    """Count what a text of YAML says, an alias as often as it is used; stop where it is too much."""
    left, count = [values], 0
    while left and count <= _MOST_VALUES:
        found = left.pop()
        count += 1
        left += found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    return count


def find_linked_run(folder: Path, link: Link) -> Path:
    """Return the folder of a linked run, whose weights must be those that the link was made with.

    Raises:
        RunError: it is not there or has other weights.
    """
    path = Path(os.path.normpath(folder / link.path))
    if not (path / RUN).is_file():
        raise RunError(
            f"{folder}: needs the run {link.path}, which is not at {path}; keep the two side by side"
        )
    if sha256(path / CHECKPOINT) != link.sha256:
        raise RunError(f"{folder}: the run at {path} has other weights than when this one was trained")
    return path


def read_checkpoint(folder: Path, device: str | torch.device = "cpu") -> dict[str, Tensor]:
    """Return a finished run's weights.

    Raises:
        CheckpointError: they are not those that `run.json` was written with, or cannot be read.
    """
    path, expected = folder / CHECKPOINT, read_run(folder).checkpoint_sha256
    tensors = read_tensors(path, device)
    if expected is not None and sha256(path) != expected:
        raise CheckpointError(
            f"{path}: not the weights that {RUN} was written with; the file was damaged or replaced, "
            "so restore it or train again"
        )
    return tensors


def difference(run: Run, wanted: Run, folder: Path, config: Mapping[str, Any]) -> str | None:
    """Return what differs between a run and a wanted one in a few words, or None."""
    names: Sequence[str] = (
        "kind",
        "seed",
        "train_folds",
        "noise",
        "data_sha256",
        "classifier",
        "start",
        "target",
        "target_sha256",
    )
    for name in names:
        if getattr(run, name) != getattr(wanted, name):
            return f"{name} is {getattr(run, name)}, not {getattr(wanted, name)}"
    if run.samples_sha256 and wanted.samples_sha256 and run.samples_sha256 != wanted.samples_sha256:
        return "the sound files have other content than when it was trained"
    there = read_config(folder)
    for name, value in config.items():
        if there.get(name) != value:
            return f"{name} is {there.get(name)}, not {value}"
    return None
