"""From trained explainers and a data set to a stimuli set: the input and every method's interpretation of it.

The one file of the package that works with torch.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from interpreter import Explainer
from interpreter.comparison import explainers_of
from interpreter.evaluate import prepared
from stimuli import (
    Audio,
    Clip,
    Condition,
    Dataset,
    Item,
    Manifest,
    sha256_of,
)
from study_builder.config_base import REFERENCE
from study_builder.errors import RenderError
from study_builder.render_files import ItemSounds, RenderedItem, RenderProgress, write_item
from study_builder.selection import in_balanced_order, item_name, read_picks

logger = logging.getLogger(__name__)

PROGRESS = ".rendered"

Track = Callable[[Iterable["RenderedItem"], int], Iterable["RenderedItem"]]


@dataclass(frozen=True)
class Rendering:
    """What to render.

    Attributes:
        explainers: by condition name, in order; all explain the same classifier's answers.
        dataset: the clips to choose from.
        items: how many.
        seed: of the choice and of the dither.
        correct_only: choose clips that the classifier gets right.
        picks: the clips themselves, in place of a choice.
        residuals: whether to keep what the masks removed.
        duration_s: trims or pads every clip; None keeps their own lengths.
    """

    explainers: dict[str, Explainer]
    dataset: Dataset
    items: int = 9
    seed: int = 0
    correct_only: bool = True
    picks: tuple[Clip, ...] | None = None
    residuals: bool = False
    duration_s: float | None = None

    @property
    def first(self) -> Explainer:
        """The explainer whose classifier decides."""
        return next(iter(self.explainers.values()))


def render(
    runs: Sequence[Path | str],
    data: Path | str,
    out: Path | str,
    *,
    methods: Sequence[str] = (),
    fold: int | None = None,
    items: int = 9,
    seed: int = 0,
    pick: Path | None = None,
    correct_only: bool = True,
    residuals: bool = False,
    duration_s: float | None = None,
    device: str = "cpu",
    command: str = "",
    track: Track | None = None,
) -> Manifest:
    """Render a stimuli set; started again after an interruption, it goes on where it stopped.

    Items take turns over the classes, in an order drawn from `seed`; with `correct_only`, clips that the
    classifier gets wrong are passed over. The conditions are the input (`reference`) and each explainer's
    interpretation for the predicted class, with a level common to all sounds of the item.

    Args:
        runs: runs of trained explainers, of one classifier; or the classifier's own, if `methods` are given.
        data: a data set.
        out: folder of the set.
        methods: names of methods without training, which explain the same classifier.
        fold: take clips of this fold alone.
        items: how many.
        seed: of the choice.
        pick: a file that names the clips.
        correct_only: whether to choose among correctly classified clips.
        residuals: whether to store what the masks removed beside the set.
        duration_s: length to trim or pad clips to; None keeps their own.
        device: where the networks run.
        command: kept in the manifest.
        track: wraps the items, with their number, for a progress bar.

    Returns:
        The manifest, which has been written.

    Raises:
        RenderError: the data or the folder cannot make this set.
        InterpreterError: the runs cannot be used together.
    """
    dataset = Dataset.load(data)
    dataset = dataset if fold is None else dataset.folds(fold)
    rendering = Rendering(
        explainers=conditions_of([Path(run) for run in runs], methods, device),
        dataset=dataset,
        items=items,
        seed=seed,
        correct_only=correct_only,
        picks=None if pick is None else tuple(read_picks(pick, dataset.clips)),
        residuals=residuals,
        duration_s=duration_s,
    )
    return render_set(rendering, Path(out), command=command, fingerprint=_run_hashes(runs), track=track)


def conditions_of(runs: Sequence[Path], methods: Sequence[str], device: str) -> dict[str, Explainer]:
    """Load the explainers of `runs`, and `methods` on their classifier, by names that are safe in paths.

    Raises:
        InterpreterError: there is nothing to render, or the runs are of different classifiers.
        RenderError: two conditions would have one name.
    """
    conditions: dict[str, Explainer] = {}
    for name, explainer in explainers_of(runs, methods, device).items():
        safe = re.sub(r"[^A-Za-z0-9._+-]+", "-", name).lstrip("._+-") or "method"
        if safe in conditions or safe == REFERENCE:
            raise RenderError(f"two conditions would be named '{safe}'; rename one of the runs")
        conditions[safe] = explainer
    return conditions


def _run_hashes(runs: Sequence[Path | str]) -> str:
    return " ".join(sha256_of(Path(run) / "run.json") for run in runs)


def render_set(
    rendering: Rendering, out: Path, *, command: str = "", fingerprint: str = "", track: Track | None = None
) -> Manifest:
    """Render a stimuli set from loaded explainers; see `render`."""
    if (out / "manifest.json").exists():
        raise RenderError(f"{out}: holds a stimuli set already; choose another folder")
    out.mkdir(parents=True, exist_ok=True)
    progress = RenderProgress(out / PROGRESS, _settings(rendering, fingerprint))
    rendered = _rendered(rendering, out, progress)
    done = list(rendered if track is None else track(rendered, _count(rendering)))
    if len(done) < _count(rendering):
        kind = "correctly classified " if rendering.correct_only else ""
        raise RenderError(
            f"{rendering.dataset.root}: only {len(done)} of {_count(rendering)} items could be chosen; "
            f"expected as many {kind}clips that are not silent (--items asks for fewer, --any takes all)"
        )
    manifest = Manifest(
        name=out.resolve().name,
        command=command,
        seed=rendering.seed,
        conditions=_conditions(rendering.explainers),
        items=tuple(one.item for one in done),
        stimuli=tuple(stimulus for one in done for stimulus in one.stimuli),
    )
    manifest.save(out)
    progress.remove()
    return manifest


def _count(rendering: Rendering) -> int:
    return rendering.items if rendering.picks is None else len(rendering.picks)


def _conditions(explainers: dict[str, Explainer]) -> tuple[Condition, ...]:
    methods = [Condition(name=name, role="method", label=one.label) for name, one in explainers.items()]
    return (Condition(name=REFERENCE, role="reference", label="Input"), *methods)


def _rendered(rendering: Rendering, out: Path, progress: RenderProgress) -> Iterator[RenderedItem]:
    """Yield items in order; while a method explains one, the sounds of the last are being written."""
    with ThreadPoolExecutor(1) as writer:
        waiting: Future[RenderedItem] | None = None
        for number, choice in enumerate(_chosen(rendering), start=1):
            finished = progress.load(out, item_name(choice.clip, number))
            following = (
                writer.submit(_ready, finished)
                if finished is not None
                else writer.submit(
                    write_item, out, _explain(rendering, choice, number), rendering.seed, progress
                )
            )
            if waiting is not None:
                yield waiting.result()
            waiting = following
        if waiting is not None:
            yield waiting.result()


def _ready(item: RenderedItem) -> RenderedItem:
    return item


@dataclass(frozen=True)
class _Choice:
    clip: Clip
    audio: Audio
    target: int
    probability: float


def _chosen(rendering: Rendering) -> Iterator[_Choice]:
    """Yield the clips that become items, with the classifier's answers; never a silent one."""
    classifier = rendering.first.classifier
    picked = rendering.picks is not None
    clips = rendering.picks or in_balanced_order(rendering.dataset.clips, rendering.seed)
    left = _count(rendering)
    for clip in clips:
        if left == 0:
            return
        recording = rendering.dataset.read(clip, classifier.sample_rate, rendering.duration_s)
        # The level that the classifier was trained on: its answer at another one may differ.
        audio = prepared(torch.from_numpy(recording)[None], classifier)[0].numpy()
        if not audio.any():
            if picked:
                raise RenderError(f"{clip.path}: is silent; expected a clip that can be explained")
            continue
        target, probability = _answer(rendering.first, audio)
        label = classifier.labels[target]
        if picked or not rendering.correct_only or label == clip.category:
            left -= 1
            yield _Choice(clip, audio, target, probability)


