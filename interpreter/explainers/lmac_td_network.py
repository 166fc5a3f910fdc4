"""LMAC-TD's network (equations 2 to 5): filter bank, decoded representations, mask, and back to sound."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from interpreter.errors import ConfigError
from interpreter.explainers.base import Separation
from interpreter.networks.filter_bank import windowed_dct
from interpreter.networks.sepformer import Decoder, Encoder, MaskNet
from interpreter.networks.standardisation import RunningStandardisation, remove_level, standardise


class LmacTdNetwork(nn.Module):
    """Encoder, UNet decoder of the representations, mask network and decoder.

    The mask network reads `(1 - alpha) * encoder(x) + alpha * unet(representations)`; its mask M keeps
    `decoder(M * encoder(x))` and removes `decoder((1 - M) * encoder(x))` (equations 2 to 5).

    As published, the two terms differ by two orders of magnitude, and the mask network's first
    normalisation removes the smaller one: the mask is then nearly the same whatever the sound.
    `normalised_channels` brings both to one level. With `logit_skip` the mask's logits are the mask
    network's plus the decoded representations, each filter with its own learned gain: the mask network
    refines a mask that only the representations draw.

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
        normalised_channels: channels of each representation, to standardise these by running statistics and
            both terms clip by clip, the encoder's on a logarithmic scale; None mixes them as they are.
        logit_skip: add the decoded representations to the mask's logits; never with alpha 0, which reads
            none.

    Raises:
        ConfigError: frames further apart than they are long, between which samples would be lost.
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
        normalised_channels: Sequence[int] | None = None,
        logit_skip: bool = False,
    ) -> None:
        super().__init__()
        if encoder.stride > encoder.kernel_size:
            raise ConfigError(
                f"stride is {encoder.stride}; expected at most kernel_size, {encoder.kernel_size}"
            )
        self.encoder, self.unet, self.masknet, self.decoder = encoder, unet, masknet, decoder
        self.alpha, self.padded = alpha, padded
        self.standardise = None
        if normalised_channels is not None:
            self.standardise = nn.ModuleList(map(RunningStandardisation, normalised_channels))
        self.skip_gain = None
        if logit_skip and alpha > 0:
            self.skip_gain = nn.Parameter(torch.ones(encoder.conv1d.out_channels))

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
        mask = self._mask(encoded, representations, before, samples)
        kept = mask * encoded
        both = self.decoder(torch.cat([kept, encoded - kept]))[:, before : before + samples]
        both = F.pad(both, (0, samples - both.shape[1]))
        interpretation, residual = both.chunk(2)
        return Separation(interpretation, residual, mask)

    def mask(self, waveforms: Tensor, representations: Sequence[Tensor]) -> Tensor:
        """Return only the mask `[B, K, T']`, of one sound and of representations that may be another's."""
        samples = waveforms.shape[1]
        before, after = self._padding(samples)
        return self._mask(self.encoder(F.pad(waveforms, (before, after))), representations, before, samples)

    def _mask(self, encoded: Tensor, representations: Sequence[Tensor], before: int, samples: int) -> Tensor:
        if self.standardise is not None:
            encoded = standardise(remove_level(encoded))
        if self.alpha == 0:
            return self.masknet(encoded)  # type: ignore[no-any-return]
        decoded = self._decode(representations, encoded.shape[2], before, samples)
        mixed = self._mix(encoded, decoded)
        if self.skip_gain is None:
            return self.masknet(mixed)  # type: ignore[no-any-return]
        return self.masknet.finish_mask(self.masknet.logits(mixed) + self.skip_gain[:, None] * decoded)

    def _decode(self, representations: Sequence[Tensor], count: int, before: int, samples: int) -> Tensor:
        frames = torch.arange(count)  # on the CPU: their last place must not be waited for on a GPU
        centres = frames * self.encoder.stride + (self.encoder.kernel_size - 1) / 2 - before
        if self.standardise is None:
            return self.unet(representations, centres, samples)  # type: ignore[no-any-return]
        maps = [norm(map_) for norm, map_ in zip(self.standardise, representations, strict=True)]
        return standardise(self.unet(maps, centres, samples))

    def _mix(self, encoded: Tensor, decoded: Tensor) -> Tensor:
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
