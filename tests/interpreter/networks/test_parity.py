"""Our networks against SpeechBrain's with the same weights, and against slow second writings."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from interpreter.classifier.cnn14 import Cnn14
from interpreter.classifier.front_end import FrontEnd
from interpreter.explainers.l2i import Theta
from interpreter.networks.nmf import NmfDecoder, NmfEncoder
from interpreter.networks.psi import PsiDecoder
from interpreter.networks.sepformer import Decoder, Encoder, MaskNet
from tests.interpreter.alike import close, generator, representations


@pytest.fixture(autouse=True, scope="module")
def _no_lazy_modules_left() -> Iterator[None]:
    """SpeechBrain leaves modules that fail when they are looked at, as hypothesis does with every module."""
    yield
    for name, module in list(sys.modules.items()):
        if name.startswith("speechbrain") and type(module).__module__ == "speechbrain.utils.importutils":
            del sys.modules[name]


@pytest.fixture(autouse=True)
def _quiet_peer() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("speechbrain", reason="the package speechbrain is the witness of these tests")
        yield


@pytest.mark.parametrize("samples", [32000, 80000, 12345])
def test_the_front_end_is_speechbrains(samples: int) -> None:
    from speechbrain.processing.features import STFT, Filterbank, spectral_magnitude

    clips = torch.rand(2, samples, generator=generator()) - 0.5
    front_end = FrontEnd()
    spectrum = STFT(16000, n_fft=1024, hop_length=11.6099, win_length=23.2199)(clips)
    magnitude = spectral_magnitude(spectrum, power=0.5)
    close(torch.view_as_real(front_end.stft(clips)), spectrum)
    close(front_end.log_magnitude(clips), magnitude.log1p())
    bank = Filterbank(n_mels=80, log_mel=False, n_fft=1024, sample_rate=16000)
    close(front_end.mel(magnitude.log1p()), bank(magnitude).log1p())


def test_cnn14_is_speechbrains() -> None:
    from speechbrain.lobes.models.Cnn14 import Cnn14 as Theirs

    torch.manual_seed(0)
    theirs = Theirs(mel_bins=80, emb_dim=2048, return_reps=True).eval()
    ours = Cnn14(80, 2048).eval()
    ours.load_state_dict(theirs.state_dict())
    mel = torch.rand(1, 431, 80, generator=generator())
    with torch.no_grad():
        (expected, expected_maps), (embeddings, maps) = theirs(mel), ours(mel)
    close(embeddings, expected.squeeze(1))
    for map_, expected_map in zip(maps, expected_maps, strict=True):
        close(map_, expected_map)


def test_encoder_and_decoder_are_speechbrains() -> None:
    from speechbrain.lobes.models.dual_path import Decoder as TheirDecoder
    from speechbrain.lobes.models.dual_path import Encoder as TheirEncoder

    torch.manual_seed(0)
    their_encoder = TheirEncoder(kernel_size=16, out_channels=256)
    their_decoder = TheirDecoder(256, 1, 16, stride=8, bias=False)
    encoder, decoder = Encoder(256, 16, 8), Decoder(256, 16, 8)
    encoder.load_state_dict(their_encoder.state_dict())
    decoder.load_state_dict(their_decoder.state_dict())
    clips = torch.rand(2, 80000, generator=generator()) - 0.5
    frames = their_encoder(clips)
    assert frames.shape == (2, 256, 9999)
    close(encoder(clips), frames)
    close(decoder(frames), their_decoder(frames))


def _their_masknet(width: int, hidden: int, intra: int, inter: int, heads: int, chunk: int) -> Any:
    from speechbrain.lobes.models.dual_path import Dual_Path_Model, SBTransformerBlock

    def stack(layers: int) -> Any:
        return SBTransformerBlock(
            num_layers=layers,
            d_model=width,
            nhead=heads,
            d_ffn=hidden,
            dropout=0,
            use_positional_encoding=True,
            norm_before=True,
        )

    return Dual_Path_Model(
        num_spks=1,
        in_channels=width,
        out_channels=width,
        num_layers=2,
        K=chunk,
        intra_model=stack(intra),
        inter_model=stack(inter),
        norm="ln",
        linear_layer_after_inter_intra=False,
        skip_around_intra=True,
    )


@pytest.mark.parametrize("frames", [1, 24, 25, 50, 333])
def test_masknet_is_speechbrains_dual_path_model(frames: int) -> None:
    torch.manual_seed(0)
    theirs = _their_masknet(32, 48, 2, 1, 4, 50)
    ours = MaskNet(32, 32, 4, 48, 2, 1, 2, 50, activation="relu")
    ours.load_state_dict(theirs.state_dict())
    x = torch.rand(2, 32, frames, generator=generator())
    close(ours(x), theirs(x)[0])


@pytest.mark.slow
def test_the_papers_masknet_is_speechbrains_dual_path_model() -> None:
    torch.manual_seed(0)
    theirs = _their_masknet(256, 256, 8, 2, 8, 250)
    ours = MaskNet(activation="relu")
    ours.load_state_dict(theirs.state_dict())
    x = torch.rand(1, 256, 1600, generator=generator())
    with torch.no_grad():
        close(ours(x), theirs(x)[0])


def test_masknets_gradients_are_speechbrains() -> None:
    torch.manual_seed(0)
    theirs = _their_masknet(16, 16, 1, 1, 2, 10)
    ours = MaskNet(16, 16, 2, 16, 1, 1, 2, 10, activation="relu")
    ours.load_state_dict(theirs.state_dict())
    x = torch.rand(1, 16, 47, generator=generator())
    ours(x).square().sum().backward()
    theirs(x).square().sum().backward()
    expected = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        grad = expected[name].grad
        assert parameter.grad is not None and grad is not None
        assert torch.allclose(parameter.grad, grad, rtol=1e-3, atol=1e-5), name


def test_l_macs_and_l2is_decoders_are_speechbrains() -> None:
    from speechbrain.lobes.models.Cnn14 import CNN14PSI_stft
    from speechbrain.lobes.models.L2I import CNN14PSI_stft_2d

    torch.manual_seed(0)
    theirs, ours = CNN14PSI_stft(64, 1), PsiDecoder(64)
    ours.load_state_dict(theirs.state_dict())
    maps = representations(64, 431)
    expected = theirs(maps)
    assert expected.shape == (2, 1, 425, 513)
    close(ours.planes(maps, 425), expected)
    close(ours(maps, 431, 513)[:, :425], expected[:, 0])
    theirs, ours = CNN14PSI_stft_2d(64, 12), PsiDecoder(64, 12)
    ours.load_state_dict(theirs.state_dict())
    close(ours.planes(maps, 431).mean(dim=3), theirs(maps))


def test_theta_and_the_dictionary_are_speechbrains() -> None:
    from speechbrain.lobes.models.L2I import NMFDecoderAudio, NMFEncoder
    from speechbrain.lobes.models.L2I import Theta as TheirTheta

    torch.manual_seed(0)
    activations = torch.rand(2, 12, 50, generator=generator())
    theirs, ours = TheirTheta(12, 50, 5), Theta(12, 50, 5)
    ours.load_state_dict(theirs.state_dict())
    close(ours(activations), theirs(activations))
    their_decoder, decoder = NMFDecoderAudio(12, 33, device="cpu"), NmfDecoder(33, 12)
    decoder.load_state_dict(their_decoder.state_dict())
    close(decoder(activations).transpose(1, 2), their_decoder(activations))
    their_encoder, encoder = NMFEncoder(33, 12), NmfEncoder(33, 12)
    encoder.load_state_dict(their_encoder.state_dict())
    picture = torch.rand(2, 20, 33, generator=generator())
    close(encoder(picture), their_encoder(picture.transpose(1, 2)))


def test_thetas_pooling_does_not_depend_on_the_length() -> None:
    theta = Theta(4, 431, 3)
    level = torch.rand(1, 4, 1, generator=generator())
    pooled = theta.pool(level.expand(1, 4, 431))
    for frames in (40, 173, 900):
        assert torch.allclose(theta.pool(level.expand(1, 4, frames)), pooled, atol=1e-5)
