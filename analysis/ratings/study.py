"""What a study's `config.yaml` tells the analysis: labels, scale, attention checks, sounds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.errors import RatingsError
from analysis.ratings.labels import distinct

_SCALE = {"name": "score", "min": 0, "max": 100}  # what a study does not say of its scales
# What pages of other types have under the same names; the points of Likert pages may be words.
_OWN_SCALES: dict[str, dict[str, tuple[float, float]]] = {
    "bs1116": {"score": (1.0, 5.0)}, "likert_single_stimulus": {}, "likert_multi_stimulus": {},
}  # fmt: skip
_OWN_NAME = re.compile(r"score|rating\d+")


@dataclass(frozen=True)
class Trial:
    """One rating page: its item and id, what is known of it, and the sound file of each condition."""

    item: str
    page: str
    kind: str
    label: str | None
    prediction: str | None
    probability: float | None
    expected: dict[str, tuple[float, float]]
    sounds: dict[str, Path]


@dataclass(frozen=True)
class Study:
    """A study folder as far as an analysis needs it."""

    folder: Path
    title: str
    labels: dict[str, str]
    item_labels: dict[str, str]
    roles: dict[str, str]
    scales: dict[str, tuple[float, float]]
    trials: list[Trial]

    @property
    def expected(self) -> dict[str, dict[str, tuple[float, float]]]:
        """What attentive listeners answer at attention checks: item, condition, lowest and highest score."""
        return {
            trial.item: trial.expected
            for trial in self.trials
            if trial.kind == "attention" and trial.expected
        }


def read_study(folder: str | Path) -> Study:
    """Read a study folder.

    Raises:
        RatingsError: No `config.yaml`, or one that is no study's.
    """
    import yaml

    folder = Path(folder)
    path = folder / "config.yaml"
    if not path.is_file():
        raise RatingsError(f"{folder} has no config.yaml; expected a study folder.")
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise RatingsError(f"{path} is not YAML: {str(error).splitlines()[0]}.") from None
    if not isinstance(config, dict):
        raise RatingsError(f"{path} holds no mapping; expected a study's configuration.")
    ours = config.get("listenable") or {}
    try:
        return _study(folder, config, ours)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RatingsError(f"{path} is not a study's configuration: {error}.") from None


def _study(folder: Path, config: dict[str, Any], ours: dict[str, Any]) -> Study:
    known, items = (
        {str(name): entry or {} for name, entry in (ours.get(key) or {}).items()}
        for key in ("conditions", "items")
    )
    about = {str(page): entry for page, entry in (ours.get("trials") or {}).items()}
    pages = list(_pages(config.get("pages") or []))
    return Study(
        folder=folder,
        title=str(config.get("testname") or folder.name),
        labels=_labels(known),
        item_labels=_labels(items),
        roles={name: str(entry["role"]) for name, entry in known.items() if entry.get("role")},
        scales=_scales(ours.get("scales") or [_SCALE], {str(page.get("type")) for page in pages}),
        trials=[
            _trial(folder, page, about.get(str(page.get("id")), {}))
            for page in pages
            if page.get("type") == "mushra"
        ],
    )


def _labels(entries: dict[str, dict[str, Any]]) -> dict[str, str]:
    return distinct({name: str(entry["label"]) for name, entry in entries.items() if entry.get("label")})


def _scales(entries: list[dict[str, Any]], types: set[str]) -> dict[str, tuple[float, float]]:
    """The ends of the study's scales, under the names that `load_ratings` gives attributes.

    Where pages of several types may have scales of one name, each carries its type.
    """
    filled = [{**_SCALE, **entry} for entry in entries]
    found = {str(entry["name"]): (float(entry["min"]), float(entry["max"])) for entry in filled}
    by_type = {**_OWN_SCALES, "mushra": found}
    kinds = sorted(types & by_type.keys())
    if len(kinds) < 2:
        return by_type[kinds[0]] if kinds else found
    alone = {name: ends for name, ends in found.items() if not _OWN_NAME.fullmatch(name)}
    shared = [(kind, name) for kind in kinds for name in by_type[kind] if name not in alone]
    return alone | {f"{kind} {name}": by_type[kind][name] for kind, name in shared}


def _pages(entries: list[Any]) -> Iterator[dict[str, Any]]:
    """The pages of nested lists, in which webMUSHRA's keyword `random` may stand."""
    for entry in entries:
        if isinstance(entry, list):
            yield from _pages(entry)
        elif isinstance(entry, dict):
            yield entry


def _trial(folder: Path, page: dict[str, Any], about: dict[str, Any]) -> Trial:
    sounds = {str(name): _sound(folder, str(path)) for name, path in (page.get("stimuli") or {}).items()}
    if page.get("reference"):
        sounds = {"reference": _sound(folder, str(page["reference"])), **sounds}
    expected = {
        str(name): (float(ends[0]), float(ends[1])) for name, ends in (about.get("expected") or {}).items()
    }
    return Trial(
        item=str(about.get("item") or page.get("id")),
        page=str(page.get("id")),
        kind=str(about.get("kind") or "trial"),
        label=about.get("label"),
        prediction=about.get("prediction"),
        probability=about.get("probability"),
        expected=expected,
        sounds=sounds,
    )


def _sound(folder: Path, path: str) -> Path:
    """The file of a path in the config, which may carry the folder that webMUSHRA serves it from."""
    parts = Path(path).parts
    candidates = [folder.joinpath(*parts[start:]) for start in range(len(parts))]
    return next((found for found in candidates if found.is_file()), folder / path)
