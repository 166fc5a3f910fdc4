"""Class activation maps against second writings of their equations, Captum, and cases known in advance."""

from __future__ import annotations

import captum.attr
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.wrapped import WrappedClassifier, wrap_module
from interpreter.errors import ConfigError
from interpreter.explainers.gradient.gradcam import GradCamExplainer
from interpreter.explainers.gradient.gradcam_plus_plus import GradCamPlusPlusExplainer
from interpreter.explainers.gradient.hirescam import HiResCamExplainer
from interpreter.explainers.gradient.layercam import LayerCamExplainer
from interpreter.explainers.gradient.scorecam import ScoreCamExplainer
from interpreter.explainers.spectral import Picture, PictureModel

WEIGHTED = (GradCamExplainer, GradCamPlusPlusExplainer, HiResCamExplainer, LayerCamExplainer)
EVERY = (*WEIGHTED, ScoreCamExplainer)
MAPS = torch.tensor([[[[1.0, 2.0], [0.0, 3.0]], [[0.5, 0.0], [1.0, 1.0]]]])
GRADIENTS = torch.tensor([[[[0.2, -0.1], [0.3, 0.4]], [[-0.2, 0.1], [0.0, 0.5]]]])


def attribution(explainer, picture: Picture, target: Tensor) -> Tensor:
    return explainer.attribute(
        PictureModel(explainer.classifier, explainer.front_end, picture), picture, target
    )


