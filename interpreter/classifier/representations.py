"""What the representations of a classifier look like, which is what decoders of them are laid out for."""

from __future__ import annotations

import torch

from interpreter.classifier.capabilities import cells_of, is_spectral
from interpreter.classifier.modes import hold_in_eval
from interpreter.devices import device_of
from interpreter.errors import ConfigError
from interpreter.networks.feature_maps import MapGrid
from interpreter.types import Classifier

_PROBE_S = 5.0
_FULL_MEL_BINS = 80
_FULL_BANDS = (2, 2, 5, 10)  # cells in frequency of CNN14's blocks 6, 5, 4 and 3 on 80 mel bands


def probe_shapes(classifier: Classifier, duration_s: float | None = None) -> list[tuple[int, int, int]]:
    """Return the shapes `(C, T, F)` of the representations of five seconds.

    Args:
        classifier: the classifier to explain.
        duration_s: length of the clips to explain; one that may take no other length is probed with it.
    """
    if duration_s is None or is_spectral(classifier):
        duration_s = _PROBE_S
    samples = round(duration_s * classifier.sample_rate)
    with torch.no_grad(), hold_in_eval(classifier):
        maps = classifier.representations(torch.zeros(1, samples, device=device_of(classifier)))
    return [(map_.shape[1], map_.shape[2], map_.shape[3]) for map_ in maps]


def probe_grid(classifier: Classifier, duration_s: float | None = None) -> MapGrid:
    """Return the shapes of the representations, see `probe_shapes`, and where their cells are in time."""
    shapes = probe_shapes(classifier, duration_s)
    return MapGrid(shapes, *cells_of(classifier)) if is_spectral(classifier) else MapGrid(shapes)


def full_width(classifier: Classifier, what: str) -> int:
    """Return the width of a CNN14 that the full decoders are laid out for: that of its deepest map.

    Args:
        classifier: the classifier to explain.
        what: what is laid out for it, for the message.

    Raises:
        ConfigError: its representations are not those of CNN14 with 80 mel bands.
    """
    if is_spectral(classifier) and classifier.front_end.mel_bins == _FULL_MEL_BINS:
        bins = classifier.front_end.n_fft // 2 + 1
        picture = torch.zeros(1, classifier.cell_frames, bins, device=device_of(classifier))
        with torch.no_grad(), hold_in_eval(classifier):
            maps = classifier.inspect_log_spectrogram(picture)[1]
        width = maps[0].shape[1]
        expected = [(width >> halvings, bands) for halvings, bands in enumerate(_FULL_BANDS)]
        if [(map_.shape[1], map_.shape[3]) for map_ in maps] == expected:
            return width
    raise ConfigError(f"{what} is laid out for CNN14 with 80 mel bands; take the slim one")
