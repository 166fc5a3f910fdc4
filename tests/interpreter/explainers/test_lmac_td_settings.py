"""LMAC-TD from its settings: the basis, what is frozen, weights that are loaded, sizes that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.errors import ConfigError
from interpreter.explainers.lmac_td_network import LmacTdNetwork
from interpreter.explainers.lmac_td_settings import LmacTdConfig, build_lmac_td, load_filter_bank
from interpreter.networks.filter_bank import windowed_dct
from interpreter.settings.presets import load_config


@pytest.fixture(scope="module")
def classifier() -> CnnClassifier:
    torch.manual_seed(0)
    return CnnClassifier(["a", "b"], FrontEnd(mel_bins=32), embedding_dim=32).eval()


def built(classifier: CnnClassifier, *settings: str) -> tuple[LmacTdConfig, LmacTdNetwork]:
    torch.manual_seed(1)
    config = load_config("lmac-td", "tiny", ["duration_s=0.5", *settings])
    assert isinstance(config, LmacTdConfig)
    return config, build_lmac_td(config, classifier)


def test_the_basis_is_the_one_that_was_asked_for(classifier: CnnClassifier) -> None:
    config, network = built(classifier, "basis=dct")
    analysis, synthesis = windowed_dct(config.channels, config.kernel_size, config.stride)
    assert torch.equal(network.encoder.conv1d.weight, analysis)
    assert torch.equal(network.decoder.weight, synthesis)
    _, drawn = built(classifier, "basis=random", "frame_decoder=folded")
    assert not torch.allclose(drawn.encoder.conv1d.weight, analysis, atol=0.01)


@pytest.mark.parametrize("frozen", [True, False])
def test_only_a_frozen_basis_is_not_trained(classifier: CnnClassifier, frozen: bool) -> None:
    _, network = built(classifier, f"freeze_basis={str(frozen).lower()}")
    for part in (network.encoder, network.decoder):
        assert {parameter.requires_grad for parameter in part.parameters()} == {not frozen}
    for part in (network.unet, network.masknet):
        assert {parameter.requires_grad for parameter in part.parameters()} == {True}


def test_sizes_and_shares_reach_the_network(classifier: CnnClassifier) -> None:
    config, network = built(classifier, "alpha=0.25", "padded=false")
    assert (network.alpha, network.padded) == (0.25, False)
    assert network.encoder.conv1d.weight.shape == (config.channels, 1, config.kernel_size)
    assert network.encoder.stride == config.stride
    with pytest.raises(ConfigError, match=f"channels; channels is {config.channels}"):
        built(classifier, "unet=full")
    with pytest.raises(ConfigError, match=r"^stride is 6; expected at most kernel_size, 4$"):
        built(classifier, "basis=random", "frame_decoder=folded", "kernel_size=4", "stride=6")


def test_a_filter_bank_is_loaded_into_encoder_and_decoder(classifier: CnnClassifier, tmp_path: Path) -> None:
    _, source = built(classifier, "basis=random", "frame_decoder=folded")
    torch.save(source.encoder.state_dict(), tmp_path / "encoder.ckpt")
    with pytest.raises(FileNotFoundError):
        load_filter_bank(built(classifier)[1], tmp_path)
    torch.save(source.decoder.state_dict(), tmp_path / "decoder.ckpt")
    _, network = built(classifier, "basis=dct")
    load_filter_bank(network, tmp_path)
    assert torch.equal(network.encoder.conv1d.weight, source.encoder.conv1d.weight)
    assert torch.equal(network.decoder.weight, source.decoder.weight)


POSITIVE = (
    "channels", "kernel_size", "stride", "unet_width", "mask_channels", "mask_heads", "mask_hidden",
    "mask_blocks", "mask_chunk", "mask_head_gain",
)  # fmt: skip


@pytest.mark.parametrize("name", POSITIVE)
def test_sizes_are_above_zero(name: str) -> None:
    for value in (0, -1):
        with pytest.raises(ConfigError, match=f"'{name}' is {value}"):
            load_config("lmac-td", "tiny", [f"{name}={value}"])
    assert getattr(load_config("lmac-td", "tiny", [f"{name}=1"]), name) == 1


@pytest.mark.parametrize("name", ["alpha", "lambda_sum", "mask_intra_layers", "mask_inter_layers"])
def test_shares_weights_and_layers_may_be_zero(name: str) -> None:
    assert getattr(load_config("lmac-td", "tiny", [f"{name}=0"]), name) == 0
    with pytest.raises(ConfigError, match=f"'{name}' is -1"):
        load_config("lmac-td", "tiny", [f"{name}=-1"])


@pytest.mark.parametrize(("alpha", "unused"), [(0, True), (1, True), (0.75, False)])
def test_at_either_end_of_alpha_some_weights_have_no_gradient(alpha: float, unused: bool) -> None:
    assert load_config("lmac-td", "tiny", [f"alpha={alpha}"]).leaves_parameters_unused is unused
