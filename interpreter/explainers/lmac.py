"""L-MAC (Paissan et al. 2024): a decoder of the classifier's representations draws a mask on the STFT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from interpreter.classifier.capabilities import is_spectral
from interpreter.classifier.frozen import FrozenClassifier
from interpreter.classifier.representations import full_width, probe_shapes
from interpreter.explainers.learned import LearnedMethod
from interpreter.explainers.mask_decoder import MaskDecoderExplainer
from interpreter.kinds.config import ExplainerConfig
from interpreter.kinds.kind import Checkpoint, Setup
from interpreter.kinds.losses import EXPLAINER_SCORES, faithfulness_terms, loud_cells, similarity
from interpreter.kinds.task import Batch, Terms
from interpreter.networks.psi import PsiDecoder
from interpreter.networks.slim_unet import SlimMaskDecoder
from interpreter.networks.unet import Alignment
from interpreter.runs.pretrained import make_parts_reader
from interpreter.runs.tensor_files import load_into
from interpreter.types import Classifier


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


class LmacNetwork(nn.Module):
    """A UNet decoder whose output, through a sigmoid, is the mask.

    Args:
        psi: called as `psi(representations, frames, bins)`; returns logits `[B, frames, bins]`.
    """

    def __init__(self, psi: nn.Module) -> None:
        super().__init__()
        self.psi = psi

    def forward(self, representations: Sequence[Tensor], frames: int, bins: int) -> Tensor:
        """Return the mask's logits `[B, frames, bins]`."""
        logits: Tensor = self.psi(representations, frames, bins)
        return logits


class Lmac(MaskDecoderExplainer[LmacNetwork]):
    """Explains with a trained L-MAC network; the same for every target: it explains the prediction."""

    name = "lmac"
    title = "L-MAC"
    takes_target = False

    @property
    def settings(self) -> Mapping[str, object]:
        """What the method was set to."""
        return {"psi": type(self.network.psi).__name__}

    def draw(self, representations: Sequence[Tensor], target: Tensor, frames: int, bins: int) -> Tensor:
        """Return the network's mask; `target` has no influence."""
        logits: Tensor = self.network(representations, frames, bins)
        return logits.sigmoid()


class LmacFt(Lmac):
    """L-MAC after fine-tuning with guidance by the clean clips' loud cells."""

    name = "lmac-ft"
    title = "L-MAC-FT"


class LmacTask:
    """L-MAC's loss: as LMAC-TD's, on masked spectrograms; what is small is the mask."""

    scores: Sequence[str] = EXPLAINER_SCORES

    def __init__(self, network: LmacNetwork, classifier: Classifier, config: LmacConfig) -> None:
        self.network, self.classifier, self.config = network, FrozenClassifier(classifier), config
        self.frozen: Sequence[nn.Module] = self.classifier.modules

    def terms(self, batch: Batch, generator: torch.Generator | None) -> Terms:
        """Return the loss and its parts."""
        heard = self.classifier.forward_frozen(batch["noisy"])
        clip = heard.picture
        drawn = self.network(heard.representations, *clip.shape[1:])
        mask = drawn.sigmoid()
        pictures = torch.cat([mask * clip, (1 - mask) * clip])
        spectrum = heard.spectrum.repeat(2, 1, 1)
        logits = self.classifier.of_pictures(pictures, spectrum, batch["noisy"].shape[1])
        regulariser, several = self.regulariser(batch, clip, drawn), self.classifier.multi_label
        terms = faithfulness_terms(heard.logits, logits, regulariser, self.config, multi_label=several)
        return {**terms, "size": mask.mean()}

    def regulariser(self, batch: Batch, clip: Tensor, logits: Tensor) -> Tensor:
        """Return the weighted regulariser of mask logits `[B, T, F]`: the mask's mean."""
        return self.config.lambda_reg * logits.sigmoid().mean()


class LmacFtTask(LmacTask):
    """L-MAC's fine-tuning: if the interpretation resembles the clean clip, its loud cells guide the mask.

    A guided clip has the cross-entropy of its mask with those cells, and not the size of its mask.
    """

    config: LmacFtConfig

    def regulariser(self, batch: Batch, clip: Tensor, logits: Tensor) -> Tensor:
        """Return the guided regulariser, weighted."""
        config = self.config
        with torch.no_grad():
            clean = self.classifier.front_end.log_magnitude(batch["clean"])
        mask = logits.sigmoid()
        guided = similarity(clean, mask.detach() * clip) >= config.similarity_threshold
        cells = loud_cells(clean, config.loud_share)
        guidance = F.binary_cross_entropy_with_logits(logits, cells, reduction="none").mean(dim=(1, 2))
        terms = torch.where(guided, config.guidance * guidance, config.lambda_reg * mask.mean(dim=(1, 2)))
        return terms.mean()


def build_lmac(config: LmacConfig, classifier: Classifier) -> LmacNetwork:
    """Return an untrained L-MAC network for a classifier."""
    if config.psi == "full":
        return LmacNetwork(PsiDecoder(full_width(classifier, "the full psi"), alignment=config.alignment))
    shapes = probe_shapes(classifier, config.duration_s)
    if not is_spectral(classifier):
        return LmacNetwork(SlimMaskDecoder(shapes, config.psi_width))
    cell, positions = classifier.cell_frames, classifier.front_end.bin_positions()
    return LmacNetwork(
        SlimMaskDecoder(shapes, config.psi_width, cell_frames=cell, bin_positions=positions, cell_bands=cell)
    )


def _build(config: LmacConfig, setup: Setup) -> LmacNetwork:
    return build_lmac(config, setup.classifier)


def _build_tuned(config: LmacFtConfig, setup: Setup) -> LmacNetwork:
    network = build_lmac(config, setup.classifier)
    load_into(network, setup.start.tensors, setup.start.source)
    return network


def _rebuild(config: LmacConfig, checkpoint: Checkpoint) -> LmacNetwork:
    return build_lmac(config, checkpoint.classifier)


LMAC = LearnedMethod(
    kind="lmac",
    config=LmacConfig,
    build=_build,
    objective=lambda network, config, setup: LmacTask(network, setup.classifier, config),
    rebuild=_rebuild,
    read_published=make_parts_reader({"psi_model.ckpt": "psi."}),
    explainer=Lmac,
    explain=lambda classifier, network, config: Lmac(classifier, network),
)
LMAC_FT = LearnedMethod(
    kind="lmac-ft",
    config=LmacFtConfig,
    build=_build_tuned,
    objective=lambda network, config, setup: LmacFtTask(network, setup.classifier, config),
    rebuild=_rebuild,
    read_published=LMAC.read_published,
    explainer=LmacFt,
    explain=lambda classifier, network, config: LmacFt(classifier, network),
)
