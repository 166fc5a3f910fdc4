from __future__ import annotations

import warnings
from collections.abc import Iterator

import captum.attr
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from interpreter.classifier import CnnClassifier
from interpreter.errors import ConfigError, InterpreterError
from interpreter.explainer import evaluating
from interpreter.features import FrontEnd
from interpreter.gradient import (
    GRADIENT_METHODS,
    GradCamExplainer,
    GuidedBackpropExplainer,
    GuidedGradCamExplainer,
    IntegratedGradientsExplainer,
    SaliencyExplainer,
    ShapExplainer,
    SmoothGradExplainer,
    attribution_mask,
)
from interpreter.gradient_cam import band_to_bin
from interpreter.gradient_shap import patches
from interpreter.spectral import Picture, PictureModel
from interpreter.wrap import wrap_module


@pytest.fixture(scope="module")
def classifier() -> CnnClassifier:
    """A small CNN14 of random weights whose batch norms have seen data."""
    torch.manual_seed(0)
    model = CnnClassifier(
        [f"class {n}" for n in range(5)], FrontEnd(mel_bins=32), embedding_dim=64, dropout=0.0
    )
    with torch.no_grad():
        for _ in range(3):
            model(torch.randn(8, 12000) * torch.logspace(-2, 0, 8)[:, None])
    return model.eval()


@pytest.fixture
def clips() -> Tensor:
    generator = torch.Generator().manual_seed(4)
    time = torch.arange(12000) / 16000
    tones = torch.stack([torch.sin(6.2832 * hertz * time) for hertz in (300.0, 1200.0, 4000.0)])
    return 0.3 * tones + 0.02 * torch.randn(3, 12000, generator=generator)


@pytest.fixture
def picture(classifier: CnnClassifier, clips: Tensor) -> Picture:
    spectrum = classifier.front_end.stft(clips)
    return Picture(clips, spectrum, classifier.front_end.log_magnitude(clips))


