"""SHAP: Shapley values of the picture's cells, by expected gradients or by a regression over patches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Unpack, get_args

import torch
from captum._utils.models.model import Model
from captum.attr import GradientShap, KernelShap
from torch import Tensor
from torch.utils.data import DataLoader

from interpreter.errors import ConfigError
from interpreter.explainers.attribution import AttributionExplainer, AttributionOptions, ClipQuery
from interpreter.explainers.captum_calls import captum_draws
from interpreter.explainers.options import check_int, check_non_negative, check_patch
from interpreter.explainers.spectral import Picture, PictureModel
from interpreter.types import Classifier

Variant = Literal["gradient", "kernel"]


class ShapExplainer(AttributionExplainer):
    """SHAP (Lundberg, Lee 2017); the paper does not say which variant it compares with.

    `gradient` is GradientShap: expected gradients at random points between silence and the clip. `kernel` is
    KernelShap over patches of the picture: a linear model of the logit, fitted with patches silenced at
    random.

    Args:
        classifier: the classifier to explain.
        variant: `gradient` or `kernel`.
        samples: draws for each clip; 16 for `gradient` and 512 for `kernel` by default.
        noise: for `gradient`, standard deviation of noise on the inputs, as a share of the picture's range.
        patch: for `kernel`, frames and bins of a patch.
        **options: see `AttributionOptions`.
    """

    name = "shap"
    title = "SHAP"

    def __init__(
        self,
        classifier: Classifier,
        *,
        variant: Variant = "gradient",
        samples: int | None = None,
        noise: float = 0.0,
        patch: tuple[int, int] = (32, 64),
        **options: Unpack[AttributionOptions],
    ) -> None:
        super().__init__(classifier, **options)
        if variant not in get_args(Variant):
            raise ConfigError(f"variant is {variant!r}; expected gradient or kernel")
        self.variant = variant
        self.samples = check_int(
            "samples", (16 if variant == "gradient" else 512) if samples is None else samples
        )
        self.noise = check_non_negative("noise", noise)
        self.patch = check_patch("patch", patch)

    @property
    def only_asks(self) -> bool:  # type: ignore[override]
        """Whether answers are all that is needed: kernel SHAP follows no gradient."""
        return self.variant == "kernel"

    @property
    def label(self) -> str:
        """The method's name, with the variant if it is the slow one."""
        return super().label if self.variant == "gradient" else f"Kernel{super().label}"

    @property
    def settings(self) -> Mapping[str, object]:
        """The options that change results."""
        if self.variant == "gradient":
            own = {**self.draw_settings, "noise": self.noise}
        else:
            own = {"seed": self.seed, "patch": list(self.patch)}
        return {**super().settings, "variant": self.variant, "samples": self.samples, **own}

    def attribute(self, model: PictureModel, picture: Picture, target: Tensor) -> Tensor:
        """Return the Shapley values, clip by clip."""
        ask = self._expected_gradients if self.variant == "gradient" else self._regression
        results = []
        for query in self.clip_by_clip(picture, target):
            with captum_draws(query.seed, picture.log_magnitude.device):
                results.append(ask(query))
        return torch.cat(results)

    def _expected_gradients(self, query: ClipQuery) -> Tensor:
        """Average in portions of `internal_batch_size` draws, which Captum's GradientShap does not offer."""
        x = query.log_magnitude
        shap, silence = GradientShap(query.model), torch.zeros_like(x)
        total, left = torch.zeros_like(x), self.samples
        while left:
            count = min(left, self.internal_batch_size)
            total += (
                count
                * shap.attribute(
                    x,
                    baselines=silence,
                    n_samples=count,
                    stdevs=self.noise * query.span,
                    target=query.target,
                ).detach()
            )
            left -= count
        return total / self.samples

    def _regression(self, query: ClipQuery) -> Tensor:
        x, numbers = query.log_magnitude.detach(), patches(query.log_magnitude, self.patch)
        shap = KernelShap(query.model)
        shap.interpretable_model = LeastSquares()
        with torch.no_grad():
            if not numbers.any():  # Captum divides by the number of patches less one
                logits: Tensor = query.model(torch.cat([x, torch.zeros_like(x)]))[:, query.target[0]]
                return (logits[0] - logits[1]).expand_as(x)
            result: Tensor = shap.attribute(
                x,
                target=query.target,
                feature_mask=numbers,
                n_samples=self.samples,
                perturbations_per_eval=min(self.samples, self.internal_batch_size),
            )
        return result


def patches(log_magnitude: Tensor, size: tuple[int, int]) -> Tensor:
    """Number the patches of a picture, `[1, T, F]`; the last of a row or column may be smaller."""
    _, frames, bins = log_magnitude.shape
    rows = torch.arange(frames, device=log_magnitude.device) // size[0]
    columns = torch.arange(bins, device=log_magnitude.device) // size[1]
    return (rows[:, None] * (int(columns[-1]) + 1) + columns)[None]


class LeastSquares(Model):  # type: ignore[misc]
    """Weighted least squares with an intercept, for KernelShap in place of scikit-learn's.

    Of several solutions (fewer samples than patches) it is the smallest after centring, as scikit-learn's.
    """

    def __init__(self) -> None:
        self.coefficients = torch.empty(0)

    def fit(self, train_data: DataLoader[Any], **_: object) -> dict[str, float]:
        """Fit the weighted samples (patches present, logit, weight) that Captum hands over."""
        columns = [torch.cat(column) for column in zip(*train_data, strict=True)]
        # gelsd, the driver that finds the smallest solution, runs only on the CPU.
        present, logits, weights = (column.double().cpu() for column in columns)
        logits, weights = logits.view(-1), weights.view(-1)
        share = weights / weights.sum()
        root = weights.sqrt()[:, None]
        solution = torch.linalg.lstsq(
            (present - share @ present) * root, (logits - share @ logits)[:, None] * root, driver="gelsd"
        ).solution
        self.coefficients = solution.view(1, -1).to(columns[1])
        return {}

    def representation(self) -> Tensor:
        """Return the coefficients, `[1, patches]`."""
        return self.coefficients

    def __call__(self, x: Tensor) -> Tensor:
        """Return the fitted value without its intercept."""
        return x @ self.coefficients.T
