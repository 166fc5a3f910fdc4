"""The kind `separator`: splits mixtures of a data set's own clips, as parts for audioLIME."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import torch
from pydantic import Field
from torch import Tensor, nn

from interpreter.classifier.front_end import FrontEnd, log_magnitude, magnitude
from interpreter.kinds.config import Range, TrainingConfig
from interpreter.kinds.kind import TrainedKind
from interpreter.kinds.task import Batch, Terms
from interpreter.networks.separator import PARTS, SeparatorNet


class SeparatorConfig(TrainingConfig):
    """A separator of mixtures."""

    width: int = Field(gt=0)
    ratio_db: Range  # of the clip over the clip that is mixed in


class Separator(nn.Module):
    """A separator with the front end that its masks are on.

    Args:
        front_end: makes spectra and sounds.
        network: draws the masks.
    """

    def __init__(self, front_end: FrontEnd, network: SeparatorNet) -> None:
        super().__init__()
        self.front_end, self.network = front_end, network

    @torch.no_grad()
    def forward(self, clip: Tensor) -> Tensor:
        """Return the parts `[parts, samples]` of a clip `[samples]`, which sum to it but for rounding."""
        spectrum = self.front_end.stft(clip[None])
        masks = self.network(log_magnitude(spectrum))[0]
        return self.front_end.istft(masks * spectrum, len(clip))


class SeparatorTask:
    """Magnitudes of a clip, of another one mixed in and of the noise, in whatever order fits best."""

    scores: Sequence[str] = ("loss", "equal")

    def __init__(self, network: Separator, config: SeparatorConfig) -> None:
        self.network, self.config = network, config
        self.frozen: Sequence[nn.Module] = ()

    def terms(self, batch: Batch, generator: torch.Generator | None) -> Terms:
        """Return the loss, and what it would be with equal masks."""
        sources = self.make_sources(batch, generator)
        spectra = torch.stack([self.network.front_end.stft(source) for source in sources], dim=1)
        mixture = spectra.sum(dim=1)
        truth, whole = magnitude(spectra), magnitude(mixture)
        masks = self.network.network(log_magnitude(mixture))
        equal = whole[:, None].expand_as(truth) / PARTS
        return {
            "loss": fit_in_any_order(masks * whole[:, None], truth, whole),
            "equal": fit_in_any_order(equal, truth, whole),
        }

    def make_sources(self, batch: Batch, generator: torch.Generator | None) -> tuple[Tensor, Tensor, Tensor]:
        """Return `[B, samples]` of clips, of the batch's next clips at a drawn level, and of the noise."""
        clips, noisy = batch["clean"], batch["noisy"]
        low, high = self.config.ratio_db
        draws = torch.full((len(clips), 1), 0.5)
        if generator is not None:
            draws = torch.rand(len(clips), 1, generator=generator)
        ratio_db = (low + (high - low) * draws).to(clips)
        others = clips.roll(1, dims=0)
        gain = clips.norm(dim=1, keepdim=True) / others.norm(dim=1, keepdim=True).clamp(min=1e-8)
        return clips, gain * 10 ** (-ratio_db / 20) * others, noisy - clips


def fit_in_any_order(estimates: Tensor, truth: Tensor, whole: Tensor) -> Tensor:
    """Return the mean distance of estimated magnitudes from the true ones, over the mixture's mean magnitude.

    Of each clip, the order of the estimates that fits best counts (Yu et al. 2017).

    Shape:
        - estimates, truth: `[B, parts, T, F]`
        - whole: `[B, T, F]`
    """
    distances = (estimates[:, :, None] - truth[:, None]).abs().mean(dim=(3, 4))  # [B, estimate, source]
    orders = [
        sum(distances[:, one, other] for one, other in enumerate(order))
        for order in permutations(range(truth.shape[1]))
    ]
    best = torch.stack([torch.as_tensor(order) for order in orders]).amin(dim=0)
    return (best / whole.mean(dim=(1, 2)).clamp(min=1e-8)).mean()


def build_separator(config: SeparatorConfig) -> Separator:
    """Return an untrained separator."""
    front_end = FrontEnd(sample_rate=config.sample_rate)
    return Separator(front_end, SeparatorNet(front_end.n_fft // 2 + 1, config.width))


SEPARATOR = TrainedKind(
    "separator",
    SeparatorConfig,
    lambda config, setup: build_separator(config),
    lambda network, config, setup: SeparatorTask(network, config),
    lambda config, checkpoint: build_separator(config),
)
