"""Make stimuli by hand: a sound in noise at two levels, with its anchors, all equally loud.

    python examples/make_stimuli.py my_sounds

writes `my_sounds/ITEM/CONDITION.wav`, which `listenable study build my_sounds` takes as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from stimuli import align_loudness, integrated_loudness, lowpass_anchor, mix_at_snr, write_audio
from stimuli.soundscapes import SAMPLE_RATE, make_soundscape

NOISY_DB = {"quiet-noise": 20.0, "loud-noise": 5.0}
ANCHORS_HZ = {"anchor35": 3500.0, "anchor70": 7000.0}


def make_stimuli(folder: Path, scenes: tuple[str, ...] = ("dog", "siren")) -> None:
    """Write a reference, two noisy versions and both anchors of each scene."""
    for number, scene in enumerate(scenes):
        reference = make_soundscape(scene, number, duration_s=3.0).stem
        noise = np.random.default_rng(number).standard_normal(len(reference)).astype(np.float32)
        sounds = {"reference": reference}
        sounds |= {name: mix_at_snr(reference, noise, snr, number).audio for name, snr in NOISY_DB.items()}
        sounds |= {name: lowpass_anchor(reference, SAMPLE_RATE, hz) for name, hz in ANCHORS_HZ.items()}
        aligned = align_loudness(list(sounds.values()), SAMPLE_RATE)
        (folder / scene).mkdir(parents=True, exist_ok=True)
        for name, sound in zip(sounds, aligned, strict=True):
            write_audio(folder / scene / f"{name}.wav", sound.audio, SAMPLE_RATE)
            print(f"{scene}/{name}.wav: {integrated_loudness(sound.audio, SAMPLE_RATE):.1f} LUFS")


if __name__ == "__main__":
    make_stimuli(Path(sys.argv[1]))
