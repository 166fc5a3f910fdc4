"""Sound in, sound out: files, loudness, anchors, mixing, data sets, and the manifest of a stimuli set.

Importing this package is cheap: each public name is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stimuli.lazy import import_lazily

if TYPE_CHECKING:
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

_HOMES = {
    "Aligned": "stimuli.loudness",
    "Audio": "stimuli.audio",
    "AudioFileError": "stimuli.errors",
    "Clip": "stimuli.dataset",
    "Condition": "stimuli.manifest",
    "Dataset": "stimuli.dataset",
    "DatasetError": "stimuli.errors",
    "Item": "stimuli.manifest",
    "LOW_ANCHOR_HZ": "stimuli.anchors",
    "MAX_SEED": "stimuli.seeds",
    "MID_ANCHOR_HZ": "stimuli.anchors",
    "Manifest": "stimuli.manifest",
    "ManifestError": "stimuli.errors",
    "Mixture": "stimuli.mixing",
    "SeedError": "stimuli.errors",
    "StimuliError": "stimuli.errors",
    "Stimulus": "stimuli.manifest",
    "align_loudness": "stimuli.loudness",
    "anchor_filter": "stimuli.anchors",
    "fit_length": "stimuli.dataset",
    "integrated_loudness": "stimuli.loudness",
    "lowpass_anchor": "stimuli.anchors",
    "mix_at_snr": "stimuli.mixing",
    "read_audio": "stimuli.audio",
    "refuse_seed": "stimuli.seeds",
    "resample": "stimuli.audio",
    "sha256_of": "stimuli.manifest",
    "to_mono": "stimuli.audio",
    "true_peak": "stimuli.loudness",
    "write_audio": "stimuli.audio",
}

__getattr__, __dir__ = import_lazily(__name__, _HOMES)
