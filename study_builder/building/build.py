"""From a set of sounds to a study folder: anchors, levels, pages, and the hash of every file."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Literal
from zlib import crc32

from pydantic import ValidationError

from stimuli import Condition, Item, sha256_of, write_audio
from stimuli.validation import describe_finding
from study_builder.building import kept_trials
from study_builder.building.choices import Choices
from study_builder.building.fit_to_tests import fit_to_tests
from study_builder.building.kept_trials import KeptTrials
from study_builder.building.pages import Sounds, study_config
from study_builder.building.trial_audio import TrialLevels, align_trial, measure_trial, prepare_trial
from study_builder.config import StudyConfig
from study_builder.config.roles import REFERENCE, REFERENCE_ROLES
from study_builder.errors import BuildError
from study_builder.identifiers import resolve_ids
from study_builder.parallel import parallel_map
from study_builder.sounds.anchors import ANCHORS, ANCHORS_BY_NAME
from study_builder.sounds.sound_set import SoundSet, read_sounds
from study_builder.study_folder import copy_named_file, folder_when_complete

logger = logging.getLogger(__name__)

_SPECIAL_NAMES = {"reference": REFERENCE} | {anchor.role: anchor.name for anchor in ANCHORS.values()}

Progress = Callable[[Iterable["WrittenTrial"], int], Iterable["WrittenTrial"]]


@dataclass(frozen=True)
class WrittenTrial:
    """The files of one trial.

    Attributes:
        item: its name.
        files: SHA-256 by path relative to the study's folder.
        seconds: duration.
        warnings: sentences.
    """

    item: str
    files: dict[str, str]
    seconds: float
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class BuiltStudy:
    """What `build_study` made."""

    folder: Path
    config: StudyConfig
    warnings: tuple[str, ...] = field(default_factory=tuple)


def build_study(
    source: Path | str,
    out: Path | str,
    choices: Choices | None = None,
    *,
    pictures: Path | str = ".",
    command: str = "",
    overwrite: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> BuiltStudy:
    """Build a study folder from a stimuli set or a folder of sounds.

    The folder appears when it is complete: it is built under another name next to it.

    Args:
        source: a stimuli set, or a folder of sounds in one of the layouts of `read_sounds`.
        out: the study's folder; must not exist, or be empty.
        choices: what was chosen; by default a MUSHRA test as BS.1534-3 asks for it.
        pictures: the folder that the paths of pictures in the chosen texts start from.
        command: kept in the config, so that the study says how it was made.
        overwrite: whether a study at `out` is replaced; one with ratings in its folder never is.
        jobs: threads; see `parallel_map`.
        progress: wraps the trials as they are written, with their number, for a progress bar.

    Raises:
        StudyError: the sounds or the choices cannot make a study.
        StimuliError: a sound cannot be read, or an anchor cannot be made.
    """
    choices, sounds, plan, known = _prepare(source, choices or Choices())
    _make_config(known, choices, {})  # impossible choices are refused before a sound is read
    with folder_when_complete(Path(out), overwrite) as folder:
        written = list(_write_all(plan, folder, choices, jobs, progress))
        known = replace(
            known,
            files={path: digest for trial in written for path, digest in trial.files.items()},
            longest_s=max(trial.seconds for trial in written),
        )
        provenance = {"listenable": version("listenable"), "command": command, "stimuli_set": sounds.name}
        provenance["stimuli_command"] = sounds.command
        config = _make_config(known, choices, {key: value for key, value in provenance.items() if value})
        for path in sorted(set(config.named_files()) - known.files.keys()):
            copy_named_file(path, Path(pictures), folder)
        config.save(folder)
    return BuiltStudy(Path(out), config, tuple(text for trial in written for text in trial.warnings))


def plan_study(source: Path | str, choices: Choices) -> StudyConfig:
    """Return the config that a study would have, without the hashes of its sounds; nothing is written.

    Args:
        source: as in `build_study`.
        choices: what was chosen.

    Raises:
        StudyError: as `build_study`, as far as names and choices show it.
    """
    choices, _, _, known = _prepare(source, choices)
    return _make_config(known, choices, {})


def _make_config(known: Sounds, choices: Choices, provenance: Mapping[str, str]) -> StudyConfig:
    """Return the config; what no config may have, and no choice forbids, is an error of ours, too."""
    try:
        return study_config(known, choices, provenance)
    except ValidationError as error:
        problem = error.errors()[0]
        raise BuildError(describe_finding(".".join(map(str, problem["loc"])), problem)) from None


def _prepare(source: Path | str, choices: Choices) -> tuple[Choices, SoundSet, _Plan, Sounds]:
    """Find the sounds, and which of them become which conditions; none is read."""
    sounds = read_sounds(
        source,
        choices.layout,
        choices.reference_name,
        items=choices.items,
        conditions=choices.conditions,
    )
    choices = fit_to_tests(choices, has_reference=sounds.reference is not None)
    plan = _plan(sounds, choices)
    known = Sounds(
        items=sounds.items,
        conditions=plan.conditions,
        paths={(item.name, name): _path(item.name, name) for item in sounds.items for name in plan.names},
        item_names=sounds.item_names,
    )
    return choices, sounds, plan, known


@dataclass(frozen=True)
class _Plan:
    """Which files of a trial become which conditions of the study.

    Attributes:
        items: in their order.
        sources: by item, the file of each condition of the study that is not made.
        conditions: methods and anchors, in order.
        anchor_source: the reference's name among the sources, if anchors are to be made.
        reference_kept: whether the reference is part of the study.
    """

    items: tuple[Item, ...]
    sources: Mapping[str, dict[str, Path]]
    conditions: tuple[Condition, ...]
    anchor_source: str | None
    reference_kept: bool

    @property
    def names(self) -> list[str]:
        """Every condition that gets a file."""
        return [c.name for c in self.conditions] + ([REFERENCE] if self.reference_kept else [])


def _plan(sounds: SoundSet, choices: Choices) -> _Plan:
    reference = sounds.reference
    if reference is None and choices.reference != "none":
        raise BuildError(
            f"{sounds.name!r} has no reference; expected a condition named 'reference' "
            "(--reference-name names another, --no-reference makes a study without one)"
        )
    methods = _methods(sounds, choices)
    names = {c.name: _study_name(c) for c in sounds.conditions if c in methods or c.role == "reference"}
    anchors = [ANCHORS[choice] for choice in choices.anchors] if choices.reference != "none" else []
    present = set(names.values()) & ANCHORS_BY_NAME.keys()
    conditions = [_rename(c) for c in methods]
    conditions += [
        Condition(name=anchor.name, role=anchor.role, label=anchor.label)
        for anchor in anchors
        if anchor.name not in present
    ]
    if not conditions:
        raise BuildError(
            f"{sounds.name!r} has no condition besides the reference; expected at least one method"
        )
    sources = {
        item.name: {new: sounds.paths[item.name, old] for old, new in names.items()} for item in sounds.items
    }
    return _Plan(
        sounds.items,
        sources,
        tuple(conditions),
        REFERENCE if reference is not None and anchors else None,
        choices.reference != "none",
    )


def _methods(sounds: SoundSet, choices: Choices) -> list[Condition]:
    by_name = {c.name: c for c in sounds.conditions if c.role not in REFERENCE_ROLES}
    if choices.conditions is None:
        return list(by_name.values())
    labels = {name: condition.label for name, condition in by_name.items()}
    return [by_name[name] for name in resolve_ids(choices.conditions, labels, "conditions")]


def _study_name(condition: Condition) -> str:
    return _SPECIAL_NAMES.get(condition.role, condition.name)


def _rename(condition: Condition) -> Condition:
    name = _study_name(condition)
    if condition.role == "method" and name in _SPECIAL_NAMES.values():
        raise BuildError(f"a method is named {name!r}, which is the name of a role; rename it")
    return condition.model_copy(update={"name": name})


def _write_all(
    plan: _Plan, folder: Path, choices: Choices, jobs: int | None, progress: Progress | None
) -> Iterator[WrittenTrial]:
    target = choices.target_lufs
    levels: list[TrialLevels | None] = [None] * len(plan.items)
    kept = KeptTrials(kept_trials.ROOM_BYTES)
    if target is not None and choices.loudness == "set":
        measured = list(
            parallel_map(_measure, [(plan, item.name, choices, kept) for item in plan.items], jobs)
        )
        reached = [trial.find_reachable(target) for trial in measured]
        target = min((lufs for lufs in reached if lufs is not None), default=target)
        levels = [*measured]
    tasks = [
        (plan, item.name, folder, choices, target, known, kept)
        for item, known in zip(plan.items, levels, strict=True)
    ]
    trials = parallel_map(_write_trial, tasks, jobs)
    yield from trials if progress is None else progress(trials, len(tasks))


def _measure(task: tuple[_Plan, str, Choices, KeptTrials]) -> TrialLevels:
    plan, item, choices, kept = task
    trial = prepare_trial(item, plan.sources[item], plan.anchor_source, choices)
    kept.offer(item, trial)
    return measure_trial(trial)


def _write_trial(
    task: tuple[_Plan, str, Path, Choices, float | None, TrialLevels | None, KeptTrials],
) -> WrittenTrial:
    plan, item, folder, choices, target, levels, kept = task
    trial = kept.take(item) or prepare_trial(item, plan.sources[item], plan.anchor_source, choices)
    if target is not None:
        trial = align_trial(trial, levels or measure_trial(trial), target)
    files: dict[str, str] = {}
    (folder / "audio" / item).mkdir(parents=True)
    for name in plan.names:
        path = _path(item, name)
        seed = crc32(f"{choices.seed}/{path}".encode())
        subtype: Literal["PCM_16", "PCM_24"] = "PCM_24" if choices.bits == 24 else "PCM_16"
        write_audio(folder / path, trial.sounds[name], trial.sample_rate, subtype, seed=seed)
        files[path] = sha256_of(folder / path)
    seconds = len(trial.sounds[plan.names[0]]) / trial.sample_rate
    return WrittenTrial(item, files, seconds, tuple(_gather(item, plan.names, trial.warnings)))


def _gather(item: str, names: list[str], warnings: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield each warning once, with the conditions of the item that it is about."""
    for text in dict.fromkeys(text for name in names for text in warnings.get(name, ())):
        about = [name for name in names if text in warnings.get(name, ())]
        yield f"{item}: {text}" if len(about) == len(names) else f"{item}: {', '.join(about)}: {text}"


def _path(item: str, condition: str) -> str:
    return f"audio/{item}/{condition}.wav"
