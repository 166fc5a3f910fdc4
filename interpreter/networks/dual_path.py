"""The transformer of the SepFormer's mask network: attention within chunks, then across them.

State dicts have SpeechBrain's names. Attention runs through `scaled_dot_product_attention`.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_CACHED = 2**20
"""Numbers that a transformer layer works on at a time on a CPU: 4 MiB."""


class _Attention(nn.Module):
    """Multi-head self-attention with the parameters of `nn.MultiheadAttention`."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.att = nn.MultiheadAttention(channels, heads)
        self.heads = heads

    def forward(self, x: Tensor) -> Tensor:
        batch, time, channels = x.shape
        # Three products instead of one for all: their gradients need not be put together again.
        weights, biases = self.att.in_proj_weight.chunk(3), self.att.in_proj_bias.chunk(3)
        q, k, v = (
            F.linear(x, weight, bias).view(batch, time, self.heads, -1).transpose(1, 2)
            for weight, bias in zip(weights, biases, strict=True)
        )
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, time, channels)
        return F.linear(mixed, self.att.out_proj.weight, self.att.out_proj.bias)


class _FeedForward(nn.Module):
    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.ffn = nn.Sequential(
            nn.Linear(channels, hidden), nn.ReLU(inplace=True), nn.Identity(), nn.Linear(hidden, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.ffn(x)  # type: ignore[no-any-return]


class _Norm(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)  # type: ignore[no-any-return]


class _Layer(nn.Module):
    """A transformer layer that normalises before attention and before the feed-forward part."""

    def __init__(self, channels: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.self_att = _Attention(channels, heads)
        self.pos_ffn = _FeedForward(channels, hidden)
        self.norm1, self.norm2 = _Norm(channels), _Norm(channels)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.self_att(self.norm1(x))
        return x + self.pos_ffn(self.norm2(x))  # type: ignore[no-any-return]


class _Layers(nn.Module):
    def __init__(self, layers: int, channels: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_Layer(channels, heads, hidden) for _ in range(layers))
        self.norm = _Norm(channels)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return self.norm(x)  # type: ignore[no-any-return]


class _Positions(nn.Module):
    """Sinusoidal positions; beyond the stored 2500 they are computed when needed."""

    pe: Tensor

    def __init__(self, channels: int, length: int = 2500) -> None:
        super().__init__()
        self.register_buffer("pe", sinusoids(length, channels).unsqueeze(0))

    def forward(self, x: Tensor) -> Tensor:
        time = x.shape[1]
        table = self.pe if time <= self.pe.shape[1] else sinusoids(time, x.shape[2]).to(x)[None]
        return x + table[:, :time]


def sinusoids(length: int, channels: int) -> Tensor:
    """Return the positional encoding of Vaswani et al. 2017, section 3.5: `[length, channels]`."""
    rates = torch.exp(torch.arange(0, channels, 2) * (-math.log(10000.0) / channels))
    angles = torch.arange(length)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)


class _Transformer(nn.Module):
    def __init__(self, layers: int, channels: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.mdl = _Layers(layers, channels, heads, hidden)
        self.pos_enc = _Positions(channels)

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu":
            return self._run_layers(x)
        # Sequences do not see each other: a few at a time stay in the CPU's cache.
        some = max(1, _CACHED // x[0].numel())
        return torch.cat([self._run_layers(part) for part in torch.split(x, some)])

    def _run_layers(self, x: Tensor) -> Tensor:
        return self.mdl(self.pos_enc(x))  # type: ignore[no-any-return]


class DualBlock(nn.Module):
    """Attention within the chunks, then across them, each normalised and added to its input."""

    def __init__(self, channels: int, heads: int, hidden: int, intra_layers: int, inter_layers: int) -> None:
        super().__init__()
        self.intra_mdl = _Transformer(intra_layers, channels, heads, hidden)
        self.inter_mdl = _Transformer(inter_layers, channels, heads, hidden)
        self.intra_norm = nn.GroupNorm(1, channels, eps=1e-8)
        self.inter_norm = nn.GroupNorm(1, channels, eps=1e-8)

    def forward(self, chunks: Tensor) -> Tensor:
        """Map chunks `[B, S, K, N]` to the same shape."""
        shape = chunks.shape
        intra = self.intra_mdl(chunks.flatten(0, 1)).view(shape)
        intra = chunks + global_norm(intra, self.intra_norm)
        across = intra.transpose(1, 2)
        inter = self.inter_mdl(across.flatten(0, 1)).view(across.shape)
        return intra + global_norm(inter, self.inter_norm).transpose(1, 2)


def global_norm(x: Tensor, norm: nn.GroupNorm) -> Tensor:
    """Apply a group norm of one group to `[B, S, K, N]`, channels last, without moving them."""
    return norm(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)  # type: ignore[no-any-return]
