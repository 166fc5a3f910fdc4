"""One evaluation from folders to files: load, explain, score, write."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import torch
from torch import nn

from interpreter.classifier.capabilities import takes_texts, to_classifier_level
from interpreter.distributed import rank
from interpreter.errors import ConfigError
from interpreter.evaluation.comparison import duration_of, explainers_of
from interpreter.evaluation.finished_batches import FinishedBatches
from interpreter.evaluation.leaderboard import render_leaderboard
from interpreter.evaluation.mask_sources import MASK_SOURCES, mask_sources
from interpreter.evaluation.model_randomisation import randomisation_check
from interpreter.evaluation.oracle import ORACLE
from interpreter.evaluation.samples import sample_methods
from interpreter.evaluation.scoring import Progress, evaluate_items
from interpreter.evaluation.settings import Items, Setting, Source
from interpreter.evaluation.summary import summarise
from interpreter.evaluation.tables import write_tables
from interpreter.evaluation.trivial_masks import FLOORS
from interpreter.explainers.base import Explainer
from interpreter.explainers.targets import Question
from interpreter.faithfulness import PictureOf
from interpreter.loading import hash_weights, load_classifier
from interpreter.noise import choose_noise
from interpreter.runs.folder import CHECKPOINT, sha256, versions
from interpreter.types import Classifier
from stimuli import Dataset, refuse_seed
from stimuli.files import write_text

SCHEMA_VERSION = 1
CONTAMINANT_FOLD = 5  # the fold that the paper's code mixes in
_BOUNDS_RANDOMISED = dict.fromkeys((*FLOORS, ORACLE), 1.0)  # they never look at the classifier


@dataclass(frozen=True)
class EvaluationPlan:
    """What to evaluate; the fields are the options of `listenable evaluate`."""

    runs: tuple[Path, ...]
    data: Path
    methods: tuple[str, ...] = ()
    fold: int = 4
    setting: str = "clean"
    snr: str = "paper"
    sounds: Path | None = None
    contaminant_fold: int | None = None
    second_classifier: Path | None = None
    floors: bool = True
    sanity: int = 8
    picture_of: str = "interpretation"
    duration_s: float | None = None
    limit: int | None = None
    batch_size: int = 8
    seed: int = 0
    classifier: str | None = None
    rank: int = 1
    target: str | None = None
    against: str | None = None


def evaluate_runs(
    plan: EvaluationPlan,
    out: Path,
    device: str | torch.device = "cpu",
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Evaluate, write the table, with the items and the record next to it, and return the table.

    Started again after an interruption, it resumes after the last finished batch. Of several processes the
    first writes, and is the only one to return the column `randomised`.

    Args:
        plan: what to evaluate.
        out: the table, a name that ends in `.csv`. `.md`, `.tex`, `.json` (what was evaluated, how),
            `.items.csv` and the leaderboard, `.html`, are written next to it.
        device: where everything runs.
        progress: called after each batch.

    Raises:
        ConfigError: `out` does not end in `.csv`.
    """
    if out.suffix.lower() != ".csv":
        raise ConfigError(
            f"{out}: the table is a CSV and its other forms are written next to it; expected a name that "
            "ends in .csv"
        )
    refuse_seed(plan.seed)
    explainers = explainers_of(plan.runs, plan.methods, device, plan.batch_size, plan.classifier)
    whole = Dataset.load(plan.data)
    _use_labels(explainers, whole.labels)
    question = Question(plan.target, plan.against, plan.rank)
    explainers, target = _aim(explainers, question, plan)
    chosen = limit_clips(_clips_of(whole.folds(plan.fold), plan), plan.limit)
    judge = None if plan.second_classifier is None else load_classifier(plan.second_classifier, device)
    items = Items(
        dataset=chosen,
        sample_rate=next(iter(explainers.values())).classifier.sample_rate,
        setting=cast(Setting, plan.setting),
        seed=plan.seed,
        snr=_snr(plan.snr),
        duration_s=plan.duration_s if plan.duration_s is not None else duration_of(plan.runs),
        pool=_pool(whole, plan) if plan.setting == "mixtures" else None,
        sounds=plan.sounds,
    )
    record = _record(plan, explainers, items)
    finished = FinishedBatches(out.with_name(f".{out.name}.part"), record, rank())
    figures = evaluate_items(
        explainers,
        items,
        second_classifier=judge,
        floors=plan.floors,
        batch_size=plan.batch_size,
        picture_of=cast(PictureOf, plan.picture_of),
        progress=progress,
        finished=finished,
        answer=plan.rank,
        target=target,
    )
    table = summarise(figures, plan.seed)
    if rank() > 0:
        return table
    if plan.sanity:
        for column, values in _sanity(explainers, items, plan).items():
            table[column] = table["method"].map(values)
    write_tables(table, out)
    rows = figures.to_csv(index=False, float_format="%.9g", lineterminator="\n")
    write_text(out.with_suffix(".items.csv"), rows)
    write_text(out.with_suffix(".json"), json.dumps(record, indent=2) + "\n")
    samples = sample_methods(explainers, items, figures)
    title = f"{items.dataset.root.resolve().name}, fold {plan.fold}, {plan.setting}"
    write_text(out.with_suffix(".html"), render_leaderboard(table, figures, samples, title))
    finished.remove()
    return table


