"""Sound in, sound out: files, loudness, anchors, mixing, data sets, and the manifest of a stimuli set."""

from __future__ import annotations

from stimuli.anchors import LOW_ANCHOR_HZ, MID_ANCHOR_HZ, anchor_filter, lowpass_anchor
from stimuli.audio import Audio, read_audio, resample, to_mono, write_audio
from stimuli.dataset import Clip, Dataset, fit_length
from stimuli.errors import AudioFileError, DatasetError, ManifestError, SeedError, StimuliError
from stimuli.loudness import Aligned, align_loudness, integrated_loudness, true_peak
from stimuli.manifest import Condition, Item, Manifest, Stimulus, sha256_of
from stimuli.mixing import Mixture, mix_at_snr
from stimuli.seeds import MAX_SEED, refuse_seed

__all__ = [
    "LOW_ANCHOR_HZ",
    "MAX_SEED",
    "MID_ANCHOR_HZ",
    "Aligned",
    "Audio",
    "AudioFileError",
    "Clip",
    "Condition",
    "Dataset",
    "DatasetError",
    "Item",
    "Manifest",
    "ManifestError",
    "Mixture",
    "SeedError",
    "StimuliError",
    "Stimulus",
    "align_loudness",
    "anchor_filter",
    "fit_length",
    "integrated_loudness",
    "lowpass_anchor",
    "mix_at_snr",
    "read_audio",
    "refuse_seed",
    "resample",
    "sha256_of",
    "to_mono",
    "true_peak",
    "write_audio",
]
