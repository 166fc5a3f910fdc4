"""LMAC-ZS (Paissan et al. 2024): L-MAC for classifiers whose classes are texts, each with its own mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from interpreter.classifier.capabilities import TextClassifier, is_spectral, takes_texts
from interpreter.classifier.frozen import FrozenClassifier
from interpreter.classifier.representations import probe_shapes
from interpreter.errors import ConfigError
from interpreter.explainers.learned import LearnedMethod
from interpreter.explainers.mask_decoder import MaskDecoderExplainer
from interpreter.kinds.config import TrainingConfig
from interpreter.kinds.task import Batch, Terms
from interpreter.networks.slim_unet import PromptedMaskDecoder
from interpreter.types import Classifier


class LmacZsConfig(TrainingConfig):
    """LMAC-ZS."""

    psi_width: int = Field(gt=0)
    prompts: int = Field(gt=0)  # texts that each clip is asked about: those of as many clips of the batch
    lambda_sim: float = Field(ge=0)  # the masked clip keeps its cosine with the text
    lambda_reg: float = Field(ge=0)  # mean of the mask
    lambda_diversity: float = Field(ge=0)  # masks of unlike texts differ


class LmacZs(MaskDecoderExplainer[PromptedMaskDecoder]):
    """Explains with a trained LMAC-ZS network; any text can be asked for.

    Args:
        classifier: the classifier that the network was trained for, with any labels.
        network: the trained network.
        batch_size: how many clips are worked on at a time.

    Raises:
        ConfigError: the classifier's classes are not texts.
    """

    name = "lmac-zs"
    title = "LMAC-ZS"

    def __init__(
        self, classifier: Classifier, network: PromptedMaskDecoder, batch_size: int | None = None
    ) -> None:
        check_text_classifier(classifier)
        super().__init__(classifier, network, batch_size)

    @property
    def settings(self) -> Mapping[str, object]:
        """What the method was set to."""
        return {"psi": type(self.network).__name__}

    def draw(self, representations: Sequence[Tensor], target: Tensor, frames: int, bins: int) -> Tensor:
        """Return the mask that the text of `target` draws."""
        texts = check_text_classifier(self.classifier).embed_labels()[target]
        logits: Tensor = self.network(representations, texts[:, None], frames, bins)
        return logits[:, 0].sigmoid()


class LmacZsTask:
    """Masked clips keep their cosine with each text, whether it is theirs or another clip's."""

    scores: Sequence[str] = ("loss", "sim", "size", "size_own", "diversity")

    def __init__(self, network: PromptedMaskDecoder, classifier: Classifier, config: LmacZsConfig) -> None:
        self.network, self.config = network, config
        self.texts = check_text_classifier(classifier)
        self.classifier = FrozenClassifier(classifier)
        self.frozen: Sequence[nn.Module] = self.classifier.modules

    def terms(self, batch: Batch, generator: torch.Generator | None) -> Terms:
        """Return the loss and its parts; `size_own` is the mean of the masks of the clips' own texts."""
        config, waveforms = self.config, batch["noisy"]
        heard = self.classifier.forward_frozen(waveforms)
        with torch.no_grad():
            texts, scale = self.texts.embed_labels(), self.texts.scale
        wanted = pair_with_texts(batch["target"], config.prompts)
        frames, bins = heard.picture.shape[1:]
        masks = self.network(heard.representations, texts[wanted], frames, bins).sigmoid()
        # One text of every clip at a time: the classifier never hears more clips than the batch has.
        moved = []
        for number in range(wanted.shape[1]):
            pictures = masks[:, number] * heard.picture
            logits = self.classifier.of_pictures(pictures, heard.spectrum, waveforms.shape[1]).float()
            change = (logits - heard.logits.float()) / scale
            moved.append(change.gather(1, wanted[:, number : number + 1])[:, 0].abs())
        sim = torch.stack(moved).mean()
        size, diversity = masks.mean(), penalise_alike(masks, texts[wanted])
        loss = config.lambda_sim * sim + config.lambda_reg * size + config.lambda_diversity * diversity
        return {
            "loss": loss,
            "sim": sim,
            "size": size,
            "size_own": masks[:, 0].mean(),
            "diversity": diversity,
        }


def pair_with_texts(target: Tensor, prompts: int) -> Tensor:
    """Return the classes whose texts each clip is asked about: its own, then those of the clips after it.

    With as many prompts as clips these are all pairs of the batch's clips and texts, as in the paper.

    Shape:
        - target: `[B]`
        - result: `[B, min(prompts, B)]`
    """
    return torch.stack([target.roll(-step) for step in range(min(prompts, len(target)))], dim=1)


def penalise_alike(masks: Tensor, texts: Tensor) -> Tensor:
    """Return how much more alike a clip's masks are than the texts that drew them, 0 if nowhere.

    The mean over pairs of a clip's texts of max(cos(masks) - max(cos(texts), 0), 0).

    Shape:
        - masks: `[B, K, T, F]`
        - texts: `[B, K, width]`, unit vectors
    """
    excesses = [
        cosine_similarity(masks[:, one].flatten(1), masks[:, other].flatten(1), dim=1)
        - (texts[:, one] * texts[:, other]).sum(dim=1).clamp(min=0)
        for one, other in combinations(range(masks.shape[1]), 2)
    ]
    return torch.stack(excesses).clamp(min=0).mean() if excesses else masks.new_zeros(())


def check_text_classifier(classifier: Classifier) -> TextClassifier:
    """Return a classifier whose classes are texts.

    Raises:
        ConfigError: they are not.
    """
    if not takes_texts(classifier):
        raise ConfigError(
            f"LMAC-ZS explains classifiers whose classes are texts; {type(classifier).__name__} has fixed "
            "ones, so expected the run of train zero-shot"
        )
    return classifier


def build_lmac_zs(config: LmacZsConfig, classifier: Classifier) -> PromptedMaskDecoder:
    """Return an untrained LMAC-ZS network for a classifier whose classes are texts."""
    width = check_text_classifier(classifier).embed_labels().shape[1]
    shapes = probe_shapes(classifier, config.duration_s)
    if not is_spectral(classifier):
        return PromptedMaskDecoder(width, shapes, config.psi_width)
    cell, positions = classifier.cell_frames, classifier.front_end.bin_positions()
    return PromptedMaskDecoder(
        width, shapes, config.psi_width, cell_frames=cell, bin_positions=positions, cell_bands=cell
    )


LMAC_ZS = LearnedMethod(
    kind="lmac-zs",
    config=LmacZsConfig,
    build=lambda config, setup: build_lmac_zs(config, setup.classifier),
    objective=lambda network, config, setup: LmacZsTask(
        network, check_text_classifier(setup.classifier).replace_labels(setup.labels), config
    ),
    rebuild=lambda config, checkpoint: build_lmac_zs(config, checkpoint.classifier),
    explainer=LmacZs,
    explain=lambda classifier, network, config: LmacZs(classifier, network),
)
