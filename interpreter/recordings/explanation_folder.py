"""The folder of one explained file: parts as WAV files, pictures and the record, written piece by piece."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from itertools import chain
from pathlib import Path
from typing import Any

from interpreter.recordings.long_recordings import Piece, Window
from interpreter.recordings.spectrogram_figure import draw_explanation, draw_strips
from interpreter.sound_files import Sound, SoundOnDisk
from stimuli.files import write_text
from stimuli.float_wav import grow_float_wav

SCHEMA_VERSION = 1
RECORD = "explanation.json"
PARTS = ("input", "interpretation", "residual")
_MISSING = object()


def write_explanation(
    folder: Path,
    sound: Sound,
    pieces: Iterator[Piece],
    asked: Mapping[str, Any],
    command: str,
    labels: list[str],
) -> dict[str, Any]:
    """Write the parts of a sound as they are explained, then pictures of them, and the record last.

    Args:
        folder: where to write; it is made with the first piece, so that a sound that cannot be explained
            leaves none.
        sound: the input.
        pieces: from `explain_in_pieces`.
        asked: what a record says before anything is explained.
        command: for the record.
        labels: names of the classes.

    Returns:
        The record.
    """
    rate, windows = asked["sample_rate"], []
    first = next(pieces)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with ExitStack() as stack:
            appends = [
                stack.enter_context(grow_float_wav(folder / f"{name}.wav", len(sound), rate))
                for name in PARTS
            ]
            for piece in chain([first], pieces):
                for append, part in zip(appends, (piece.sound, *piece.parts), strict=True):
                    append(part.numpy())
                windows += [_window_record(window, rate, labels) for window in piece.windows]
        record = {**asked, "samples": len(sound), "command": command, "windows": windows}
        _draw(folder, record)
        write_text(folder / RECORD, json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    except BaseException:
        with suppress(OSError):  # it stays if there is something in it
            folder.rmdir()
        raise
    return record


def load_finished(folder: Path, asked: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the record of a file that was explained as it is asked for, or None."""
    path = folder / RECORD
    if not path.is_file():
        return None
    try:
        record: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except ValueError:  # not ours, or not whole
        return None
    same = json.loads(json.dumps(asked)) == {name: record.get(name, _MISSING) for name in asked}
    if not same:
        return None
    if not all((folder / f"{name}.png").is_file() for name in (*PARTS, "kept")):
        _draw_strips(folder, record)  # explained by a release whose page had no such pictures
    return record


def _draw(folder: Path, record: Mapping[str, Any]) -> None:
    sound, interpretation, _ = _draw_strips(folder, record)
    draw_explanation(folder / "explanation.png", sound, interpretation, record["sample_rate"], _title(record))


def _draw_strips(folder: Path, record: Mapping[str, Any]) -> Sequence[SoundOnDisk]:
    """Draw the pictures of the folder's page from the sounds in it."""
    sounds = [SoundOnDisk(folder / f"{name}.wav", record["sample_rate"], record["samples"]) for name in PARTS]
    draw_strips(folder, *sounds)
    return sounds


def _window_record(window: Window, rate: int, labels: list[str]) -> dict[str, Any]:
    times = {"start_s": round(window.start / rate, 4), "stop_s": round(window.stop / rate, 4)}
    if window.target is None or window.before is None or window.inside is None or window.outside is None:
        return {**times, "target": None}
    return {
        **times,
        "target": labels[window.target],
        "prediction": labels[int(window.before.argmax())],
        "probability_before": round(float(window.before[window.target]), 6),
        "probability_in": round(float(window.inside[window.target]), 6),
        "probability_out": round(float(window.outside[window.target]), 6),
        "prediction_in": labels[int(window.inside.argmax())],
        "prediction_out": labels[int(window.outside.argmax())],
    }


def _title(record: Mapping[str, Any]) -> str:
    targets = list(dict.fromkeys(w["target"] for w in record["windows"] if w["target"] is not None))
    heard = ", ".join(targets[:4]) + (" ..." if len(targets) > 4 else "")
    return f"{record['source']} · {record['label']} · explained as: {heard}"
