"""GradCAM's maps are spread over the frames and bands that their cells were made of."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.classifier.wrapped import wrap_module
from interpreter.errors import ConfigError
from interpreter.explainers.gradient.class_activation import band_to_bin
from interpreter.explainers.gradient.gradcam import GradCamExplainer


def pooled(units: Tensor, halvings: int) -> Tensor:
    """CNN14's pooling alone, of `[N, N]` unit vectors: which cell hears which of them."""
    for _ in range(halvings):
        units = nn.functional.avg_pool1d(units, 2)
    return units


@pytest.mark.parametrize(("layer", "halvings"), [("cnn14.conv_block6", 5), ("cnn14.conv_block4", 4)])
@pytest.mark.parametrize("frames", [173, 431])
def test_every_cell_is_strongest_on_the_frames_that_it_hears(layer: str, halvings: int, frames: int) -> None:
    classifier = CnnClassifier(["a", "b"], FrontEnd(mel_bins=80), embedding_dim=32)
    explainer = GradCamExplainer(classifier, layer=layer)
    for wanted in (frames, 80):
        hears = pooled(torch.eye(wanted), halvings) > 0  # [wanted, cells]
        cells = hears.shape[1]
        weights = torch.eye(cells)[:, explainer._cells(cells, wanted).round().long().clamp(0, cells - 1)].T
        heard = hears.any(dim=1)
        assert int(heard.sum()) == cells * 2**halvings
        assert torch.equal(weights[heard].bool(), hears[heard])
        assert weights[~heard][:, -1].all()  # what no cell heard takes the last one's value


def test_a_map_of_one_hot_column_lies_on_its_bands() -> None:
    front_end = FrontEnd(mel_bins=80)
    classifier = CnnClassifier(["a", "b"], front_end, embedding_dim=32)
    maps = torch.zeros(1, 13, 2)
    maps[..., 1] = 1.0
    on = GradCamExplainer(classifier).spread(maps, 431, 513)[0, 0]
    centres = (front_end.filters * torch.arange(513)[:, None]).sum(dim=0) / front_end.filters.sum(dim=0)
    # Halfway between the columns' centres, bands 15.5 and 47.5, lies band 31.5.
    below, above = (int(centres[band].round()) for band in (31, 32))
    assert on[below] < 0.5 + 1 / 32 and on[above] > 0.5 - 1 / 32
    assert torch.allclose(on[int(centres[48].ceil()) :], torch.ones(()), atol=0.02)
    assert torch.allclose(on[: int(centres[15].floor())], torch.zeros(()), atol=0.02)


def test_bins_at_the_ends_take_the_nearest_band_that_hears_any() -> None:
    filters = FrontEnd(512, mel_bins=128).filters
    empty = (filters.sum(dim=0) == 0).nonzero().flatten().tolist()
    assert empty  # the lowest band lies between two bins
    weights = band_to_bin(filters)
    assert torch.allclose(weights.sum(dim=0), torch.ones(257))
    assert weights[empty].abs().max() == 0
    assert int(weights[:, 0].argmax()) == max(empty) + 1 and int(weights[:, -1].argmax()) == 127


def test_a_layer_without_time_is_refused() -> None:
    class Vectors(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.vector, self.head = nn.Linear(4000, 6), nn.Linear(6, 2)

        def forward(self, waveforms: Tensor) -> Tensor:
            logits: Tensor = self.head(self.vector(waveforms).relu())
            return logits

    wrapped = wrap_module(Vectors(), ["vector"], 16000, ["a", "b"])
    with pytest.raises(ConfigError, match=r"GradCAM needs a layer .*'module\.vector' gives a vector"):
        GradCamExplainer(wrapped).explain(torch.rand(1, 4000))
