"""Feature maps and frames at a common level, so that none of the terms that are summed drowns the other."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor, nn

from interpreter.elementary import log1p

MOMENTUM = 0.05
"""Weight of a new batch in the running statistics, once 20 batches have been seen."""

_SMALLEST = 1e-8
_EPSILON = 1e-5  # as batch normalisation has it: a channel that is always silent stays small


class RunningStandardisation(nn.Module):
    """Brings each channel of a frozen network's maps to mean 0 and variance 1.

    The statistics are gathered while training and used as fixed numbers, in training too: a map is then
    standardised alike whatever else is in its batch. Until there are 20 batches they are plain averages.

    Args:
        channels: of the maps.
    """

    mean: Tensor
    variance: Tensor
    batches: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))
        self.register_buffer("batches", torch.zeros(()))

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps `[B, C, T, F]` standardised channel by channel."""
        if self.training:
            self._gather(maps)
        scale = (self.variance + _EPSILON).rsqrt()
        return (maps - self.mean[:, None, None]) * scale[:, None, None]

    @torch.no_grad()
    def _gather(self, maps: Tensor) -> None:
        maps = maps.float()  # in bfloat16 the difference of the moments is mostly rounding error
        moments = torch.stack([maps.mean(dim=(0, 2, 3)), maps.square().mean(dim=(0, 2, 3))])
        if dist.is_available() and dist.is_initialized():  # every process has the same number of clips
            dist.all_reduce(moments)
            moments /= dist.get_world_size()
        mean, square = moments
        self.batches += 1
        weight = (1 / self.batches).clamp(min=MOMENTUM)
        self.mean.lerp_(mean, weight)
        self.variance.lerp_((square - mean.square()).clamp(min=0), weight)


def remove_level(frames: Tensor, dynamics: float = 100.0) -> Tensor:
    """Return log1p(dynamics * frames / rms): the same at every level, quiet frames not lost.

    Args:
        frames: not negative.
        dynamics: at 100 a frame 40 dB under the clip's rms still counts as much as log 2.

    Shape:
        - frames, result: `[B, K, T]`
    """
    return log1p(frames * (dynamics / _rms(frames)))


def standardise(frames: Tensor) -> Tensor:
    """Return each clip's frames `[B, K, T]` with mean 0 and rms 1 over filters and time."""
    centred = frames - frames.mean(dim=(1, 2), keepdim=True)
    return centred / _rms(centred)


def _rms(frames: Tensor) -> Tensor:
    return frames.square().mean(dim=(1, 2), keepdim=True).sqrt().clamp(min=_SMALLEST)
