"""The networks' own properties: reconstruction, any length, alignment, and any torch classifier."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from interpreter.classifier.cnn14 import Cnn14, CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.classifier.representations import probe_shapes
from interpreter.classifier.wrapped import wrap_module
from interpreter.errors import ConfigError
from interpreter.explainers.base import Explainer
from interpreter.explainers.lmac import Lmac, build_lmac
from interpreter.explainers.lmac_td import LmacTd
from interpreter.explainers.lmac_td_settings import build_lmac_td
from interpreter.networks.dual_path import sinusoids
from interpreter.networks.feature_maps import MapGrid, fit, sample
from interpreter.networks.sepformer import MaskNet, overlap_add
from interpreter.networks.slim_unet import SlimFrameDecoder, SlimMaskDecoder
from interpreter.settings.presets import load_config


def _noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) - 0.5


def test_overlap_add_is_the_transposed_convolution_of_deltas() -> None:
    frames = _noise(2, 7, 12)
    expected = torch.zeros(2, 6 * 4 + 12)
    for at in range(7):
        expected[:, at * 4 : at * 4 + 12] += frames[:, at]
    assert torch.allclose(overlap_add(frames, 4), expected, atol=1e-6)


def test_positions_beyond_the_table_go_on() -> None:
    table, longer = sinusoids(2500, 8), sinusoids(3000, 8)
    assert torch.equal(table, longer[:2500])
    net = MaskNet(8, 8, 2, 8, 1, 1, 1, 5200)
    with torch.no_grad():
        assert net(_noise(1, 8, 60)).shape == (1, 8, 60)


def test_fit_cuts_and_fills_at_the_end_and_sample_reads_between() -> None:
    maps = torch.arange(6.0).view(1, 1, 2, 3)
    assert torch.equal(fit(maps, 3, 2)[0, 0], torch.tensor([[0.0, 1], [3, 4], [0, 0]]))
    line = torch.tensor([[0.0, 10.0, 30.0]])
    assert sample(line, torch.tensor([-1.0, 0.5, 1.25, 9.0]), dim=1).tolist() == [[0.0, 5.0, 15.0, 30.0]]
    assert sample(line[:, :1], torch.tensor([0.0, 3.0]), dim=1).tolist() == [[0.0, 0.0]]


def test_cnn14_has_a_rectifier_module_for_each_call_and_none_in_place() -> None:
    relus = [module for module in Cnn14(80, 32).modules() if isinstance(module, nn.ReLU)]
    assert len(relus) == 12 and not any(relu.inplace for relu in relus)
    with pytest.raises(ConfigError, match=r"^embedding_dim is 40; expected a positive multiple of 32"):
        Cnn14(80, 40)


@pytest.mark.parametrize("samples", [1, 160, 3000, 33333])
def test_the_classifier_takes_every_length_and_one_pass_gives_both(samples: int) -> None:
    classifier = CnnClassifier(["a", "b"], embedding_dim=32).eval()
    clips = _noise(2, samples)
    logits, maps = classifier.inspect(clips)
    assert torch.equal(logits, classifier(clips)) and logits.isfinite().all()
    for one, other in zip(maps, classifier.representations(clips), strict=True):
        assert torch.equal(one, other)
    assert [map_.shape[1] for map_ in maps] == [32, 16, 8, 4]
    assert torch.allclose(
        classifier(torch.zeros(1, samples)), classifier(torch.zeros(1, samples) + 1e-9), atol=1e-3
    )


def test_the_slim_decoder_puts_an_event_where_it_happened() -> None:
    shapes = [(4, 13, 2), (4, 13, 2), (4, 26, 5), (4, 53, 10)]
    decoder = SlimFrameDecoder(MapGrid(shapes, 5952, -93), 8, width=4)
    maps_decoder = SlimMaskDecoder(shapes, width=4, cell_frames=32)
    for module in (decoder, maps_decoder):
        for name, parameter in module.named_parameters():
            nn.init.constant_(parameter, 0.0 if name.endswith("bias") else 0.1)
    for cell in (2, 6, 10):
        maps = [torch.zeros(1, *shape) for shape in shapes]
        for map_, scale in zip(maps, (1, 1, 2, 4), strict=True):
            map_[:, :, cell * scale : (cell + 1) * scale] = 1.0
        with torch.no_grad():
            frames = decoder(maps, torch.arange(2500) * 32.0, 80000)[0].sum(dim=0)
            rows = maps_decoder(maps, 431, 513)[0].sum(dim=1)
        centre = float((frames * torch.arange(2500) * 32).sum() / frames.sum())
        assert centre == pytest.approx((32 * cell + 15.5) * 186, abs=186)
        assert float((rows * torch.arange(431)).sum() / rows.sum()) == pytest.approx(32 * cell + 15.5, abs=1)


class _Foreign(nn.Module):
    """A classifier that knows nothing of ours: one-dimensional convolutions, eight kHz."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(1, 6, 64, 32)
        self.second = nn.Conv1d(6, 12, 8, 4)
        self.head = nn.Linear(12, 3)

    def forward(self, waveforms: Tensor) -> Tensor:
        x = self.first(waveforms[:, None]).relu()
        logits: Tensor = self.head(self.second(x).relu().mean(dim=2))
        return logits