def _answer(explainer: Explainer, audio: Audio) -> tuple[int, float]:
    with torch.inference_mode():
        logits = explainer.classifier(torch.from_numpy(audio)[None].to(explainer.device))
        probability = logits.softmax(dim=-1)[0]
    target = int(probability.argmax())
    return target, float(probability[target])


def _explain(rendering: Rendering, choice: _Choice, number: int) -> ItemSounds:
    waveform = torch.from_numpy(choice.audio)[None]
    target = torch.tensor([choice.target])
    stimuli, residuals = {REFERENCE: choice.audio}, {}
    for name, explainer in rendering.explainers.items():
        explanation = explainer.explain(waveform, target.to(explainer.device))
        stimuli[name] = _numpy(explanation.interpretation, name, choice.clip)
        if rendering.residuals:
            residuals[name] = _numpy(explanation.residual, name, choice.clip)
    classifier = rendering.first.classifier
    item = Item(
        name=item_name(choice.clip, number),
        label=choice.clip.category,
        prediction=classifier.labels[choice.target],
        probability=round(min(choice.probability, 1.0), 6),
    )
    return ItemSounds(item, classifier.sample_rate, stimuli, residuals)


def _numpy(sound: torch.Tensor, name: str, clip: Clip) -> Audio:
    audio = np.asarray(sound[0].float().cpu().numpy(), dtype=np.float32)
    if not np.isfinite(audio).all():
        raise RenderError(f"{clip.path}: the interpretation of '{name}' has samples that are no numbers")
    return audio


def _settings(rendering: Rendering, fingerprint: str) -> dict[str, Any]:
    return {
        "runs": fingerprint,
        "data": rendering.dataset.sha256,
        "conditions": list(rendering.explainers),
        "seed": rendering.seed,
        "correct_only": rendering.correct_only,
        "picks": None if rendering.picks is None else [clip.filename for clip in rendering.picks],
        "residuals": rendering.residuals,
        "duration_s": rendering.duration_s,
    }
