"""Settings of every kind of training: one frozen model each, in which every hyper-parameter has a name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from interpreter.classifier.front_end import Normalisation
from interpreter.networks.sepformer import Activation
from interpreter.networks.unet import Alignment

Variant = Literal["paper", "official", "ours"]
"""Where a disputed constant comes from: the paper's text, the authors' code, or this project."""


def _ordered(limits: tuple[float, float]) -> tuple[float, float]:
    if limits[0] > limits[1]:
        raise ValueError(f"is {list(limits)}; expected the lower limit first")
    return limits


Range = Annotated[tuple[float, float], AfterValidator(_ordered)]
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


class ClassifierConfig(TrainingConfig):
    """A classifier."""

    n_fft: int = Field(gt=0)
    hop_length: int = Field(gt=0)
    win_length: int = Field(gt=0)
    mel_bins: int = Field(ge=32)  # CNN14 halves them five times
    embedding_dim: int = Field(gt=0)
    dropout: float = Field(ge=0, lt=1)
    gain_db: Range
    mixup: float = Field(ge=0)  # Beta(mixup, mixup); 0 for none
    frequency_masks: int = Field(ge=0)
    time_masks: int = Field(ge=0)
    class_weights: bool  # inverse to the classes' frequency
    start: str | None  # a checkpoint to start CNN14 from


class ExplainerConfig(TrainingConfig):
    """A learned explainer."""

    lambda_in: float = Field(ge=0)
    lambda_out: float = Field(ge=0)
    out_loss: OutLoss
    lambda_reg: float = Field(ge=0)


class LmacTdConfig(ExplainerConfig):
    """LMAC-TD."""

    alpha: float = Field(ge=0, le=1)
    regulariser: Regulariser
    lambda_sum: float = Field(ge=0)  # negative SI-SDR of i + i_out
    channels: int = Field(gt=0)  # K of the filter bank
    kernel_size: int = Field(gt=0)
    stride: int = Field(gt=0)
    basis: Literal["random", "dct"]
    filter_bank: str | None  # folder with SepFormer's encoder.ckpt and decoder.ckpt, instead of the basis
    freeze_basis: bool
    padded: bool
    unet: Literal["slim", "full"]
    unet_width: int = Field(gt=0)  # of the slim UNet
    alignment: Alignment  # of the full UNet
    mask_channels: int = Field(gt=0)
    mask_heads: int = Field(gt=0)
    mask_hidden: int = Field(gt=0)
    mask_blocks: int = Field(gt=0)
    mask_intra_layers: int = Field(ge=0)
    mask_inter_layers: int = Field(ge=0)
    mask_chunk: int = Field(gt=0)
    mask_activation: Activation
    mask_head_gain: float = Field(gt=0)


class LmacConfig(ExplainerConfig):
    """L-MAC."""

    psi: Literal["slim", "full"]
    psi_width: int = Field(gt=0)  # of the slim decoder
    alignment: Alignment  # of the full decoder


class LmacFtConfig(LmacConfig):
    """L-MAC's fine-tuning: starts from an L-MAC run."""

    guidance: float = Field(ge=0)  # weight of the guided mask's cross-entropy
    similarity_threshold: float  # items that are this like their clean clip are guided
    loud_share: float = Field(ge=0, le=1)  # of the clean maximum, above which the mask should keep


class NmfConfig(TrainingConfig):
    """A dictionary of spectra by non-negative matrix factorisation."""

    components: int = Field(gt=0)
    encoder_channels: tuple[int, int]
    encoder_kernel: int = Field(gt=0)


class L2iConfig(TrainingConfig):
    """L2I: starts from an NMF run, whose dictionary it keeps."""

    lambda_nmf: float = Field(ge=0)  # mean squared error of the approximation
    lambda_sparse: float = Field(ge=0)  # mean activation
    lambda_fid: float = Field(ge=0)  # cross-entropy with the classifier, summed over classes
    psi: Literal["slim", "full"]
    psi_width: int = Field(gt=0)  # of the slim decoder
    alignment: Alignment  # of the full decoder
    relevance_threshold: float = Field(ge=0, le=1)


CONFIGS: dict[str, type[TrainingConfig]] = {
    "classifier": ClassifierConfig,
    "lmac-td": LmacTdConfig,
    "lmac": LmacConfig,
    "lmac-ft": LmacFtConfig,
    "nmf": NmfConfig,
    "l2i": L2iConfig,
}
