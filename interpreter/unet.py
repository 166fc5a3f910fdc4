"""The UNet that turns the classifier's feature maps into H_d."""

from __future__ import annotations

from interpreter.networks.unet import UNetDecoder

__all__ = ["UNetDecoder"]
