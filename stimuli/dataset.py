"""A data set: an index of labelled clips in folds, and a thin reader.

ESC-50 (K. J. Piczak, 2015): 2 000 five-second clips, 50 classes, 5 folds, 44.1 kHz mono; CC BY-NC. ESC-10
is its CC BY subset of 10 classes. Any folder in the same layout, or a CSV with the columns `path, label,
fold`, is read as well.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from stimuli.audio import Audio, read_audio, to_mono
from stimuli.errors import DatasetError

INDEX = Path("meta") / "esc50.csv"


@dataclass(frozen=True)
class Clip:
    """One labelled recording.

    Attributes:
        filename: its name in the index.
        path: the sound file.
        fold: the fold of cross-validation that it belongs to.
        target: the class's number.
        category: the class's name.
        src_file: the recording that the clip was cut from; clips of one recording share a fold.
    """

    filename: str
    path: Path
    fold: int
    target: int
    category: str
    src_file: str


@dataclass(frozen=True)
class Dataset:
    """Labelled clips in folds.

    Attributes:
        root: the folder that contains them.
        clips: in the order of the index.
        labels: names of the classes, in the order of their targets, of the whole index: a selection of
            folds keeps them.
    """

    root: Path
    clips: tuple[Clip, ...]
    labels: tuple[str, ...]

    @classmethod
    def load(cls, path: str | Path) -> Dataset:
        """Read the index of a data set.

        Args:
            path: a folder in ESC-50 layout, or a CSV with the columns `path, label, fold`.

        Raises:
            FileNotFoundError: the folder or index does not exist.
            DatasetError: the index is empty, lacks a column or has a row that cannot be used.
        """
        path = Path(path)
        index = path if path.suffix.lower() == ".csv" else path / INDEX
        if not path.exists():
            raise FileNotFoundError(2, "No such data set", str(path))
        if not index.is_file():
            raise FileNotFoundError(2, f"No index {INDEX} of a data set here", str(path))
        rows = _read_rows(index)
        clips = _manifest_clips(index, rows) if index == path else _esc50_clips(path, index, rows)
        return cls(path if path.is_dir() else path.parent, clips, _labels(index, clips))

    def folds(self, *numbers: int) -> Dataset:
        """Return the clips of the folds `numbers`.

        Raises:
            DatasetError: none of the clips is in them.
        """
        chosen = tuple(clip for clip in self.clips if clip.fold in numbers)
        if not chosen:
            wanted, present = ", ".join(map(str, numbers)), ", ".join(map(str, self.fold_numbers))
            raise DatasetError(f"{self.root}: no clip in fold {wanted}; the folds are {present}")
        return replace(self, clips=chosen)

    def select(self, clips: Iterable[Clip]) -> Dataset:
        """Return the data set with only `clips`."""
        return replace(self, clips=tuple(clips))

    @property
    def fold_numbers(self) -> tuple[int, ...]:
        """The folds that occur, in order."""
        return tuple(sorted({clip.fold for clip in self.clips}))

    def label_index(self, clip: Clip) -> int:
        """Return the index of the clip's class in `labels`."""
        return self.labels.index(clip.category)

    @cached_property
    def samples_sha256(self) -> str:
        """Hash of the clips' files, in the order of the index."""
        whole = hashlib.sha256()
        for clip in self.clips:
            with clip.path.open("rb") as file:
                whole.update(hashlib.file_digest(file, "sha256").digest())
        return whole.hexdigest()

    @cached_property
    def sha256(self) -> str:
        """Hash of the index: file names, folds and classes."""
        text = "\n".join(f"{c.filename}\t{c.fold}\t{c.target}\t{c.category}" for c in self.clips)
        return hashlib.sha256(text.encode()).hexdigest()

    def read(self, clip: Clip, sample_rate: int, duration_s: float | None = None) -> Audio:
        """Read a clip as one channel of shape `[samples]`.

        Args:
            clip: one of `clips`.
            sample_rate: of the returned samples, in Hz.
            duration_s: if given, a longer clip is trimmed at its end and a shorter one padded with zeros
                at its end, as ESC-50 itself was made.
        """
        return fit_length(to_mono(read_audio(clip.path, sample_rate)[0]), sample_rate, duration_s)

    def stem(self, clip: Clip, sample_rate: int, duration_s: float | None = None) -> Audio | None:
        """Read only the foreground of a clip, `[samples]`, or return None if the data set has none."""
        path = self.root / "stems" / clip.filename
        # An absolute name replaces what it is joined to, and would find the clip itself.
        if Path(clip.filename).is_absolute() or not path.is_file():
            return None
        return fit_length(to_mono(read_audio(path, sample_rate)[0]), sample_rate, duration_s)


