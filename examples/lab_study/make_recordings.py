"""Make a laboratory's sounds: six scenes, each as it should be and as two noise reducers left it.

    python examples/lab_study/make_recordings.py recordings

The scenes are synthesised, so that the example needs no download: put your own recordings in their place.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from stimuli import mix_at_snr, write_audio
from stimuli.soundscapes import SAMPLE_RATE, make_soundscape

SCENES = ("dog", "siren", "chirping_birds", "footsteps", "clock_alarm", "engine")
SNR_DB = {"old": 8.0, "new": 18.0}


def make_recordings(folder: Path) -> None:
    """Write `folder/SCENE/{reference,old,new}.wav`: without noise, and with more or less of it left."""
    for number, scene in enumerate(SCENES):
        reference = make_soundscape(scene, number, duration_s=4.0).stem
        noise = np.random.default_rng(number).standard_normal(len(reference)).astype(np.float32)
        (folder / scene).mkdir(parents=True, exist_ok=True)
        write_audio(folder / scene / "reference.wav", reference, SAMPLE_RATE)
        for method, snr_db in SNR_DB.items():
            mixture = mix_at_snr(reference, noise, snr_db, number)
            write_audio(folder / scene / f"{method}.wav", mixture.audio, SAMPLE_RATE)


if __name__ == "__main__":
    make_recordings(Path(sys.argv[1] if len(sys.argv) > 1 else "recordings"))
