"""The front end: there and back, mel bands against torchaudio, and no buffers in a state dict."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torchaudio
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd, magnitude, mel_matrix, normalise, resynthesise
from interpreter.errors import ConfigError


def _noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) - 0.5


@given(samples=st.integers(1, 4000))
@settings(max_examples=10, deadline=None)
def test_the_stft_goes_there_and_back_at_every_length(samples: int) -> None:
    front_end, clips = FrontEnd(), _noise(1, samples)
    spectrum = front_end.stft(clips)
    assert spectrum.shape == (1, samples // 186 + 1, 513)
    assert torch.allclose(front_end.istft(spectrum, samples), clips, atol=2e-5)
    same = resynthesise(front_end, front_end.log_magnitude(clips), spectrum, samples)
    assert torch.allclose(same, clips, atol=1e-4)


def test_mel_positions_put_each_band_at_its_own_bin() -> None:
    front_end = FrontEnd()
    positions = front_end.bin_positions()
    loudest = front_end.filters.argmax(dim=0)
    # the nearest bin to a centre lies within half a bin, which is up to .71 bands at the lowest frequencies
    assert (positions[loudest] - torch.arange(80)).abs().max() < 0.5
    assert positions[0] == pytest.approx(-1) and positions[-1] == pytest.approx(80)


def test_normalising_leaves_silence_alone_and_is_told_apart() -> None:
    clips = torch.tensor([[0.2, -0.8], [0.0, 0.0], [-0.5, -0.1]])
    assert torch.allclose(normalise(clips, "max-abs"), torch.tensor([[0.25, -1.0], [0, 0], [-1.0, -0.2]]))
    assert torch.allclose(normalise(clips, "max"), torch.tensor([[1.0, -4.0], [0, 0], [-0.5, -0.1]]))
    assert torch.equal(normalise(clips, "none"), clips)


def test_window_and_filters_stay_out_of_state_dicts() -> None:
    # They follow from the settings: in a checkpoint they would override those of a run with other settings.
    front_end = FrontEnd()
    assert dict(front_end.state_dict()) == {}
    assert sorted(dict(front_end.named_buffers())) == ["filters", "window"]
    names = CnnClassifier(["a", "b"], FrontEnd(mel_bins=32), embedding_dim=32).state_dict()
    assert not [name for name in names if "front_end" in name or "window" in name or "filters" in name]
    other = FrontEnd(512, 128, 256)
    other.load_state_dict(front_end.state_dict())
    assert len(other.window) == 256


def test_the_stft_is_numpys_of_each_windowed_frame() -> None:
    front_end, clip = FrontEnd(64, 10, 32), _noise(1, 200)
    assert (front_end.sample_rate, front_end.mel_bins, front_end.f_min_hz, front_end.f_max_hz) == (
        16000, 80, 0.0, 8000.0,
    )  # fmt: skip
    spectrum = front_end.stft(clip)[0]
    window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(32) / 32)  # periodic Hamming
    for frame in (3, 7, 12):
        start = 10 * frame - 32  # frame k is centred on sample 10 k
        samples = np.array([clip[0, at] if 0 <= at < 200 else 0.0 for at in range(start, start + 64)])
        samples[:16] = samples[48:] = 0.0
        samples[16:48] *= window
        assert np.allclose(spectrum[frame].numpy(), np.fft.rfft(samples), atol=1e-5)
    expected = np.log1p(np.abs(spectrum.numpy()))
    assert np.allclose(front_end.log_magnitude(clip)[0], expected, atol=1e-6)


def test_the_defaults_are_those_of_the_papers_classifier() -> None:
    front_end = FrontEnd()
    found = (front_end.n_fft, front_end.hop_length, front_end.win_length, front_end.mel_bins)
    assert found == (1024, 186, 372, 80)
    assert (front_end.sample_rate, front_end.f_min_hz, front_end.f_max_hz) == (16000, 0.0, 8000.0)
    assert front_end.window.shape == (372,) and front_end.filters.shape == (513, 80)
    assert FrontEnd(sample_rate=8000).f_max_hz == 4000.0 and FrontEnd(f_max_hz=3000.0).f_max_hz == 3000.0


def test_mel_bands_lie_where_torchaudio_has_them() -> None:
    # HTK scale, no area normalisation. The rising flank is torchaudio's; the falling one mirrors it.
    ours = mel_matrix(20, 512, 16000, 100.0, 7000.0)
    theirs = torchaudio.functional.melscale_fbanks(257, 100.0, 7000.0, 20, 16000, mel_scale="htk")
    mel = torch.linspace(2595 * math.log10(1 + 100 / 700), 2595 * math.log10(1 + 7000 / 700), 22)
    centres = 700 * (10 ** (mel / 2595) - 1)
    bins = torch.linspace(0, 8000, 257)
    for band in range(20):
        left, centre = float(centres[band]), float(centres[band + 1])
        rising = (bins >= left) & (bins <= centre)
        assert torch.allclose(ours[rising, band], theirs[rising, band], atol=1e-4)
        mirrored = (1 - (bins - centre).abs() / (centre - left)).clamp(min=0)
        assert torch.allclose(ours[:, band], mirrored, atol=1e-4)
    assert float(ours.min()) == 0.0 and float(ours.max()) <= 1.0


def test_mel_is_log1p_of_filtered_magnitudes() -> None:
    front_end, clip = FrontEnd(mel_bins=16), _noise(1, 3000)
    picture = front_end.log_magnitude(clip)
    expected = torch.log1p(front_end.stft(clip).abs() @ front_end.filters)
    assert torch.allclose(front_end.mel(picture), expected, atol=1e-4)


def test_mel_positions_are_equally_spaced_on_the_mel_scale() -> None:
    front_end = FrontEnd(mel_bins=30, f_min_hz=50.0, f_max_hz=6000.0)
    ends = [2595 * math.log10(1 + hertz / 700) for hertz in (50.0, 6000.0)]
    hertz = torch.linspace(0, 8000, 513)
    mel = 2595 * torch.log10(1 + hertz / 700)
    expected = 31 * (mel - ends[0]) / (ends[1] - ends[0]) - 1
    assert torch.allclose(front_end.bin_positions(), expected, atol=1e-3)


def test_clips_below_minus_100_dbfs_keep_their_level() -> None:
    quiet = torch.tensor([[0.9e-5, 0.0], [1.1e-5, 0.0]])
    assert torch.allclose(normalise(quiet), torch.tensor([[0.9e-5, 0.0], [1.0, 0.0]]))


def test_the_magnitude_has_a_finite_slope_at_silence() -> None:
    spectrum = torch.zeros(4, dtype=torch.complex64, requires_grad=True)
    (slope,) = torch.autograd.grad(magnitude(spectrum).sum(), spectrum)
    assert slope.isfinite().all() and float(magnitude(spectrum.detach()).max()) <= 1.01e-7
    assert magnitude(torch.tensor([3 + 4j])).tolist() == pytest.approx([5.0])


def test_resynthesis_scales_the_magnitude_and_keeps_the_phase() -> None:
    front_end, clip = FrontEnd(), _noise(1, 4000)
    spectrum = front_end.stft(clip)
    half = torch.log1p(0.5 * magnitude(spectrum))
    assert torch.allclose(resynthesise(front_end, half, spectrum, 4000), 0.5 * clip, atol=1e-5)


@pytest.mark.parametrize("sizes", [(1024, 400, 372), (256, 186, 372)])
def test_windows_fit_between_hop_and_transform(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(ConfigError, match="expected hop_length <= win_length <= n_fft, got"):
        FrontEnd(*sizes)
    assert FrontEnd(64, 64, 64).stft(_noise(1, 128)).shape == (1, 3, 33)
