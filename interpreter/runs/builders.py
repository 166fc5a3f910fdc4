"""Networks built from their settings and from what the classifier's representations look like."""

from __future__ import annotations

import torch

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.classifier.front_end import FrontEnd
from interpreter.errors import ConfigError
from interpreter.explainers.base import evaluating
from interpreter.explainers.l2i import L2iNetwork, Theta
from interpreter.explainers.lmac import LmacNetwork
from interpreter.explainers.lmac_td import LmacTdNetwork
from interpreter.explainers.spectral import front_end_of
from interpreter.networks.nmf import Nmf, NmfDecoder
from interpreter.networks.psi import PsiDecoder
from interpreter.networks.sepformer import Decoder, Encoder, MaskNet
from interpreter.networks.slim_unet import SlimFrameDecoder, SlimMaskDecoder
from interpreter.networks.unet import FRAME_CHANNELS, UNetDecoder
from interpreter.settings.configs import ClassifierConfig, L2iConfig, LmacConfig, LmacTdConfig, NmfConfig
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
    unet: torch.nn.Module
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


def build_nmf(config: NmfConfig, classifier: Classifier) -> Nmf:
    """Return an untrained dictionary for a classifier's spectrograms."""
    bins = front_end_of(classifier).n_fft // 2 + 1
    return Nmf(bins, config.components, config.encoder_channels, config.encoder_kernel)


def build_l2i(config: L2iConfig, classifier: Classifier, components: int, frames: int) -> L2iNetwork:
    """Return an untrained L2I network.

    Args:
        config: its settings.
        classifier: what it explains.
        components: of the dictionary.
        frames: STFT frames of the clips that it is trained on.
    """
    own = _cnn14_of(classifier, "L2I")
    front_end = own.front_end
    psi: PsiDecoder | SlimFrameDecoder
    if config.psi == "full":
        psi = PsiDecoder(own.cnn14.embedding_dim, components, config.alignment)
    else:
        hop = front_end.hop_length
        shapes = probe_shapes(own)
        psi = SlimFrameDecoder(
            shapes, components, config.psi_width, cell_samples=_CNN14_CELL * hop, first_sample=-hop / 2
        )
    nmf = NmfDecoder(front_end.n_fft // 2 + 1, components)
    return L2iNetwork(psi, nmf, Theta(components, frames, len(own.labels)), front_end.hop_length)


def _full_unet(config: LmacTdConfig, classifier: Classifier) -> UNetDecoder:
    if config.channels != FRAME_CHANNELS:
        raise ConfigError(f"the full UNet makes {FRAME_CHANNELS} channels; channels is {config.channels}")
    own = _cnn14_of(classifier, "the full UNet")
    hop = own.front_end.hop_length
    return UNetDecoder(own.cnn14.embedding_dim, config.alignment, _CNN14_CELL * hop, -hop / 2)


def _cnn14_of(classifier: Classifier, what: str) -> CnnClassifier:
    if not isinstance(classifier, CnnClassifier) or classifier.front_end.mel_bins != 80:
        raise ConfigError(f"{what} is laid out for CNN14 with 80 mel bands; take the slim one")
    return classifier


def build_lmac(config: LmacConfig, classifier: Classifier) -> LmacNetwork:
    """Return an untrained L-MAC network for a classifier."""
    if config.psi == "full":
        own = _cnn14_of(classifier, "the full psi")
        return LmacNetwork(PsiDecoder(own.cnn14.embedding_dim, alignment=config.alignment))
    shapes = probe_shapes(classifier, config.duration_s)
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


def probe_shapes(classifier: Classifier, duration_s: float | None = None) -> list[tuple[int, int, int]]:
    """Return the shapes `(C, T, F)` of the representations of five seconds.

    Args:
        classifier: the classifier to explain.
        duration_s: length of the clips to explain; one that may take no other length is probed with it.
    """
    device = next(classifier.parameters()).device if isinstance(classifier, torch.nn.Module) else None
    if duration_s is None or isinstance(classifier, CnnClassifier):
        duration_s = _PROBE_S
    samples = round(duration_s * classifier.sample_rate)
    with torch.no_grad(), evaluating(classifier):
        maps = classifier.representations(torch.zeros(1, samples, device=device))
    return [(map_.shape[1], map_.shape[2], map_.shape[3]) for map_ in maps]
