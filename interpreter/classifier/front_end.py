"""The front end that classifier and spectral explainers share: STFT, log magnitude, mel bands, and back."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from interpreter.elementary import expm1, log1p
from interpreter.errors import ConfigError

Normalisation = Literal["max-abs", "max", "none"]
"""How a waveform is scaled before anything else: `max-abs` is ours, `max` the authors' code's."""

_POWER_FLOOR = 1e-14  # keeps the square root's slope finite at silence
_PEAK_FLOOR = 1e-5  # below -100 dBFS a clip has no peak to scale by and stays as it is


def normalise(waveforms: Tensor, rule: Normalisation = "max-abs") -> Tensor:
    """Scale each waveform to a peak of one; silence stays silence.

    Args:
        waveforms: audio.
        rule: `max-abs` divides by the largest absolute sample; `max` by the largest sample as the authors'
            code does (a clip without a positive sample is left unchanged, while theirs turns into NaN);
            `none` leaves all.

    Shape:
        - waveforms, result: `[..., samples]`
    """
    if rule == "none":
        return waveforms
    peak = (waveforms.abs() if rule == "max-abs" else waveforms).amax(dim=-1, keepdim=True)
    return waveforms / torch.where(peak > _PEAK_FLOOR, peak, torch.ones_like(peak))


def mel_matrix(mel_bins: int, n_fft: int, sample_rate: int, f_min_hz: float, f_max_hz: float) -> Tensor:
    """Return triangular mel filters as SpeechBrain makes them.

    The centres are equally spaced on the HTK mel scale; each triangle is symmetric about its centre in Hz,
    and its half width is the distance to the left neighbour. No area normalisation.

    Shape:
        - result: `[n_fft // 2 + 1, mel_bins]`
    """
    low, high = _mel_of(torch.tensor([f_min_hz, f_max_hz], dtype=torch.float64))
    steps = torch.linspace(0, 1, mel_bins + 2, dtype=torch.float64)
    edges = _hertz_of(low + steps * (high - low))
    widths, centres = edges.diff()[:-1], edges[1:-1]
    bins = torch.linspace(0, sample_rate / 2, n_fft // 2 + 1, dtype=torch.float64)
    return (1.0 - ((bins[:, None] - centres) / widths).abs()).clamp(min=0.0).float()


def _mel_of(hertz: Tensor) -> Tensor:
    """Return places on the HTK mel scale."""
    return 2595.0 * torch.log10(1.0 + hertz / 700.0)


def _hertz_of(mel: Tensor) -> Tensor:
    return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)


class FrontEnd(nn.Module):
    """STFT, log magnitude and mel bands; the defaults are those of the paper's classifier.

    Window and filters are buffers that are left out of the state dict: they follow from the settings.

    Args:
        sample_rate: rate of the waveforms in Hz.
        n_fft: length of the transform in samples.
        hop_length: distance of the frames in samples; 186 is 11.6 ms at 16 kHz.
        win_length: length of the periodic Hamming window, centred in the transform, in samples.
        mel_bins: number of mel bands.
        f_min_hz: lower edge of the first band.
        f_max_hz: upper edge of the last band; half the sample rate by default.
    """

    window: Tensor
    filters: Tensor

    def __init__(
        self,
        n_fft: int = 1024,
        hop_length: int = 186,
        win_length: int = 372,
        *,
        sample_rate: int = 16000,
        mel_bins: int = 80,
        f_min_hz: float = 0.0,
        f_max_hz: float | None = None,
    ) -> None:
        super().__init__()
        if not hop_length <= win_length <= n_fft:
            raise ConfigError(
                "front end: expected hop_length <= win_length <= n_fft, "
                f"got {hop_length}, {win_length}, {n_fft}"
            )
        self.sample_rate, self.n_fft, self.hop_length, self.win_length = (
            sample_rate,
            n_fft,
            hop_length,
            win_length,
        )
        self.mel_bins, self.f_min_hz, self.f_max_hz = mel_bins, f_min_hz, f_max_hz or sample_rate / 2
        filters = mel_matrix(mel_bins, n_fft, sample_rate, self.f_min_hz, self.f_max_hz)
        self.register_buffer("window", torch.hamming_window(win_length), persistent=False)
        self.register_buffer("filters", filters, persistent=False)

    def bin_positions(self) -> Tensor:
        """Return the place `[F]` of each STFT bin among the mel bands; 0 is the first band's centre."""
        return self.band_positions(torch.linspace(0, self.sample_rate / 2, self.n_fft // 2 + 1))

    def band_positions(self, hertz: Tensor) -> Tensor:
        """Return the place of frequencies among the mel bands; 0 is the first band's centre."""
        low, high = (_mel_of(torch.tensor(f)) for f in (self.f_min_hz, self.f_max_hz))
        return (_mel_of(hertz) - low) / (high - low) * (self.mel_bins + 1) - 1

    def stft(self, waveforms: Tensor) -> Tensor:
        """Return the complex spectrum; frame k is centred on sample k * hop_length.

        Shape:
            - waveforms: `[B, samples]`
            - result: `[B, T, F]`, complex, with T = samples // hop_length + 1 and F = n_fft // 2 + 1
        """
        spectrum = torch.stft(
            waveforms.float(),
            self.n_fft,
            self.hop_length,
            self.win_length,
            self.window,
            center=True,
            pad_mode="constant",
            return_complex=True,
        )
        return spectrum.transpose(1, 2)

    def istft(self, spectrum: Tensor, length: int) -> Tensor:
        """Return the waveform of a complex spectrum: the inverse of `stft`, cut to `length` samples.

        Shape:
            - spectrum: `[B, T, F]`, complex
            - result: `[B, length]`
        """
        return torch.istft(
            spectrum.transpose(1, 2),
            self.n_fft,
            self.hop_length,
            self.win_length,
            self.window,
            center=True,
            length=length,
        )

    def log_magnitude(self, waveforms: Tensor) -> Tensor:
        """Return log1p of the STFT's magnitude, the picture that spectral explainers mask.

        Shape:
            - waveforms: `[B, samples]`
            - result: `[B, T, F]`
        """
        return log_magnitude(self.stft(waveforms))

    def mel(self, log_magnitude: Tensor) -> Tensor:
        """Return log1p mel bands of a log magnitude.

        Shape:
            - log_magnitude: `[B, T, F]`
            - result: `[B, T, mel_bins]`
        """
        # half precision would lose the quiet bands next to the loud ones
        with torch.autocast(log_magnitude.device.type, enabled=False):
            return log1p(expm1(log_magnitude.float()) @ self.filters)


def log_magnitude(spectrum: Tensor) -> Tensor:
    """Return log1p of a complex spectrum's magnitude.

    Shape:
        - spectrum: `[..., F]`, complex
        - result: the same shape, real
    """
    return log1p(magnitude(spectrum))


def magnitude(spectrum: Tensor) -> Tensor:
    """Return the magnitude of a complex spectrum, with a gradient that is finite at silence."""
    power = spectrum.real.square() + spectrum.imag.square()
    return (power + _POWER_FLOOR).sqrt()


def resynthesise(front_end: FrontEnd, log_magnitude: Tensor, spectrum: Tensor, length: int) -> Tensor:
    """Return the waveform of a log magnitude under the phase of `spectrum` (the input's).

    Shape:
        - log_magnitude: `[B, T, F]`, real
        - spectrum: `[B, T, F]`, complex
        - result: `[B, length]`
    """
    return front_end.istft(spectrum * (expm1(log_magnitude) / magnitude(spectrum)), length)
