"""Check a data set for clips that would spoil a training or a listening test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stimuli.audio import Audio, read_audio
from stimuli.dataset import Clip, Dataset
from stimuli.errors import AudioFileError
from stimuli.manifest import sha256_of

Fault = Literal["missing", "corrupt", "silent", "clipped", "duplicated", "leaked"]

SILENCE_DBFS = -80.0
CLIPPED_RUN = 4
"""So many samples in a row at one extreme value near full scale count as clipping."""


@dataclass(frozen=True)
class Finding:
    """Something wrong with one clip.

    Attributes:
        fault: what kind of problem.
        filename: the clip's name in the index.
        detail: what is wrong, and what was expected.
    """

    fault: Fault
    filename: str
    detail: str

    @property
    def severity(self) -> Literal["error", "warning"]:
        """Clipping and repetition within one fold are tolerable; the other faults are not."""
        return "warning" if self.fault in ("clipped", "duplicated") else "error"


def check_dataset(dataset: Dataset) -> Iterator[tuple[Clip | None, list[Finding]]]:
    """Yield each clip with what is wrong with it, and at the end what is wrong between clips.

    Missing and corrupt files, silence (peak below -80 dBFS), clipping (runs of four samples at full scale),
    files of equal bytes, and recordings (`src_file`) with clips in more than one fold, so that a
    test fold would have been seen in training.
    """
    by_hash: dict[str, list[Clip]] = defaultdict(list)
    for clip in dataset.clips:
        findings = _check_clip(clip)
        if not any(finding.fault == "missing" for finding in findings):
            by_hash[sha256_of(clip.path)].append(clip)
        yield clip, findings
    yield None, _duplicates(by_hash) + _find_leaks(dataset)


def _check_clip(clip: Clip) -> list[Finding]:
    if not clip.path.is_file():
        return [Finding("missing", clip.filename, f"{clip.path} does not exist")]
    try:
        audio, _ = read_audio(clip.path)
    except AudioFileError as error:
        return [Finding("corrupt", clip.filename, str(error))]
    peak = float(np.abs(audio).max())
    if peak <= 10 ** (SILENCE_DBFS / 20):
        return [
            Finding(
                "silent",
                clip.filename,
                f"its peak is {_dbfs(peak)}; expected more than {SILENCE_DBFS:g} dBFS",
            )
        ]
    run = longest_clipped_run(audio)
    if run >= CLIPPED_RUN:
        return [
            Finding("clipped", clip.filename, f"{run} samples in a row are at full scale ({_dbfs(peak)})")
        ]
    return []


def longest_clipped_run(audio: Audio, full_scale: float = 0.99) -> int:
    """Return the longest run of equal samples, at or above `full_scale`, in any channel of the sound."""
    columns = audio.reshape(len(audio), -1)
    loud = np.abs(columns) >= full_scale
    longest = 0
    for column in np.flatnonzero(loud.any(axis=0)):
        values, extreme = columns[:, column], loud[:, column]
        joined = extreme[1:] & extreme[:-1] & (values[1:] == values[:-1])
        breaks = np.flatnonzero(np.concatenate([[True], ~joined, [True]]))
        longest = max(longest, int(np.diff(breaks).max()))
    return longest


def _duplicates(by_hash: dict[str, list[Clip]]) -> list[Finding]:
    findings = []
    for clips in by_hash.values():
        first, *others = clips
        for other in others:
            across = other.fold != first.fold
            where = f"fold {first.fold} and fold {other.fold}" if across else f"fold {first.fold}"
            fault: Fault = "leaked" if across else "duplicated"
            findings.append(Finding(fault, other.filename, f"equal bytes to {first.filename}, in {where}"))
    return findings


def _find_leaks(dataset: Dataset) -> list[Finding]:
    by_source: dict[str, list[Clip]] = defaultdict(list)
    for clip in dataset.clips:
        by_source[clip.src_file].append(clip)
    findings = []
    for source, clips in by_source.items():
        folds = sorted({clip.fold for clip in clips})
        if len(folds) > 1:
            listed = ", ".join(map(str, folds))
            findings += [
                Finding("leaked", c.filename, f"recording {source} has clips in the folds {listed}")
                for c in clips
            ]
    return findings


def _dbfs(peak: float) -> str:
    return f"{20 * np.log10(peak):.1f} dBFS" if peak > 0 else "digital silence"
