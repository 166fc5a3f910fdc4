"""How much one explanation for all metrics saves against one explanation for each metric.

The work is the same seven metrics of the same 32 clips in batches of the same size; the one-pass side adds
mask statistics and scores against the stems. Networks have the shape of the preset `tiny` and random weights.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# This folder holds a script that is called like the package; only the root may be searched.
sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import Tensor  # noqa: E402

from interpreter.contamination import Items  # noqa: E402
from interpreter.evaluate import evaluate_items, prepared  # noqa: E402
from interpreter.explainer import Explainer  # noqa: E402
from interpreter.faithfulness import ad, ag, ai, comp, ff, fid_in, sps  # noqa: E402
from interpreter.gradient import GradCamExplainer  # noqa: E402
from interpreter.lmac_td import LmacTd  # noqa: E402
from interpreter.networks import build_classifier, build_lmac_td  # noqa: E402
from interpreter.presets import load_config  # noqa: E402
from interpreter.spectral import front_end_of  # noqa: E402
from interpreter.types import Explanation  # noqa: E402
from stimuli import Dataset  # noqa: E402
from stimuli.soundscapes import make_soundscapes, write_soundscapes  # noqa: E402

CLIPS, BATCH, RUNS = 32, 8, 3

Metric = Callable[[Explanation, Callable[[Tensor], Tensor]], Tensor]

METRICS: tuple[Metric, ...] = (
    lambda e, picture: ai(e.probability_before, e.probability_in, e.target),
    lambda e, picture: ad(e.probability_before, e.probability_in, e.target),
    lambda e, picture: ag(e.probability_before, e.probability_in, e.target),
    lambda e, picture: ff(e.probability_before, e.probability_out, e.target),
    lambda e, picture: fid_in(e.probability_in, e.target),
    lambda e, picture: sps(picture(e.interpretation)),
    lambda e, picture: comp(picture(e.interpretation)),
)


def once(explainer: Explainer, dataset: Dataset) -> None:
    """Score the clips as `listenable evaluate` does."""
    evaluate_items([explainer], dataset, floors=False, batch_size=BATCH)


def once_a_metric(explainer: Explainer, dataset: Dataset) -> None:
    """Score the clips with an explanation for each metric."""
    items = Items(dataset, explainer.classifier.sample_rate)
    picture = front_end_of(explainer.classifier).log_magnitude
    for metric in METRICS:
        for start in range(0, CLIPS, BATCH):
            clips = np.stack([items[number].waveform for number in range(start, start + BATCH)])
            waveforms = prepared(torch.from_numpy(clips), explainer.classifier)
            metric(explainer.explain(waveforms), picture)


def median_seconds(
    work: Callable[[Explainer, Dataset], None], explainer: Explainer, dataset: Dataset
) -> float:
    """Time `work` in this process's CPU seconds, which other programs on the machine do not lengthen."""
    times = []
    for _ in range(RUNS):
        begin = time.process_time()
        work(explainer, dataset)
        times.append(time.process_time() - begin)
    return statistics.median(times)


def explainers(labels: tuple[str, ...]) -> list[Explainer]:
    """Make the methods that are timed, on one classifier."""
    torch.manual_seed(0)
    classifier = build_classifier(load_config("classifier", "tiny"), labels).eval()
    network = build_lmac_td(load_config("lmac-td", "tiny"), classifier).eval()
    return [
        LmacTd(classifier, network),
        GradCamExplainer(classifier),
    ]


if __name__ == "__main__":
    torch.set_num_threads(1)
    print("## Evaluation\n")
    print(
        f"{CLIPS} clips of 2 s, preset `tiny`, batches of {BATCH}, one core, CPU seconds, median of {RUNS}.\n"
    )
    print("| method | one explanation for all metrics | one for each metric | ratio |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        write_soundscapes(folder, make_soundscapes(classes=4, clips=8))
        data = Dataset.load(folder)
        for method in explainers(data.labels):
            once(method, data)
            fast, slow = (median_seconds(work, method, data) for work in (once, once_a_metric))
            print(f"| {method.label} | {fast:.2f} | {slow:.2f} | {slow / fast:.1f} |")
