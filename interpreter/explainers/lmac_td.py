"""LMAC-TD (section II of the paper): a mask on the frames of a learned filter bank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from interpreter.explainers.base import Explainer, Separation
from interpreter.networks.filter_bank import windowed_dct
from interpreter.networks.sepformer import Decoder, Encoder, MaskNet
from interpreter.types import Classifier


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
