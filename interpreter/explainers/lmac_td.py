"""LMAC-TD (section II of the paper): a mask on the frames of a learned filter bank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from interpreter.classifier.capabilities import cells_of, is_spectral
from interpreter.classifier.frozen import FrozenClassifier
from interpreter.classifier.representations import full_width, probe_shapes
from interpreter.errors import ConfigError
from interpreter.explainers.base import Explainer, Separation
from interpreter.explainers.learned import LearnedMethod
from interpreter.kinds.config import ExplainerConfig, Regulariser
from interpreter.kinds.kind import Checkpoint, Setup
from interpreter.kinds.losses import EXPLAINER_SCORES, faithfulness_terms, si_sdr, spectrum_size
from interpreter.kinds.task import Batch, Terms
from interpreter.networks.filter_bank import windowed_dct
from interpreter.networks.sepformer import Activation, Decoder, Encoder, MaskNet
from interpreter.networks.slim_unet import SlimFrameDecoder
from interpreter.networks.unet import FRAME_CHANNELS, Alignment, UNetDecoder
from interpreter.runs.pretrained import published_parts
from interpreter.runs.tensor_files import load_into, read_tensors
from interpreter.types import Classifier


class LmacTdConfig(ExplainerConfig):
    """LMAC-TD."""

    alpha: float = Field(ge=0, le=1)
    regulariser: Regulariser
    lambda_sum: float = Field(ge=0)  # negative SI-SDR of i + i_out
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
    mask_channels: int = Field(gt=0)
    mask_heads: int = Field(gt=0)
    mask_hidden: int = Field(gt=0)
    mask_blocks: int = Field(gt=0)
    mask_intra_layers: int = Field(ge=0)
    mask_inter_layers: int = Field(ge=0)
    mask_chunk: int = Field(gt=0)
    mask_activation: Activation
    mask_head_gain: float = Field(gt=0)

    @property
    def leaves_parameters_unused(self) -> bool:
        """Whether the UNet (alpha 0), or the way of the frames past it (alpha 1), has no gradient."""
        return self.alpha in (0, 1)


class LmacTdNetwork(nn.Module):
    """Encoder, UNet decoder of the representations, mask network and decoder.

    The mask network reads `(1 - alpha) * encoder(x) + alpha * unet(representations)`; its mask M keeps
    `decoder(M * encoder(x))` and removes `decoder((1 - M) * encoder(x))` (equations 2 to 5).

    Args:
        encoder: the filter bank.
        unet: called as `unet(representations, centres, samples)`, where `centres` holds the sample on which
            each frame is centred; returns `[B, K, T]`.
        masknet: turns frames into a mask.
        decoder: the filter bank's way back.
        alpha: share of the representations in what the mask network reads.
        padded: let the frames cover both ends in full, so that a basis with perfect reconstruction has it
            there as well; otherwise the frames are those of the published code, and the last few samples
            may be lost.
    """

    def __init__(
        self,
        encoder: Encoder,
        unet: nn.Module,
        masknet: MaskNet,
        decoder: Decoder,
        alpha: float = 0.75,
        *,
        padded: bool = True,
    ) -> None:
        super().__init__()
        self.encoder, self.unet, self.masknet, self.decoder = encoder, unet, masknet, decoder
        self.alpha, self.padded = alpha, padded

    def forward(self, waveforms: Tensor, representations: Sequence[Tensor]) -> Separation:
        """Return interpretation, residual and mask.

        Shape:
            - waveforms, interpretation, residual: `[B, samples]`
            - representations: maps `[B, C, T, F]`, deepest first
            - mask: `[B, K, T']`
        """
        samples = waveforms.shape[1]
        before, after = self._padding(samples)
        encoded = self.encoder(F.pad(waveforms, (before, after)))
        mask = self.masknet(self._mixed(encoded, representations, before, samples))
        kept = mask * encoded
        both = self.decoder(torch.cat([kept, encoded - kept]))[:, before : before + samples]
        both = F.pad(both, (0, samples - both.shape[1]))
        interpretation, residual = both.chunk(2)
        return Separation(interpretation, residual, mask)

    def _mixed(self, encoded: Tensor, representations: Sequence[Tensor], before: int, samples: int) -> Tensor:
        if self.alpha == 0:
            return encoded
        frames = torch.arange(encoded.shape[2], device=encoded.device)
        centres = frames * self.encoder.stride + (self.encoder.kernel_size - 1) / 2 - before
        decoded: Tensor = self.unet(representations, centres, samples)
        if self.alpha == 1:
            return decoded
        kind = torch.promote_types(encoded.dtype, decoded.dtype)  # under autocast one of them may be halved
        return torch.lerp(encoded.to(kind), decoded.to(kind), self.alpha)

    def _padding(self, samples: int) -> tuple[int, int]:
        kernel, stride = self.encoder.kernel_size, self.encoder.stride
        if not self.padded:
            return 0, max(kernel - samples, 0)
        overlap = kernel - stride
        return overlap, overlap + (-(samples + overlap)) % stride

    def use_dct_basis(self) -> None:
        """Start encoder and decoder from a basis with perfect reconstruction."""
        weight = self.encoder.conv1d.weight
        analysis, synthesis = windowed_dct(weight.shape[0], self.encoder.kernel_size, self.encoder.stride)
        with torch.no_grad():
            weight.copy_(analysis)
            self.decoder.weight.copy_(synthesis)


class LmacTd(Explainer):
    """Explains with a trained LMAC-TD network; the same for every target: it explains the prediction.

    Args:
        classifier: the classifier that the network was trained for.
        network: the trained network.
        batch_size: how many clips are worked on at a time.
    """

    name = "lmac-td"
    takes_target = False

    def __init__(self, classifier: Classifier, network: LmacTdNetwork, batch_size: int | None = None) -> None:
        super().__init__(classifier, batch_size)
        self.network = network

    @property
    def label(self) -> str:
        """The method's name with its alpha."""
        return f"LMAC-TD (alpha {self.network.alpha:g})"

    @property
    def settings(self) -> Mapping[str, object]:
        """What the method was set to."""
        return {"alpha": self.network.alpha, "activation": self.network.masknet.activation}

    @property
    def networks(self) -> Sequence[nn.Module]:
        """The trained network."""
        return (self.network,)

    def separate(self, waveforms: Tensor, target: Tensor) -> Separation:
        """Mask the clips' frames; `target` has no influence."""
        separation: Separation = self.network(waveforms, self.classifier.representations(waveforms))
        return separation


