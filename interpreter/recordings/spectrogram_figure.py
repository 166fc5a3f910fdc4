"""The picture of an explanation: spectrograms of input and interpretation, and the share that was kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from matplotlib import colormaps
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor
from torch.nn.functional import pad

from interpreter.sound_files import Sound
from stimuli.files import atomic_path
from stimuli.names import collect_missing_letters, dress, ems, shorten

_N_FFT = 1024
_AT_A_TIME = 2**18  # samples that are read together, or one frame's
_MOST_COLUMNS = 1200
_RANGE_DB = 70.0
_TITLE_EMS = 54.0  # the width of the picture
_SEPARATOR = " · "
_QUICK: Any = {"compress_level": 3}  # 4 % larger than zlib's default, in 40 % of the time
_SHARES: Mapping[str, Any] = {"vmin": 0.0, "vmax": 1.0, "cmap": "viridis"}
_SIZE_IN = (9.0, 7.2)
_LINE_IN, _HEADING_IN = 0.2, 0.42  # heights of a line of the title, and of what else is above the first panel


def draw_explanation(
    path: Path, waveform: Sound, interpretation: Sound, sample_rate: int, title: str
) -> None:
    """Draw input, mask and interpretation one below the other, on one time axis, as a PNG.

    The mask shown is what the method did to the STFT, |STFT(i)| / |STFT(x)| within [0, 1], whatever domain it
    works in, so that methods can be compared by eye.

    Args:
        path: of the picture.
        waveform: the input.
        interpretation: what the mask kept.
        sample_rate: in Hz.
        title: above the picture; one that is too long for a line gets a line for each of its parts, which
            ` · ` separates.

    Shape:
        - waveform, interpretation: `[samples]`
    """
    figure = plot_explanation(waveform, interpretation, sample_rate, title)
    # Letters that no font has are boxes in the picture; the page next to it shows them.
    with atomic_path(path) as temporary, collect_missing_letters():
        figure.savefig(temporary, format="png", dpi=130, metadata={"Software": None}, pil_kwargs=_QUICK)


def draw_strips(folder: Path, waveform: Sound, interpretation: Sound, residual: Sound) -> None:
    """Draw what the page of explained sounds shows: pictures without axes, from 0 Hz to half the sample rate.

    Writes `input.png`, `interpretation.png` and `residual.png` with one scale of levels, and `kept.png`, the
    share that `draw_explanation` shows.

    Args:
        folder: where to write; it exists.
        waveform: the input.
        interpretation: what the mask kept.
        residual: the rest.

    Shape:
        - waveform, interpretation, residual: `[samples]`
    """
    hop = _choose_hop(waveform)
    before, inside, outside = (_magnitude(sound, hop) for sound in (waveform, interpretation, residual))
    levels = _choose_levels(before)
    pictures = {
        "input": (_decibels(before), levels),
        "interpretation": (_decibels(inside), levels),
        "residual": (_decibels(outside), levels),
        "kept": (_share(before, inside), _SHARES),
    }
    for name, (values, colours) in pictures.items():
        with atomic_path(folder / f"{name}.png") as temporary:
            _colour(values.T[::-1], **colours).save(temporary, format="png", **_QUICK)


def _colour(values: npt.NDArray[np.float32], vmin: float, vmax: float, cmap: str) -> Image.Image:
    """Return values as a picture whose palette is the colour map: a byte per pixel instead of four."""
    colours = colormaps[cmap].resampled(256)(np.arange(256), bytes=True)[:, :3]
    places = np.clip((values - vmin) / (vmax - vmin) * 256, 0, 255).astype(np.uint8)
    picture = Image.fromarray(places)
    picture.putpalette(colours.tobytes())
    return picture


def plot_explanation(waveform: Sound, interpretation: Sound, sample_rate: int, title: str) -> Figure:
    """Return the picture of `draw_explanation` as a figure of matplotlib."""
    hop = _choose_hop(waveform)
    before, inside = (_magnitude(sound, hop) for sound in (waveform, interpretation))
    kept, levels = _share(before, inside), _choose_levels(before)
    lines = [title] if ems(title) <= _TITLE_EMS else shorten(title.split(_SEPARATOR), _TITLE_EMS)
    figure = Figure(figsize=_SIZE_IN)  # margins by hand: a constrained layout takes as long as all the rest
    top = 1 - (_LINE_IN * len(lines) + _HEADING_IN) / _SIZE_IN[1]
    grid = {"left": 0.07, "right": 1.04, "bottom": 0.065, "top": top, "hspace": 0.22}
    figure.suptitle("\n".join(lines), fontsize=11)
    axes = figure.subplots(3, 1, sharex=True, gridspec_kw=grid)
    extent = (0.0, len(waveform) / sample_rate, 0.0, sample_rate / 2000)
    panels = (
        ("Input x", _decibels(before), levels, "Level (dB)"),
        ("Kept: |STFT(i)| / |STFT(x)|", kept, _SHARES, "Share"),
        ("Interpretation i", _decibels(inside), levels, "Level (dB)"),
    )
    for axis, (name, values, colours, unit) in zip(axes, panels, strict=True):
        image = axis.imshow(
            values.T, origin="lower", aspect="auto", extent=extent, interpolation="nearest", **colours
        )
        axis.set_title(name, loc="left", fontsize=10)
        axis.set_ylabel("Frequency (kHz)")
        figure.colorbar(image, ax=axis, label=unit, pad=0.01)
    axes[-1].set_xlabel("Time (s)")
    dress(figure)
    return figure


def _choose_hop(waveform: Sound) -> int:
    return max(_N_FFT // 16, len(waveform) // _MOST_COLUMNS)


def _choose_levels(before: npt.NDArray[np.float32]) -> dict[str, Any]:
    loudest = 20 * float(np.log10(before.max() + 1e-12))
    return {"vmin": loudest - _RANGE_DB, "vmax": loudest, "cmap": "magma"}


def _share(before: npt.NDArray[np.float32], inside: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    floor = before.max() * 10 ** (-_RANGE_DB / 20)
    return np.where(before > floor, np.clip(inside / np.maximum(before, 1e-12), 0, 1), 0)


def _magnitude(sound: Sound, hop: int) -> npt.NDArray[np.float32]:
    """Return the STFT's magnitude, `[T, F]`, with frames `hop` samples apart."""
    window = torch.hann_window(_N_FFT)
    spectra = [torch.fft.rfft(frames * window).abs() for frames in _cut_frames(sound, hop)]
    return np.asarray(torch.cat(spectra), dtype=np.float32)


def _cut_frames(sound: Sound, hop: int) -> Iterator[Tensor]:
    """Yield frames `[n, _N_FFT]`, centred on the multiples of `hop`, with zeros beyond the ends."""
    half, samples = _N_FFT // 2, len(sound)
    count = samples // hop + 1
    together = max(_AT_A_TIME // hop, 1)
    for first in range(0, count, together):
        start = first * hop - half
        stop = (min(first + together, count) - 1) * hop + half
        piece = sound[max(start, 0) : min(stop, samples)]
        yield pad(piece, (max(-start, 0), max(stop - samples, 0))).unfold(0, _N_FFT, hop)


def _decibels(magnitude: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.asarray(20 * np.log10(magnitude + 1e-12), dtype=np.float32)
