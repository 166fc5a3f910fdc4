"""The manifest of a stimuli set: which sounds there are, what they represent and how they were made."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from stimuli.errors import ManifestError
from stimuli.files import write_text
from stimuli.validation import describe_finding
from stimuli.vocabulary import Role

SCHEMA_VERSION = 1
FILE_NAME = "manifest.json"

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$", max_length=120)]
Kind = Literal["stimulus", "residual"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Condition(_Record):
    """What is compared: the reference, an anchor, or a method."""

    name: Name
    role: Role = "method"
    label: str | None = None


class Item(_Record):
    """The content: one mixture, and how it was classified."""

    name: Name
    label: str | None = None
    prediction: str | None = None
    probability: float | None = Field(default=None, ge=0, le=1)


class Stimulus(_Record):
    """One sound file: an item under a condition. Loudness in LUFS (null for silence), gain in dB."""

    item: Name
    condition: Name
    path: str
    kind: Kind = "stimulus"
    sample_rate: int = Field(gt=0)
    samples: int = Field(gt=0)
    channels: int = Field(default=1, gt=0)
    lufs: float | None = None
    gain_db: float = 0.0
    sha256: str
    warnings: tuple[str, ...] = ()


class Manifest(_Record):
    """A stimuli set as its `manifest.json` has it."""

    schema_version: int = SCHEMA_VERSION
    name: str
    command: str = ""
    seed: int = 0
    conditions: tuple[Condition, ...]
    items: tuple[Item, ...]
    stimuli: tuple[Stimulus, ...]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.schema_version > SCHEMA_VERSION:
            raise ValueError(
                f"schema_version {self.schema_version} is newer than {SCHEMA_VERSION}, "
                "the newest that this version reads"
            )
        _refuse_duplicates("condition", (c.name for c in self.conditions))
        _refuse_duplicates("item", (i.name for i in self.items))
        _refuse_duplicates("stimulus", (f"{s.item}/{s.condition} ({s.kind})" for s in self.stimuli))
        items, conditions = {i.name for i in self.items}, {c.name for c in self.conditions}
        for stimulus in self.stimuli:
            if stimulus.item not in items:
                raise ValueError(
                    f"the stimulus {stimulus.path} names the item {stimulus.item!r}, which is not in items"
                )
            if stimulus.condition not in conditions:
                raise ValueError(
                    f"the stimulus {stimulus.path} names the condition {stimulus.condition!r}, "
                    "which is not in conditions"
                )
            if Path(stimulus.path).is_absolute() or ".." in Path(stimulus.path).parts:
                raise ValueError(f"the path {stimulus.path!r} leaves the set's folder")
        return self

    @classmethod
    def load(cls, folder: str | Path) -> Manifest:
        """Read the manifest of the stimuli set in `folder`.

        Raises:
            FileNotFoundError: there is no manifest.
            ManifestError: it is not a manifest, with the first key that is wrong.
        """
        path = Path(folder) / FILE_NAME
        if not path.is_file():
            raise FileNotFoundError(2, "No manifest of a stimuli set here", str(path))
        try:
            return cls.model_validate_json(path.read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"]))
            raise ManifestError(f"{path}: {describe_finding(key, first)}") from error

    def save(self, folder: str | Path) -> Path:
        """Write `manifest.json` into `folder` and return its path."""
        path = Path(folder) / FILE_NAME
        write_text(path, json.dumps(self.model_dump(mode="json"), indent=1) + "\n")
        return path

    def stimulus(self, item: str, condition: str, kind: Kind = "stimulus") -> Stimulus | None:
        """Return the sound of `item` under `condition`, or None if the set has none."""
        for stimulus in self.stimuli:
            if (stimulus.item, stimulus.condition, stimulus.kind) == (item, condition, kind):
                return stimulus
        return None


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes, as hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def known_sha256_of(path: str | Path) -> str:
    """Return the same, read again only if the file looks other than when this process last read it."""
    found = Path(path).stat()
    return _sha256_as_it_looked(str(path), found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@functools.lru_cache(maxsize=20_000)
def _sha256_as_it_looked(path: str, *_look: int) -> str:
    return sha256_of(path)


def _refuse_duplicates(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"the {what} {name!r} is listed twice")
        seen.add(name)
