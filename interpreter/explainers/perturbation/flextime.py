"""FLEXtime: the gains of a filter bank that keep the class with as few bands as possible."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from interpreter.errors import ConfigError
from interpreter.explainers.base import Explainer, Separation
from interpreter.explainers.options import check_int, check_non_negative
from interpreter.explainers.perturbation.descent import class_loss, descend
from interpreter.types import Classifier

LEARNING_RATE, MOMENTUM = 0.1, 0.9
STILL, PATIENCE = 1e-6, 10
"""The descent ends once the loss has changed by less than `STILL` in more than `PATIENCE` steps."""


class FlexTimeExplainer(Explainer):
    """One gain in [0, 1] per band of a filter bank, learned for each clip (Bruesch et al. 2024).

    The bands sum to the clip, and so do interpretation and residual. It follows the classifier's gradients.

    Args:
        classifier: the classifier to explain, a torch module.
        bands: of equal width, up to half the sample rate.
        taps: length of each filter, odd.
        keep: share of the gains' sum that costs nothing.
        steps: of gradient descent at most.
        batch_size: clips at a time.
    """

    name = "flextime"
    title = "FLEXtime"
    mask_time_dim = 2

    def __init__(
        self,
        classifier: Classifier,
        *,
        bands: int = 64,
        taps: int = 501,
        keep: float = 0.05,
        steps: int = 500,
        batch_size: int | None = None,
    ) -> None:
        super().__init__(classifier, batch_size)
        self.bands = check_int("bands", bands)
        self.taps = check_int("taps", taps)
        self.keep = check_non_negative("keep", keep)
        self.steps = check_int("steps", steps)
        if self.taps % 2 == 0:
            raise ConfigError(f"taps is {taps}; expected an odd number, so that bands are not delayed")

    @property
    def settings(self) -> Mapping[str, object]:
        """The options that change results."""
        return {"bands": self.bands, "taps": self.taps, "keep": self.keep, "steps": self.steps}

    def separate(self, waveforms: Tensor, target: Tensor) -> Separation:
        """Split clips by the gains, which are the mask, `[B, bands, 1]`."""
        filters = make_filters(self.bands, self.taps).to(waveforms)
        kept, masks = [], []
        for clip, wanted in zip(waveforms, target, strict=True):
            parts = split_bands(clip, filters)
            gains = self._fit(parts, int(wanted))
            kept.append(gains @ parts)
            masks.append(gains[:, None])
        interpretation = torch.stack(kept)
        return Separation(interpretation, waveforms - interpretation, torch.stack(masks))

    def _fit(self, parts: Tensor, target: int) -> Tensor:
        gains = torch.full((len(parts),), 0.5, device=parts.device, requires_grad=True)
        optimizer = torch.optim.SGD([gains], lr=LEARNING_RATE, momentum=MOMENTUM)

        def measure_loss() -> tuple[Tensor, Tensor]:
            answer = class_loss(self.classifier((gains @ parts)[None]), target, self.classifier)
            return answer, answer + (gains.mean() - self.keep).clamp(min=0)

        before, still = float("inf"), 0
        for loss in descend(gains, optimizer, self.steps, measure_loss):
            gains.clamp_(0, 1)
            still += abs(before - loss) < STILL
            before = loss
            if still > PATIENCE:
                break
        return gains.detach()


def make_filters(bands: int, taps: int) -> Tensor:
    """Return band passes of equal width without delay, `[bands, taps]`, that sum to a unit impulse.

    Each is the difference of two Hamming-windowed sinc low passes.
    """
    edges = torch.linspace(0, 1, bands + 1, dtype=torch.float64)[:, None]  # of half the sample rate
    time = torch.arange(taps, dtype=torch.float64) - taps // 2
    window = torch.hamming_window(taps, periodic=False, dtype=torch.float64)
    low_passes: Tensor = edges * torch.sinc(edges * time) * window
    return low_passes[1:] - low_passes[:-1]


def split_bands(clip: Tensor, filters: Tensor) -> Tensor:
    """Return the bands `[bands, samples]` of a clip `[samples]`; they sum to it."""
    samples, taps = len(clip), filters.shape[1]
    size = samples + taps - 1
    product = torch.fft.rfft(clip, size) * torch.fft.rfft(filters, size)
    parts: Tensor = torch.fft.irfft(product, size)
    return parts[:, taps // 2 : taps // 2 + samples]
