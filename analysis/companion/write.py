"""`write_companion`: a static page to hear a study's stimuli next to their scores."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from analysis.companion.spectrogram import draw_spectrogram, measure_duration_s, peak_db
from analysis.errors import DesignError, RatingsError
from analysis.formatting import number
from analysis.models.mos import mos
from analysis.models.screening import kept, screen
from analysis.pages import make_environment
from analysis.ratings.labels import distinct
from analysis.ratings.study import Study, Trial, read_study
from analysis.ratings.tidy import is_simulated, iter_rows, scale_of, select_rated
from analysis.report.methods_text import software
from stimuli.files import copy_file, temporary_name, write_text

PAGE = "index.html"


def write_companion(
    study: str | Path,
    frame: pd.DataFrame,
    out: str | Path,
    *,
    stimuli: str | Path | None = None,
    attribute: str | None = None,
    title: str | None = None,
) -> Path:
    """Write the companion page of a study.

    Per item: one player that switches between the input and every condition at the same place, each with its
    spectrogram and its mean score with the interval over listeners (after screening), what the classifier
    predicted, and, where the stimuli set is at hand, what each method leaves out. The folder needs no server.

    Args:
        study: Study folder with `config.yaml` and its sounds.
        frame: Tidy ratings of the study.
        out: Folder of the page; made where it does not exist.
        stimuli: The stimuli set the study was built from, for its residuals.
        attribute: The scale whose scores are shown; may be left out where the frame has only one.
        title: Heading; by default the study's title.

    Returns:
        Path of `index.html`.

    Raises:
        DesignError: Screening excludes everybody, no rating of the attribute, or several and none chosen.
        RatingsError: No study, no sound of a condition, or ratings of other items than the study's.
    """
    folder, about = Path(out), read_study(study)
    rows = select_rated(frame, attribute)
    name = str(rows["attribute"].iloc[0])
    scale = about.scale_ends(name) or scale_of(rows)
    left = kept(
        frame[frame["attribute"] == name],
        screen(frame, attribute=name, scale=scale, expected=about.expected),
    )
    if left.empty:
        raise DesignError("screening excludes every listener; there is no score to show")
    scores = mos(left, by="item")
    trials = [trial for trial in about.trials if trial.kind == "trial"]
    if not {trial.item for trial in trials} & set(scores["item"]):
        raise RatingsError(f"the ratings are of other items than the study {about.folder}")
    missing = [path for trial in trials for path in trial.sounds.values() if not path.is_file()]
    if missing:
        raise RatingsError(f"the study has no sound file {missing[0]}")
    residuals = _residuals(Path(stimuli)) if stimuli else {}
    table = mos(left)
    given = dict(zip(table["condition"], table["label"], strict=True)) | about.labels
    called = distinct(given | {name: given.get(name, name) for trial in trials for name in trial.sounds})
    with _collect_files(folder) as part:
        items = [
            _item(trial, heading, scores, called, residuals, part)
            for trial, heading in zip(trials, _headings(trials, about), strict=True)
        ]
        context = {
            "title": title or about.title,
            "attribute": name,
            "simulated": is_simulated(frame),
            "mark": Markup('<span class="mark">SIMULATED</span>') if is_simulated(frame) else "",
            "items": items,
            "overall": [_score(row, called[row.condition], scale) for row in iter_rows(table)],
            "software": software(),
        }
        write_text(part / PAGE, make_environment().get_template("companion.html").render(**context))
    return folder / PAGE


@contextmanager
def _collect_files(folder: Path) -> Iterator[Path]:
    """Yield an empty folder, whose files then take their places in `folder`, the page last.

    If writing fails, nothing in `folder` changes.
    """
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    part = temporary_name(folder / "companion")
    try:
        part.mkdir()
        yield part
        files = (path for path in part.rglob("*") if path.is_file())
        for path in sorted(files, key=lambda path: path == part / PAGE):
            place = folder / path.relative_to(part)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if made:
            with suppress(OSError):  # it has the page
                folder.rmdir()


def _headings(trials: Sequence[Trial], study: Study) -> list[tuple[str, str]]:
    """Heading and folder of each trial: its item's, and its page's too where two are of one item."""
    pages = Counter(trial.item for trial in trials)
    found = []
    for trial in trials:
        label = study.item_labels.get(trial.item, trial.item)
        alone = pages[trial.item] == 1
        found.append(
            (label, trial.item) if alone else (f"{label} ({trial.page})", f"{trial.item}/{trial.page}")
        )
    return found


def _item(
    trial: Trial,
    heading: tuple[str, str],
    scores: pd.DataFrame,
    called: dict[str, str],
    residuals: dict[tuple[str, str], Path],
    folder: Path,
) -> dict[str, Any]:
    """One item of the page; copies its sounds and draws their spectrograms."""
    rows = {row.condition: row for row in iter_rows(scores[scores["item"] == trial.item])}
    order = [name for name in called if name in trial.sounds]
    level = peak_db(trial.sounds[order[0]])
    place = folder / "audio" / _make_safe(heading[1])
    sounds = []
    for name in order:
        sound = _sound(trial.sounds[name], place, _make_safe(name), level)
        residual = residuals.get((trial.item, name))
        found = rows.get(name)
        sounds.append(
            {
                "label": called[name],
                "score": _interval_text(found) if found is not None else "not rated",
                **sound,
                "residual": _sound(residual, place, f"{_make_safe(name)}~residual", level)
                if residual
                else None,
            }
        )
    return {
        "name": heading[0],
        "id": place.name,
        "label": trial.label,
        "prediction": trial.prediction,
        "probability": None if trial.probability is None else f"{100 * trial.probability:.0f} %",
        "duration": max(measure_duration_s(trial.sounds[name]) for name in order),
        "sounds": sounds,
    }


def _score(row: Any, label: str, scale: tuple[float, float]) -> dict[str, Any]:
    """A row of the overall table: text, and the bar's ends in percent of the scale."""

    def place(value: float) -> float:
        return round(100 * min(max((value - scale[0]) / (scale[1] - scale[0]), 0), 1), 2)

    low, high = (row.mos, row.mos) if np.isnan(row.ci_low) else (row.ci_low, row.ci_high)
    return {
        "label": label,
        "text": _interval_text(row),
        "mos": place(row.mos),
        "low": place(low),
        "width": round(place(high) - place(low), 2),
    }


