"""FreqRISE against its formula written out, and on an additive probability."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from interpreter.explainers.perturbation.freqrise import FreqRiseExplainer, draw_masks
from interpreter.explainers.spectral import Picture, PictureModel, clip_seed


def attribution(explainer, clips, target):
    spectrum = explainer.front_end.stft(clips)
    picture = Picture(clips, spectrum, explainer.front_end.log_magnitude(clips))
    model = PictureModel(explainer.classifier, explainer.front_end, picture)
    return explainer.attribute(model, picture, target), picture.log_magnitude


def test_masks_are_open_half_of_the_time_everywhere() -> None:
    masks = draw_masks(4000, (4, 8), (37, 81), torch.Generator().manual_seed(0))
    assert masks.shape == (4000, 37, 81) and 0 <= float(masks.min()) < float(masks.max()) <= 1
    assert float((masks.mean(dim=0) - 0.5).abs().max()) < 0.04
    assert draw_masks(3, (8, 16), (1, 513), torch.Generator()).shape == (3, 1, 513)
    steps = masks[0].diff(dim=0).abs().max()
    assert float(steps) <= 0.1 + 1e-6  # smooth: ten frames from one cell of the grid to the next


def test_the_map_is_the_covariance_of_probability_and_mask(classifier, clips) -> None:
    explainer = FreqRiseExplainer(classifier, samples=50, cells=(4, 8), seed=7)
    target = torch.tensor([1, 0, 2])
    ours, x = attribution(explainer, clips, target)
    for clip in range(3):
        generator = torch.Generator().manual_seed(clip_seed(7, clips[clip : clip + 1]))
        masks = torch.cat([draw_masks(n, (4, 8), x.shape[1:], generator) for n in (16, 16, 16, 2)])
        with torch.no_grad():
            p = classifier.from_log_spectrogram(masks * x[clip]).softmax(dim=1)[:, target[clip]].numpy()
        flat = masks.flatten(1).double().numpy()
        expected = np.array([np.cov(p, cell, bias=True)[0, 1] for cell in flat.T[::97]]) / flat.mean(0)[::97]
        assert ours[clip].flatten()[::97].numpy() == pytest.approx(expected, abs=1e-6)


def test_what_is_not_heard_is_near_zero(additive, clips) -> None:
    clips = clips[:1]
    ours, _ = attribution(FreqRiseExplainer(additive, samples=600), clips, torch.tensor([0]))
    low, high = ours[0, :, :10].mean(), ours[0, :, 300:]  # the tone is at 300 Hz, bin 19
    assert float(ours[0, 20:40, 10:30].mean()) > 5 * float(high.abs().mean())
    assert float(low) > float(high.mean())


def test_a_black_box_is_explained(black_box, clips) -> None:
    explainer = FreqRiseExplainer(black_box, samples=40)
    explanation = explainer.explain(clips, [0, 0, 0])
    assert explanation.mask is not None and max(black_box.asked) <= 16
    assert explainer.settings == {"rule": "positive", "cells": [8, 16], "samples": 40, "seed": 0}
