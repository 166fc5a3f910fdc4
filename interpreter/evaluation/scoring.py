"""Evaluate explainers: each clip is explained once by each method, and every figure comes from that."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from interpreter.classifier.hearing import Hearing
from interpreter.classifier.labels import name_known
from interpreter.classifier.modes import hold_in_eval
from interpreter.distributed import all_gather, raise_on_all_ranks, rank, shard
from interpreter.errors import ConfigError
from interpreter.evaluation.batches import Batch, batch_of
from interpreter.evaluation.finished_batches import FinishedBatches
from interpreter.evaluation.ground_truth import TRUTH_SCORES, energy_overlap, si_sdr_db
from interpreter.evaluation.mask_statistics import find_silent, mask_statistics
from interpreter.evaluation.oracle import StemsOracle
from interpreter.evaluation.settings import Items, Setting, Source
from interpreter.evaluation.summary import summarise
from interpreter.evaluation.trivial_masks import FLOORS
from interpreter.explainers.base import Explainer
from interpreter.faithfulness import PictureOf, scored_picture, scores
from interpreter.types import Classifier, Explanation
from stimuli import Dataset

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with the number of batches that are done, and the total."""


def evaluate(
    explainers: Sequence[Explainer] | Mapping[str, Explainer],
    dataset: Dataset,
    setting: Setting = "clean",
    *,
    seed: int = 0,
    snr: Source | float = "paper",
    duration_s: float | None = None,
    pool: Dataset | None = None,
    sounds: Path | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Return the faithfulness table: one row per method or floor, columns as in `docs/formats.md`.

    Args:
        explainers: the methods; a mapping gives them other names than their own.
        dataset: the clips to explain.
        setting: what is mixed in; this and the next five are explained in `Items`.
        seed: of every draw, the bootstrap's included.
        snr: clip over contaminant.
        duration_s: length of every item in seconds.
        pool: clips to mix in.
        sounds: a folder of noise or speech to mix in.
        **options: the other arguments of `evaluate_items`.
    """
    rate = next(iter(_name_explainers(explainers).values())).classifier.sample_rate
    items = Items(dataset, rate, setting, seed, snr, duration_s, pool, sounds)
    return summarise(evaluate_items(explainers, items, **options), seed)


def evaluate_items(
    explainers: Sequence[Explainer] | Mapping[str, Explainer],
    items: Items,
    *,
    second_classifier: Classifier | None = None,
    floors: bool = True,
    batch_size: int = 8,
    picture_of: PictureOf = "interpretation",
    progress: Progress | None = None,
    finished: FinishedBatches | None = None,
    answer: int = 1,
    target: int | None = None,
) -> pd.DataFrame:
    """Return every figure of every item: one row per method (or floor) and item.

    If `torch.distributed` runs, each process explains its share of the batches and all return the whole
    table, which is the table that a single process makes.

    Args:
        explainers: the methods; a mapping gives them other names than their own.
        items: what to explain, at the sample rate of their classifier.
        second_classifier: trained apart; its verdict is the columns `agree_in` and `agree_out`.
        floors: whether to add the masks that know nothing (`interpreter.evaluation.trivial_masks`) and, for
            clips whose foreground is known, that foreground as the oracle.
        batch_size: clips at a time.
        picture_of: what SPS and COMP look at; see `scored_picture`.
        progress: called after each batch.
        finished: batches that it contains are not explained again; those that are done are added.
        answer: which answer of the classifier is explained: 1 is the predicted class, 2 the next.
        target: the class that is explained in every item instead.

    Raises:
        ConfigError: explainers that cannot share a table, items that are not for their classifier, or an
            answer that it does not have.
        InterpreterError: another answer than the prediction, of a method that only explains that.
    """
    methods = _name_explainers(explainers)
    for explainer in methods.values():
        explainer.refuse_rank(answer)
    first = next(iter(methods.values())).classifier
    _check_fit(items, first, known=target is None)
    _warn_of_passed_over(items)
    if floors:
        methods |= {name: floor(first, batch_size, items.seed) for name, floor in FLOORS.items()}
    judge = None if second_classifier is None else SecondOpinion(first, second_classifier)
    starts = shard(range(0, len(items), batch_size))
    done: dict[int, list[dict[str, Any]]] = {} if finished is None else dict(finished.rows)
    with raise_on_all_ranks():
        for number, start in enumerate(starts, start=1):
            if start not in done:
                batch = batch_of(items, range(start, min(start + batch_size, len(items))), first)
                rows = methods
                if floors and batch.foregrounds is not None:
                    oracle = StemsOracle(first, batch.foregrounds)
                    rows = methods | {oracle.name: oracle}
                done[start] = _explain_with_all(rows, batch, judge, picture_of, items.setting, answer, target)
                if finished is not None:
                    finished.add(start, done[start])
            if progress:
                progress(number, len(starts))
    batches = dict(all_gather(list(done.items())))
    table = pd.DataFrame([row for rows in batches.values() for row in rows])
    table = table.sort_values(["order", "index"], kind="stable")
    return table.drop(columns=["order", "index"]).reset_index(drop=True)


def _check_fit(items: Items, classifier: Classifier, *, known: bool) -> None:
    dataset = items.dataset
    if items.sample_rate != classifier.sample_rate:
        raise ConfigError(
            f"{dataset.root}: the items have {items.sample_rate} Hz; "
            f"the classifier takes {classifier.sample_rate} Hz"
        )
    unknown = sorted({clip.category for clip in dataset.clips} - set(classifier.labels))
    if unknown and known:
        raise ConfigError(
            f"{dataset.root}: the classifier does not know {unknown[0]!r}; "
            f"{name_known(classifier.labels, unknown[0])}; expected clips of its classes only"
        )


def _warn_of_passed_over(items: Items) -> None:
    if items.passed_over and rank() == 0:
        names = ", ".join(clip.filename for clip in items.passed_over)
        logger.warning(
            "Passed over %d of %d clips, silent in their first %g s: %s",
            len(items.passed_over),
            len(items.dataset.clips),
            items.length_s,
            names,
        )


def _explain_with_all(
    methods: Mapping[str, Explainer],
    batch: Batch,
    judge: SecondOpinion | None,
    picture_of: PictureOf,
    setting: Setting,
    answer: int,
    target: int | None,
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    heard: list[Hearing] = []  # methods of one classifier share what it makes of the clips
    for order, (name, explainer) in enumerate(methods.items()):
        clips = next((one for one in heard if one.classifier is explainer.classifier), None)
        if clips is None:
            clips = explainer.hear(batch.waveforms)
            heard.append(clips)
        figures = explain_batch(explainer, batch, judge, picture_of, clips, answer, target)
        shared = {"order": order, "method": name, "label": explainer.label, "setting": setting}
        rows += [{**shared, **row} for row in _rows(batch, figures, clips, target)]
    return rows


def explain_batch(
    explainer: Explainer,
    batch: Batch,
    judge: SecondOpinion | None,
    picture_of: PictureOf,
    clips: Hearing | None = None,
    answer: int = 1,
    target: int | None = None,
) -> dict[str, Tensor]:
    """Explain a batch once and return every figure of it, `[B]` each.

    Args:
        explainer: the method.
        batch: the clips.
        judge: a second classifier.
        picture_of: what SPS and COMP look at.
        clips: the batch as the method's classifier hears it, if that is known.
        answer: see `evaluate_items`.
        target: see `evaluate_items`.
    """
    clips = clips or explainer.hear(batch.waveforms)
    explanation, parts = explainer.explain_heard(clips, answer, target)
    waveforms, count = clips.waveforms, len(clips.waveforms)
    with torch.no_grad():
        pictures = (clips.log_magnitude, parts.log_magnitude[:count])
        picture = scored_picture(explanation, waveforms, clips.front_end, picture_of, pictures)
        return {
            "target": explanation.target,
            "confidence": explanation.probability_before.gather(1, explanation.target[:, None])[:, 0],
            **scores(explanation, picture),
            "silent": find_silent(explanation, waveforms),
            **mask_statistics(explanation, waveforms),
            **_truth(explanation, batch, clips, parts.spectrum[:count]),
            **(judge(explanation) if judge else {}),
        }


class SecondOpinion:
    """Asks a classifier trained apart whether it hears the target in the interpretation and in the residual.

    Args:
        first: the explained classifier, whose class numbers the targets are.
        second: the other; its labels may be in another order.
    """

    def __init__(self, first: Classifier, second: Classifier) -> None:
        missing = [label for label in first.labels if label not in second.labels]
        if missing:
            raise ConfigError(f"the second classifier does not know the class {missing[0]!r}")
        if first.sample_rate != second.sample_rate:
            raise ConfigError(
                f"the second classifier takes {second.sample_rate} Hz and the first {first.sample_rate} Hz"
            )
        self.second = second
        self.order = torch.tensor([list(second.labels).index(label) for label in first.labels])

    def __call__(self, explanation: Explanation) -> dict[str, Tensor]:
        """Return `agree_in` and `agree_out`: one where its class of i (of i_out) is the target, `[B]`."""
        both = torch.cat([explanation.interpretation, explanation.residual])
        with torch.no_grad(), hold_in_eval(self.second):
            verdict = self.second(both).argmax(dim=-1)
        wanted = self.order.to(explanation.target.device)[explanation.target]
        inside, outside = verdict.to(wanted.device).chunk(2)
        return {"agree_in": (inside == wanted).double(), "agree_out": (outside == wanted).double()}


def _truth(explanation: Explanation, batch: Batch, clips: Hearing, heard: Tensor) -> dict[str, Tensor]:
    if batch.foregrounds is None:
        return {}
    estimate = explanation.interpretation
    foreground = batch.foregrounds.to(estimate.device)
    ratio = si_sdr_db(estimate, foreground)
    event = clips.front_end.stft(foreground)
    overlap = energy_overlap(heard, event, clips.spectrum - event)
    values = (ratio, ratio - si_sdr_db(clips.waveforms, foreground), overlap)
    return dict(zip(TRUTH_SCORES, values, strict=True))


def _rows(
    batch: Batch, figures: Mapping[str, Tensor], clips: Hearing, target: int | None
) -> list[dict[str, object]]:
    labels, predicted = clips.classifier.labels, clips.probabilities.argmax(dim=-1).tolist()
    columns = {name: values.cpu().tolist() for name, values in figures.items()}
    return [
        {
            "index": batch.index + at,
            "item": item.name,
            "clip": item.clip.filename,
            "category": item.clip.category,
            "correct": labels[predicted[at]] == _find_right(item.clip.category, labels, target),
            "contaminant": item.contaminant,
            **{name: values[at] for name, values in columns.items()},
        }
        for at, item in enumerate(batch.items)
    ]


def _find_right(category: str, labels: Sequence[str], target: int | None) -> str:
    """Return the right answer for a clip: of a difference of two classes, the one that is argued for."""
    return category if target is None or category in labels else labels[target]


def _name_explainers(explainers: Sequence[Explainer] | Mapping[str, Explainer]) -> dict[str, Explainer]:
    given = list(explainers.items()) if isinstance(explainers, Mapping) else [(e.name, e) for e in explainers]
    if not given:
        raise ConfigError("no explainers to evaluate; expected at least one")
    names = [name for name, _ in given]
    methods = {name if names.count(name) == 1 else explainer.label: explainer for name, explainer in given}
    if len(methods) < len(given):
        raise ConfigError(
            f"two explainers are called {max(names, key=names.count)!r}; give each a different name"
        )
    first = given[0][1].classifier
    for name, explainer in methods.items():
        other = explainer.classifier
        if (other.sample_rate, tuple(other.labels)) != (first.sample_rate, tuple(first.labels)):
            raise ConfigError(
                f"{name} explains a classifier of other labels or another sample rate; compare them apart"
            )
    return methods