class LmacTdTask:
    """Equations 6 and 7: the interpretation is the class, the residual is not, and little is kept."""

    def __init__(self, network: LmacTdNetwork, classifier: Classifier, config: LmacTdConfig) -> None:
        self.network, self.classifier, self.config = network, FrozenClassifier(classifier), config
        self.frozen: Sequence[nn.Module] = self.classifier.modules
        self.scores: Sequence[str] = (*EXPLAINER_SCORES, *(["sum"] if config.lambda_sum > 0 else []))

    def terms(self, batch: Batch, generator: torch.Generator | None) -> Terms:
        """Return the loss and its parts."""
        waveforms, config = batch["noisy"], self.config
        heard = self.classifier.hear(waveforms)
        separation = self.network(waveforms, heard.representations)
        both = torch.cat([separation.interpretation, separation.residual])
        pictures, logits = self.classifier.of_waveforms(both)
        size = spectrum_size(pictures[: len(waveforms)], heard.picture, config.regulariser)
        terms = faithfulness_terms(heard.logits, logits, config.lambda_reg * size, config)
        terms["size"] = size
        if config.lambda_sum > 0:
            total = separation.interpretation + separation.residual
            terms["sum"] = -si_sdr(total, waveforms).mean()
            terms["loss"] = terms["loss"] + config.lambda_sum * terms["sum"]
        return terms


def build_lmac_td(config: LmacTdConfig, classifier: Classifier) -> LmacTdNetwork:
    """Return an untrained LMAC-TD network for a classifier."""
    encoder = Encoder(config.channels, config.kernel_size, config.stride)
    decoder = Decoder(config.channels, config.kernel_size, config.stride)
    masknet = MaskNet(
        config.channels,
        config.mask_channels,
        config.mask_heads,
        config.mask_hidden,
        config.mask_intra_layers,
        config.mask_inter_layers,
        config.mask_blocks,
        config.mask_chunk,
        config.mask_activation,
        config.mask_head_gain,
    )
    cell, first = None, 0.0
    if is_spectral(classifier):
        cell, first = cells_of(classifier)
    unet: nn.Module
    if config.unet == "full":
        unet = _full_unet(config, classifier)
    else:
        shapes = probe_shapes(classifier, config.duration_s)
        unet = SlimFrameDecoder(
            shapes, config.channels, config.unet_width, cell_samples=cell, first_sample=first
        )
    network = LmacTdNetwork(encoder, unet, masknet, decoder, config.alpha, padded=config.padded)
    if config.basis == "dct":
        network.use_dct_basis()
    encoder.requires_grad_(not config.freeze_basis)
    decoder.requires_grad_(not config.freeze_basis)
    return network


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


def _build(config: LmacTdConfig, setup: Setup) -> LmacTdNetwork:
    network = build_lmac_td(config, setup.classifier)
    if config.filter_bank is not None:
        load_filter_bank(network, Path(config.filter_bank))
    return network


def _rebuild(config: LmacTdConfig, checkpoint: Checkpoint) -> LmacTdNetwork:
    return build_lmac_td(config, checkpoint.classifier)


LMAC_TD = LearnedMethod(
    kind="lmac-td",
    config=LmacTdConfig,
    build=_build,
    objective=lambda network, config, setup: LmacTdTask(network, setup.classifier, config),
    rebuild=_rebuild,
    read_published=published_parts(
        {
            "encoder.ckpt": "encoder.",
            "decoder.ckpt": "decoder.",
            "masknet.ckpt": "masknet.",
            "convt_decoder.ckpt": "unet.",
        }
    ),
    explainer=LmacTd,
    explain=lambda classifier, network, config: LmacTd(classifier, network),
)
