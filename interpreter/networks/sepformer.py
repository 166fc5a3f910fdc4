"""Encoder, mask network and decoder of the SepFormer (Subakan et al. 2021), as LMAC-TD cuts it down.

State dicts have SpeechBrain's names. Chunks stay in the layout `[B, chunks, time, channels]` throughout: the
same numbers in less time and memory.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from interpreter.errors import ConfigError
from interpreter.networks.dual_path import DualBlock, global_norm

Activation = Literal["sigmoid", "relu"]
"""How the mask ends: `sigmoid` as the paper's mask in [0, 1], `relu` as the public dual-path model."""


class Encoder(nn.Module):
    """A learned filter bank: strided convolution and rectifier.

    Args:
        channels: number of filters, K.
        kernel_size: length of a filter in samples.
        stride: distance of the frames in samples.
    """

    def __init__(self, channels: int = 256, kernel_size: int = 16, stride: int = 8) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride
        self.conv1d = nn.Conv1d(1, channels, kernel_size, stride, bias=False)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Map waveforms `[B, samples]` to frames `[B, K, T]`, T = (samples - kernel_size) // stride + 1."""
        frames = waveforms.unfold(1, self.kernel_size, self.stride)
        return torch.relu(F.linear(frames, self.conv1d.weight.squeeze(1))).transpose(1, 2)


class Decoder(nn.Module):
    """The filter bank's way back: a transposed convolution."""

    def __init__(self, channels: int = 256, kernel_size: int = 16, stride: int = 8) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride
        self.weight = nn.Parameter(nn.ConvTranspose1d(channels, 1, kernel_size, bias=False).weight.detach())

    def forward(self, frames: Tensor) -> Tensor:
        """Map frames `[B, K, T]` to waveforms `[B, (T - 1) * stride + kernel_size]`."""
        if self.kernel_size % self.stride:
            return F.conv_transpose1d(frames, self.weight, stride=self.stride).squeeze(1)
        return overlap_add(frames.transpose(1, 2) @ self.weight.squeeze(1), self.stride)


def overlap_add(frames: Tensor, stride: int) -> Tensor:
    """Sum frames that start `stride` apart; the stride divides their length.

    Shape:
        - frames: `[B, T, length, ...]`
        - result: `[B, (T - 1) * stride + length, ...]`
    """
    overlaps = frames.shape[2] // stride
    blocks = frames.reshape(*frames.shape[:2], overlaps, stride, *frames.shape[3:])
    rest = (0, 0) * (frames.ndim - 2)
    shifted = (F.pad(blocks[:, :, k], (*rest, k, overlaps - 1 - k)) for k in range(overlaps))
    total = next(shifted)
    for part in shifted:
        total = total + part
    return total.flatten(1, 2)


class MaskNet(nn.Module):
    """The dual-path transformer that turns frames into a mask for them.

    The defaults are the paper's: 8 layers within and 2 across the chunks, twice, feed-forward width 256.

    Args:
        frame_channels: channels of the frames, K of the encoder.
        channels: width of the transformer.
        heads: attention heads.
        hidden: width of the feed-forward layers.
        intra_layers: layers within a chunk.
        inter_layers: layers across the chunks.
        blocks: how many pairs of them.
        chunk: frames in a chunk; even, the chunks overlap by half.
        activation: how the mask ends.
        head_gain: factor on the last convolution's initial weights. At 1 a sigmoid mask starts near one
            half everywhere and training tends to settle on turning the volume down.
        slope: factor on the logits. Above 1 the mask reaches 0 and 1 sooner, since the optimiser's steps
            keep their size.
    """

    def __init__(
        self,
        frame_channels: int = 256,
        channels: int = 256,
        heads: int = 8,
        hidden: int = 256,
        intra_layers: int = 8,
        inter_layers: int = 2,
        blocks: int = 2,
        chunk: int = 250,
        activation: Activation = "sigmoid",
        head_gain: float = 1.0,
        slope: float = 1.0,
    ) -> None:
        super().__init__()
        if chunk < 2 or chunk % 2:
            raise ConfigError(f"MaskNet: chunk is {chunk}; expected an even number of frames")
        if channels % heads or channels % 2:
            raise ConfigError(
                f"MaskNet: channels is {channels}; expected an even number and a multiple of heads, {heads}"
            )
        self.chunk, self.activation, self.slope = chunk, activation, slope
        self.norm = nn.GroupNorm(1, frame_channels, eps=1e-8)
        self.conv1d = nn.Conv1d(frame_channels, channels, 1, bias=False)
        self.dual_mdl = nn.ModuleList(
            DualBlock(channels, heads, hidden, intra_layers, inter_layers) for _ in range(blocks)
        )
        self.conv2d = nn.Conv2d(channels, channels, 1)
        self.end_conv1x1 = nn.Conv1d(channels, frame_channels, 1, bias=False)
        self.prelu = nn.PReLU()
        self.output = nn.Sequential(nn.Conv1d(channels, channels, 1), nn.Tanh())
        self.output_gate = nn.Sequential(nn.Conv1d(channels, channels, 1), nn.Sigmoid())
        with torch.no_grad():
            self.end_conv1x1.weight.mul_(head_gain)

    def forward(self, frames: Tensor) -> Tensor:
        """Map frames `[B, K, T]` to a mask `[B, K, T]`."""
        return self.finish_mask(self.logits(frames))

    def finish_mask(self, logits: Tensor) -> Tensor:
        """Return the mask of logits: the activation."""
        logits = self.slope * logits
        return torch.sigmoid(logits) if self.activation == "sigmoid" else torch.relu(logits)

    def logits(self, frames: Tensor) -> Tensor:
        """Map frames `[B, K, T]` to what the activation turns into a mask, `[B, K, T]`."""
        time = frames.shape[2]
        x = global_norm(frames.transpose(1, 2).unsqueeze(1), self.norm).squeeze(1)
        chunks = _chunks(_pointwise(x, self.conv1d), self.chunk)
        for block in self.dual_mdl:
            chunks = block(chunks)
        x = overlap_add(self.prelu(chunks.flatten(2)).view(chunks.shape), self.chunk // 2)
        x = x[:, self.chunk // 2 :][:, :time]
        # conv2d is linear and every frame is in two chunks: once after the sum equals once per chunk.
        x = F.linear(x, self.conv2d.weight.flatten(1), 2 * _bias(self.conv2d))
        x = torch.tanh(_pointwise(x, self.output[0])) * torch.sigmoid(_pointwise(x, self.output_gate[0]))
        return _pointwise(x, self.end_conv1x1).transpose(1, 2)


def _pointwise(x: Tensor, convolution: nn.Module) -> Tensor:
    """Apply a convolution of kernel 1 to `[B, T, C]`."""
    assert isinstance(convolution, nn.Conv1d)
    return F.linear(x, convolution.weight.flatten(1), convolution.bias)


def _bias(convolution: nn.Conv2d) -> Tensor:
    assert convolution.bias is not None
    return convolution.bias


def _chunks(x: Tensor, size: int) -> Tensor:
    """Cut `[B, T, N]` into chunks `[B, S, size, N]` that overlap by half, with zeros beyond both ends."""
    half = size // 2
    gap = size - (half + x.shape[1] % size) % size
    padded = F.pad(x, (0, 0, half, half + gap))
    return padded.unfold(1, size, half).transpose(2, 3)
