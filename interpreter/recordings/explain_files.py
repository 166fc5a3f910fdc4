"""Explain sound files: the parts as WAV files, a picture, the figures as JSON, and a page to listen."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interpreter.errors import InterpreterError, SoundError
from interpreter.explainers.base import Explainer
from interpreter.explainers.targets import Question
from interpreter.loading import hash_weights
from interpreter.recordings.explanation_folder import SCHEMA_VERSION, load_finished, write_explanation
from interpreter.recordings.long_recordings import explain_in_pieces
from interpreter.recordings.overview import write_overview
from interpreter.sound_files import SoundOnDisk, sound_files
from stimuli import AudioFileError, sha256_of
from stimuli.files import remove_temporary

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FileExplanation:
    """One explained file, as it was written.

    Attributes:
        source: the sound file.
        folder: where the parts are: `input.wav`, `interpretation.wav`, `residual.wav`, a picture of each for
            the page (and `kept.png`), `explanation.png` and `explanation.json`.
        record: what `explanation.json` contains.
    """

    source: Path
    folder: Path
    record: dict[str, Any]


def explain_files(
    explainer: Explainer,
    paths: Sequence[Path],
    out: Path,
    *,
    target: str | None = None,
    against: str | None = None,
    rank: int = 1,
    like: Path | None = None,
    window_s: float = 5.0,
    overlap: float = 0.25,
    batch_size: int = 4,
    command: str = "",
    progress: Progress | None = None,
    on_fault: Callable[[str], None] | None = None,
) -> list[FileExplanation]:
    """Explain sound files of any rate, length and number of channels (their mean is explained).

    Writes a folder for each file under `out`, and, for all that are done, `out/index.html` to listen to them,
    `explanations.jsonl` (a line for each file) and `explanations.csv` (a row for each window). Files that
    were explained in the same way before are not explained again, so that an interrupted call resumes. Files
    are read, explained and written piece by piece: a few windows of one file are in memory at a time.

    Args:
        explainer: the method.
        paths: the sound files.
        out: where to write.
        target: the label to explain; each window's predicted class if None.
        against: see `Question`.
        rank: see `Question`.
        like: see `Question`.
        window_s: see `explain_long`.
        overlap: see `explain_long`.
        batch_size: windows at a time.
        command: for the record.
        progress: called with the number of windows of a file that are done, and the total; of several files,
            with the number of files.
        on_fault: called with a sentence for each file that is silent, too short or damaged, and left out for
            that; without it, the first of them is raised.

    Raises:
        InterpreterError: an unknown label, any label for a method that only explains the prediction, a file
            that cannot be explained, or only files that were left out.
    """
    question = Question(target, against, rank, like)
    aimed, number = question.put_to(explainer)
    weights = [hash_weights(network) for network in (aimed.classifier, *aimed.networks)]
    single = progress if len(paths) == 1 else None
    work = _FileWork(aimed, question, number, window_s, overlap, batch_size, command, weights, single)
    results: list[FileExplanation] = []
    names: set[str] = set()
    if out.is_dir():
        remove_temporary(out)
    try:
        for done, (path, source) in enumerate(zip(paths, distinguish_names(paths), strict=True), start=1):
            folder = out / _take_unused(path.stem, names)
            try:
                results.append(FileExplanation(path, folder, work.explain(path, source, folder)))
            except (SoundError, AudioFileError) as error:
                if on_fault is None:
                    raise
                on_fault(str(error))
            if len(paths) > 1:
                gc.collect(1)  # pictures refer to themselves, and megabytes of them would wait to be found
                if progress:
                    progress(done, len(paths))
    finally:  # what is done can be heard and read, also after an interruption
        if results:
            write_overview(out, [(result.folder.name, result.record) for result in results])
    if paths and not results:
        raise InterpreterError(
            f"none of the {len(paths)} files can be explained; expected at least one that is long enough, "
            "not silent and not damaged"
        )
    return results


@dataclass(frozen=True)
class _FileWork:
    """What is done for each file; see `explain_files`."""

    explainer: Explainer
    question: Question
    target: int | None
    window_s: float
    overlap: float
    batch_size: int
    command: str
    weights: Sequence[str | None]
    progress: Progress | None

    def explain(self, path: Path, source: str, folder: Path) -> dict[str, Any]:
        """Explain a file into a folder, unless it was explained in the same way before; return its record.

        Raises:
            SoundError: it is silent or too short.
            AudioFileError: it is damaged.
        """
        asked = self._describe(path, source)
        record = load_finished(folder, asked)
        return self._explain(path, asked, folder) if record is None else record

    def _explain(self, path: Path, asked: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        classifier = self.explainer.classifier
        if folder.is_dir():
            remove_temporary(folder)
        sound = SoundOnDisk.survey(path, classifier.sample_rate)
        pieces = explain_in_pieces(
            self.explainer,
            sound,
            window_s=self.window_s,
            overlap=self.overlap,
            target=self.target,
            rank=self.question.rank,
            batch_size=self.batch_size,
            progress=self.progress,
        )
        try:
            return write_explanation(folder, sound, pieces, asked, self.command, list(classifier.labels))
        except InterpreterError as error:
            raise type(error)(f"{path}: {error}") from error

    def _describe(self, path: Path, source: str) -> dict[str, Any]:
        """Return what a record says before anything is explained: what is asked for."""
        return {
            "schema_version": SCHEMA_VERSION,
            "source": source,
            "sha256": sha256_of(path),
            "sample_rate": self.explainer.classifier.sample_rate,
            "method": self.explainer.name,
            "label": self.explainer.label,
            "settings": dict(self.explainer.settings),
            **self.question.record,
            "window_s": self.window_s,
            "overlap": self.overlap,
            "weights_sha256": list(self.weights),
        }


def find_sounds(paths: Sequence[Path]) -> list[Path]:
    """Return the sound files among `paths`: files as they are given, and those within folders, by name.

    Raises:
        FileNotFoundError: a path does not exist.
        ConfigError: a folder contains no sound file.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(2, "No such file or folder", str(path))
        if path.is_dir():
            found += sound_files(path)
        else:
            found.append(path)
    return found


def distinguish_names(paths: Sequence[Path]) -> list[str]:
    """Return the files' names, each with as many of its folders as distinguish it from the other files."""
    deepest = max((len(path.parts) for path in paths), default=0)
    ends = [Counter(path.parts[-depth:] for path in set(paths)) for depth in range(1, deepest + 1)]

    def name(path: Path) -> str:
        depths = range(1, len(path.parts))
        depth = next((n for n in depths if ends[n - 1][path.parts[-n:]] == 1), len(path.parts))
        return Path(*path.parts[-depth:]).as_posix()

    return [name(path) for path in paths]


def _take_unused(stem: str, names: set[str]) -> str:
    """Return `stem`, numbered if a file of that name was explained before, and remember it."""
    name, count = stem, 1
    while name in names:
        count += 1
        name = f"{stem}-{count}"
    names.add(name)
    return name
