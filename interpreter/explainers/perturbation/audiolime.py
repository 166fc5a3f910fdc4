"""audioLIME: which parts of the clip, at which times, the target's probability depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from interpreter.classifier.capabilities import front_end_of, to_probabilities
from interpreter.classifier.clip_checks import check_clips, check_target
from interpreter.errors import ConfigError
from interpreter.explainers.base import Explainer, Separation
from interpreter.explainers.options import check_int, check_non_negative, check_positive
from interpreter.explainers.perturbation.components import MASKS, split_by_masks
from interpreter.explainers.perturbation.segments import cut_time
from interpreter.explainers.perturbation.surrogate import choose_rows, fit_ridge, weigh_rows
from interpreter.explainers.spectral import clip_seed
from interpreter.kinds.separator import Separator
from interpreter.types import Classifier

MOST_PIECES = 10

Split = Callable[[Tensor], Tensor]
"""A clip `[samples]` → its parts `[M, samples]`, M the same for every clip."""


class AudioLimeExplainer(Explainer):
    """LIME on parts of the sound that sum to it (Haunschmid, Manilow, Widmer 2020).

    A feature is one part in one piece of time. The interpretation is the sum of the best features, the
    residual that of the others: together they are the clip.

    Args:
        classifier: the classifier to explain.
        components: `nmf`, `hpss` or `bands`, or a function that splits a clip, such as into its true stems,
            or a trained separator. What its parts lack of the clip becomes one more part.
        pieces: pieces of time; one per second, at most 10, if None.
        top: how many features are kept, those of the largest positive coefficients.
        samples: perturbed sounds of each clip; with at most 12 features all combinations are asked instead.
        kernel_width: how fast the weight of a perturbed sound falls with its cosine distance from the clip.
        alpha: the ridge penalty.
        batch_size: clips at a time.
        internal_batch_size: sounds that the classifier hears at a time, which bounds memory.
        seed: of the draws.
    """

    only_asks = True
    name = "audiolime"
    mask_time_dim = 2

    def __init__(
        self,
        classifier: Classifier,
        *,
        components: str | Split = "nmf",
        pieces: int | None = None,
        top: int = 3,
        samples: int = 1000,
        kernel_width: float = 0.25,
        alpha: float = 1.0,
        batch_size: int | None = None,
        internal_batch_size: int = 16,
        seed: int = 0,
    ) -> None:
        super().__init__(classifier, batch_size)
        if not callable(components) and components not in MASKS:
            raise ConfigError(
                f"components is {components!r}; expected {', '.join(MASKS)} or the run of a separator (from "
                "Python also a function)"
            )
        self.components = components
        self.pieces = None if pieces is None else check_int("pieces", pieces)
        self.top = check_int("top", top)
        self.samples = check_int("samples", samples)
        self.kernel_width = check_positive("kernel_width", kernel_width)
        self.alpha = check_non_negative("alpha", alpha)
        self.internal_batch_size = check_int("internal_batch_size", internal_batch_size)
        self.seed = check_int("seed", seed, 0)

    @property
    def label(self) -> str:
        """The method's name, with the parts."""
        return f"audioLIME, {self._components_name}"

    @property
    def settings(self) -> Mapping[str, object]:
        """The options that change results."""
        return {
            "components": self._components_name,
            "pieces": self.pieces,
            "top": self.top,
            "samples": self.samples,
            "kernel_width": self.kernel_width,
            "alpha": self.alpha,
            "seed": self.seed,
        }

    @property
    def networks(self) -> Sequence[nn.Module]:
        """The separator, if there is one."""
        return (self.components,) if isinstance(self.components, nn.Module) else ()

    @property
    def _components_name(self) -> str:
        if isinstance(self.components, str):
            return self.components
        return "separator" if isinstance(self.components, Separator) else "given parts"

    def separate(self, waveforms: Tensor, target: Tensor) -> Separation:
        """Split clips into their best features and the rest; the mask says which, `[B, M, pieces]`."""
        kept, masks = [], []
        for clip, wanted in zip(waveforms, target, strict=True):
            parts, piece_of, weights = self._weigh(clip, int(wanted))
            best = weights.flatten().topk(min(self.top, weights.numel())).indices
            mask = torch.zeros(weights.numel(), dtype=clip.dtype)
            mask[best] = (weights.flatten()[best] > 0).to(mask)
            masks.append(mask.view(weights.shape).to(clip))
            kept.append(_sum_parts(masks[-1][None], parts, piece_of)[0])
        interpretation = torch.stack(kept)
        return Separation(interpretation, waveforms - interpretation, torch.stack(masks))

    def fit_coefficients(self, waveforms: Tensor, target: Tensor) -> Tensor:
        """Return the linear model of each clip, `[B, M, pieces]`: what each feature adds to the probability.

        Shape:
            - waveforms: `[B, samples]`
            - target: `[B]`, integer
        """
        with self._hold_still():
            clips = check_clips(self.classifier, waveforms)
            classes = check_target(self.classifier, target, len(clips))
            return torch.stack(
                [self._weigh(clip, int(wanted))[2] for clip, wanted in zip(clips, classes, strict=True)]
            )

    def _weigh(self, clip: Tensor, target: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return the parts `[M, samples]`, each sample's piece, and the coefficients `[M, pieces]`."""
        generator = torch.Generator().manual_seed(clip_seed(self.seed, clip))
        parts = self._split(clip, generator)
        seconds = len(clip) // self.classifier.sample_rate
        piece_of = cut_time(len(clip), self.pieces or min(max(seconds, 1), MOST_PIECES)).to(clip.device)
        pieces = int(piece_of[-1]) + 1
        rows = choose_rows(len(parts) * pieces, self.samples, generator)
        answers = []
        for some in torch.split(rows, self.internal_batch_size):
            present = some.view(len(some), len(parts), pieces).to(clip)
            logits = self.classifier(_sum_parts(present, parts, piece_of))
            answers.append(to_probabilities(logits, self.classifier)[:, target])
        weights = weigh_rows(rows, self.kernel_width)
        fit = fit_ridge(rows, torch.cat(answers), weights, self.alpha)
        return parts, piece_of, fit.view(len(parts), pieces)

    def _split(self, clip: Tensor, generator: torch.Generator) -> Tensor:
        if isinstance(self.components, str):
            return split_by_masks(clip, front_end_of(self.classifier), MASKS[self.components], generator)
        parts = self.components(clip)
        if parts.ndim != 2 or parts.shape[1] != len(clip):
            raise ConfigError(
                f"components gave the shape {list(parts.shape)} for a clip of {len(clip)} samples; "
                "expected [parts, samples]"
            )
        parts = parts.to(clip)
        rest = clip - parts.sum(dim=0)
        if isinstance(self.components, Separator):  # whose masks sum to one
            return torch.cat([parts[:-1], (parts[-1] + rest)[None]])
        return torch.cat([parts, rest[None]])


def _sum_parts(present: Tensor, parts: Tensor, piece_of: Tensor) -> Tensor:
    """Return the sounds `[n, samples]` with the features present, `[n, M, pieces]`."""
    sounds = [present[:, :, piece] @ parts[:, piece_of == piece] for piece in range(present.shape[2])]
    return torch.cat(sounds, dim=1)
