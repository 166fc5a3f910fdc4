"""Settings that every training has, and those that the learned explainers share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from interpreter.classifier.front_end import Normalisation

Variant = Literal["paper", "official", "ours"]
"""Where a disputed constant comes from: the paper's text, the authors' code, or this project."""


def _check_order(limits: tuple[float, float]) -> tuple[float, float]:
    if limits[0] > limits[1]:
        raise ValueError(f"is {list(limits)}; expected the lower limit first")
    return limits


Range = Annotated[tuple[float, float], AfterValidator(_check_order)]
"""A lower and an upper limit."""

OutLoss = Literal["negative-cross-entropy", "log-complement"]
"""How the residual is kept from the target class: the paper's term has no lower bound, ours has."""

Regulariser = Literal["relative-l1", "mean-l1", "sum-l1", "mean-log"]
"""Size of the interpretation: see `spectrum_size`."""


class TrainingConfig(BaseModel):
    """What every training has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    variant: Variant
    # data
    sample_rate: int = Field(gt=0)  # Hz
    duration_s: float | None = Field(gt=0)  # None: the longest clip, 5 s at most
    validation_share: float = Field(ge=0, lt=1)  # of the training folds, whole recordings
    noise_share: float = Field(ge=0, le=1)  # of the clips
    snr_db: Range
    shift: bool  # around the clip's ends
    normalisation: Normalisation
    # optimisation
    epochs: int = Field(gt=0)
    steps_per_epoch: int | None = Field(gt=0)  # None: each clip once
    batch_size: int = Field(gt=0)  # over all processes
    optimiser: Literal["adam", "adamw"]
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    schedule: Literal["constant", "cosine", "one-cycle", "plateau"]
    warmup_steps: int = Field(ge=0)  # of the cosine schedule
    gradient_clip: float | None = Field(gt=0)  # norm
    precision: Literal["32-true", "bf16-mixed"]
    monitor: str  # a column of metrics.csv
    mode: Literal["min", "max"]
    patience: int | None = Field(gt=0)  # epochs without improvement before training stops
    keep: Literal["last", "best"]  # the epoch whose weights are kept

    @property
    def gain_range_db(self) -> tuple[float, float]:
        """Range of the gain that is drawn for each clip."""
        return 0.0, 0.0

    @property
    def leaves_parameters_unused(self) -> bool:
        """Whether a part of the network has no gradient, which several processes have to know of."""
        return False


class ExplainerConfig(TrainingConfig):
    """A learned explainer."""

    lambda_in: float = Field(ge=0)
    lambda_out: float = Field(ge=0)
    out_loss: OutLoss
    lambda_reg: float = Field(ge=0)
