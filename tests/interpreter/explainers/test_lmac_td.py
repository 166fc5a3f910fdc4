"""LMAC-TD: where its frames are centred, what alpha mixes, and that nothing is lost at the ends."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.explainers.lmac_td import LmacTd
from interpreter.explainers.lmac_td_network import LmacTdNetwork
from interpreter.networks.feature_maps import MapGrid
from interpreter.networks.mel_frame_decoder import MelFrameDecoder
from interpreter.networks.sepformer import Decoder, Encoder, MaskNet
from interpreter.networks.standardisation import remove_level, standardise

CHANNELS = 32


class Recorder(nn.Module):
    """A decoder of the representations that keeps what it is asked for and answers with a constant."""

    centres: Tensor
    samples: int

    def forward(self, representations: Sequence[Tensor], centres: Tensor, samples: int) -> Tensor:
        self.centres, self.samples = centres, samples
        return torch.full((len(representations[0]), CHANNELS, len(centres)), 3.0)


class Passed(nn.Module):
    """A mask network that keeps what it reads and masks with a constant."""

    activation = "relu"
    read: Tensor

    def __init__(self, share: float = 0.25) -> None:
        super().__init__()
        self.share = share

    def forward(self, frames: Tensor) -> Tensor:
        self.read = frames
        return torch.full_like(frames, self.share)


def network(kernel: int, stride: int, alpha: float = 0.75, padded: bool = True) -> LmacTdNetwork:
    torch.manual_seed(0)
    return LmacTdNetwork(
        Encoder(CHANNELS, kernel, stride),
        Recorder(),
        Passed(),  # type: ignore[arg-type]
        Decoder(CHANNELS, kernel, stride),
        alpha,
        padded=padded,
    )


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize(("kernel", "stride"), [(16, 8), (12, 4), (7, 3), (8, 8)])
def test_each_frame_is_centred_on_the_samples_that_move_it(kernel: int, stride: int, padded: bool) -> None:
    net = network(kernel, stride, padded=padded)
    with torch.no_grad():
        net.encoder.conv1d.weight.fill_(1.0)
        samples = 60
        net(torch.ones(1, samples), [torch.zeros(1, 1, 1, 1)])
        before, after = net._padding(samples)
        # One impulse at each sample: which frames hear it?
        heard = net.encoder(F.pad(torch.eye(samples), (before, after))).amax(dim=1) > 0
    places = torch.arange(samples, dtype=torch.float32)
    found = net.unet.centres
    assert net.unet.samples == samples and len(found) == heard.shape[1]
    whole = [frame for frame in range(heard.shape[1]) if int(heard[:, frame].sum()) == kernel]
    assert len(whole) > 3
    for frame in whole:
        assert float(found[frame]) == pytest.approx(float(places[heard[:, frame]].mean()))
    assert torch.allclose(found.diff(), torch.full((len(found) - 1,), float(stride)))


@pytest.mark.parametrize(("kernel", "stride"), [(16, 8), (12, 4), (8, 8)])
@pytest.mark.parametrize("samples", [1, 5, 8, 61])
def test_padded_frames_cover_every_sample_equally_often(kernel: int, stride: int, samples: int) -> None:
    net = network(kernel, stride)
    before, after = net._padding(samples)
    count = torch.zeros(before + samples + after)
    for start in range(0, len(count) - kernel + 1, stride):
        count[start : start + kernel] += 1
    assert (len(count) - kernel) % stride == 0, "no frame hangs over the end"
    assert set(count[before : before + samples].tolist()) == {float(kernel // stride)}
    assert after < kernel + stride - 1


def test_frames_of_the_published_code_start_at_the_first_sample() -> None:
    net = network(16, 8, padded=False)
    assert net._padding(100) == (0, 0)
    assert net._padding(16) == (0, 0) and net._padding(10) == (0, 6), "one frame at least"
    separation = net(torch.ones(1, 101), [torch.zeros(1, 1, 1, 1)])
    assert separation.interpretation.shape == (1, 101) and separation.mask.shape == (1, CHANNELS, 11)
    assert not separation.interpretation[0, 96:].any(), "the last samples are in no frame"


@pytest.mark.parametrize("alpha", [0.0, 0.25, 0.75, 1.0])
def test_the_mask_network_reads_the_mixture(alpha: float) -> None:
    net, clips = network(16, 8, alpha), torch.rand(2, 50)
    with torch.no_grad():
        net(clips, [torch.zeros(2, 1, 1, 1)])
        encoded = net.encoder(F.pad(clips, net._padding(50)))
    assert torch.allclose(net.masknet.read, (1 - alpha) * encoded + alpha * 3.0, atol=1e-6)
    assert hasattr(net.unet, "centres") == (alpha > 0), "without representations nothing is decoded"


def test_the_mask_keeps_its_share_and_the_rest_is_the_residual() -> None:
    net, clips = network(16, 8), torch.rand(2, 77)
    net.encoder, net.decoder = Encoder(CHANNELS, 16, 8), Decoder(CHANNELS, 16, 8)
    net.use_dct_basis()
    with torch.no_grad():
        separation = net(clips, [torch.zeros(2, 1, 1, 1)])
    assert torch.allclose(separation.interpretation, 0.25 * clips, atol=1e-5)
    assert torch.allclose(separation.residual, 0.75 * clips, atol=1e-5)
    assert separation.mask.unique().tolist() == [0.25]


def test_the_explainer_says_what_it_is_and_ignores_the_target() -> None:
    torch.manual_seed(0)
    classifier = CnnClassifier(["a", "b", "c"], FrontEnd(mel_bins=32), embedding_dim=32).eval()
    explainer = LmacTd(classifier, network(16, 8))
    assert explainer.label == "LMAC-TD (alpha 0.75)" and not explainer.takes_target
    assert explainer.settings == {"alpha": 0.75, "activation": "relu"}
    assert list(explainer.networks) == [explainer.network]
    clips = 0.1 * torch.randn(2, 4000, generator=torch.Generator().manual_seed(1))
    first, second = (explainer.separate(clips, torch.tensor([k, k])) for k in (0, 1))
    assert torch.equal(first.interpretation, second.interpretation)
    assert float(first.interpretation.detach().abs().max()) > 0
    assert (
        LmacTdNetwork(
            Encoder(CHANNELS, 16, 8),
            Recorder(),
            MaskNet(CHANNELS, 8, 2, 8, 1, 1, 1, 10),
            Decoder(CHANNELS, 16, 8),
        ).alpha
        == 0.75
    )


SHAPES = [(6, 5, 2), (4, 10, 5)]


def _noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) - 0.5


def _normalised(alpha: float = 0.75, channels: int = 16) -> LmacTdNetwork:
    torch.manual_seed(0)
    network = LmacTdNetwork(
        Encoder(channels, 8, 4),
        MelFrameDecoder(MapGrid(SHAPES, 40.0), channels, 8, 2),
        MaskNet(channels, 8, 2, 8, 1, 1, 1, 10, head_gain=4),
        Decoder(channels, 8, 4),
        alpha,
        normalised_channels=[channels for channels, _, _ in SHAPES],
        logit_skip=True,
    )
    network.use_dct_basis()
    return network.eval()


def _maps(seed: int = 1) -> list[Tensor]:
    return [_noise(2, *shape, seed=seed + at) for at, shape in enumerate(SHAPES)]


def test_the_mask_s_logits_are_the_mask_network_s_and_the_decoded_representations() -> None:
    network, clips, maps = _normalised(), _noise(2, 400), _maps()
    network.skip_gain.data = _noise(16)  # type: ignore[union-attr]
    with torch.no_grad():
        found = network.mask(clips, maps)
        assert torch.equal(network(clips, maps).mask, found)
        padded = torch.nn.functional.pad(clips, (4, 4))
        sound = standardise(remove_level(network.encoder(padded)))
        centres = torch.arange(found.shape[2]) * 4 + 3.5 - 4
        heard = [norm(map_) for norm, map_ in zip(network.standardise, maps, strict=True)]  # type: ignore[arg-type]
        decoded = standardise(network.unet(heard, centres, 400))
        mixed = 0.25 * sound + 0.75 * decoded
        refined = network.masknet(mixed).logit()
        expected = torch.sigmoid(refined + network.skip_gain[None, :, None] * decoded)  # type: ignore[index]
    assert torch.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("alpha", "moved"), [(0.0, (True, False)), (0.75, (True, True)), (1.0, (False, True))]
)
def test_alpha_is_what_the_mask_is_made_of(alpha: float, moved: tuple[bool, bool]) -> None:
    network, maps = _normalised(alpha), _maps()
    assert (network.skip_gain is None) == (alpha == 0)
    with torch.no_grad():
        own = network.mask(_noise(2, 400), maps)
        other_sound = network.mask(_noise(2, 400, seed=9), maps)
        other_maps = network.mask(_noise(2, 400), _maps(7))
    assert (not torch.equal(own, other_sound), not torch.equal(own, other_maps)) == moved


def test_louder_clips_have_the_same_mask() -> None:
    network, maps = _normalised(), _maps()
    with torch.no_grad():
        quiet, loud = network.mask(0.01 * _noise(2, 400), maps), network.mask(_noise(2, 400), maps)
    assert torch.allclose(quiet, loud, atol=1e-5)