def layer_of(classifier: CnnClassifier, picture: Picture, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return block 6's maps and gradients as the classifier's own parts give them, without a hook."""
    mel = classifier.front_end.mel(picture.log_magnitude)
    maps = classifier.cnn14.maps(mel)[-1].detach().requires_grad_()
    logits = classifier.head(classifier.cnn14.pool(maps))
    return maps.detach(), torch.autograd.grad(logits.gather(1, target[:, None]).sum(), maps)[0]


def cell_by_cell(name: str, maps: Tensor, gradients: Tensor) -> Tensor:
    """Write the equations again for one clip: loops over maps and cells, in double precision."""
    total = torch.zeros(maps.shape[1:], dtype=torch.float64)
    for a, g in zip(maps.double(), gradients.double(), strict=True):
        mean, area, plus_plus = float(g.sum()) / g.numel(), float(a.sum()), 0.0
        for slope in g.flatten().tolist():
            below = 2 * slope**2 + area * slope**3
            alpha = slope**2 / below if slope != 0 else 0.0
            plus_plus += alpha * max(slope, 0.0)
        for row in range(a.shape[0]):
            for column in range(a.shape[1]):
                slope = float(g[row, column])
                weight = {
                    "gradcam": mean,
                    "gradcam++": plus_plus,
                    "hirescam": slope,
                    "layercam": max(slope, 0.0),
                }[name]
                total[row, column] += weight * float(a[row, column])
    return total


def test_gradcam_plus_plus_has_the_weights_of_equation_19(classifier) -> None:
    """Worked by hand; the other reading, sum(A g^3) for sum(A) g^3, gives weights of 0.223758, 0.208380."""
    first, second = 0.2 / 3.2 + 0.3 / 3.8 + 0.4 / 4.4, 0.1 / 2.25 + 0.5 / 3.25  # the maps' sums are 6, 2.5
    assert (first, second) == pytest.approx((0.232356, 0.198291), abs=1e-6)
    ours = GradCamPlusPlusExplainer(classifier).combine(MAPS, GRADIENTS)[0]
    # pip's grad-cam 1.5.7 prints these; it adds 1e-6 to the denominator.
    assert ours.flatten().tolist() == pytest.approx([0.331500, 0.464711, 0.198288, 0.895355], abs=5e-6)


def test_gradcam_plus_plus_weighs_by_the_derivatives_of_the_exponential_of_the_logit(classifier) -> None:
    """The paper's general form by automatic differentiation, three times, of exp(S) with a linear S."""
    torch.manual_seed(3)
    maps = torch.rand(1, 2, 3, 2, dtype=torch.float64)
    gradients = 0.3 * torch.randn(1, 2, 3, 2, dtype=torch.float64)
    expected = torch.zeros(3, 2, dtype=torch.float64)
    for channel in range(2):
        weight = 0.0
        for row in range(3):
            for column in range(2):
                cell = maps[0, channel, row, column].clone().requires_grad_()
                others = (maps * gradients).sum() - cell.detach() * gradients[0, channel, row, column]
                derivative = (others + cell * gradients[0, channel, row, column]).exp()
                order = []
                for _ in range(3):
                    derivative = torch.autograd.grad(derivative, cell, create_graph=True)[0]
                    order.append(float(derivative.detach()))
                alpha = order[1] / (2 * order[1] + float(maps[0, channel].sum()) * order[2])
                weight += alpha * max(order[0], 0.0)
        expected += weight * maps[0, channel]
    ours = GradCamPlusPlusExplainer(classifier).combine(maps, gradients)[0]
    factor = float((maps * gradients).sum().exp())  # common to all maps, and left out
    assert torch.allclose(ours * factor, expected, rtol=1e-9)


@pytest.mark.parametrize("method", WEIGHTED)
def test_each_map_is_the_published_sum_cell_by_cell(method, keen_classifier, picture) -> None:
    target = torch.tensor([0, 3, 1])  # a batch of different targets
    maps, gradients = layer_of(keen_classifier, picture, target)
    explainer = method(keen_classifier, frequency_axis="linear")
    ours = attribution(explainer, picture, target)
    for clip in range(3):
        cam = cell_by_cell(method.name, maps[clip], gradients[clip]).clamp(min=0)
        size = tuple(picture.log_magnitude.shape[1:])
        expected = interpolate(cam[None, None], size, mode="bilinear", align_corners=False)[0, 0]
        assert float(expected.max()) > 0
        assert torch.allclose(ours[clip].double(), expected, rtol=1e-4, atol=1e-5 * float(expected.max()))


def test_gradcam_is_captums(keen_classifier, picture) -> None:
    target = torch.tensor([0, 3, 1])
    explainer = GradCamExplainer(keen_classifier, frequency_axis="linear")
    peer = captum.attr.LayerGradCam(
        keen_classifier.from_log_spectrogram, keen_classifier.cnn14.block(6)
    ).attribute(picture.log_magnitude.clone().requires_grad_(), target, relu_attributions=True)
    size = tuple(picture.log_magnitude.shape[1:])
    expected = interpolate(peer, size, mode="bilinear", align_corners=False)[:, 0]
    assert torch.allclose(attribution(explainer, picture, target), expected, rtol=1e-5, atol=1e-8)


def test_hirescam_is_captums_gradient_times_activation(keen_classifier, picture) -> None:
    target = torch.tensor([2, 0, 4])
    peer = captum.attr.LayerGradientXActivation(
        keen_classifier.from_log_spectrogram, keen_classifier.cnn14.block(6)
    ).attribute(picture.log_magnitude.clone().requires_grad_(), target)
    maps, gradients = layer_of(keen_classifier, picture, target)
    ours = HiResCamExplainer(keen_classifier).combine(maps, gradients)
    assert torch.allclose(ours, peer.sum(dim=1), rtol=1e-4, atol=1e-7)


class LinearAfterMaps(nn.Module):
    """Rectified maps `[B, C, T, F]` of frames of samples, then something linear."""

    def __init__(self, channels: int, pooled: bool) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.maps = nn.Sequential(nn.Conv2d(1, channels, (40, 5), (40, 5)), nn.ReLU(inplace=True))
        self.pooled = pooled
        self.head = nn.Linear(channels if pooled else channels * 20 * 4, 3)

    def forward(self, waveforms: Tensor) -> Tensor:
        maps = self.maps(waveforms[:, : 800 * 20].reshape(-1, 1, 800, 20))
        seen = maps.mean(dim=(2, 3)) if self.pooled else maps.flatten(1)
        logits: Tensor = self.head(seen)
        return logits


def linear_after_maps(channels: int, pooled: bool) -> tuple[WrappedClassifier, Tensor]:
    wrapped = wrap_module(LinearAfterMaps(channels, pooled), ["maps"], 16000, ["a", "b", "c"])
    return wrapped, torch.randn(3, 16000, generator=torch.Generator().manual_seed(6))


def layer_and_gradients(classifier: WrappedClassifier, waveforms: Tensor, target: Tensor):
    maps = classifier.representations(waveforms)[0].detach().requires_grad_()
    module = classifier.module
    seen = maps.mean(dim=(2, 3)) if module.pooled else maps.flatten(1)
    score = module.head(seen).gather(1, target[:, None])
    return maps.detach(), torch.autograd.grad(score.sum(), maps)[0], score.detach()[:, 0]


@pytest.mark.parametrize("channels", [1, 6])
def test_hirescam_sums_to_the_logit_of_a_linear_last_layer(channels: int) -> None:
    classifier, waveforms = linear_after_maps(channels, pooled=False)
    target = torch.tensor([2, 0, 1])
    maps, gradients, score = layer_and_gradients(classifier, waveforms, target)
    total = HiResCamExplainer(classifier).combine(maps, gradients).sum(dim=(1, 2))
    assert torch.allclose(total, score - classifier.module.head.bias[target], atol=1e-5)
    assert not torch.allclose(GradCamExplainer(classifier).combine(maps, gradients).sum(dim=(1, 2)), total)


@pytest.mark.parametrize("channels", [1, 6])
def test_after_global_pooling_the_siblings_differ_only_in_weights(channels: int) -> None:
    """The gradient is constant on each map: HiResCAM is GradCAM, the others have closed forms."""
    classifier, waveforms = linear_after_maps(channels, pooled=True)
    target = torch.tensor([2, 0, 1])
    maps, gradients, _ = layer_and_gradients(classifier, waveforms, target)
    cams = {method.name: method(classifier).combine(maps, gradients) for method in WEIGHTED}
    assert torch.allclose(cams["hirescam"], cams["gradcam"], rtol=1e-4, atol=1e-8)
    slope, area = gradients[..., :1, :1], maps.sum(dim=(2, 3), keepdim=True)
    positive = slope.clamp(min=0)
    assert torch.allclose(cams["layercam"], (positive * maps).sum(dim=1), rtol=1e-4, atol=1e-8)
    expected = (80 * positive / (2 + area * slope) * maps).sum(dim=1)  # a map has 20 x 4 cells
    assert torch.allclose(cams["gradcam++"], expected, rtol=1e-4, atol=1e-8)


def test_scorecam_is_the_softmax_of_each_maps_logit(keen_classifier, picture) -> None:
    """Second writing of algorithm 1: a map at a time, stretched, brought to 0 to 1, and let through."""
    target, size = torch.tensor([0, 3, 1]), tuple(picture.log_magnitude.shape[1:])
    ours = attribution(
        ScoreCamExplainer(keen_classifier, frequency_axis="linear", internal_batch_size=7), picture, target
    )
    maps, _ = layer_of(keen_classifier, picture, target)
    ask = torch.no_grad()(keen_classifier.from_log_spectrogram)
    for clip in range(3):
        x, wanted = picture.log_magnitude[clip : clip + 1], int(target[clip])
        silence = float(ask(torch.zeros_like(x))[0, wanted])
        scores, kept = [], []
        for one in maps[clip]:
            if float(one.max()) == float(one.min()):
                continue
            wide = interpolate(one[None, None], size, mode="bilinear", align_corners=False)[0]
            wide = (wide - wide.min()) / (wide.max() - wide.min())
            scores.append(float(ask(x * wide)[0, wanted]) - silence)
            kept.append(one)
        assert len(kept) > 1
        total = sum(torch.tensor(score).exp() for score in scores)
        cam = sum(torch.tensor(score).exp() / total * one for score, one in zip(scores, kept, strict=True))
        expected = interpolate(cam[None, None].clamp(min=0), size, mode="bilinear", align_corners=False)[0, 0]
        assert torch.allclose(ours[clip], expected, rtol=1e-3, atol=1e-4 * float(expected.max()))


def test_scorecam_asks_for_no_more_maps_at_a_time_than_it_may(classifier, clips, monkeypatch) -> None:
    asked: list[int] = []
    whole = type(classifier).from_log_spectrogram

    def counting(self: CnnClassifier, log_magnitude: Tensor) -> Tensor:
        asked.append(len(log_magnitude))
        return whole(self, log_magnitude)

    monkeypatch.setattr(type(classifier), "from_log_spectrogram", counting)
    few, many = (ScoreCamExplainer(classifier, internal_batch_size=size).explain(clips) for size in (5, 64))
    assert max(asked) <= 64 and asked.count(5) > 10
    assert few.mask is not None and many.mask is not None
    assert torch.allclose(few.mask, many.mask, atol=1e-3)


def test_negative_gradients_alone_leave_nothing_to_keep(classifier) -> None:
    for method in WEIGHTED:
        assert float(method(classifier).combine(MAPS, -GRADIENTS.abs()).clamp(min=0).max()) == 0


def test_gradcam_plus_plus_survives_tiny_and_vanishing_gradients_and_the_pole(classifier) -> None:
    combine = GradCamPlusPlusExplainer(classifier).combine
    assert combine(MAPS, torch.zeros_like(MAPS)).abs().max() == 0
    tiny = combine(MAPS, GRADIENTS * 1e-30)  # the squares are zero in single precision
    first, second = 0.9 / 2, 0.6 / 2  # alpha is 1/2 as g goes to zero
    assert torch.allclose(
        tiny / 1e-30, (torch.tensor([first, second])[None, :, None, None] * MAPS).sum(dim=1)
    )
    at_the_pole = combine(torch.full((1, 1, 1, 2), -1.0), torch.ones(1, 1, 1, 2))  # 2 + (-2) 1 = 0
    assert at_the_pole.isfinite().all()


@pytest.mark.parametrize("method", EVERY)
def test_constant_maps_give_a_constant_mask_or_none(method) -> None:
    """A classifier whose maps show no place: no cell of the layer is above another."""
    classifier, waveforms = linear_after_maps(4, pooled=True)
    with torch.no_grad():
        classifier.module.maps[0].weight.zero_()
        classifier.module.maps[0].bias.fill_(1.0)
    mask = method(classifier).explain(waveforms, [0, 1, 2]).mask
    assert mask is not None and mask.isfinite().all()
    lowest, largest = mask.flatten(1).aminmax(dim=1)
    assert torch.allclose(lowest, largest, atol=1e-5)
    assert method is not ScoreCamExplainer or largest.max() == 0


@pytest.mark.parametrize("method", EVERY)
def test_what_follows_the_layer_may_work_in_place(method) -> None:
    """`maps.0` is a convolution before a rectifier in place: its own values are read, negative ones too."""
    classifier, waveforms = linear_after_maps(4, pooled=False)
    explainer = method(classifier, layer="module.maps.0")
    picture = explainer.picture(waveforms)
    model = PictureModel(classifier, explainer.front_end, picture)
    maps, logits = explainer.read_layer(model, picture.log_magnitude)
    assert maps.shape == (3, 4, 20, 4) and bool((maps < 0).any())
    assert torch.allclose(logits, classifier(waveforms), atol=1e-3)
    assert explainer.explain(waveforms).mask is not None
    assert explainer.label.endswith(", 0") and not classifier.module.maps[0]._forward_hooks


def test_layers_that_cannot_be_read(classifier, clips) -> None:
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.recurrent, self.head, self.unused = nn.GRU(100, 4), nn.Linear(4, 2), nn.Linear(2, 2)
            self.aside = nn.Conv1d(1, 2, 100, 100)

        def forward(self, waveforms: Tensor) -> Tensor:
            self.aside(waveforms[:, None])
            logits: Tensor = self.head(self.recurrent(waveforms.reshape(len(waveforms), -1, 100))[0].mean(1))
            return logits

    wrapped = wrap_module(Pair(), ["head"], 16000, ["a", "b"])
    for layer, sentence in (
        ("module.recurrent", r"LayerCAM needs a layer .*; 'module\.recurrent' gives a tuple$"),
        ("module.head", r"LayerCAM needs a layer .*; 'module\.head' gives a vector$"),
        ("module.unused", r"^the classifier does not call its layer 'module\.unused'; choose another layer$"),
        (
            "module.aside",
            r"^the classifier's answer does not depend on its layer 'module\.aside'; choose anoth",
        ),
    ):
        with pytest.raises(ConfigError, match=sentence):
            LayerCamExplainer(wrapped, layer=layer).explain(clips)


def test_labels_name_the_method_and_what_is_not_the_default(classifier) -> None:
    assert [method(classifier).label for method in EVERY] == [
        "GradCAM",
        "GradCAM++",
        "HiResCAM",
        "LayerCAM",
        "ScoreCAM",
    ]
    chosen = LayerCamExplainer(classifier, layer="cnn14.conv_block4", rule="quantile")
    assert chosen.label == "LayerCAM (quantile), conv_block4"