@pytest.fixture(autouse=True)
def _quiet_captum() -> Iterator[None]:
    """Captum warns in the witnesses' own calls; ours keep its warnings in."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module="captum")
        yield


def plain_gradient(classifier: CnnClassifier, picture: Picture, target: Tensor) -> Tensor:
    x = picture.log_magnitude.clone().requires_grad_()
    logits = classifier.from_log_spectrogram(x.clamp(min=0))
    return torch.autograd.grad(logits.gather(1, target[:, None]).sum(), x)[0]


def attribution(explainer, picture: Picture, target: Tensor) -> Tensor:
    model = PictureModel(explainer.classifier, explainer.front_end, picture)
    return explainer.attribute(model, picture, target).detach()


@pytest.mark.parametrize("name", GRADIENT_METHODS)
def test_every_method_gives_a_mask_and_parts_of_the_inputs_length(name, classifier, clips) -> None:
    explanation = GRADIENT_METHODS[name](classifier).explain(clips)
    assert explanation.method == name
    assert explanation.interpretation.shape == explanation.residual.shape == clips.shape
    assert explanation.mask is not None
    assert float(explanation.mask.min()) >= 0
    assert explanation.mask.flatten(1).amax(dim=1).tolist() == pytest.approx([1.0] * 3)
    assert torch.equal(explanation.target, classifier(clips).argmax(dim=1))
    assert not explanation.interpretation.requires_grad


def test_saliency_is_the_gradients_size(classifier, picture) -> None:
    target = torch.tensor([0, 3, 1])
    expected = plain_gradient(classifier, picture, target).abs()
    assert torch.allclose(attribution(SaliencyExplainer(classifier), picture, target), expected, rtol=1e-5)


def test_smoothgrad_with_one_sample_and_no_noise_is_saliency(classifier, picture) -> None:
    target = torch.tensor([0, 3, 1])
    smooth = attribution(SmoothGradExplainer(classifier, samples=1, noise=0.0), picture, target)
    assert torch.allclose(smooth, attribution(SaliencyExplainer(classifier), picture, target), rtol=1e-4)


def test_smoothgrad_is_the_mean_over_noisy_copies(classifier, picture) -> None:
    """Second writing: the same draws, one copy at a time."""
    from interpreter.spectral import clip_seed

    target = torch.tensor([0, 3, 1])
    ours = attribution(SmoothGradExplainer(classifier, samples=3, noise=0.2, seed=5), picture, target)
    x = picture.log_magnitude[:1]
    with torch.random.fork_rng([]):
        torch.manual_seed(clip_seed(5, picture.waveforms[0:1]))
        noise = torch.normal(0.0, torch.full((3, *x.shape[1:]), 0.2 * float(x.max() - x.min())))
    copies = [
        plain_gradient(
            classifier, Picture(picture.waveforms[:1], picture.spectrum[:1], x + n), target[:1]
        ).abs()
        for n in noise
    ]
    assert torch.allclose(ours[:1], torch.stack(copies).mean(dim=0), rtol=1e-3, atol=1e-7)


def test_integrated_gradients_are_complete(classifier, picture) -> None:
    target = torch.tensor([2, 0, 4])
    values = attribution(IntegratedGradientsExplainer(classifier, steps=200), picture, target)
    silence = classifier.from_log_spectrogram(torch.zeros_like(picture.log_magnitude))
    difference = (classifier.from_log_spectrogram(picture.log_magnitude) - silence).gather(
        1, target[:, None]
    )[:, 0]
    assert values.sum(dim=(1, 2)).tolist() == pytest.approx(difference.tolist(), rel=0.02, abs=0.02)


def test_integrated_gradients_do_not_depend_on_the_internal_batch(classifier, picture) -> None:
    target = torch.tensor([2, 0, 4])
    few, many = (
        attribution(
            IntegratedGradientsExplainer(classifier, steps=12, internal_batch_size=size), picture, target
        )
        for size in (2, 64)
    )
    assert torch.allclose(few, many, rtol=1e-3, atol=1e-7)


def test_guided_backprop_differs_from_the_plain_gradient(classifier, picture) -> None:
    target = torch.tensor([0, 3, 1])
    guided = attribution(GuidedBackpropExplainer(classifier), picture, target)
    plain = plain_gradient(classifier, picture, target)
    assert not torch.allclose(guided, plain)
    assert float(torch.nn.functional.cosine_similarity(guided.flatten(), plain.flatten(), dim=0)) < 0.95


class FunctionalClassifier(nn.Module):
    """Reads pictures, but has no rectifier modules."""

    sample_rate = 16000
    labels = ("a", "b")

    def __init__(self) -> None:
        super().__init__()
        self.front_end = FrontEnd()
        self.head = nn.Linear(513, 2)

    def from_log_spectrogram(self, log_magnitude: Tensor) -> Tensor:
        return self.head(torch.relu(log_magnitude.mean(dim=1)))

    def forward(self, waveforms: Tensor) -> Tensor:
        return self.from_log_spectrogram(self.front_end.log_magnitude(waveforms))

    def representations(self, waveforms: Tensor) -> list[Tensor]:
        return []


def test_guided_backprop_refuses_a_classifier_without_rectifier_modules(clips) -> None:
    with pytest.raises(ConfigError, match=r"acts on nn\.ReLU modules and the classifier has none"):
        GuidedBackpropExplainer(FunctionalClassifier()).explain(clips)


def test_gradcam_is_the_rectified_weighted_sum_of_maps(classifier, picture) -> None:
    """Second writing: block 6's maps, weighted by their mean gradients."""
    target = torch.tensor([0, 3, 1])
    mel = classifier.front_end.mel(picture.log_magnitude)
    maps = classifier.cnn14.maps(mel)[-1].detach().requires_grad_()
    logits = classifier.head(classifier.cnn14.pool(maps))
    gradient = torch.autograd.grad(logits.gather(1, target[:, None]).sum(), maps)[0]
    cam = (gradient.mean(dim=(2, 3), keepdim=True) * maps).sum(dim=1, keepdim=True).clamp(min=0)
    size = picture.log_magnitude.shape[1:]
    expected = nn.functional.interpolate(cam, tuple(size), mode="bilinear", align_corners=False)[:, 0]
    ours = attribution(GradCamExplainer(classifier, frequency_axis="linear"), picture, target)
    assert torch.allclose(ours, expected, rtol=1e-4, atol=1e-7)
    assert float(expected.detach().amax()) > 0


