"""Checks of sound files: present, unchanged, comparable within a trial, neither clipped nor silent."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from math import isfinite
from pathlib import Path
from struct import unpack

import numpy as np

from stimuli import (
    Audio,
    StimuliError,
    integrated_loudness,
    read_audio,
    sha256_of,
)
from study_builder.checks.media import is_usable, report_unusable
from study_builder.checks.report import Finding, page_of_standard
from study_builder.config import REFERENCE, MushraPage, Role, StudyConfig
from study_builder.parallel import parallel_map
from study_builder.sounds.anchor_mask import measure_anchor
from study_builder.sounds.anchors import ANCHORS_BY_ROLE
from study_builder.sounds.measures import (
    MAX_CHANNELS,
    channels_of,
    count_in_words,
    dc_offset,
    duration,
    measure_clipped_run,
)
from study_builder.sounds.outliers import deviation

MAX_SECONDS = 12.0
MAX_SPREAD_LU = 1.0
MIN_LUFS = -50.0
PLAIN_CHUNKS = (b"fmt ", b"data", b"fact", b"PEAK")

Track = Callable[[Iterable[list[Finding]], int], Iterable[list[Finding]]]


@dataclass(frozen=True)
class Group:
    """Sounds that are compared on one page.

    Attributes:
        study: the study's folder.
        page: its id.
        paths: file by condition, relative to the folder.
        hashes: expected SHA-256 by path, if the config has it.
        roles: by condition.
        compared: whether the sounds must match each other (a MUSHRA trial) or only be valid.
    """

    study: Path
    page: str
    paths: dict[str, str]
    hashes: dict[str, str]
    roles: dict[str, Role]
    compared: bool


def check_sounds(
    study: Path, config: StudyConfig, *, jobs: int | None = None, track: Track | None = None
) -> Iterator[Finding]:
    """Yield what is found in a study's sound files; a thread keeps one page's sounds in memory at a time."""
    groups = list(_groups(study, config))
    yield from _find_unlisted(study, config)
    results = parallel_map(check_group, groups, jobs)
    reported: set[tuple[str, str]] = set()
    for found in results if track is None else track(results, len(groups)):
        # A volume page may play a sound of a trial, about which everything has been reported.
        yield from (finding for finding in found if (finding.code, finding.where) not in reported)
        reported |= {(finding.code, finding.where) for finding in found}


def _groups(study: Path, config: StudyConfig) -> Iterator[Group]:
    """Yield each set of sounds once, trials first: training, repeats and the volume page play the same.

    A sound that is compared with no other is yielded once, whatever other pages play it.
    """
    compared: set[frozenset[tuple[str, str]]] = set()
    read: set[str] = set()
    for page in sorted(config.walk(), key=lambda page: not page.rates or config.trial(page).kind != "trial"):
        sounds, comparing = page.sounds(), isinstance(page, MushraPage)
        if comparing and frozenset(sounds.items()) in compared:
            continue
        if comparing:
            compared.add(frozenset(sounds.items()))
        else:
            sounds = {name: path for name, path in sounds.items() if path not in read}
        read |= set(sounds.values())
        if sounds:
            roles = {name: config.condition(name).role for name in sounds}
            yield Group(study, page.id or page.type, sounds, config.options.files, roles, comparing)


def _find_unlisted(study: Path, config: StudyConfig) -> Iterator[Finding]:
    if not config.options.files:
        message = "the config has no hashes of its sounds, so a change of one could not be noticed"
        yield Finding("note", "no-hashes", "listenable.files", message)
        return
    used = {path for page in config.walk() for path in page.sounds().values()}
    for path in sorted(used - set(config.options.files)):
        message = "has no hash in the config, so a change of it could not be noticed"
        yield Finding("warning", "no-hash", path, message)


def check_group(group: Group) -> list[Finding]:
    """Return what is found in the sounds of one page."""
    findings: list[Finding] = []
    sounds: dict[str, tuple[Audio, int]] = {}
    for name, path in group.paths.items():
        file = group.study / path
        if not is_usable(group.study, path):
            findings.append(report_unusable(group.study, path, f"page '{group.page}' plays it"))
            continue
        findings += _integrity(group, path, file)
        try:
            sounds[name] = read_audio(file)
        except (StimuliError, OSError) as error:
            findings.append(Finding("error", "unreadable", path, str(error)))
            continue
        findings += _single(group, name, path, *sounds[name])
    if group.compared and len(sounds) > 1:
        findings += _compare(group, sounds)
    return findings


def _integrity(group: Group, path: str, file: Path) -> Iterator[Finding]:
    expected = group.hashes.get(path)
    if expected is not None and sha256_of(file) != expected:
        message = "has changed since the study was built; build it again, or restore the file"
        yield Finding("error", "changed-file", path, message)
    chunks = extra_chunks(file)
    if chunks:
        message = (
            f"carries texts or pictures in addition to its sound ({', '.join(chunks)}), which may name the "
            "condition"
        )
        yield Finding("warning", "metadata", path, message)


def _single(group: Group, name: str, path: str, audio: Audio, rate: int) -> Iterator[Finding]:
    seconds = len(audio) / rate
    if channels_of(audio) > MAX_CHANNELS:
        message = f"has {channels_of(audio)} channels; expected {MAX_CHANNELS} at most"
        yield Finding("error", "many-channels", path, message)
    if group.compared and seconds > MAX_SECONDS:
        message = (
            f"lasts {seconds:.1f} s; about 10 s and no more than 12 s are expected, or a reason in the report"
        )
        yield Finding("warning", "long", path, message, page_of_standard("p. 7"))
    if run := measure_clipped_run(audio):
        message = f"is clipped: {run} samples in a row at full scale; expected a lower level"
        yield Finding("error", "clipped", path, message)
    if offset := dc_offset(audio):
        yield Finding("warning", "dc-offset", path, offset)
    if not audio.any():
        message = "is silent; nothing can be rated in it"
        yield Finding("warning" if group.roles.get(name) == "method" else "error", "silent", path, message)


def _compare(group: Group, sounds: dict[str, tuple[Audio, int]]) -> Iterator[Finding]:
    where = f"page '{group.page}'"
    unlike = list(_find_unlike(where, sounds))
    yield from unlike
    yield from _find_same(where, group, sounds)
    yield from _loudness(where, sounds)
    if not unlike and REFERENCE in sounds:
        yield from _anchors(group, sounds)


def _find_same(where: str, group: Group, sounds: dict[str, tuple[Audio, int]]) -> Iterator[Finding]:
    """Yield the conditions of a page that are one sound, sample by sample; silence is reported elsewhere."""
    rated = [name for name in sounds if name != REFERENCE and sounds[name][0].any()]
    for one, other in combinations(rated, 2):
        if np.array_equal(sounds[one][0], sounds[other][0]):
            message = (
                f"'{one}' and '{other}' are the same sound ({group.paths[one]} and {group.paths[other]}), so "
                "that their scores cannot differ; expected two sounds, or one condition less"
            )
            yield Finding("warning", "same-sound", where, message)


def _find_unlike(where: str, sounds: dict[str, tuple[Audio, int]]) -> Iterator[Finding]:
    rates = {name: rate for name, (_, rate) in sounds.items()}
    lengths = {name: len(audio) for name, (audio, _) in sounds.items()}
    channels = {name: channels_of(audio) for name, (audio, _) in sounds.items()}
    traits: dict[str, tuple[dict[str, int], Callable[[str], str]]] = {
        "rate": (rates, lambda name: f"{rates[name]} Hz"),
        "length": (lengths, lambda name: duration(lengths[name], rates[name])),
        "channels": (channels, lambda name: count_in_words(channels[name])),
    }
    for trait, (values, value) in traits.items():
        if unlike := deviation(values):
            message = (
                f"'{unlike.odd[0]}' {unlike.sentence(value)}; expected the same for all sounds of a trial"
            )
            yield Finding("error", f"unequal-{trait}", where, message)


def _loudness(where: str, sounds: dict[str, tuple[Audio, int]]) -> Iterator[Finding]:
    measured = {
        name: integrated_loudness(audio, rate)
        for name, (audio, rate) in sounds.items()
        if audio.any() and channels_of(audio) <= MAX_CHANNELS
    }
    lufs = {name: value for name, value in measured.items() if isfinite(value)}
    if not lufs:
        return
    low, high = min(lufs, key=lufs.__getitem__), max(lufs, key=lufs.__getitem__)
    if lufs[high] - lufs[low] > MAX_SPREAD_LU:
        message = (
            f"its sounds differ in loudness by {lufs[high] - lufs[low]:.1f} LU ('{low}' {lufs[low]:.1f} "
            f"LUFS, '{high}' {lufs[high]:.1f} LUFS); expected balanced loudness, or that this difference is "
            "meant"
        )
        yield Finding("warning", "loudness-spread", where, message, page_of_standard("p. 12"))
    if lufs[high] < MIN_LUFS:
        message = f"all of its sounds are faint ({lufs[high]:.1f} LUFS at most)"
        yield Finding("warning", "faint", where, message)


def _anchors(group: Group, sounds: dict[str, tuple[Audio, int]]) -> Iterator[Finding]:
    reference, rate = sounds[REFERENCE]
    for name, (audio, _) in sounds.items():
        anchor = ANCHORS_BY_ROLE.get(group.roles[name])
        if anchor is None or not reference.any():
            continue
        for fault in measure_anchor(reference, audio, rate, anchor.cutoff_hz).faults(anchor.cutoff_hz):
            low = group.roles[name] == "low_anchor"
            clause = page_of_standard("p. 7") if low else ""
            yield Finding("error" if low else "warning", "anchor-mask", group.paths[name], fault, clause)


def extra_chunks(path: Path) -> list[str]:
    """Return the names of a WAV file's chunks that contain no sound; other formats are not examined."""
    found: list[str] = []
    with path.open("rb") as file:
        header = file.read(12)
        if len(header) < 12 or header[:4] != b"RIFF" or header[8:] != b"WAVE":
            return found
        while len(head := file.read(8)) == 8:
            name, size = head[:4], unpack("<I", head[4:])[0]
            if name not in PLAIN_CHUNKS:
                found.append(name.decode("latin-1").strip())
            file.seek(size + size % 2, os.SEEK_CUR)
    return found
