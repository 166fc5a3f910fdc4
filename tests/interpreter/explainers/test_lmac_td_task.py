"""What LMAC-TD minimises, each term written a second time, and the networks that its record makes."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.explainers.lmac_td import LMAC_TD, LmacTdTask
from interpreter.explainers.lmac_td_network import LmacTdNetwork
from interpreter.explainers.lmac_td_settings import LmacTdConfig, build_lmac_td
from interpreter.kinds.kind import Checkpoint, Setup, Stored
from interpreter.settings.presets import load_config

SAMPLES = 8000


@pytest.fixture(scope="module")
def classifier() -> CnnClassifier:
    torch.manual_seed(0)
    return CnnClassifier(["a", "b"], FrontEnd(mel_bins=32), embedding_dim=32).eval()


def read_config(*settings: str) -> LmacTdConfig:
    config = load_config("lmac-td", "tiny", ["duration_s=0.5", *settings])
    assert isinstance(config, LmacTdConfig)
    return config


def draw_clips() -> Tensor:
    level = torch.tensor([[0.02], [0.2]])
    return level * torch.randn(2, SAMPLES, generator=torch.Generator().manual_seed(1))


def sum_magnitudes(classifier: CnnClassifier, waveforms: Tensor) -> Tensor:
    return classifier.front_end.stft(waveforms).abs().double().sum(dim=(1, 2))


def mean_si_sdr(estimates: Tensor, references: Tensor) -> float:
    """Le Roux et al. 2019, by the angle between the signals without their means."""
    found = []
    for one, other in zip(estimates.double(), references.double(), strict=True):
        one, other = one - one.mean(), other - other.mean()
        share = (one @ other) ** 2 / (one @ one) / (other @ other)
        found.append(10 * math.log10(share / (1 - share)))
    return sum(found) / len(found)


@pytest.mark.parametrize(("mask", "total"), [(0.0, 0.0), (0.5, 0.0), (0.0, 0.25), (0.5, 0.25)])
def test_the_loss_is_the_weighted_sum_of_its_terms(
    classifier: CnnClassifier, mask: float, total: float
) -> None:
    config = read_config(
        f"lambda_mask={mask}", f"lambda_sum={total}", "regulariser=relative-l1",
        "basis=random", "frame_decoder=folded",  # the DCT's two parts would add up to the clip
    )  # fmt: skip
    torch.manual_seed(1)
    network = build_lmac_td(config, classifier).eval()
    task, clips = LmacTdTask(network, classifier, config), draw_clips()
    with torch.no_grad():
        found = task.terms({"noisy": clips}, None)
        separation = network(clips, classifier.representations(clips))
    assert set(found) == set(task.scores)
    assert ("mask" in found, "sum" in found) == (mask > 0, total > 0)
    size = (sum_magnitudes(classifier, separation.interpretation) / sum_magnitudes(classifier, clips)).mean()
    assert float(found["size"]) == pytest.approx(float(size), rel=1e-3)
    expected = config.lambda_in * found["loss_in"] + config.lambda_out * found["loss_out"]
    expected = expected + config.lambda_reg * found["size"]
    if mask:
        assert float(found["mask"]) == pytest.approx(float(separation.mask.mean()), rel=1e-5)
        expected = expected + mask * found["mask"]
    if total:
        whole = separation.interpretation + separation.residual
        assert float(found["sum"]) == pytest.approx(-mean_si_sdr(whole, clips), abs=1e-3)
        expected = expected + total * found["sum"]
    assert float(found["loss"]) == pytest.approx(float(expected), rel=1e-5)


def test_runs_from_before_a_setting_do_without_what_it_switches_on() -> None:
    newer = {"lambda_mask", "frame_decoder", "normalised_mix", "logit_skip", "mask_slope"}
    earlier = LmacTdConfig.model_validate(read_config().model_dump(exclude=newer))
    assert {name: getattr(earlier, name) for name in newer} == {
        "lambda_mask": 0.0, "frame_decoder": "folded", "normalised_mix": False, "logit_skip": False,
        "mask_slope": 1.0,
    }  # fmt: skip


def test_each_representation_is_standardised_channel_by_channel(classifier: CnnClassifier) -> None:
    network = build_lmac_td(read_config("normalised_mix=true"), classifier)
    assert network.standardise is not None
    channels = [maps.shape[1] for maps in classifier.representations(draw_clips())]
    assert [len(part.mean) for part in network.standardise] == channels  # type: ignore[arg-type]
    assert build_lmac_td(read_config("normalised_mix=false"), classifier).standardise is None


def test_the_record_builds_and_rebuilds_the_same_network(classifier: CnnClassifier, tmp_path: Path) -> None:
    labels, config = tuple(classifier.labels), read_config("basis=random", "frame_decoder=folded")
    setup = Setup(labels, classifier, SAMPLES, torch.tensor([0, 1]), None)
    built = LMAC_TD.build(config, setup)
    assert isinstance(built, LmacTdNetwork)
    assert LMAC_TD.rebuild is not None
    rebuilt = LMAC_TD.rebuild(config, Checkpoint(labels, classifier, Stored(built.state_dict(), tmp_path)))
    rebuilt.load_state_dict(built.state_dict())
    # With a filter bank, its weights replace those that are drawn.
    for name, part in (("encoder", built.encoder), ("decoder", built.decoder)):
        torch.save(part.state_dict(), tmp_path / f"{name}.ckpt")
    again = LMAC_TD.build(config.model_copy(update={"filter_bank": str(tmp_path)}), setup)
    assert torch.equal(again.encoder.conv1d.weight, built.encoder.conv1d.weight)
    task = LMAC_TD.objective(again, config, setup)
    assert isinstance(task, LmacTdTask) and task.network is again
