"""The methods against their formulas, a second writing of them, or Captum itself."""

from __future__ import annotations

import captum.attr
import pytest
import torch
from torch import Tensor, nn

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.classifier.wrapped import wrap_module
from interpreter.errors import ConfigError
from interpreter.explainers.attribution import attribution_mask
from interpreter.explainers.gradient.backpropagation import (
    GuidedBackpropExplainer,
    IntegratedGradientsExplainer,
    SaliencyExplainer,
    SmoothGradExplainer,
)
from interpreter.explainers.gradient.class_activation import band_to_bin
from interpreter.explainers.gradient.gradcam import GradCamExplainer, GuidedGradCamExplainer
from interpreter.explainers.gradient.shap import ShapExplainer, patches
from interpreter.explainers.spectral import Picture, PictureModel
from tests.interpreter.stand_ins import SpectralStandIn


def plain_gradient(classifier: CnnClassifier, picture: Picture, target: Tensor) -> Tensor:
    x = picture.log_magnitude.clone().requires_grad_()
    logits = classifier.from_log_spectrogram(x.clamp(min=0))
    return torch.autograd.grad(logits.gather(1, target[:, None]).sum(), x)[0]


def attribution(explainer, picture: Picture, target: Tensor) -> Tensor:
    model = PictureModel(explainer.classifier, explainer.front_end, picture)
    return explainer.attribute(model, picture, target).detach()


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
    from interpreter.explainers.spectral import clip_seed

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


class FunctionalClassifier(SpectralStandIn):
    """Reads pictures, but has no rectifier modules."""

    labels = ("a", "b")

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(513, 2)

    def from_log_spectrogram(self, log_magnitude: Tensor) -> Tensor:
        return self.head(torch.relu(log_magnitude.mean(dim=1)))


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
    from interpreter.explainers.spectral import clip_seed

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


def test_a_patch_that_covers_the_picture_has_all_of_the_difference_from_silence(classifier, picture) -> None:
    target = torch.tensor([2, 0, 1])
    values = attribution(ShapExplainer(classifier, variant="kernel", patch=(999, 999)), picture, target)
    x = picture.log_magnitude
    both = classifier.from_log_spectrogram(torch.cat([x, torch.zeros_like(x)]))
    costs = (both[:3] - both[3:]).gather(1, target[:, None])
    assert torch.allclose(values, costs[:, :, None].expand_as(x), rtol=1e-4)


def test_masks_of_an_attribution() -> None:
    values = torch.tensor([[[-4.0, 2.0], [1.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])
    assert attribution_mask(values)[0].tolist() == [[1.0, 0.5], [0.25, 0.0]]
    assert attribution_mask(values, "positive")[0].tolist() == [[0.0, 1.0], [0.5, 0.0]]
    assert attribution_mask(values, "quantile")[0].tolist() == [[1.0, 0.0], [0.0, 0.0]]
    for rule in ("absolute", "positive", "quantile"):
        assert attribution_mask(values, rule)[1].any().item() is False
