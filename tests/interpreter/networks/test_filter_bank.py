"""The filter bank: a DCT of windowed frames, undone exactly at every length."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import fft
from torch import Tensor, nn

from interpreter.errors import ConfigError
from interpreter.explainers.lmac_td_network import LmacTdNetwork
from interpreter.networks.filter_bank import dct_frequencies, windowed_dct
from interpreter.networks.sepformer import Decoder, Encoder, MaskNet


def _noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) - 0.5


@pytest.mark.parametrize(("channels", "kernel", "stride"), [(128, 64, 32), (256, 16, 8), (40, 12, 4)])
@given(samples=st.integers(1, 700))
@settings(max_examples=8, deadline=None)
def test_the_dct_basis_reconstructs_every_length(
    channels: int, kernel: int, stride: int, samples: int
) -> None:
    clips = _noise(2, samples)
    unet = nn.Module()
    network = LmacTdNetwork(
        Encoder(channels, kernel, stride),
        unet,
        MaskNet(channels, 8, 2, 8, 1, 1, 1, 10),
        Decoder(channels, kernel, stride),
        alpha=0,
    )
    network.use_dct_basis()
    separation = network(clips, [])
    assert separation.interpretation.shape == clips.shape
    assert torch.allclose(separation.interpretation + separation.residual, clips, atol=1e-5)


def test_the_basis_is_scipys_dct_of_a_windowed_frame() -> None:
    analysis, synthesis = windowed_dct(128, 64, 32)
    frame = _noise(64).double()
    window = torch.sin(math.pi * (torch.arange(64) + 0.5) / 64)
    expected = fft.dct((frame * window).numpy(), norm="ortho")
    found = analysis[:, 0].double() @ frame
    assert torch.allclose(found[0::2], torch.from_numpy(expected), atol=1e-6)
    assert torch.allclose(found[1::2], -torch.from_numpy(expected), atol=1e-6)
    assert torch.allclose(analysis, synthesis)  # half overlap: the squared windows sum to one


def test_a_basis_that_cannot_reconstruct_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"^channels is 100; expected an even number of at least 128 for a DCT basis"
    ):
        windowed_dct(100, 64, 32)
    with pytest.raises(ConfigError, match=r"^stride is 64; expected one that divides 64 at least twice"):
        windowed_dct(128, 64, 64)


@pytest.mark.parametrize(
    ("channels", "kernel", "stride"), [(128, 64, 32), (256, 16, 4), (48, 12, 4), (8, 4, 2)]
)
def test_the_filters_undo_each_other_through_a_rectifier(channels: int, kernel: int, stride: int) -> None:
    # By the frames themselves, without a network: analyse, rectify, synthesise, overlap and add.
    analysis, synthesis = (filters[:, 0].double() for filters in windowed_dct(channels, kernel, stride))
    assert analysis.shape == synthesis.shape == (channels, kernel)
    signal = _noise(40 * stride).double()
    back = torch.zeros_like(signal)
    for start in range(0, len(signal) - kernel + 1, stride):
        rectified = (analysis @ signal[start : start + kernel]).clamp(min=0)
        back[start : start + kernel] += rectified @ synthesis
    inside = slice(kernel, len(signal) - 2 * kernel)
    assert torch.allclose(back[inside], signal[inside], atol=1e-6)


def test_the_smallest_sizes_that_reconstruct_are_taken() -> None:
    assert windowed_dct(8, 4, 2)[0].shape == (8, 1, 4) and windowed_dct(8, 4, 2)[0].dtype == torch.float32
    with pytest.raises(ConfigError, match=r"^channels is 9; expected an even number of at least 8"):
        windowed_dct(9, 4, 2)
    with pytest.raises(ConfigError, match=r"^channels is 6; expected an even number of at least 8"):
        windowed_dct(6, 4, 2)
    with pytest.raises(ConfigError, match=r"^stride is 5; expected one that divides 12 at least twice"):
        windowed_dct(24, 12, 5)


def test_each_filter_of_the_bank_peaks_at_its_frequency() -> None:
    channels, kernel, rate = 128, 64, 16000
    analysis, _ = windowed_dct(channels, kernel, 32)
    spectra = torch.fft.rfft(analysis[0::2, 0], n=4096).abs()
    peaks = spectra.argmax(dim=1) * rate / 4096
    errors = (peaks - dct_frequencies(channels, rate)).abs()
    assert errors[4:60].max() < 20  # Hz
    assert errors.max() <= 0.5 * rate / kernel  # where a filter's lobe and its mirror image overlap