def test_mel_columns_land_on_the_frequencies_they_hear() -> None:
    front_end = FrontEnd(mel_bins=40)
    matrix = band_to_bin(front_end.filters)
    assert torch.allclose(matrix.sum(dim=0), torch.ones(513), atol=1e-5)
    for band in (3, 20, 38):
        on = torch.zeros(40)
        on[band] = 1.0
        loudest = int((on @ matrix).argmax())
        assert float(front_end.filters[loudest, band]) > 0.5
    upper_half = torch.zeros(40)
    upper_half[20:] = 1.0
    reached = (upper_half @ matrix).gt(0.5).nonzero()[0].item() * 16000 / 1024
    assert 1500 < reached < 2300  # the middle of the mel scale, not 4 kHz


def test_gradcam_reads_the_layer_of_a_wrapped_module(clips) -> None:
    class Frames(nn.Module):
        """Feature maps of time alone: there, each frequency gets the frame's weight."""

        def __init__(self) -> None:
            super().__init__()
            self.frames = nn.Conv1d(1, 4, 400, 200)
            self.head = nn.Linear(4, 2)

        def forward(self, waveforms: Tensor) -> Tensor:
            return self.head(torch.relu(self.frames(waveforms[:, None])).mean(dim=2))

    torch.manual_seed(2)
    wrapped = wrap_module(Frames(), ["frames"], 16000, ["a", "b"])
    explainer = GradCamExplainer(wrapped)
    assert explainer.layer == "module.frames"
    assert explainer.label == "GradCAM"
    masks = [explainer.explain(clips, target=[number] * 3).mask for number in (0, 1)]
    mask = masks[0] + masks[1]
    assert float(mask.max()) > 0
    assert torch.allclose(mask, mask[..., :1].expand_as(mask), atol=1e-5)


def test_guided_gradcam_agrees_with_captum(classifier, picture) -> None:
    target = torch.tensor([0, 3, 1])
    ours = attribution(GuidedGradCamExplainer(classifier, frequency_axis="linear"), picture, target)
    cam = attribution(GradCamExplainer(classifier, frequency_axis="linear"), picture, target)
    guided = attribution(GuidedBackpropExplainer(classifier), picture, target)
    assert torch.allclose(ours, cam * guided, rtol=1e-4, atol=1e-9)

    class Image(nn.Module):
        """Captum's class needs a channel axis to interpolate over."""

        def __init__(self) -> None:
            super().__init__()
            self.classifier = classifier

        def forward(self, image: Tensor) -> Tensor:
            return self.classifier.from_log_spectrogram(image[:, 0])

    peer = captum.attr.GuidedGradCam(Image(), classifier.cnn14.block(6)).attribute(
        picture.log_magnitude[:, None].clone().requires_grad_(), target, interpolate_mode="bilinear"
    )[:, 0]
    assert torch.allclose(ours, peer, rtol=1e-3, atol=1e-8)


