"""PIQ (Paissan et al. 2023): what can be rebuilt of a clip from the codes that belong to a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from interpreter.classifier.capabilities import is_spectral
from interpreter.classifier.frozen import FrozenClassifier
from interpreter.classifier.representations import probe_shapes
from interpreter.explainers.learned import LearnedMethod
from interpreter.explainers.mask_decoder import MaskDecoderExplainer
from interpreter.kinds.config import TrainingConfig
from interpreter.kinds.losses import loud_cells
from interpreter.kinds.task import Batch, Terms
from interpreter.networks.class_codes import ClassCodes
from interpreter.networks.slim_unet import SlimMaskDecoder, SlimUNet
from interpreter.types import Classifier

_DOUBLINGS = 2
"""Of the deepest map's grid before it is quantised, and again on the way to the mask."""


class PiqConfig(TrainingConfig):
    """PIQ."""

    codes: int = Field(gt=0)  # of all classes together
    code_width: int = Field(gt=0)
    psi_width: int = Field(gt=0)
    loud_share: float = Field(ge=0, le=1)  # of the clip's maximum, above which the mask should keep
    lambda_vq: float = Field(ge=0)  # codes towards the maps
    lambda_commit: float = Field(ge=0)  # maps towards the codes


class PiqNetwork(nn.Module):
    """Representations are brought to one map, written in a class's codes, and decoded to a mask.

    Args:
        encoder: brings the representations to the map that is quantised.
        codes: the quantiser.
        psi: draws the mask's logits from the quantised map.
    """

    def __init__(self, encoder: SlimUNet, codes: ClassCodes, psi: SlimMaskDecoder) -> None:
        super().__init__()
        self.encoder, self.codes, self.psi = encoder, codes, psi

    def forward(
        self, representations: Sequence[Tensor], target: Tensor, frames: int, bins: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the mask's logits `[B, frames, bins]`, the map, and the map in the codes of `target`."""
        maps = self.encoder(representations)
        passed, quantised = self.codes(maps, target)
        return self.psi([passed], frames, bins), maps, quantised


class Piq(MaskDecoderExplainer[PiqNetwork]):
    """Explains with a trained PIQ network; any class can be asked for: what would it be in this clip?"""

    name = "piq"
    title = "PIQ"

    @property
    def settings(self) -> Mapping[str, object]:
        """What the method was set to."""
        return {"codes": len(self.network.codes.codebook)}

    def draw(self, representations: Sequence[Tensor], target: Tensor, frames: int, bins: int) -> Tensor:
        """Return the mask that the codes of `target` draw."""
        logits: Tensor = self.network(representations, target, frames, bins)[0]
        return logits.sigmoid()


class PiqTask:
    """Loud cells rebuilt from the predicted class's codes; codes and maps drawn to each other."""

    scores: Sequence[str] = ("loss", "rebuilt", "vq", "commit", "perplexity")

    def __init__(self, network: PiqNetwork, classifier: Classifier, config: PiqConfig) -> None:
        self.network, self.classifier, self.config = network, FrozenClassifier(classifier), config
        self.frozen: Sequence[nn.Module] = self.classifier.modules

    def terms(self, batch: Batch, generator: torch.Generator | None) -> Terms:
        """Return the loss and its parts, and how many codes the batch is written in (perplexity)."""
        heard = self.classifier.forward_frozen(batch["noisy"])
        clip, target = heard.picture, heard.logits.argmax(dim=1)
        logits, maps, quantised = self.network(heard.representations, target, *clip.shape[1:])
        terms = {
            "rebuilt": F.binary_cross_entropy_with_logits(logits, loud_cells(clip, self.config.loud_share)),
            "vq": F.mse_loss(quantised, maps.detach()),
            "commit": F.mse_loss(maps, quantised.detach()),
        }
        loss = (
            terms["rebuilt"]
            + self.config.lambda_vq * terms["vq"]
            + self.config.lambda_commit * terms["commit"]
        )
        return {"loss": loss, **terms, "perplexity": self._perplexity(maps, target)}

    def _perplexity(self, maps: Tensor, target: Tensor) -> Tensor:
        chosen = self.network.codes.choose(maps, target).flatten()
        share = torch.bincount(chosen, minlength=len(self.network.codes.codebook)) / len(chosen)
        entropy: Tensor = torch.special.entr(share).sum()
        return entropy.exp()


def build_piq(config: PiqConfig, classifier: Classifier) -> PiqNetwork:
    """Return an untrained PIQ network for a classifier."""
    shapes = probe_shapes(classifier, config.duration_s)
    encoder = SlimUNet(shapes, config.code_width, _DOUBLINGS)
    with torch.no_grad():
        probe = encoder([torch.zeros(1, *shape) for shape in shapes])
    shape = (probe.shape[1], probe.shape[2], probe.shape[3])
    codes = ClassCodes(config.codes, config.code_width, len(classifier.labels))
    if not is_spectral(classifier):
        return PiqNetwork(encoder, codes, SlimMaskDecoder([shape], config.psi_width, _DOUBLINGS))
    cell = classifier.cell_frames / 2**_DOUBLINGS
    positions = classifier.front_end.bin_positions()
    psi = SlimMaskDecoder([shape], config.psi_width, _DOUBLINGS, cell, positions, cell)
    return PiqNetwork(encoder, codes, psi)


PIQ = LearnedMethod(
    kind="piq",
    config=PiqConfig,
    build=lambda config, setup: build_piq(config, setup.classifier),
    objective=lambda network, config, setup: PiqTask(network, setup.classifier, config),
    rebuild=lambda config, checkpoint: build_piq(config, checkpoint.classifier),
    explainer=Piq,
    explain=lambda classifier, network, config: Piq(classifier, network),
)
