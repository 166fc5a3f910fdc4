"""The methods that perturb, next to their peers where these are installed: one clip, one explanation.

    python -m benchmarks.perturbation [--seconds 5] [--width 128] [--samples 128] [--audiolime CHECKOUT]

Peers are Captum, `lime` if it is installed, and audioLIME, which is on no package index, from a checkout of
CPJKU/audioLIME. Everybody asks the same classifier as many times, 16 sounds at a time. Ours ends with two
sounds and their probabilities, the peers with coefficients.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import torch
from captum.attr import KernelShap, Occlusion
from torch import Tensor

from benchmarks.gradient import RATE, make_classifier, make_clips
from benchmarks.loading.measure import format_seconds, ratio, time_in_turn, versions
from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.explainers.gradient.shap import patches
from interpreter.explainers.perturbation.components import MASKS, split_by_masks
from interpreter.explainers.perturbation.lime import LimeExplainer
from interpreter.explainers.perturbation.segments import cut_frequency, cut_time, number_segments
from interpreter.explainers.untrained import UNTRAINED_METHODS

AT_A_TIME, SEGMENTS, PATCH, PIECES = 16, (6, 4), (32, 64), 5
Peer = Callable[[], Any]


class Asked:
    """One clip and what the peers ask about it, as arrays."""

    def __init__(self, classifier: CnnClassifier, clip: Tensor, samples: int) -> None:
        self.classifier, self.clip, self.samples = classifier, clip, samples
        self.picture = classifier.front_end.log_magnitude(clip)
        with torch.no_grad():
            self.target = int(classifier(clip).argmax())

    def of_pictures(self, pictures: Tensor) -> Tensor:
        """Return probabilities of pictures `[n, T, F]`."""
        return self.classifier.from_log_spectrogram(pictures).softmax(dim=1)

    def of_images(self, images: np.ndarray) -> np.ndarray:
        """Return probabilities of images `[n, T, F, 3]`, which is what `lime` makes of pictures."""
        with torch.no_grad():
            answers: np.ndarray = self.of_pictures(torch.from_numpy(images[..., 0]).float()).numpy()
        return answers

    def of_sounds(self, sounds: np.ndarray) -> np.ndarray:
        """Return probabilities of sounds `[n, samples]`."""
        with torch.no_grad():
            return self.classifier(torch.from_numpy(sounds).float()).softmax(dim=1).numpy()


def ask_lime(asked: Asked) -> Peer | None:
    """Return a call of `lime`'s image explainer on the same blocks, or None where it is not installed."""
    if find_spec("lime") is None:
        return None
    explainer_class = import_module("lime.lime_image").LimeImageExplainer
    frames = asked.picture.shape[1]
    shares = cut_frequency(asked.classifier.front_end, SEGMENTS[1], "linear")
    labels = number_segments(cut_time(frames, SEGMENTS[0]), shares).numpy()
    image = asked.picture[0].double().numpy()
    return lambda: explainer_class(random_state=0, verbose=False).explain_instance(
        image,
        asked.of_images,
        labels=(asked.target,),
        top_labels=None,
        hide_color=0,
        num_features=100,
        num_samples=asked.samples,
        batch_size=AT_A_TIME,
        segmentation_fn=lambda _: labels,
    )


def ask_audiolime(asked: Asked, checkout: Path | None) -> Peer | None:
    """Return a call of audioLIME's explainer on the same bands and pieces, or None without a checkout."""
    if checkout is None:
        return None
    sys.path.insert(0, str(checkout))
    for name in ("regressors", "librosa"):  # imported there, and not used by the explainer
        module = ModuleType(name)
        module.stats = None  # type: ignore[attr-defined]
        sys.modules.setdefault(name, module)
    import_module("sklearn.metrics")  # audioLIME uses it without importing it
    explainer_class = import_module("audioLIME.lime_audio").LimeAudioExplainer
    clip = asked.clip[0]
    piece_of = cut_time(len(clip), PIECES).numpy()

    def explain() -> object:
        parts = split_by_masks(clip, asked.classifier.front_end, MASKS["bands"], torch.Generator()).numpy()

        def compose(chosen: np.ndarray) -> np.ndarray:
            present = np.zeros((len(parts), PIECES), dtype=parts.dtype)
            present.flat[chosen] = 1
            sound: np.ndarray = np.einsum("ms,ms->s", present[:, piece_of], parts)
            return sound

        factors = SimpleNamespace(
            get_number_components=lambda: len(parts) * PIECES, compose_model_input=compose
        )
        return explainer_class(random_state=0).explain_instance(
            factors,
            asked.of_sounds,
            labels=[asked.target],
            num_samples=asked.samples,
            batch_size=AT_A_TIME,
        )

    return explain


