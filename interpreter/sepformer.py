"""The parts of SepFormer that LMAC-TD uses: filter bank, mask network and its transpose."""

from __future__ import annotations

from interpreter.networks.sepformer import Decoder, Encoder, MaskNet

__all__ = ["Decoder", "Encoder", "MaskNet"]