def test_gradient_shap_of_a_linear_model_is_weight_times_input(clips) -> None:
    """Exact for a linear model, whatever is drawn."""

    class Linear(FunctionalClassifier):
        def from_log_spectrogram(self, log_magnitude: Tensor) -> Tensor:
            return self.head(log_magnitude.mean(dim=1))

    torch.manual_seed(1)
    model = Linear()
    x = model.front_end.log_magnitude(clips)
    target = torch.tensor([1, 0, 1])
    values = attribution(
        ShapExplainer(model, samples=5, internal_batch_size=2),
        Picture(clips, model.front_end.stft(clips), x),
        target,
    )
    expected = x * model.head.weight[target][:, None, :] / x.shape[1]
    assert torch.allclose(values, expected, rtol=1e-4, atol=1e-8)


def test_kernel_shap_agrees_with_captums_own_regression(classifier, picture) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is Captum's own regression, the witness")
    from interpreter.spectral import clip_seed

    target = torch.tensor([0])
    one = Picture(picture.waveforms[:1], picture.spectrum[:1], picture.log_magnitude[:1])
    ours = attribution(ShapExplainer(classifier, variant="kernel", samples=60, patch=(24, 128)), one, target)
    with torch.random.fork_rng([]):
        torch.manual_seed(clip_seed(0, one.waveforms))
        peer = captum.attr.KernelShap(classifier.from_log_spectrogram).attribute(
            one.log_magnitude,
            target=target,
            feature_mask=patches(one.log_magnitude, (24, 128)),
            n_samples=60,
            perturbations_per_eval=16,
        )
    assert torch.allclose(ours, peer, rtol=1e-2, atol=1e-3 * float(peer.abs().max()))


def test_kernel_shap_is_efficient_with_enough_samples(classifier, picture) -> None:
    """The patches' values sum to the difference between the clip and silence."""
    one = Picture(picture.waveforms[:1], picture.spectrum[:1], picture.log_magnitude[:1])
    target = torch.tensor([2])
    explainer = ShapExplainer(classifier, variant="kernel", samples=200, patch=(24, 256))
    values = attribution(explainer, one, target)
    numbers = patches(one.log_magnitude, (24, 256))
    total = sum(float(values[numbers == n][0]) for n in numbers.unique())
    both = classifier.from_log_spectrogram(
        torch.cat([one.log_magnitude, torch.zeros_like(one.log_magnitude)])
    )
    assert total == pytest.approx(both[0, 2].item() - both[1, 2].item(), rel=0.02, abs=0.02)


def test_an_explanation_does_not_depend_on_the_batch(classifier, clips) -> None:
    for method in (SmoothGradExplainer, ShapExplainer):
        together = method(classifier, seed=3).explain(clips).mask
        apart = method(classifier, seed=3, batch_size=1).explain(clips).mask
        assert torch.allclose(together, apart, atol=1e-3)
        assert not torch.allclose(together, method(classifier, seed=4).explain(clips).mask, atol=1e-3)


def test_global_generators_are_left_as_they_were(classifier, clips) -> None:
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
    for name in ("smoothgrad", "shap"):
        GRADIENT_METHODS[name](classifier).explain(clips)
    assert torch.equal(torch.get_rng_state(), torch_state)
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(numpy_state, after, strict=True))


@pytest.mark.parametrize("name", GRADIENT_METHODS)
def test_nothing_is_left_behind(name, classifier, clips) -> None:
    classifier.train()
    kept = clips.clone()
    try:
        GRADIENT_METHODS[name](classifier).explain(clips)
        assert classifier.training
        assert torch.equal(clips, kept)
        assert not clips.requires_grad
        assert all(parameter.grad is None for parameter in classifier.parameters())
        assert hooks(classifier) == 0
    finally:
        classifier.eval()


