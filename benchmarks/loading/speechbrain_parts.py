"""LMAC-TD from SpeechBrain's modules and the published layer table, with the weights of ours."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor, nn

FRAMES = 9999


class PlainUNet(nn.Module):
    """The published layer table, one call after the other, and the crop at the end."""

    def __init__(self, ours: nn.Module) -> None:
        super().__init__()
        self.convt = nn.ModuleList(getattr(ours, f"convt{number}") for number in range(1, 10))

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Return the frames `[B, 256, 9999]`."""
        layer = [None, *self.convt]
        x = torch.relu(layer[1](maps[0])) + torch.relu(layer[2](maps[1]))
        x = torch.relu(layer[3](x)) + torch.relu(layer[4](maps[2]))
        x = torch.relu(layer[5](x)) + torch.relu(layer[6](maps[3]))
        x = layer[9](layer[8](torch.relu(layer[7](x))))
        frames: Tensor = x.squeeze(1).permute(0, 2, 1)[:, :, :FRAMES]
        return frames


def speechbrain_parts(network: Any) -> tuple[nn.Module, nn.Module, nn.Module]:
    """Return SpeechBrain's encoder, dual-path model and decoder with the weights of `network`."""
    warnings.simplefilter("ignore")
    from speechbrain.lobes.models.dual_path import (  # type: ignore[import-untyped]
        Decoder,
        Dual_Path_Model,
        Encoder,
        SBTransformerBlock,
    )

    def stack(layers: int) -> Any:
        return SBTransformerBlock(
            num_layers=layers,
            d_model=256,
            nhead=8,
            d_ffn=256,
            dropout=0,
            use_positional_encoding=True,
            norm_before=True,
        )

    encoder = Encoder(kernel_size=16, out_channels=256)
    masknet = Dual_Path_Model(
        num_spks=1,
        in_channels=256,
        out_channels=256,
        num_layers=2,
        K=250,
        intra_model=stack(8),
        inter_model=stack(2),
        norm="ln",
        linear_layer_after_inter_intra=False,
        skip_around_intra=True,
    )
    decoder = Decoder(256, 1, 16, stride=8, bias=False)
    encoder.load_state_dict(network.encoder.state_dict())
    masknet.load_state_dict(network.masknet.state_dict())
    decoder.load_state_dict(network.decoder.state_dict())
    return encoder, masknet, decoder
