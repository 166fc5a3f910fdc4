"""One explanation of a clip by each method, next to its peer where that is installed.

    python -m benchmarks.explanations [--seconds 5] [--width 128] [--samples 128] [--audiolime CHECKOUT]

Peers are Captum, SpeechBrain, grad-cam and `lime` (`pip install --target FOLDER grad-cam lime`, and FOLDER on
PYTHONPATH), and audioLIME, which is on no package index, from a checkout of CPJKU/audioLIME. All ask the same
classifier as many times, 16 sounds or pictures at a time, in turn, on one thread; what is compared is the
processor time of the attribution. A whole explanation has two sounds and the classifier's answers, too.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from benchmarks.gradient import RATE, make_classifier, make_clips
from benchmarks.loading.captum_plainly import METHODS
from benchmarks.loading.explanation_peers import (
    CAMS,
    PIECES,
    SEGMENTS,
    Asked,
    Call,
    ask_audiolime,
    ask_captum,
    ask_grad_cam,
    ask_guided_gradcam,
    ask_kernel_shap,
    ask_lime,
    ask_occlusion,
    ask_piq,
)
from benchmarks.loading.measure import format_seconds, ratio, time_in_turn, versions
from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.hearing import Hearing
from interpreter.classifier.modes import hold_in_eval
from interpreter.explainers.base import Explainer
from interpreter.explainers.perturbation.lime import LimeExplainer
from interpreter.explainers.piq import Piq, build_piq
from interpreter.explainers.spectral import SpectralExplainer
from interpreter.explainers.untrained import UNTRAINED_METHODS

PAPER_WIDTH = 2048


@dataclass(frozen=True)
class Row:
    """A method, its options, and who else has it."""

    name: str
    note: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    who: str = ""
    peer: Call | str = ""


def choose_rows(asked: Asked, checkout: Path | None) -> list[Row]:
    """Return all methods that need no training."""
    n = asked.samples
    bands = {"components": "bands", "pieces": PIECES, "samples": n}
    return [
        *(Row(name, "", {}, "Captum", ask_captum(name, asked)) for name in METHODS),
        Row("guided-gradcam", "", {}, "Captum", ask_guided_gradcam(asked)),
        *(Row(name, "", {}, "grad-cam", ask_grad_cam(name, asked)) for name in CAMS),
        Row("occlusion", "", {}, "Captum", ask_occlusion(asked)),
        Row("kernel-shap", f"{n} pictures", {"samples": n}, "Captum", ask_kernel_shap(asked)),
        Row("lime", f"{n} pictures", {"samples": n}, "lime", ask_lime(asked)),
        Row("slime", f"6 x 4, {n} pictures", {"segments": SEGMENTS, "samples": n}),
        Row("audiolime", f"bands, {n} sounds", bands, "audioLIME", ask_audiolime(asked, checkout)),
        Row("audiolime", f"nmf, {n} sounds", {"samples": n}),
        Row("freqrise", f"{n} pictures", {"samples": n}),
        Row("flextime", "100 steps", {"steps": 100}),
        Row("optimised-mask", "100 steps", {"steps": 100}),
    ]


def attribute(explainer: Explainer, clip: Tensor, target: Tensor) -> Call:
    """Return a call of only the attribution: the mask of spectral methods, the parts of others."""
    if isinstance(explainer, SpectralExplainer):
        return partial(explainer.mask, explainer.picture(clip), target)
    return partial(explainer.separate, clip, target)


def report_times(asked: Asked, rows: list[Row], repeats: int) -> list[str]:
    """Print one line per method; return the peers that are missing."""
    print("| method | peer | ours | peer / ours | ours, with sounds and their probabilities |")
    print("|---|---:|---:|---:|---:|")
    missing: list[str] = []
    target = torch.tensor([asked.target])
    for row in rows:
        explainer = UNTRAINED_METHODS[row.name](asked.classifier, **row.options)
        calls = {
            "ours": attribute(explainer, asked.clip, target),
            "whole": partial(explainer.explain, asked.clip),
        }
        report_row(f"`{row.name}`" + (f", {row.note}" if row.note else ""), row.who, row.peer, calls, repeats)
        if isinstance(row.peer, str) and row.peer:
            missing.append(row.peer)
    return missing


def report_piq(asked: Asked, repeats: int) -> list[str]:
    """Print the line of PIQ at the paper's size, whose classifier is not the others'."""
    classifier = CnnClassifier(asked.classifier.labels, embedding_dim=PAPER_WIDTH, dropout=0.0).eval()
    config = SimpleNamespace(codes=1024, code_width=256, psi_width=256, duration_s=asked.clip.shape[1] / RATE)
    explainer = Piq(classifier, build_piq(config, classifier).eval())  # type: ignore[arg-type]
    heard = Hearing(classifier, asked.clip)
    with torch.no_grad():
        frames, bins = heard.log_magnitude.shape[1:]
        maps, target = heard.representations, heard.logits.argmax(dim=1)
    calls = {
        "ours": partial(explainer.draw, maps, target, frames, bins),
        "whole": partial(explainer.explain, asked.clip),
    }
    peer = ask_piq(len(classifier.labels))
    report_row("`piq`, paper's size, from maps to mask", "SpeechBrain", peer, calls, repeats)
    return [peer] if isinstance(peer, str) else []


def report_row(title: str, who: str, peer: Call | str, calls: dict[str, Call], repeats: int) -> None:
    """Print what a method and its peer take, in turn."""
    if not isinstance(peer, str):
        calls = {"peer": peer, **calls}
    with torch.no_grad():
        seconds = time_in_turn(calls, repeats, time.process_time)
    theirs = f"{who}: {format_seconds(seconds['peer'])}" if "peer" in seconds else ""
    times = ratio(seconds["peer"], seconds["ours"]) if "peer" in seconds else ""
    whole = f"{statistics.median(seconds['whole']):.2f} s"
    print(f"| {title} | {theirs} | {format_seconds(seconds['ours'])} | {times} | {whole} |", flush=True)


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
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--methods", nargs="+", help="only these")
    parser.add_argument("--audiolime", type=Path, help="a checkout of CPJKU/audioLIME")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    clips = make_clips(8, round(chosen.seconds * RATE), RATE)
    classifier = make_classifier(chosen.width, clips).requires_grad_(False)
    installed = [one for one in ("captum", "grad-cam", "lime", "speechbrain") if is_installed(one)]
    print("## One explanation by each method\n")
    print(
        f"A clip of {chosen.seconds:g} s, CNN14 of width {chosen.width} on the CPU, one thread; processor "
        f"time, medians of {chosen.repeats} (least to most), in turn. Peers: {versions(*installed)}"
        f"{', audioLIME at its last commit' if chosen.audiolime else ''}, which ask as often, 16 at a time. "
        "The ratio compares attributions, all from the picture or the sound.\n"
    )
    asked = Asked(classifier, clips[3:4], chosen.samples)

    def wanted(name: str) -> bool:
        return chosen.methods is None or name in chosen.methods

    with hold_in_eval(classifier):
        rows = [row for row in choose_rows(asked, chosen.audiolime) if wanted(row.name)]
        missing = report_times(asked, rows, chosen.repeats)
        if wanted("piq"):
            missing += report_piq(asked, chosen.repeats)
        if missing:
            print(f"\nNot installed, and left out: {', '.join(dict.fromkeys(missing))}.")
        if wanted("spread"):
            report_spread(asked)


def is_installed(distribution: str) -> bool:
    """Say whether a peer can be imported."""
    return find_spec({"grad-cam": "pytorch_grad_cam"}.get(distribution, distribution)) is not None


if __name__ == "__main__":
    main()