def _aim(
    explainers: dict[str, Explainer], question: Question, plan: EvaluationPlan
) -> tuple[dict[str, Explainer], int | None]:
    """Return the explainers to ask, and the class to ask about in every clip, or None for an answer.

    Raises:
        ConfigError: a second classifier, which does not know a difference of two classes.
    """
    if plan.against is not None and plan.second_classifier is not None:
        raise ConfigError(
            "a second classifier has no verdict on a difference of two classes; expected one of "
            "--against and --second-classifier"
        )
    aimed = {name: question.put_to(explainer) for name, explainer in explainers.items()}
    first = _classifier_of({name: explainer for name, (explainer, _) in aimed.items()})
    for explainer, _ in aimed.values():
        explainer.classifier = first  # one for all, so that clips are heard once
    return {name: explainer for name, (explainer, _) in aimed.items()}, next(iter(aimed.values()))[1]


def _clips_of(dataset: Dataset, plan: EvaluationPlan) -> Dataset:
    """Return the clips to explain: of a difference, those of the class that is argued for.

    Raises:
        ConfigError: there are none.
    """
    if plan.against is None:
        return dataset
    own = [clip for clip in dataset.clips if clip.category == plan.target]
    if not own:
        raise ConfigError(
            f"{dataset.root}: no clip of the class {plan.target!r} in fold {plan.fold}; expected some, "
            "since a difference is explained in clips of the class that --target names"
        )
    return dataset.select(own)


def _use_labels(explainers: dict[str, Explainer], labels: Sequence[str]) -> None:
    """Give a classifier whose classes are texts those of the data set."""
    classifier = _classifier_of(explainers)
    if takes_texts(classifier):
        asked = classifier.replace_labels(labels)
        for explainer in explainers.values():
            explainer.classifier = asked


def limit_clips(dataset: Dataset, limit: int | None) -> Dataset:
    """Return `limit` clips of a data set, evenly spread over its index; all of them for None."""
    if limit is None or limit >= len(dataset.clips):
        return dataset
    kept = np.linspace(0, len(dataset.clips) - 1, limit).round().astype(int)
    return dataset.select(dataset.clips[at] for at in kept)


def _snr(text: str) -> Source | float:
    if text in ("paper", "official"):
        return cast(Source, text)
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"snr is {text!r}; expected paper, official or a number of dB") from None


def _pool(whole: Dataset, plan: EvaluationPlan) -> Dataset:
    """Return the clips to mix in: the asked fold's, else fold 5's, else all that are not explained."""
    if plan.contaminant_fold is not None:
        return whole.folds(plan.contaminant_fold)
    if CONTAMINANT_FOLD in whole.fold_numbers and plan.fold != CONTAMINANT_FOLD:
        return whole.folds(CONTAMINANT_FOLD)
    others = [number for number in whole.fold_numbers if number != plan.fold]
    return whole.folds(*others) if others else whole


def _sanity(
    explainers: dict[str, Explainer], items: Items, plan: EvaluationPlan
) -> dict[str, dict[str, float]]:
    """Return the checks on a few items, by column and method: random weights, another sound, other maps."""
    count = min(plan.sanity, len(items))
    numbers = np.linspace(0, len(items) - 1, count).round().astype(int)
    raw = torch.from_numpy(np.stack([items[int(number)].waveform for number in numbers]))
    classifier = _classifier_of(explainers)
    clips = to_classifier_level(raw, classifier)
    randomised = {
        name: float(randomisation_check(explainer, clips, seed=plan.seed)["similarity"].iloc[0])
        for name, explainer in explainers.items()
        if isinstance(classifier, nn.Module)  # the weights of others cannot be drawn again
    }
    floors = {name: floor(classifier, plan.batch_size, plan.seed) for name, floor in FLOORS.items()}
    changes = {name: mask_sources(explainer, clips) for name, explainer in (explainers | floors).items()}
    return {
        "randomised": randomised | _BOUNDS_RANDOMISED,
        **{column: {name: values[column] for name, values in changes.items()} for column in MASK_SOURCES},
    }


def _record(plan: EvaluationPlan, explainers: dict[str, Explainer], items: Items) -> dict[str, Any]:
    runs = (*plan.runs, plan.second_classifier) if plan.second_classifier else plan.runs
    return {
        "schema_version": SCHEMA_VERSION,
        **{name: _to_plain(value) for name, value in asdict(plan).items()},
        "snr_db": items.snr_db,
        "sounds_used": None if plan.sounds is None else str(choose_noise(plan.sounds, "evaluation")),
        "duration_s": items.length_s,
        "passed_over": [clip.filename for clip in items.passed_over],
        "data_sha256": items.dataset.sha256,
        "samples_sha256": items.dataset.samples_sha256,
        "pool_sha256": None if items.pool is None else items.pool.sha256,
        "classifier_sha256": None if plan.classifier is None else hash_weights(_classifier_of(explainers)),
        "checkpoints": {str(run): sha256(run / CHECKPOINT) for run in runs},
        "explainers": {
            name: {"method": e.name, "label": e.label, "settings": dict(e.settings)}
            for name, e in explainers.items()
        },
        "versions": versions(),
    }


def _classifier_of(explainers: dict[str, Explainer]) -> Classifier:
    return next(iter(explainers.values())).classifier


def _to_plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    return [_to_plain(part) for part in value] if isinstance(value, tuple) else value