@pytest.mark.parametrize("name", GRADIENT_METHODS)
def test_hooks_and_mode_are_restored_after_an_exception(name, classifier, clips, monkeypatch) -> None:
    explainer = GRADIENT_METHODS[name](classifier)
    calls = 0

    def breaking(embeddings: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise RuntimeError("broken on purpose")
        return nn.functional.linear(embeddings, classifier.head.weight, classifier.head.bias)

    monkeypatch.setattr(classifier.head, "forward", breaking)
    classifier.train()
    try:
        with pytest.raises(RuntimeError, match="broken on purpose"):
            explainer.explain(clips)
        assert classifier.training
        assert all(module.training for module in classifier.modules())
        assert hooks(classifier) == 0
    finally:
        classifier.eval()


def hooks(model: nn.Module) -> int:
    return sum(
        len(module._forward_hooks) + len(module._forward_pre_hooks) + len(module._backward_hooks)
        for module in model.modules()
    )


def test_each_submodules_own_mode_comes_back(classifier) -> None:
    classifier.cnn14.train()
    with evaluating(classifier):
        assert not classifier.cnn14.training
    assert classifier.cnn14.training
    assert not classifier.training
    classifier.eval()


def test_masks_of_an_attribution() -> None:
    values = torch.tensor([[[-4.0, 2.0], [1.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])
    assert attribution_mask(values)[0].tolist() == [[1.0, 0.5], [0.25, 0.0]]
    assert attribution_mask(values, "positive")[0].tolist() == [[0.0, 1.0], [0.5, 0.0]]
    assert attribution_mask(values, "quantile")[0].tolist() == [[1.0, 0.0], [0.0, 0.0]]
    for rule in ("absolute", "positive", "quantile"):
        assert attribution_mask(values, rule)[1].any().item() is False


def test_a_classifier_of_waveforms_alone_is_explained_through_the_resynthesis(clips) -> None:
    class Waveforms(nn.Module):
        sample_rate = 16000
        labels = ("low", "high")

        def __init__(self) -> None:
            super().__init__()
            self.bank = FrontEnd(n_fft=64, hop_length=32, win_length=64, mel_bins=8)
            self.unused = nn.Parameter(torch.zeros(1))

        def forward(self, waveforms: Tensor) -> Tensor:
            bands = self.bank.log_magnitude(waveforms).mean(dim=1)
            return torch.stack([bands[:, :6].sum(dim=1), bands[:, 6:].sum(dim=1)], dim=1)

        def representations(self, waveforms: Tensor) -> list[Tensor]:
            return []

    explainer = IntegratedGradientsExplainer(Waveforms(), rule="positive")
    explanation = explainer.explain(clips, target=[0, 0, 1])
    assert explanation.mask is not None
    energy = explanation.mask.sum(dim=1)
    edge = 6 * 1024 // 64
    low, high = energy[:, :edge].sum(dim=1), energy[:, edge:].sum(dim=1)
    assert bool((low[:2] > high[:2]).all())
    assert float(high[2]) > float(low[2])
    SmoothGradExplainer(Waveforms(), samples=3).explain(clips)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda c: SaliencyExplainer(c, rule="loud"),
            "rule is 'loud'; expected one of absolute, positive, quantile",
        ),
        (lambda c: SmoothGradExplainer(c, samples=0), "samples is 0; expected 1 or more"),
        (
            lambda c: SaliencyExplainer(c, internal_batch_size=0),
            "internal_batch_size is 0; expected 1 or more",
        ),
        (lambda c: SaliencyExplainer(c, batch_size=0), "batch_size is 0; expected 1 or more"),
        (
            lambda c: GradCamExplainer(c, layer="cnn14.conv_block9"),
            "the classifier has no layer 'cnn14.conv_block9'",
        ),
        (
            lambda c: GradCamExplainer(c, frequency_axis="bark"),
            "frequency_axis is 'bark'; expected mel or linear",
        ),
        (lambda c: ShapExplainer(c, variant="deep"), "variant is 'deep'; expected gradient or kernel"),
    ],
)
def test_options_that_cannot_be_used(classifier, make, sentence) -> None:
    with pytest.raises(InterpreterError) as caught:
        make(classifier)
    assert sentence in str(caught.value)