@pytest.mark.parametrize("kind", ["lmac-td", "lmac"])
def test_any_torch_classifier_can_be_explained(kind: str) -> None:
    torch.manual_seed(0)
    module = _Foreign()
    classifier = wrap_module(module, ["second", "first"], 8000, ["x", "y", "z"])
    config = load_config(kind, "tiny")
    clips = _noise(2, 5000)
    explainer: Explainer
    if kind == "lmac-td":
        explainer = LmacTd(classifier, build_lmac_td(config, classifier))  # type: ignore[arg-type]
    else:
        explainer = Lmac(classifier, build_lmac(config, classifier))  # type: ignore[arg-type]
    explanation = explainer.explain(clips)
    assert explanation.interpretation.shape == clips.shape
    assert torch.equal(explanation.probability_before, module(clips).softmax(dim=1))
    assert probe_shapes(classifier)[0][0] == 12
    assert not module.first._forward_hooks


class _FiveHundredSamples(nn.Module):
    """Takes clips of one length alone, and works in place after the layer that is read."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.rectifier = nn.Conv1d(1, 4, 10, 10), nn.ReLU(inplace=True)
        self.head = nn.Linear(200, 3)

    def forward(self, waveforms: Tensor) -> Tensor:
        logits: Tensor = self.head(self.rectifier(self.layer(waveforms[:, None])).flatten(1))
        return logits


def test_a_classifier_of_one_length_is_probed_with_it() -> None:
    classifier = wrap_module(_FiveHundredSamples(), ["layer"], 1000, ["x", "y", "z"])
    assert probe_shapes(classifier, 0.5) == [(4, 50, 1)]
    with pytest.raises(RuntimeError):
        probe_shapes(classifier)
    read = classifier.representations(_noise(1, 500))[0]
    assert float(read.detach().min()) < 0  # before the rectifier, which works in place


def test_hooks_are_gone_after_an_exception() -> None:
    module = _Foreign()
    classifier = wrap_module(module, ["second"], 8000, ["x", "y", "z"])
    with pytest.raises(RuntimeError):
        classifier.representations(torch.zeros(1, 10))
    assert not module.second._forward_hooks
    with pytest.raises(ConfigError, match=r"no layer 'third'; some of its layers: first, second, head"):
        wrap_module(module, ["third"], 8000, ["x"])
    with pytest.raises(ConfigError, match="at least one layer"):
        wrap_module(module, [], 8000, ["x"])


def test_masknet_refuses_sizes_that_do_not_divide() -> None:
    with pytest.raises(ConfigError, match=r"chunk is 25; expected an even number of frames"):
        MaskNet(chunk=25)
    with pytest.raises(
        ConfigError, match=r"channels is 20; expected an even number and a multiple of heads, 8"
    ):
        MaskNet(channels=20)
    with pytest.raises(ConfigError, match="expected hop_length <= win_length <= n_fft, got 186, 2000, 1024"):
        FrontEnd(win_length=2000)


def test_the_slope_is_a_factor_on_the_mask_s_logits() -> None:
    plain, steep = (MaskNet(6, 8, 2, 8, 1, 1, 1, 10, slope=slope) for slope in (1, 3))
    steep.load_state_dict(plain.state_dict())
    with torch.no_grad():
        frames = _noise(1, 6, 40)
        assert torch.equal(plain.logits(frames), steep.logits(frames))
        assert torch.allclose(steep(frames).logit(), 3 * plain(frames).logit(), atol=1e-5)
