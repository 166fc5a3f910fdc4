"""Networks built from their settings and from what the classifier's representations look like."""

from __future__ import annotations

import torch

from interpreter.classifier import CnnClassifier
from interpreter.configs import ClassifierConfig, LmacConfig, LmacTdConfig
from interpreter.features import FrontEnd
from interpreter.lmac import LmacNetwork
from interpreter.lmac_td import LmacTdNetwork
from interpreter.sepformer import Decoder, Encoder, MaskNet
from interpreter.slim_unet import SlimFrameDecoder, SlimMaskDecoder
from interpreter.types import Classifier

_PROBE_S = 5.0
_CNN14_CELL = 32  # STFT frames, and mel bands, that one cell of CNN14's deepest map spans


def build_classifier(config: ClassifierConfig, labels: tuple[str, ...]) -> CnnClassifier:
    """Return an untrained classifier."""
    front_end = FrontEnd(
        config.n_fft,
        config.hop_length,
        config.win_length,
        sample_rate=config.sample_rate,
        mel_bins=config.mel_bins,
    )
    return CnnClassifier(labels, front_end, config.embedding_dim, config.normalisation, config.dropout)


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
    if isinstance(classifier, CnnClassifier):
        hop = classifier.front_end.hop_length
        cell, first = float(_CNN14_CELL * hop), -hop / 2
    unet = SlimFrameDecoder(
        probe_shapes(classifier), config.channels, config.unet_width, cell_samples=cell, first_sample=first
    )
    network = LmacTdNetwork(encoder, unet, masknet, decoder, config.alpha, padded=config.padded)
    if config.basis != "random":
        network.use_dct_basis(frozen=config.basis == "dct-frozen")
    return network


def build_lmac(config: LmacConfig, classifier: Classifier) -> LmacNetwork:
    """Return an untrained L-MAC network for a classifier."""
    shapes = probe_shapes(classifier)
    if not isinstance(classifier, CnnClassifier):
        return LmacNetwork(SlimMaskDecoder(shapes, config.psi_width))
    positions = classifier.front_end.bin_positions()
    return LmacNetwork(
        SlimMaskDecoder(
            shapes,
            config.psi_width,
            cell_frames=_CNN14_CELL,
            bin_positions=positions,
            cell_bands=_CNN14_CELL,
        )
    )


def probe_shapes(classifier: Classifier) -> list[tuple[int, int, int]]:
    """Return the shapes `(C, T, F)` of the representations of five seconds."""
    device = next(classifier.parameters()).device if isinstance(classifier, torch.nn.Module) else None
    with torch.no_grad():
        maps = classifier.representations(
            torch.zeros(1, round(_PROBE_S * classifier.sample_rate), device=device)
        )
    return [(map_.shape[1], map_.shape[2], map_.shape[3]) for map_ in maps]
