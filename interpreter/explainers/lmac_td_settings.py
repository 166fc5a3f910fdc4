"""LMAC-TD's settings, and the network that they describe."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from torch import nn

from interpreter.classifier.capabilities import cells_of, is_spectral
from interpreter.classifier.representations import full_width, probe_grid, probe_shapes
from interpreter.errors import ConfigError
from interpreter.explainers.lmac_td_network import LmacTdNetwork
from interpreter.kinds.config import ExplainerConfig, Regulariser
from interpreter.networks.filter_bank import dct_frequencies
from interpreter.networks.mel_frame_decoder import MelFrameDecoder
from interpreter.networks.sepformer import Activation, Decoder, Encoder, MaskNet
from interpreter.networks.slim_unet import SlimFrameDecoder
from interpreter.networks.unet import FRAME_CHANNELS, Alignment, UNetDecoder
from interpreter.runs.tensor_files import load_into, read_tensors
from interpreter.types import Classifier

FrameDecoder = Literal["folded", "mel"]
"""How the slim UNet's maps become frames: frequency folded into channels, or read at each filter's place."""


class LmacTdConfig(ExplainerConfig):
    """LMAC-TD. Settings with a default are newer than some runs, which did without what they switch on."""

    alpha: float = Field(ge=0, le=1)
    regulariser: Regulariser
    lambda_sum: float = Field(ge=0)  # negative SI-SDR of i + i_out
    lambda_mask: float = Field(default=0.0, ge=0)  # mean of the mask
    channels: int = Field(gt=0)  # K of the filter bank
    kernel_size: int = Field(gt=0)
    stride: int = Field(gt=0)
    basis: Literal["random", "dct"]
    filter_bank: str | None  # folder with SepFormer's encoder.ckpt and decoder.ckpt, instead of the basis
    freeze_basis: bool
    padded: bool
    unet: Literal["slim", "full"]
    unet_width: int = Field(gt=0)  # of the slim UNet
    alignment: Alignment  # of the full UNet
    frame_decoder: FrameDecoder = "folded"  # of the slim UNet
    normalised_mix: bool = False  # both terms of equation 3 at one level
    logit_skip: bool = False  # the decoded representations are added to the mask's logits
    mask_channels: int = Field(gt=0)
    mask_heads: int = Field(gt=0)
    mask_hidden: int = Field(gt=0)
    mask_blocks: int = Field(gt=0)
    mask_intra_layers: int = Field(ge=0)
    mask_inter_layers: int = Field(ge=0)
    mask_chunk: int = Field(gt=0)
    mask_activation: Activation
    mask_head_gain: float = Field(gt=0)
    mask_slope: float = Field(default=1.0, gt=0)  # factor on the logits

    @property
    def leaves_parameters_unused(self) -> bool:
        """Whether the UNet (alpha 0), or the way of the frames past it (alpha 1), has no gradient."""
        return self.alpha in (0, 1)


def build_lmac_td(config: LmacTdConfig, classifier: Classifier) -> LmacTdNetwork:
    """Return an untrained LMAC-TD network for a classifier."""
    encoder = Encoder(config.channels, config.kernel_size, config.stride)
    decoder = Decoder(config.channels, config.kernel_size, config.stride)
    masknet = MaskNet(
        config.channels,
        config.mask_channels,
        heads=config.mask_heads,
        hidden=config.mask_hidden,
        intra_layers=config.mask_intra_layers,
        inter_layers=config.mask_inter_layers,
        blocks=config.mask_blocks,
        chunk=config.mask_chunk,
        activation=config.mask_activation,
        head_gain=config.mask_head_gain,
        slope=config.mask_slope,
    )
    channels = None
    if config.normalised_mix:
        channels = [shape[0] for shape in probe_shapes(classifier, config.duration_s)]
    network = LmacTdNetwork(
        encoder,
        _unet(config, classifier),
        masknet,
        decoder,
        config.alpha,
        padded=config.padded,
        normalised_channels=channels,
        logit_skip=config.logit_skip,
    )
    if config.basis == "dct":
        network.use_dct_basis()
    encoder.requires_grad_(not config.freeze_basis)
    decoder.requires_grad_(not config.freeze_basis)
    return network


def _unet(config: LmacTdConfig, classifier: Classifier) -> nn.Module:
    """Return the decoder of the representations."""
    if config.unet == "full":
        return _full_unet(config, classifier)
    grid = probe_grid(classifier, config.duration_s)
    if config.frame_decoder == "folded":
        return SlimFrameDecoder(grid, config.channels, config.unet_width)
    if config.basis != "dct" or config.filter_bank is not None:
        raise ConfigError(
            "frame_decoder mel needs filters of known frequencies: basis dct and no filter_bank; "
            "expected frame_decoder=folded with any other"
        )
    positions = None
    bands = 1
    if is_spectral(classifier):
        hertz = dct_frequencies(config.channels, classifier.sample_rate)
        positions, bands = classifier.front_end.band_positions(hertz), classifier.cell_frames
    return MelFrameDecoder(
        grid,
        config.channels,
        config.unet_width,
        positions=positions,
        cell_bands=bands,
    )


def _full_unet(config: LmacTdConfig, classifier: Classifier) -> UNetDecoder:
    if config.channels != FRAME_CHANNELS:
        raise ConfigError(f"the full UNet makes {FRAME_CHANNELS} channels; channels is {config.channels}")
    width = full_width(classifier, "the full UNet")
    assert is_spectral(classifier)
    return UNetDecoder(width, config.alignment, *cells_of(classifier))


def load_filter_bank(network: LmacTdNetwork, folder: Path) -> None:
    """Load SepFormer's encoder and decoder, the only parts of its checkpoints that fit.

    Raises:
        FileNotFoundError: `encoder.ckpt` or `decoder.ckpt` is missing.
        CheckpointError: they are of another size.
    """
    parts: tuple[tuple[nn.Module, str], ...] = (
        (network.encoder, "encoder.ckpt"),
        (network.decoder, "decoder.ckpt"),
    )
    for module, name in parts:
        load_into(module, read_tensors(folder / name), folder / name)
