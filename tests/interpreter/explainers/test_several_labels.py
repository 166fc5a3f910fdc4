"""Training for classifiers of which several classes may be true at once: each has a sigmoid of its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.explainers.l2i import L2iConfig, L2iTask, build_l2i
from interpreter.explainers.lmac import LmacConfig, LmacTask, build_lmac
from interpreter.explainers.lmac_td import LmacTdTask
from interpreter.explainers.lmac_td_settings import LmacTdConfig, build_lmac_td
from interpreter.kinds.task import Batch
from interpreter.settings.presets import load_config

SAMPLES = 8000


@pytest.fixture
def tagger() -> CnnClassifier:
    torch.manual_seed(0)
    found = CnnClassifier(["a", "b", "c"], FrontEnd(mel_bins=32), embedding_dim=32).eval()
    found.multi_label = True  # type: ignore[assignment]
    return found


@pytest.fixture
def batch() -> Batch:
    return {"noisy": 0.1 * torch.randn(4, SAMPLES, generator=torch.Generator().manual_seed(1))}


def cross_entropy_of_sigmoids(logits: Tensor, target: Tensor) -> float:
    own = logits.double().numpy()[range(len(target)), target]
    return float(np.mean(np.log1p(np.exp(-own))))


@pytest.mark.parametrize("kind", ["lmac", "lmac-td"])
def test_the_interpretation_keeps_the_explained_classs_own_probability(
    tagger: CnnClassifier, batch: Batch, kind: str
) -> None:
    config = load_config(kind, "tiny", ["duration_s=0.5"])
    torch.manual_seed(1)
    clips = batch["noisy"]
    maps = tagger.representations(clips)
    target = tagger(clips).argmax(dim=1)
    with torch.no_grad():
        if isinstance(config, LmacTdConfig):
            network = build_lmac_td(config, tagger).eval()
            found = LmacTdTask(network, tagger, config).terms(batch, None)
            kept = tagger(network(clips, maps).interpretation)
        else:
            assert isinstance(config, LmacConfig)
            decoder = build_lmac(config, tagger).eval()
            found = LmacTask(decoder, tagger, config).terms(batch, None)
            picture = tagger.front_end.log_magnitude(clips)
            mask = decoder(maps, *picture.shape[1:]).sigmoid()
            kept = tagger.from_log_spectrogram(mask * picture)
    assert float(found["loss_in"]) == pytest.approx(cross_entropy_of_sigmoids(kept, target), rel=1e-4)


def test_l2i_agrees_with_each_classs_own_probability(tagger: CnnClassifier, batch: Batch) -> None:
    config = load_config("l2i", "tiny", ["duration_s=0.5", "psi=slim"])
    assert isinstance(config, L2iConfig)
    torch.manual_seed(1)
    clips = batch["noisy"]
    frames = tagger.front_end.log_magnitude(clips).shape[1]
    network = build_l2i(config, tagger, 6, frames).eval()
    with torch.no_grad():
        found = L2iTask(network, tagger, config).terms(batch, None)
        activations = network.activations(tagger.representations(clips), frames)
        theirs = 1 / (1 + np.exp(-tagger(clips).double().numpy()))
        pooled = network.theta.pool(activations) @ network.theta.class_weights().T
        ours = 1 / (1 + np.exp(-pooled.double().numpy()))
    terms = theirs * np.log(ours) + (1 - theirs) * np.log(1 - ours)
    assert float(found["fid"]) == pytest.approx(-terms.sum(axis=1).mean(), rel=1e-4)
