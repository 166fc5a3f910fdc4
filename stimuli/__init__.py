"""Sound in, sound out: files, loudness, anchors, mixing, data sets, and the manifest of a stimuli set.

Importing this package is cheap: each public name is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
    "Aligned": "loudness",
    "Audio": "audio",
    "AudioFileError": "errors",
    "Clip": "dataset",
    "Condition": "manifest",
    "Dataset": "dataset",
    "DatasetError": "errors",
    "Item": "manifest",
    "LOW_ANCHOR_HZ": "anchors",
    "MAX_SEED": "seeds",
    "MID_ANCHOR_HZ": "anchors",
    "Manifest": "manifest",
    "ManifestError": "errors",
    "Mixture": "mixing",
    "SeedError": "errors",
    "StimuliError": "errors",
    "Stimulus": "manifest",
    "align_loudness": "loudness",
    "anchor_filter": "anchors",
    "fit_length": "dataset",
    "integrated_loudness": "loudness",
    "lowpass_anchor": "anchors",
    "mix_at_snr": "mixing",
    "read_audio": "audio",
    "refuse_seed": "seeds",
    "resample": "audio",
    "sha256_of": "manifest",
    "to_mono": "audio",
    "true_peak": "loudness",
    "write_audio": "audio",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
