"""The files of a stimuli set in the making: sounds, records, and what an interrupted rendering left."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from stimuli import Audio, Item, Stimulus, integrated_loudness, sha256_of, write_audio
from stimuli.files import write_text
from stimuli.manifest import Kind
from study_builder.errors import RenderError

PEAK = 0.99
PROGRESS = ".rendered"


@dataclass(frozen=True)
class RenderedItem:
    """One item of a set: its record and those of its sounds."""

    item: Item
    stimuli: tuple[Stimulus, ...]


@dataclass(frozen=True)
class ItemSounds:
    """The sounds of one item before they are written.

    Attributes:
        item: its record.
        sample_rate: in Hz.
        stimuli: by condition, the reference among them.
        residuals: what the masks removed, by condition.
    """

    item: Item
    sample_rate: int
    stimuli: dict[str, Audio]
    residuals: dict[str, Audio]


def refuse_folder(out: Path) -> None:
    """Raise RenderError if no set can be made at `out`; an interrupted one there is resumed."""
    if out.exists() and not out.is_dir():
        raise RenderError(f"{out}: is a file; expected a folder, or a name that is free")
    if (out / "manifest.json").exists():
        raise RenderError(f"{out}: already contains a stimuli set; choose another folder")


def write_item(sounds: ItemSounds, seed: int, progress: RenderProgress) -> RenderedItem:
    """Write an item's sounds with one gain, 0 dB unless one of them would clip."""
    everything = [*sounds.stimuli.values(), *sounds.residuals.values()]
    peak = max(float(np.abs(audio).max()) for audio in everything)
    gain = min(1.0, PEAK / peak)
    records = [
        _write_sound(progress.out, sounds, name, kind, gain, seed)
        for kind, names in (("stimulus", sounds.stimuli), ("residual", sounds.residuals))
        for name in names
    ]
    rendered = RenderedItem(sounds.item, tuple(records))
    progress.keep(rendered)
    return rendered


def _write_sound(out: Path, sounds: ItemSounds, name: str, kind: str, gain: float, seed: int) -> Stimulus:
    audio = sounds.residuals[name] if kind == "residual" else sounds.stimuli[name]
    folder = Path("residuals") / sounds.item.name if kind == "residual" else Path(sounds.item.name)
    path = folder / f"{name}.wav"
    (out / folder).mkdir(parents=True, exist_ok=True)
    scaled = audio * np.float32(gain)
    write_audio(
        out / path, scaled, sounds.sample_rate, "PCM_24", seed=crc32(f"{seed}/{path.as_posix()}".encode())
    )
    lufs = integrated_loudness(scaled, sounds.sample_rate)
    return Stimulus(
        item=sounds.item.name,
        condition=name,
        path=path.as_posix(),
        kind=_as_kind(kind),
        sample_rate=sounds.sample_rate,
        samples=len(audio),
        channels=1,
        lufs=round(lufs, 3) if isfinite(lufs) else None,
        gain_db=round(20 * float(np.log10(gain)), 3) + 0.0,
        sha256=sha256_of(out / path),
        warnings=() if isfinite(lufs) else ("silent: nothing passes the loudness gate",),
    )


def _as_kind(kind: str) -> Kind:
    return "residual" if kind == "residual" else "stimulus"


class RenderProgress:
    """Records of finished items, so that an interrupted rendering with the same settings resumes.

    Args:
        out: folder of the set; the records are kept in a folder inside it.
        settings: everything that the sounds depend on.
    """

    def __init__(self, out: Path, settings: dict[str, Any]) -> None:
        self.out = out
        self.folder = out / PROGRESS
        self.settings = json.dumps(settings, indent=1, sort_keys=True)

    def begin(self) -> int:
        """Make the folder, drop records of other settings, and return how many records are left."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "settings.json"
        if not path.is_file() or path.read_text(encoding="utf-8") != self.settings:
            for old in self.folder.glob("*.item.json"):
                self._drop(old)
            write_text(path, self.settings)
        return len(list(self.folder.glob("*.item.json")))

    def _drop(self, record: Path) -> None:
        """Remove a record and its sounds, which would otherwise stay next to those of the set."""
        for stimulus in json.loads(record.read_text(encoding="utf-8"))["stimuli"]:
            (self.out / stimulus["path"]).unlink(missing_ok=True)
        record.unlink()

    def load(self, item: str) -> RenderedItem | None:
        """Return a finished item, or None if it is not finished or its files have changed."""
        path = self.folder / f"{item}.item.json"
        if not path.is_file():
            return None
        kept = json.loads(path.read_text(encoding="utf-8"))
        records = tuple(Stimulus.model_validate(record) for record in kept["stimuli"])
        intact = all(
            (self.out / r.path).is_file() and sha256_of(self.out / r.path) == r.sha256 for r in records
        )
        return RenderedItem(Item.model_validate(kept["item"]), records) if intact else None

    def keep(self, rendered: RenderedItem) -> None:
        """Note that an item is finished."""
        record = {
            "item": rendered.item.model_dump(),
            "stimuli": [stimulus.model_dump() for stimulus in rendered.stimuli],
        }
        write_text(self.folder / f"{rendered.item.name}.item.json", json.dumps(record))

    def remove(self) -> None:
        """Remove all records: the manifest has them."""
        for path in self.folder.iterdir():
            path.unlink()
        self.folder.rmdir()
