"""Our networks against SpeechBrain's with the same weights, and against slow second writings."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from interpreter.classifier import Cnn14
from interpreter.composition import composed
from interpreter.features import FrontEnd
from interpreter.l2i import Theta
from interpreter.nmf import NmfDecoder, NmfEncoder
from interpreter.psi import PsiDecoder
from interpreter.sepformer import Decoder, Encoder, MaskNet
from interpreter.unet import UNetDecoder

TOLERANCE = 1e-4  # relative to the largest value


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


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _close(ours: Tensor, theirs: Tensor) -> None:
    assert ours.shape == theirs.shape
    assert (ours - theirs).abs().max() <= TOLERANCE * theirs.abs().max()
    assert theirs.abs().max() > 0


def _representations(width: int, frames: int) -> list[Tensor]:
    shapes = ((1, 5, 2), (2, 5, 2), (4, 4, 5), (8, 3, 10))
    return [
        torch.rand(2, width // share, max(1, frames >> halvings), cells, generator=_generator(share))
        for share, halvings, cells in shapes
    ]


@pytest.mark.parametrize("samples", [32000, 80000, 12345])
def test_the_front_end_is_speechbrains(samples: int) -> None:
    from speechbrain.processing.features import STFT, Filterbank, spectral_magnitude

    clips = torch.rand(2, samples, generator=_generator()) - 0.5
    front_end = FrontEnd()
    spectrum = STFT(16000, n_fft=1024, hop_length=11.6099, win_length=23.2199)(clips)
    magnitude = spectral_magnitude(spectrum, power=0.5)
    _close(torch.view_as_real(front_end.stft(clips)), spectrum)
    _close(front_end.log_magnitude(clips), magnitude.log1p())
    bank = Filterbank(n_mels=80, log_mel=False, n_fft=1024, sample_rate=16000)
    _close(front_end.mel(magnitude.log1p()), bank(magnitude).log1p())


def test_cnn14_is_speechbrains() -> None:
    from speechbrain.lobes.models.Cnn14 import Cnn14 as Theirs

    torch.manual_seed(0)
    theirs = Theirs(mel_bins=80, emb_dim=2048, return_reps=True).eval()
    ours = Cnn14(80, 2048).eval()
    ours.load_state_dict(theirs.state_dict())
    mel = torch.rand(1, 431, 80, generator=_generator())
    with torch.no_grad():
        (expected, expected_maps), (embeddings, maps) = theirs(mel), ours(mel)
    _close(embeddings, expected.squeeze(1))
    for map_, expected_map in zip(maps, expected_maps, strict=True):
        _close(map_, expected_map)


def test_encoder_and_decoder_are_speechbrains() -> None:
    from speechbrain.lobes.models.dual_path import Decoder as TheirDecoder
    from speechbrain.lobes.models.dual_path import Encoder as TheirEncoder

    torch.manual_seed(0)
    their_encoder = TheirEncoder(kernel_size=16, out_channels=256)
    their_decoder = TheirDecoder(256, 1, 16, stride=8, bias=False)
    encoder, decoder = Encoder(256, 16, 8), Decoder(256, 16, 8)
    encoder.load_state_dict(their_encoder.state_dict())
    decoder.load_state_dict(their_decoder.state_dict())
    clips = torch.rand(2, 80000, generator=_generator()) - 0.5
    frames = their_encoder(clips)
    assert frames.shape == (2, 256, 9999)
    _close(encoder(clips), frames)
    _close(decoder(frames), their_decoder(frames))


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
    x = torch.rand(2, 32, frames, generator=_generator())
    _close(ours(x), theirs(x)[0])


@pytest.mark.slow
def test_the_papers_masknet_is_speechbrains_dual_path_model() -> None:
    torch.manual_seed(0)
    theirs = _their_masknet(256, 256, 8, 2, 8, 250)
    ours = MaskNet(activation="relu")
    ours.load_state_dict(theirs.state_dict())
    x = torch.rand(1, 256, 1600, generator=_generator())
    with torch.no_grad():
        _close(ours(x), theirs(x)[0])


def test_masknets_gradients_are_speechbrains() -> None:
    torch.manual_seed(0)
    theirs = _their_masknet(16, 16, 1, 1, 2, 10)
    ours = MaskNet(16, 16, 2, 16, 1, 1, 2, 10, activation="relu")
    ours.load_state_dict(theirs.state_dict())
    x = torch.rand(1, 16, 47, generator=_generator())
    ours(x).square().sum().backward()
    theirs(x).square().sum().backward()
    expected = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        grad = expected[name].grad
        assert parameter.grad is not None and grad is not None
        assert torch.allclose(parameter.grad, grad, rtol=1e-3, atol=1e-5), name


def _table_written_plainly(unet: UNetDecoder, maps: list[Tensor]) -> Tensor:
    layer = [nn.Identity(), *(unet.convt(number) for number in range(1, 10))]
    x = layer[1](maps[0]).relu() + layer[2](maps[1]).relu()
    x = layer[3](x).relu() + layer[4](maps[2]).relu()
    x = layer[5](x).relu() + layer[6](maps[3]).relu()
    plane: Tensor = layer[9](layer[8](layer[7](x).relu()))
    return plane


def test_the_unet_is_its_layer_table_at_five_seconds() -> None:
    torch.manual_seed(0)
    unet, maps = UNetDecoder(64), _representations(64, 431)
    with torch.no_grad():
        plane = _table_written_plainly(unet, maps)
        assert plane.shape == (2, 1, 11082, 256)
        frames = unet(maps, torch.arange(9999) * 8 + 7.5, 80000)
    _close(frames, plane[:, 0, :9999].transpose(1, 2))


@pytest.mark.parametrize("alignment", ["crop", "aligned"])
@pytest.mark.parametrize("frames", [1, 700, 5000, 9000])
def test_the_unets_first_frames_do_not_depend_on_how_many_are_wanted(alignment: Any, frames: int) -> None:
    torch.manual_seed(0)
    unet, maps = UNetDecoder(32, alignment), _representations(32, 431)
    centres = torch.arange(9999) * 8 + 7.5
    with torch.no_grad():
        _close(unet(maps, centres[:frames], 80000), unet(maps, centres, 80000)[:, :, :frames])


def test_the_unets_gradients_are_its_layer_tables() -> None:
    torch.manual_seed(0)
    unet, maps = UNetDecoder(32), _representations(32, 431)
    weights = torch.rand(2, 256, 9999, generator=_generator())
    wanted = [*unet.parameters(), *(one.requires_grad_() for one in maps)]
    plane = _table_written_plainly(unet, maps)[:, 0, :9999].transpose(1, 2)
    expected = torch.autograd.grad((plane * weights).sum(), wanted)
    found = torch.autograd.grad((unet(maps, torch.arange(9999) * 8 + 7.5, 80000) * weights).sum(), wanted)
    for ours, plain in zip(found, expected, strict=True):
        _close(ours, plain)


def test_the_composed_tail_has_the_two_layers_gradients() -> None:
    torch.manual_seed(0)
    first, second = (
        nn.ConvTranspose2d(3, 5, (10, 7), (3, 1), (4, 2)),
        nn.ConvTranspose2d(5, 1, (8, 10), (7, 3)),
    )
    x = torch.rand(2, 3, 6, 5, generator=_generator(), requires_grad=True)
    parameters = [x, *first.parameters(), *second.parameters()]
    plain = second(first(x))
    _close(composed(x, first, second, plain.shape[2]), plain)
    weights = torch.rand(plain.shape, generator=_generator(1))
    expected = torch.autograd.grad((plain * weights).sum(), parameters)
    found = torch.autograd.grad((composed(x, first, second, plain.shape[2]) * weights).sum(), parameters)
    for one, other in zip(found, expected, strict=True):
        _close(one, other)
    for rows in (1, 20, 50, 71, 100):
        _close(composed(x, first, second, rows), plain[:, :, :rows])


@pytest.mark.parametrize("alignment", ["crop", "aligned"])
@pytest.mark.parametrize("frames", [40, 100, 173, 287, 899])
def test_the_unet_takes_every_length(frames: int, alignment: Any) -> None:
    unet = UNetDecoder(32, alignment)
    centres = torch.arange(frames * 186 // 8 - 1) * 8 + 7.5
    with torch.no_grad():
        assert unet(_representations(32, frames), centres, frames * 186).shape == (2, 256, len(centres))


def test_the_aligned_unet_puts_an_event_where_it_happened() -> None:
    unet = UNetDecoder(32, "aligned")
    with torch.no_grad():
        for name, parameter in unet.named_parameters():
            parameter.fill_(0.0 if name.endswith("bias") else 1e-3)
        found = []
        for cell in (2, 6, 10):
            maps = [torch.zeros_like(map_) for map_ in _representations(32, 431)]
            for map_, scale in zip(maps, (1, 1, 2, 4), strict=True):
                map_[:, :, cell * scale : (cell + 1) * scale] = 1.0
            energy = unet(maps, torch.arange(9999) * 8 + 7.5, 80000)[0].sum(dim=0)
            centre = (energy * torch.arange(9999)).sum() / energy.sum()
            found.append(float(centre))
    expected = [744 * cell + 359.4 for cell in (2, 6, 10)]
    assert found == pytest.approx(expected, abs=40)  # a tenth of an STFT frame is 2 of these frames


def test_l_macs_and_l2is_decoders_are_speechbrains() -> None:
    from speechbrain.lobes.models.Cnn14 import CNN14PSI_stft
    from speechbrain.lobes.models.L2I import CNN14PSI_stft_2d

    torch.manual_seed(0)
    theirs, ours = CNN14PSI_stft(64, 1), PsiDecoder(64)
    ours.load_state_dict(theirs.state_dict())
    maps = _representations(64, 431)
    expected = theirs(maps)
    assert expected.shape == (2, 1, 425, 513)
    _close(ours.planes(maps, 425), expected)
    _close(ours(maps, 431, 513)[:, :425], expected[:, 0])
    theirs, ours = CNN14PSI_stft_2d(64, 12), PsiDecoder(64, 12)
    ours.load_state_dict(theirs.state_dict())
    _close(ours.planes(maps, 431).mean(dim=3), theirs(maps))


def test_theta_and_the_dictionary_are_speechbrains() -> None:
    from speechbrain.lobes.models.L2I import NMFDecoderAudio, NMFEncoder
    from speechbrain.lobes.models.L2I import Theta as TheirTheta

    torch.manual_seed(0)
    activations = torch.rand(2, 12, 50, generator=_generator())
    theirs, ours = TheirTheta(12, 50, 5), Theta(12, 50, 5)
    ours.load_state_dict(theirs.state_dict())
    _close(ours(activations), theirs(activations))
    their_decoder, decoder = NMFDecoderAudio(12, 33, device="cpu"), NmfDecoder(33, 12)
    decoder.load_state_dict(their_decoder.state_dict())
    _close(decoder(activations).transpose(1, 2), their_decoder(activations))
    their_encoder, encoder = NMFEncoder(33, 12), NmfEncoder(33, 12)
    encoder.load_state_dict(their_encoder.state_dict())
    picture = torch.rand(2, 20, 33, generator=_generator())
    _close(encoder(picture), their_encoder(picture.transpose(1, 2)))


def test_thetas_pooling_does_not_depend_on_the_length() -> None:
    theta = Theta(4, 431, 3)
    level = torch.rand(1, 4, 1, generator=_generator())
    pooled = theta.pooled(level.expand(1, 4, 431))
    for frames in (40, 173, 900):
        assert torch.allclose(theta.pooled(level.expand(1, 4, frames)), pooled, atol=1e-5)