def _interval_text(row: Any) -> str:
    digits = 1 if row.mos > 10 else 2
    if np.isnan(row.ci_low):
        return number(row.mos, digits)
    return f"{number(row.mos, digits)} ({number(row.ci_low, digits)} to {number(row.ci_high, digits)})"


def _residuals(folder: Path) -> dict[tuple[str, str], Path]:
    """Return the residuals of a stimuli set by item and condition."""
    path = folder / "manifest.json"
    if not path.is_file():
        raise RatingsError(f"{folder} has no manifest.json; expected a stimuli set")
    try:
        found = json.loads(path.read_text(encoding="utf-8")).get("stimuli", [])
        return {(s["item"], s["condition"]): folder / s["path"] for s in found if s.get("kind") == "residual"}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RatingsError(f"{path} is not the manifest of a stimuli set ({error})") from None


def _sound(source: Path, folder: Path, name: str, level: float) -> dict[str, str]:
    """Copy a sound and draw its spectrogram; paths relative to the page."""
    folder.mkdir(parents=True, exist_ok=True)
    copied, picture = folder / f"{name}{source.suffix}", folder / f"{name}.png"
    copy_file(source, copied)
    draw_spectrogram(source, picture, level)
    return {"audio": f"audio/{folder.name}/{copied.name}", "picture": f"audio/{folder.name}/{picture.name}"}


def _make_safe(name: str) -> str:
    """A name that is one file name and one part of an address, and no other item's or condition's.

    Capitals change as well, for some file systems take them for small letters. A name that changes gets a
    piece of its hash.
    """
    safe = re.sub(r"[^a-z0-9._+-]", "_", name.lower()).lstrip(".")
    return safe if safe == name else f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
