"""From trained explainers and a data set to a stimuli set: the input and its interpretations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from interpreter import Explainer
from interpreter.distributed import all_gather, processes, raise_on_all_ranks, rank, shard
from interpreter.explainers.targets import Question
from interpreter.loading import hash_weights
from stimuli import Clip, Condition, Dataset, Manifest, refuse_seed, sha256_of
from study_builder.config.roles import REFERENCE
from study_builder.errors import RenderError
from study_builder.rendering.explaining import Rendering, answer_of, conditions_of, explain_item
from study_builder.rendering.item_selection import (
    Answer,
    balance_order,
    choose,
    choose_picked,
    item_name,
    read_picks,
)
from study_builder.rendering.stimuli_set import (
    RenderedItem,
    RenderProgress,
    refuse_folder,
    write_item,
)

if TYPE_CHECKING:
    import torch

__all__ = ["processes", "rank", "render", "render_set"]

Task = TypeVar("Task")
Result = TypeVar("Result")
Numbered = tuple[int, Answer]
Track = Callable[[Iterable["RenderedItem"], int], Iterable["RenderedItem"]]


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
    device: str | torch.device = "cpu",
    command: str = "",
    track: Track | None = None,
    classifier: str | None = None,
    target: str | None = None,
    against: str | None = None,
    rank: int = 1,
) -> Manifest:
    """Render a stimuli set; started again after an interruption, it resumes.

    Items take turns over the classes, in an order drawn from `seed`; with `correct_only`, clips that the
    classifier gets wrong are passed over. The conditions are the input (`reference`) and each explainer's
    interpretation for the predicted class, with a level common to all sounds of the item.

    Where `torch.distributed` runs (`processes` starts it), each process renders its share of the items; the
    first writes the manifest and shows the progress, and all return the same.

    Args:
        runs: runs of trained explainers, of one classifier; or the classifier's own, if `methods` are given.
        data: a data set.
        out: folder of the set.
        methods: names of methods without training, which explain the same classifier.
        fold: take only clips of this fold.
        items: how many.
        seed: of the choice.
        pick: a file that names the clips.
        correct_only: whether to choose among correctly classified clips.
        residuals: whether to store what the masks removed next to the set.
        duration_s: length to trim or pad clips to; None keeps their own.
        device: where the networks run.
        command: kept in the manifest.
        track: wraps the items, with their number, for a progress bar.
        classifier: the classifier, if it is not that of the runs: `package.module:factory` or `hf:NAME`.
        target: the class to explain in every clip; the predicted one if None.
        against: the class that `target` is compared with.
        rank: which answer of the classifier to explain if there is no `target`: 1 is the predicted class.

    Returns:
        The manifest, which has been written.

    Raises:
        RenderError: the data or the folder cannot make this set.
        InterpreterError: the runs cannot be used together.
        SeedError: the seed is negative or has more than 64 bits.
    """
    refuse_seed(seed)
    if duration_s is not None and not 0 < duration_s < inf:
        raise RenderError(f"the length of clips is {duration_s:g} s; expected more than 0 s (--seconds)")
    dataset = Dataset.load(data)
    dataset = dataset if fold is None else dataset.folds(fold)
    rendering = Rendering(
        explainers=conditions_of([Path(run) for run in runs], methods, device, classifier),
        dataset=dataset,
        items=items,
        seed=seed,
        correct_only=correct_only,
        picks=None if pick is None else tuple(read_picks(pick, dataset.clips)),
        residuals=residuals,
        duration_s=duration_s,
        question=Question(target, against, rank),
    )
    fingerprint = " ".join(sha256_of(Path(run) / "run.json") for run in runs)
    if classifier is not None:
        fingerprint += f" {classifier} {hash_weights(rendering.first.classifier)}"
    return render_set(rendering, Path(out), command=command, fingerprint=fingerprint, track=track)


def render_set(
    rendering: Rendering, out: Path, *, command: str = "", fingerprint: str = "", track: Track | None = None
) -> Manifest:
    """Render a stimuli set from loaded explainers; see `render`."""
    refuse_folder(out)
    chosen = list(enumerate(_choose_clips(rendering), start=1))
    progress = RenderProgress(out, _settings(rendering, fingerprint))
    _run_everywhere(lambda some: [progress.begin() for _ in some], [None])  # once, and all wait for it

    def render_share(share: Sequence[Numbered]) -> Iterable[RenderedItem]:
        items = _render_items(rendering, share, progress)
        return items if track is None or rank() > 0 else track(items, len(share))

    done = _run_everywhere(render_share, chosen)
    manifest = Manifest(
        name=out.resolve().name,
        command=command,
        seed=rendering.seed,
        conditions=_conditions(rendering.explainers),
        items=tuple(one.item for one in done),
        stimuli=tuple(stimulus for one in done for stimulus in one.stimuli),
    )
    if rank() == 0:
        manifest.save(out)
        progress.remove()
    return manifest


def _run_everywhere(
    work: Callable[[Sequence[Task]], Iterable[Result]], tasks: Sequence[Task]
) -> list[Result]:
    """Return the results of all tasks, in order: each process works on its share.

    Bad input that one process meets is raised by all of them.
    """
    numbers = shard(range(len(tasks)))
    done: list[tuple[int, Result]] = []
    with raise_on_all_ranks():
        done += zip(numbers, work([tasks[number] for number in numbers]), strict=True)
    return [result for _, result in sorted(all_gather(done), key=lambda one: one[0])]


def _conditions(explainers: dict[str, Explainer]) -> tuple[Condition, ...]:
    methods = [Condition(name=name, role="method", label=one.label) for name, one in explainers.items()]
    return (Condition(name=REFERENCE, role="reference", label="Input"), *methods)


def _choose_clips(rendering: Rendering) -> list[Answer]:
    """Return the clips that become items, with the classifier's answers."""
    dataset, picks = rendering.dataset, rendering.picks

    def ask(clips: Sequence[Clip]) -> list[Answer]:
        return _run_everywhere(lambda share: (answer_of(rendering, clip) for clip in share), clips)

    if picks is not None:
        return choose_picked(picks, ask)
    clips = list(balance_order(dataset.clips, rendering.seed))
    chosen = choose(clips, rendering.items, ask, rendering.correct_only)
    if len(chosen) < rendering.items:
        kind = "correctly classified " if rendering.correct_only else ""
        raise RenderError(
            f"{dataset.root}: only {len(chosen)} of {rendering.items} items could be chosen; "
            f"expected as many {kind}clips that are not silent (--items asks for fewer, --any takes all)"
        )
    return chosen


def _render_items(
    rendering: Rendering, share: Sequence[Numbered], progress: RenderProgress
) -> Iterator[RenderedItem]:
    """Yield items in order; while a method explains one, the sounds of the last are being written."""
    with ThreadPoolExecutor(1) as writer:
        waiting: Future[RenderedItem] | None = None
        for number, answer in share:
            finished = progress.load(item_name(answer.clip, number))
            if finished is None:
                sounds = explain_item(rendering, answer, number)
                following = writer.submit(write_item, sounds, rendering.seed, progress)
            else:
                following = writer.submit(_keep_item, finished)
            if waiting is not None:
                yield waiting.result()
            waiting = following
        if waiting is not None:
            yield waiting.result()


def _keep_item(item: RenderedItem) -> RenderedItem:
    return item


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
        **rendering.question.record,
    }
