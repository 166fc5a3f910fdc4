"""Parts of a clip sum to it; the factorisation is scikit-learn's, the medians are SciPy's."""

from __future__ import annotations

import pytest
import torch
from scipy.ndimage import median_filter

from interpreter.classifier.front_end import FrontEnd
from interpreter.explainers.perturbation.components import (
    MASKS,
    factorise,
    hpss_masks,
    median_along,
    split_by_masks,
)


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("samples", [160, 12000])
def test_parts_sum_to_the_clip(name: str, samples: int, clips) -> None:
    parts = split_by_masks(clips[0, :samples], FrontEnd(), MASKS[name], torch.Generator().manual_seed(0))
    assert parts.shape == ({"nmf": 4, "hpss": 3, "bands": 6}[name], samples)
    assert torch.allclose(parts.sum(dim=0), clips[0, :samples], atol=1e-6)


def test_updates_are_scikit_learns() -> None:
    decomposition = pytest.importorskip("sklearn.decomposition", reason="scikit-learn is the witness")
    generator = torch.Generator().manual_seed(1)
    v, w, h = (torch.rand(size, generator=generator).double() for size in ((40, 30), (40, 3), (3, 30)))
    peer = decomposition.NMF(3, init="custom", solver="mu", beta_loss="kullback-leibler", max_iter=50, tol=0)
    expected = peer.fit_transform(v.numpy(), W=w.numpy().copy(), H=h.numpy().copy())
    ours_w, ours_h = factorise(v, w, h, 50)
    assert ours_w.numpy() == pytest.approx(expected, rel=1e-6)
    assert ours_h.numpy() == pytest.approx(peer.components_, rel=1e-6)


def test_medians_are_scipys() -> None:
    values = torch.rand(50, 40, generator=torch.Generator().manual_seed(2))
    for dim, size in ((0, (31, 1)), (1, (1, 31))):
        expected = median_filter(values.numpy(), size=size, mode="nearest")
        assert median_along(values, dim, 31).numpy() == pytest.approx(expected)


def test_a_tone_is_harmonic_and_a_click_percussive() -> None:
    time = torch.arange(16000) / 16000
    tone = 0.1 * torch.sin(6.2832 * 1000 * time)
    click = torch.zeros(16000)
    click[8000] = 1.0
    parts = split_by_masks(tone + click, FrontEnd(), hpss_masks, torch.Generator())
    inside = slice(2000, 14000)
    for part, sound in ((parts[0], tone), (parts[1], click)):
        error = (part - sound)[inside].square().sum() / sound[inside].square().sum()
        assert float(error) < 0.1


def test_bands_are_octaves() -> None:
    time = torch.arange(8000) / 16000
    for hertz, band in ((100, 0), (350, 1), (700, 2), (1400, 3), (2800, 4), (6000, 5)):
        tone = torch.sin(6.2832 * hertz * time)
        parts = split_by_masks(tone, FrontEnd(), MASKS["bands"], torch.Generator())
        assert int(parts.square().sum(dim=1).argmax()) == band
