"""Which clips become the items of a study: a stated, seeded rule."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stimuli import Clip
from study_builder.design.williams import shuffled
from study_builder.errors import RenderError


@dataclass(frozen=True)
class Answer:
    """The classifier's answer for a clip.

    Attributes:
        clip: the clip.
        target: number of the class that is explained: of the prediction, unless another was asked for.
        label: its name.
        probability: its probability, 0 to 1.
        silent: whether there is nothing to explain.
        correct: whether the classifier predicts the clip's own class.
    """

    clip: Clip
    target: int
    label: str
    probability: float
    silent: bool = False
    correct: bool = True


Ask = Callable[[Sequence[Clip]], Sequence[Answer]]


def choose(clips: Sequence[Clip], count: int, ask: Ask, correct_only: bool) -> list[Answer]:
    """Return the answers for the first `count` clips that are not silent, or fewer if there are no more.

    As many clips are asked about at a time as are missing, so that several processes can share the asking;
    which are chosen does not depend on how many do.

    Args:
        clips: in order of preference.
        count: how many.
        ask: returns the classifier's answers, in order.
        correct_only: whether to pass over clips that the classifier gets wrong.
    """
    chosen: list[Answer] = []
    asked = 0
    while len(chosen) < count and asked < len(clips):
        answers = ask(clips[asked : asked + count - len(chosen)])
        asked += len(answers)
        chosen += [a for a in answers if not a.silent and (a.correct or not correct_only)]
    return chosen


def choose_picked(picks: Sequence[Clip], ask: Ask) -> list[Answer]:
    """Return the answers for clips that were named; a silent one among them is an error.

    Raises:
        RenderError: one of them is silent.
    """
    answers = list(ask(picks))
    for answer in answers:
        if answer.silent:
            raise RenderError(f"{answer.clip.path}: is silent; expected a clip that can be explained")
    return answers


def balance_order(clips: Sequence[Clip], seed: int) -> Iterator[Clip]:
    """Yield clips so that every prefix has the classes as evenly as possible.

    Classes take turns, in a drawn order; within a class the order of its clips is drawn.
    """
    by_class: dict[str, list[Clip]] = {}
    for clip in sorted(clips, key=lambda clip: clip.filename):
        by_class.setdefault(clip.category, []).append(clip)
    queues = [
        shuffled(by_class[name], seed, "clips", name) for name in shuffled(sorted(by_class), seed, "classes")
    ]
    for turn in range(max(map(len, queues), default=0)):
        yield from (queue[turn] for queue in queues if turn < len(queue))


def read_picks(path: Path, clips: Sequence[Clip]) -> list[Clip]:
    """Read a list of clips: one file name per line, or the column `filename` of a CSV.

    Raises:
        RenderError: a name is not in the data set, is there twice, or the list is empty.
    """
    by_name = {clip.filename: clip for clip in clips}
    picked: dict[str, Clip] = {}
    for line, name in _names(path):
        if name not in by_name:
            raise RenderError(
                f"{path}, line {line}: {name!r} is not a clip of the data set (or of the chosen fold)"
            )
        if name in picked:
            raise RenderError(f"{path}, line {line}: {name!r} is listed twice")
        picked[name] = by_name[name]
    if not picked:
        raise RenderError(f"{path}: names no clips; expected one file name per line")
    return list(picked.values())


def _names(path: Path) -> list[tuple[int, str]]:
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except UnicodeDecodeError as error:
        raise RenderError(f"{path}: byte {error.start} is not UTF-8; expected a text file") from error
    column = rows[0].index("filename") if rows and "filename" in rows[0] else 0
    begin = 1 if rows and "filename" in rows[0] else 0
    return [
        (line, row[column].strip())
        for line, row in enumerate(rows[begin:], start=begin + 1)
        if len(row) > column and row[column].strip()
    ]


def item_name(clip: Clip, number: int) -> str:
    """Return the item's name: its number, which sorts, and its clip's name, which says where it is from."""
    stem = re.sub(r"[^A-Za-z0-9._+-]+", "-", Path(clip.filename).stem).strip("-.") or "clip"
    return f"{number:02d}-{stem}"[:100]
