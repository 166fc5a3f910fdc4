"""Occlusion against a loop over the patch's positions, Captum called plainly, and an additive classifier."""

from __future__ import annotations

import captum.attr
import pytest
import torch
from torch import Tensor

from interpreter.errors import ConfigError
from interpreter.explainers.perturbation.occlusion import OcclusionExplainer
from interpreter.explainers.spectral import Picture, PictureModel
from tests.interpreter.stand_ins import SpectralStandIn


def attribution(explainer: OcclusionExplainer, picture: Picture, target: Tensor) -> Tensor:
    return explainer.attribute(
        PictureModel(explainer.classifier, explainer.front_end, picture), picture, target
    )


def one_position_at_a_time(ask, x: Tensor, patch: tuple[int, int], stride: tuple[int, int]) -> Tensor:
    """Write occlusion again for one clip `[T, F]`: silence, ask, subtract; cells get their mean."""
    total, times, top = torch.zeros_like(x), torch.zeros_like(x), 0
    while True:
        left = 0
        while True:
            silenced = x.clone()
            silenced[top : top + patch[0], left : left + patch[1]] = 0
            total[top : top + patch[0], left : left + patch[1]] += ask(x) - ask(silenced)
            times[top : top + patch[0], left : left + patch[1]] += 1
            left += stride[1]
            if left + patch[1] - stride[1] >= x.shape[1]:
                break
        top += stride[0]
        if top + patch[0] - stride[0] >= x.shape[0]:
            break
    return total / times


@pytest.mark.parametrize("stride", [None, (24, 100)])
def test_occlusion_is_what_each_position_costs(stride, keen_classifier, picture) -> None:
    target = torch.tensor([0, 3, 1])
    explainer = OcclusionExplainer(keen_classifier, patch=(32, 150), stride=stride, internal_batch_size=5)
    ours = attribution(explainer, picture, target)
    for clip in range(3):
        with torch.no_grad():
            expected = one_position_at_a_time(
                lambda x, wanted=int(target[clip]): float(
                    keen_classifier.from_log_spectrogram(x[None])[0, wanted]
                ),
                picture.log_magnitude[clip],
                (32, 150),
                stride or (32, 150),
            )
        assert torch.allclose(ours[clip], expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()))


def test_occlusion_agrees_with_captum_on_the_whole_batch(keen_classifier, picture) -> None:
    target = torch.tensor([2, 0, 4])
    with torch.no_grad():
        peer = captum.attr.Occlusion(keen_classifier.from_log_spectrogram).attribute(
            picture.log_magnitude, (32, 64), strides=(32, 64), target=target
        )
    ours = attribution(OcclusionExplainer(keen_classifier), picture, target)
    assert torch.allclose(ours, peer, rtol=1e-3, atol=1e-4 * float(peer.abs().max()))


class EnergySums(SpectralStandIn):
    """Adds up the picture's energy below and above 4 kHz in NumPy: it has no gradient."""

    labels = ("low", "high")

    def from_log_spectrogram(self, log_magnitude: Tensor) -> Tensor:
        energy = log_magnitude.detach().numpy().sum(axis=1)
        halves = [energy[:, :256].sum(axis=1), energy[:, 256:].sum(axis=1)]
        return torch.stack([torch.from_numpy(half) for half in halves], dim=1) / log_magnitude.shape[1]


def test_occlusion_of_an_additive_black_box_is_each_patchs_part(clips) -> None:
    classifier = EnergySums()
    spectrum = classifier.front_end.stft(clips)
    picture = Picture(clips, spectrum, classifier.front_end.log_magnitude(clips))
    target = torch.tensor([0, 1, 0])
    values = attribution(OcclusionExplainer(classifier, patch=(19, 64)), picture, target)
    frames = picture.log_magnitude.shape[1]
    for clip in range(3):
        for top in range(0, frames, 19):
            for left in range(0, 513, 64):
                patch = picture.log_magnitude[clip, top : top + 19, left : left + 64]
                counts = (left < 256) == (target[clip] == 0)
                expected = float(patch.sum()) / frames if counts else 0.0
                got = values[clip, top : top + 19, left : left + 64]
                assert float(got.min()) == pytest.approx(float(got.max()), abs=1e-4)
                assert float(got.mean()) == pytest.approx(expected, rel=1e-3, abs=1e-3)
    assert OcclusionExplainer(classifier).explain(clips).mask is not None


def test_a_patch_larger_than_the_picture_silences_it_whole(classifier, clips) -> None:
    explanation = OcclusionExplainer(classifier, patch=(4000, 4000)).explain(clips)
    assert explanation.mask is not None and bool((explanation.mask == 1).all())


def test_a_stride_that_leaves_cells_out_is_refused(classifier) -> None:
    assert OcclusionExplainer(classifier).settings == {
        "rule": "absolute",
        "patch": [32, 64],
        "stride": [32, 64],
    }
    sentence = (
        r"^stride is \[40, 64\]; expected at most the patch, \[32, 64\], so that each cell is silent once$"
    )
    with pytest.raises(ConfigError, match=sentence):
        OcclusionExplainer(classifier, stride=(40, 64))
    with pytest.raises(ConfigError, match=r"^stride is \[8\]; expected frames and bins, such as \[32,64\]$"):
        OcclusionExplainer(classifier, stride=[8])  # type: ignore[arg-type]
