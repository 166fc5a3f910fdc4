"""Built-in data: synthetic environmental sounds over backgrounds, with the foreground kept separately.

A clip is `gain * (foreground + background)`; the file in `stems/` is `gain * foreground`, so that what an
explanation keeps can be compared with the foreground itself.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stimuli.audio import Audio, write_audio
from stimuli.errors import DatasetError
from stimuli.files import remove_temporary, write_text
from stimuli.seeds import refuse_seed
from stimuli.sources import SOURCES
from stimuli.synthesis import Signal, coloured_noise, glide, harmonics, room, slow_envelope, unit_power

SAMPLE_RATE = 16_000
FOLDS = 5
SNR_DB = (-5.0, 5.0)
LEVEL_DBFS = (-30.0, -18.0)
PEAK = 0.99


@dataclass(frozen=True)
class Soundscape:
    """One synthetic clip.

    Attributes:
        filename: in ESC-50's form `FOLD-ID-TAKE-TARGET.wav`.
        fold: 1 to 5.
        target: ESC-50's number of the class.
        category: the class's name.
        src_file: number of the drawing; no two clips share one.
        mixture: foreground and background, `[samples]`.
        stem: only the foreground, `[samples]`, at its level in the mixture.
    """

    filename: str
    fold: int
    target: int
    category: str
    src_file: str
    mixture: Audio
    stem: Audio


def make_soundscape(category: str, index: int, duration_s: float = 2.0, seed: int = 0) -> Soundscape:
    """Synthesise clip number `index` of a class; it depends on nothing but the arguments.

    Args:
        category: a key of `SOURCES`.
        index: 0 and up; the clip's fold is `index % 5 + 1`.
        duration_s: length in seconds.
        seed: of the whole set.
    """
    target, source = SOURCES[category]
    rng = np.random.default_rng([seed, target, index])
    samples = round(duration_s * SAMPLE_RATE)
    foreground = unit_power(source(rng, samples, SAMPLE_RATE).astype(np.float32))
    if rng.random() < 0.7:
        foreground = room(rng, foreground, SAMPLE_RATE, rng.uniform(0.15, 0.6), rng.uniform(0.05, 0.35))
    foreground = unit_power(foreground) * np.float32(10 ** (rng.uniform(*SNR_DB) / 20))
    mixture = foreground + _background(rng, samples)
    level = 10 ** (rng.uniform(*LEVEL_DBFS) / 20) / np.sqrt(np.dot(mixture, mixture) / samples)
    gain = np.float32(min(level, PEAK / max(np.abs(mixture).max(), np.abs(foreground).max())))
    fold = index % FOLDS + 1
    number = 1000 * (target + 1) + index
    return Soundscape(
        filename=f"{fold}-{number}-A-{target}.wav",
        fold=fold,
        target=target,
        category=category,
        src_file=str(number),
        mixture=np.asarray(gain * mixture, dtype=np.float32),
        stem=np.asarray(gain * foreground, dtype=np.float32),
    )


def _background(rng: np.random.Generator, samples: int) -> Signal:
    noise = coloured_noise(rng, samples, rng.uniform(-9.0, 0.0)) * slow_envelope(
        rng, samples, int(rng.integers(3, 9)), 0.7
    )
    if rng.random() < 0.3:
        hum = harmonics(glide(rng.choice((50.0, 60.0)), SAMPLE_RATE, samples), [1.0, 0.6, 0.4, 0.2, 0.1])
        noise = noise + np.float32(rng.uniform(0.1, 0.5)) * unit_power(hum)
    return unit_power(noise)


def make_soundscapes(
    classes: int = 8, clips: int = 40, duration_s: float = 2.0, seed: int = 0
) -> Iterator[Soundscape]:
    """Return an iterator that makes `clips` clips of each of the first `classes` classes.

    Raises:
        DatasetError: there are not that many classes, or the numbers are out of range.
        SeedError: the seed is negative or has more than 64 bits.
    """
    refuse_seed(seed)
    if not 2 <= classes <= len(SOURCES):
        raise DatasetError(f"--classes is {classes}; expected 2 to {len(SOURCES)}")
    if clips < FOLDS or clips > 999:
        raise DatasetError(f"--clips is {clips}; expected {FOLDS} (one per fold) to 999")
    if not 0.5 <= duration_s <= 60:
        raise DatasetError(f"--seconds is {duration_s:g}; expected 0.5 to 60")
    chosen = list(SOURCES)[:classes]
    return (make_soundscape(name, index, duration_s, seed) for name in chosen for index in range(clips))


def write_soundscapes(folder: str | Path, soundscapes: Iterable[Soundscape]) -> Path:
    """Write clips into `folder` in ESC-50 layout, the index last; return the index's path.

    A folder without an index is unfinished; writing again replaces it file by file, and removes what a kill
    left of a file.
    """
    folder = Path(folder)
    for name in ("audio", "stems", "meta"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        remove_temporary(folder / name)
    table = io.StringIO(newline="")
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["filename", "fold", "target", "category", "esc10", "src_file", "take"])
    for clip in soundscapes:
        write_audio(folder / "audio" / clip.filename, clip.mixture, SAMPLE_RATE, dither=False)
        write_audio(folder / "stems" / clip.filename, clip.stem, SAMPLE_RATE, dither=False)
        rows.writerow([clip.filename, clip.fold, clip.target, clip.category, False, clip.src_file, "A"])
    index = folder / "meta" / "esc50.csv"
    write_text(index, table.getvalue())
    return index
