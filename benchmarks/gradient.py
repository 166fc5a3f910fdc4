"""The gradient baselines compared with plain Captum, and two metrics with Quantus, on a batch of clips.

    python -m benchmarks.gradient [--clips 8] [--seconds 2] [--width 256] [--repeats 5] [--threads 1]

Ours is what `mask` calls: it gets the batch; the peer gets one clip at a time. Both start from waveforms and
end with attributions.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.loading.captum_plainly import METHODS, explain_one_by_one
from benchmarks.loading.measure import format_seconds, ratio, time_in_turn, versions
from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import log_magnitude
from interpreter.classifier.modes import hold_in_eval
from interpreter.explainers.captum_calls import silence_captum
from interpreter.explainers.gradient.by_name import GRADIENT_METHODS
from interpreter.explainers.spectral import Picture, PictureModel
from interpreter.faithfulness.functional import comp, sps

CLASSES, RATE = 10, 16000
# Captum stretches GradCAM's columns evenly over the bins; ours puts them where the mel bands are by default.
OPTIONS = {"gradcam": {"frequency_axis": "linear"}}


def make_clips(count: int, samples: int, rate: int) -> Tensor:
    """Return tones in noise, each at another frequency."""
    generator = torch.Generator().manual_seed(1)
    time = torch.arange(samples) / rate
    hertz = torch.logspace(2.3, 3.7, count)[:, None]
    return 0.3 * torch.sin(6.2832 * hertz * time) + 0.02 * torch.randn(count, samples, generator=generator)


def make_classifier(width: int, clips: Tensor) -> CnnClassifier:
    """Return a classifier of random weights that tells the clips apart: its batch norms have seen them."""
    torch.manual_seed(0)
    labels = [f"class {number}" for number in range(CLASSES)]
    classifier = CnnClassifier(labels, embedding_dim=width, dropout=0.0)
    for module in classifier.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the average of all that it sees, without the values it began with
    with torch.no_grad():
        classifier(clips)
    return classifier.eval()


def explain_together(name: str, classifier: CnnClassifier, clips: Tensor, target: Tensor) -> Tensor:
    """Return the attributions `[B, T, F]` of a batch of clips."""
    explainer = GRADIENT_METHODS[name](classifier, **OPTIONS.get(name, {}))  # type: ignore[arg-type]
    spectrum = classifier.front_end.stft(clips)
    picture = Picture(clips, spectrum, log_magnitude(spectrum))
    model = PictureModel(classifier, classifier.front_end, picture)
    with silence_captum():
        return explainer.attribute(model, picture, target).detach()


def methods(names: list[str], classifier: CnnClassifier, clips: Tensor, repeats: int) -> None:
    """Print one row per method."""
    with torch.no_grad():
        target = classifier(clips).argmax(dim=1)
    print("| method | Captum, clip by clip | ours | Captum / ours | largest relative difference |")
    print("|---|---:|---:|---:|---:|")
    for name in names:
        found: dict[str, Tensor] = {}

        def peer(name: str = name, found: dict[str, Tensor] = found) -> None:
            found["peer"] = explain_one_by_one(name, classifier, clips, target)

        def report_ours(name: str = name, found: dict[str, Tensor] = found) -> None:
            found["ours"] = explain_together(name, classifier, clips, target)

        with hold_in_eval(classifier):
            seconds = time_in_turn({"peer": peer, "ours": report_ours}, repeats)
        scale = found["peer"].abs().flatten(1).amax(dim=1)
        apart = (found["ours"] - found["peer"]).abs().flatten(1).amax(dim=1)
        apart = apart / torch.where(scale > 0, scale, 1.0)  # GradCAM's map may be zero everywhere
        print(
            f"| {name} | {format_seconds(seconds['peer'])} | {format_seconds(seconds['ours'])} "
            f"| {ratio(seconds['peer'], seconds['ours'])} | {float(apart.max()):.1e} |",
            flush=True,
        )


def metrics(pictures: Tensor, repeats: int) -> None:
    """Print one row per metric; Quantus gets the whole batch and goes through it by itself."""
    warnings.simplefilter("ignore")
    from quantus.metrics.complexity.complexity import Complexity
    from quantus.metrics.complexity.sparseness import Sparseness

    print("\n| metric | Quantus | ours | Quantus / ours | largest relative difference |")
    print("|---|---:|---:|---:|---:|")
    batch = pictures[:, None].numpy().astype(np.float64)
    labels = np.zeros(len(batch), dtype=int)
    options: dict[str, Any] = {"disable_warnings": True, "return_aggregate": False}
    pairs: dict[str, tuple[Any, Callable[[Tensor], Tensor]]] = {
        "sparseness": (Sparseness(**options), sps),
        "complexity": (Complexity(normalise=False, **options), comp),
    }
    for name, (metric, formula) in pairs.items():

        def peer(metric: Any = metric) -> np.ndarray:
            return np.array(metric(model=None, x_batch=batch, y_batch=labels, a_batch=batch.copy()))

        def report_ours(formula: Callable[[Tensor], Tensor] = formula) -> np.ndarray:
            return formula(torch.from_numpy(batch)).numpy()

        seconds = time_in_turn({"peer": peer, "ours": report_ours}, repeats)
        apart = np.abs(peer() / report_ours() - 1).max()
        print(
            f"| {name} | {format_seconds(seconds['peer'])} | {format_seconds(seconds['ours'])} "
            f"| {ratio(seconds['peer'], seconds['ours'])} | {apart:.1e} |",
            flush=True,
        )


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--width", type=int, default=256, help="of CNN14; the paper's is 2048")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    samples = round(chosen.seconds * RATE)
    clips = make_clips(chosen.clips, samples, RATE)
    classifier = make_classifier(chosen.width, clips)
    print("## Gradient baselines and metrics\n")
    print(
        f"{chosen.clips} clips of {chosen.seconds:g} s, CNN14 of width {chosen.width} on the CPU with "
        f"{chosen.threads} thread(s); medians of {chosen.repeats} (least to most), in turn. Peers: "
        f"{versions('captum', 'quantus')}, with the same hyperparameters and draws. Ours goes clip by clip "
        "too if each clip has its own draws or range (SmoothGrad, integrated gradients, SHAP).\n"
    )
    methods(chosen.methods, classifier, clips, chosen.repeats)
    metrics(classifier.front_end.log_magnitude(clips), chosen.repeats)


if __name__ == "__main__":
    main()