def fit_length(audio: Audio, sample_rate: int, duration_s: float | None) -> Audio:
    """Trim `[samples]` at the end, or pad it with zeros there, to `duration_s`; None leaves it as it is."""
    if duration_s is None:
        return audio
    samples = round(duration_s * sample_rate)
    return np.pad(audio[:samples], (0, max(samples - len(audio), 0)))


def _labels(index: Path, clips: Iterable[Clip]) -> tuple[str, ...]:
    """Return the names of the classes, in the order of their targets, each of one name and one target."""
    names: dict[int, str] = {}
    targets: dict[str, int] = {}
    for clip in clips:
        name = names.setdefault(clip.target, clip.category)
        if name != clip.category:
            raise DatasetError(
                f"{index}: target {clip.target} is called both {name!r} and {clip.category!r}; "
                "expected one name"
            )
        target = targets.setdefault(clip.category, clip.target)
        if target != clip.target:
            raise DatasetError(
                f"{index}: {clip.category!r} has the targets {target} and {clip.target}; expected one target"
            )
    return tuple(names[target] for target in sorted(names))


def _read_rows(index: Path) -> list[dict[str, str]]:
    try:
        with index.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except UnicodeDecodeError as error:
        raise DatasetError(f"{index}: not a text file in UTF-8; expected a CSV") from error
    except csv.Error as error:
        raise DatasetError(f"{index}: not a CSV ({error})") from error
    if not rows:
        raise DatasetError(f"{index}: the index has no clips; expected a header and at least one row")
    return rows


def _field(index: Path, line: int, row: Mapping[str, str | None], column: str) -> str:
    value = row.get(column)
    if value is None or not value.strip():
        raise DatasetError(f"{index}: line {line} has no value in the column {column!r}")
    return value.strip()


def _number(index: Path, line: int, row: Mapping[str, str | None], column: str) -> int:
    value = _field(index, line, row, column)
    try:
        return int(value)
    except ValueError:
        raise DatasetError(f"{index}: line {line}: {column} is {value!r}; expected an integer") from None


def _require_columns(index: Path, row: Mapping[str, str], *columns: str) -> None:
    missing = [column for column in columns if column not in row]
    if missing:
        raise DatasetError(
            f"{index}: the column {missing[0]!r} is missing; found {', '.join(map(str, row))}; "
            f"expected {', '.join(columns)}"
        )


def _esc50_clips(root: Path, index: Path, rows: list[dict[str, str]]) -> tuple[Clip, ...]:
    _require_columns(index, rows[0], "filename", "fold", "target", "category")
    clips = []
    for line, row in enumerate(rows, start=2):
        name = _field(index, line, row, "filename")
        clips.append(
            Clip(
                filename=name,
                path=root / "audio" / name,
                fold=_number(index, line, row, "fold"),
                target=_number(index, line, row, "target"),
                category=_field(index, line, row, "category"),
                src_file=row.get("src_file") or name,
            )
        )
    return tuple(clips)


def _manifest_clips(index: Path, rows: list[dict[str, str]]) -> tuple[Clip, ...]:
    _require_columns(index, rows[0], "path", "label", "fold")
    labels = sorted({_field(index, line, row, "label") for line, row in enumerate(rows, start=2)})
    clips = []
    for line, row in enumerate(rows, start=2):
        name, label = _field(index, line, row, "path"), _field(index, line, row, "label")
        fold, source = _number(index, line, row, "fold"), row.get("src_file") or name
        clips.append(Clip(name, index.parent / name, fold, labels.index(label), label, source))
    return tuple(clips)
