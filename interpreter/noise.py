"""Noise to train and to evaluate with: recorded, of which each purpose has its own part, or synthetic."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from stimuli import Audio
from stimuli.synthesis import coloured_noise as sloped_noise
from stimuli.synthesis import slow_envelope

Purpose = Literal["training", "validation", "evaluation"]
WHAM_PARTS: dict[Purpose, str] = {"training": "tr", "validation": "cv", "evaluation": "tt"}
"""The parts of WHAM!'s noise (Wichern et al. 2019), by what they are for."""


def choose_noise(folder: Path, purpose: Purpose) -> Path:
    """Return the part of a folder of noise that serves a purpose: of WHAM! `tr`, `cv` or `tt`.

    Args:
        folder: `wham_noise`, or the folder that contains it; any other folder serves every purpose.
        purpose: what the noise is for. What an explainer is judged with, it was not trained with.
    """
    for whole in (folder, folder / "wham_noise"):
        if all((whole / part).is_dir() for part in WHAM_PARTS.values()):
            return whole / WHAM_PARTS[purpose]
    return folder


def coloured_noise(samples: int, generator: np.random.Generator) -> Audio:
    """Return noise of unit power with a drawn slope (-9 to 0 dB per octave) under a slow drawn envelope.

    It stands in for recorded backgrounds such as WHAM!.

    Shape:
        - result: `[samples]`
    """
    noise = sloped_noise(generator, samples, generator.uniform(-9.0, 0.0))
    envelope = slow_envelope(generator, samples, int(generator.integers(3, 9)), generator.uniform(0.0, 0.8))
    shaped = noise * envelope
    unit: Audio = (shaped / np.sqrt(np.mean(np.square(shaped)) + 1e-12)).astype(np.float32)
    return unit