def ask_kernel_shap(asked: Asked) -> Peer:
    """Return a call of Captum's KernelShap on the same patches."""
    mask = patches(asked.picture, PATCH)
    return lambda: KernelShap(asked.of_pictures).attribute(
        asked.picture,
        target=asked.target,
        feature_mask=mask,
        n_samples=asked.samples,
        perturbations_per_eval=AT_A_TIME,
    )


def ask_occlusion(asked: Asked) -> Peer:
    """Return a call of Captum's Occlusion with the same patch."""
    return lambda: Occlusion(asked.classifier.from_log_spectrogram).attribute(
        asked.picture,
        sliding_window_shapes=PATCH,
        strides=PATCH,
        target=asked.target,
        perturbations_per_eval=AT_A_TIME,
    )


def report_times(asked: Asked, checkout: Path | None, repeats: int) -> None:
    """Print one row per method."""
    n = asked.samples
    rows: dict[str, tuple[str, dict[str, object], tuple[str, Peer | None]]] = {
        f"`lime`, {n} pictures": ("lime", {"samples": n}, ("lime", ask_lime(asked))),
        f"`slime`, 6 x 4, {n} pictures": ("slime", {"segments": SEGMENTS, "samples": n}, ("", None)),
        f"`audiolime`, bands, {n} sounds": (
            "audiolime",
            {"components": "bands", "pieces": PIECES, "samples": n},
            ("audioLIME", ask_audiolime(asked, checkout)),
        ),
        f"`audiolime`, nmf, {n} sounds": ("audiolime", {"samples": n}, ("", None)),
        f"`kernel-shap`, {n} pictures": ("kernel-shap", {"samples": n}, ("Captum", ask_kernel_shap(asked))),
        "`occlusion`": ("occlusion", {}, ("Captum", ask_occlusion(asked))),
        f"`freqrise`, {n} pictures": ("freqrise", {"samples": n}, ("", None)),
        "`flextime`, 100 steps": ("flextime", {"steps": 100}, ("", None)),
        "`optimised-mask`, 100 steps": ("optimised-mask", {"steps": 100}, ("", None)),
    }
    print("| method | peer | ours | peer / ours |")
    print("|---|---:|---:|---:|")
    for title, (name, options, (who, peer)) in rows.items():
        explainer = UNTRAINED_METHODS[name](asked.classifier, **options)  # type: ignore[arg-type]
        calls: dict[str, Peer] = {"ours": lambda explainer=explainer: explainer.explain(asked.clip)}  # type: ignore[misc]
        if peer is not None:
            calls["peer"] = peer
        with torch.no_grad():
            seconds = time_in_turn(calls, repeats)
        theirs, times = (
            ("", "")
            if peer is None
            else (
                f"{who}: {format_seconds(seconds['peer'])}",
                ratio(seconds["peer"], seconds["ours"]),
            )
        )
        print(f"| {title} | {theirs} | {format_seconds(seconds['ours'])} | {times} |", flush=True)


def report_spread(asked: Asked) -> None:
    """Print how far LIME's coefficients depend on the seed."""
    print("\n| pictures asked by `lime`, 6 x 4 | standard deviation over 3 seeds, share of the largest |")
    print("|---:|---:|")
    target = torch.tensor([asked.target])
    for samples in (100, 300, 1000):
        explainer = LimeExplainer(asked.classifier, segments=SEGMENTS, samples=samples)
        largest = explainer.fit_coefficients(asked.clip, target).abs().max()
        spread = explainer.spread_over_seeds(asked.clip, target).mean() / largest
        print(f"| {samples} | {100 * float(spread):.1f} % |", flush=True)


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--width", type=int, default=128, help="of CNN14; the paper's is 2048")
    parser.add_argument("--samples", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--audiolime", type=Path, help="a checkout of CPJKU/audioLIME")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    clips = make_clips(8, round(chosen.seconds * RATE), RATE)
    classifier = make_classifier(chosen.width, clips)
    installed = ("captum", "lime") if find_spec("lime") else ("captum",)
    print("## Methods that perturb\n")
    print(
        f"One explanation of a clip of {chosen.seconds:g} s, CNN14 of width {chosen.width} on the CPU, one "
        f"thread; medians of {chosen.repeats} (least to most), in turn. Peers: {versions(*installed)}"
        f"{', audioLIME at its last commit' if chosen.audiolime else ''}, which ask as often, 16 at a time. "
        "Ours ends with two sounds and their probabilities, the peers with coefficients.\n"
    )
    asked = Asked(classifier, clips[3:4], chosen.samples)
    report_times(asked, chosen.audiolime, chosen.repeats)
    report_spread(asked)


if __name__ == "__main__":
    main()
