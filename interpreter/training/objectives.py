"""What is trained: each task turns a batch into the terms that are minimised and watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.explainers.l2i import L2iNetwork
from interpreter.explainers.lmac import LmacNetwork
from interpreter.explainers.lmac_td import LmacTdNetwork
from interpreter.networks.nmf import Nmf
from interpreter.settings.configs import (
    ClassifierConfig,
    ExplainerConfig,
    L2iConfig,
    LmacConfig,
    LmacFtConfig,
    LmacTdConfig,
)
from interpreter.training.augmentation import mask_bands, mixup
from interpreter.training.frozen_classifier import FrozenClassifier
from interpreter.training.losses import in_loss, loud_cells, out_loss, si_sdr, similarity, spectrum_size
from interpreter.types import Classifier

Batch = Mapping[str, Tensor]
Terms = dict[str, Tensor]

_EXPLAINER_SCORES = ("loss", "loss_in", "loss_out", "size", "fid_in", "ai", "ff")


class Task(Protocol):
    """A network with what it is trained on."""

    @property
    def network(self) -> nn.Module:
        """What is trained; its state dict is the run's checkpoint."""
        ...

    @property
    def frozen(self) -> Sequence[nn.Module]:
        """Modules that it needs and that stay as they are."""
        ...

    @property
    def scores(self) -> Sequence[str]:
        """Names of the scalars that `terms` returns."""
        ...

    def terms(self, batch: Batch, generator: torch.Generator | None) -> Terms:
        """Return scalars of a batch; `loss` is minimised.

        Args:
            batch: `noisy` and `clean` `[B, samples]`, `target` `[B]`.
            generator: of what is drawn for the batch; None in validation, where nothing is.
        """
        ...


class ClassifierTask:
    """Cross-entropy, with mixup and masks on the spectrogram while training."""

    scores: Sequence[str] = ("loss", "accuracy")

    def __init__(
        self, network: CnnClassifier, config: ClassifierConfig, class_weights: Tensor | None
    ) -> None:
        self.network, self.config, self.class_weights = network, config, class_weights
        self.frozen: Sequence[nn.Module] = ()

    def terms(self, batch: Batch, generator: torch.Generator | None) -> Terms:
        """Return the loss and the accuracy."""
        waveforms, target = batch["noisy"], batch["target"]
        weights = None if self.class_weights is None else self.class_weights.to(waveforms)
        if generator is None:
            logits = self.network(waveforms)
            loss = F.cross_entropy(logits, target, weights)
        else:
            mixed, partner, share = mixup(waveforms, self.config.mixup, generator)
            picture = self.network.front_end.log_magnitude(mixed)
            picture = mask_bands(picture, self.config.frequency_masks, 40, 2, generator)
            picture = mask_bands(picture, self.config.time_masks, picture.shape[1] // 10, 1, generator)
            logits = self.network.from_log_spectrogram(picture)
            loss = share * F.cross_entropy(logits, target, weights)
            loss = loss + (1 - share) * F.cross_entropy(logits, target[partner], weights)
        return {"loss": loss, "accuracy": (logits.argmax(dim=1) == target).float().mean()}


class LmacTdTask:
    """Equations 6 and 7: the interpretation is the class, the residual is not, and little is kept."""

    def __init__(self, network: LmacTdNetwork, classifier: Classifier, config: LmacTdConfig) -> None:
        self.network, self.classifier, self.config = network, FrozenClassifier(classifier), config
        self.frozen: Sequence[nn.Module] = self.classifier.modules
        self.scores: Sequence[str] = (*_EXPLAINER_SCORES, *(["sum"] if config.lambda_sum > 0 else []))

    def terms(self, batch: Batch, generator: torch.Generator | None) -> Terms:
        """Return the loss and its parts."""
        waveforms, config = batch["noisy"], self.config
        heard = self.classifier.hear(waveforms)
        separation = self.network(waveforms, heard.representations)
        both = torch.cat([separation.interpretation, separation.residual])
        pictures, logits = self.classifier.of_waveforms(both)
        size = spectrum_size(pictures[: len(waveforms)], heard.picture, config.regulariser)
        terms = faithfulness_terms(heard.logits, logits, config.lambda_reg * size, config)
        terms["size"] = size
        if config.lambda_sum > 0:
            total = separation.interpretation + separation.residual
            terms["sum"] = -si_sdr(total, waveforms).mean()
            terms["loss"] = terms["loss"] + config.lambda_sum * terms["sum"]
        return terms


class LmacTask:
    """L-MAC's loss: as LMAC-TD's, on masked spectrograms; what is small is the mask."""

    scores: Sequence[str] = _EXPLAINER_SCORES

    def __init__(self, network: LmacNetwork, classifier: Classifier, config: LmacConfig) -> None:
        self.network, self.classifier, self.config = network, FrozenClassifier(classifier), config
        self.frozen: Sequence[nn.Module] = self.classifier.modules

    def terms(self, batch: Batch, generator: torch.Generator | None) -> Terms:
        """Return the loss and its parts."""
        heard = self.classifier.hear(batch["noisy"])
        clip = heard.picture
        drawn = self.network(heard.representations, *clip.shape[1:])
        mask = drawn.sigmoid()
        pictures = torch.cat([mask * clip, (1 - mask) * clip])
        spectrum = heard.spectrum.repeat(2, 1, 1)
        logits = self.classifier.of_pictures(pictures, spectrum, batch["noisy"].shape[1])
        terms = faithfulness_terms(heard.logits, logits, self.regulariser(batch, clip, drawn), self.config)
        return {**terms, "size": mask.mean()}

    def regulariser(self, batch: Batch, clip: Tensor, logits: Tensor) -> Tensor:
        """Return the weighted regulariser of mask logits `[B, T, F]`: the mask's mean."""
        return self.config.lambda_reg * logits.sigmoid().mean()


class LmacFtTask(LmacTask):
    """L-MAC's fine-tuning: where the interpretation resembles the clean clip, its loud cells guide the mask.

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


class NmfTask:
    """Mean squared error of the approximated log magnitudes."""

    scores: Sequence[str] = ("loss",)

    def __init__(self, network: Nmf, classifier: Classifier) -> None:
        self.network, self.classifier = network, FrozenClassifier(classifier)
        self.frozen: Sequence[nn.Module] = self.classifier.modules

    def terms(self, batch: Batch, generator: torch.Generator | None) -> Terms:
        """Return the loss."""
        with torch.no_grad():
            clip = self.classifier.front_end.log_magnitude(batch["noisy"])
        return {"loss": F.mse_loss(self.network(clip), clip)}


class L2iTask:
    """The approximation, sparse activations, and a linear classifier that agrees with the classifier."""

    scores: Sequence[str] = ("loss", "nmf", "sparse", "fid", "agree")

    def __init__(self, network: L2iNetwork, classifier: Classifier, config: L2iConfig) -> None:
        self.network, self.classifier, self.config = network, FrozenClassifier(classifier), config
        self.frozen: Sequence[nn.Module] = self.classifier.modules

    def terms(self, batch: Batch, generator: torch.Generator | None) -> Terms:
        """Return the loss and its parts."""
        config, network = self.config, self.network
        heard = self.classifier.hear(batch["noisy"])
        clip, logits = heard.picture, heard.logits
        activations = network.activations(heard.representations, clip.shape[1])
        theta = network.theta(activations)
        terms = {
            "nmf": F.mse_loss(network.nmf(activations), clip),
            "sparse": activations.mean(),
            "fid": -(logits.softmax(dim=1) * theta.clamp(min=1e-10).log()).sum(dim=1).mean(),
        }
        loss = (
            config.lambda_nmf * terms["nmf"]
            + config.lambda_sparse * terms["sparse"]
            + config.lambda_fid * terms["fid"]
        )
        agree = (theta.argmax(dim=1) == logits.argmax(dim=1)).float().mean()
        return {"loss": loss, **terms, "agree": agree}


def faithfulness_terms(before: Tensor, after: Tensor, regulariser: Tensor, config: ExplainerConfig) -> Terms:
    """Return the loss of interpretations and residuals, its parts, and three scores to watch.

    Args:
        before: logits of the clips, `[B, classes]`.
        after: logits of the interpretations, then of the residuals, `[2 B, classes]`.
        regulariser: weighted.
        config: the other weights.
    """
    target = before.argmax(dim=1)
    inside, outside = after.chunk(2)
    loss_in, loss_out = in_loss(inside, target), out_loss(outside, target, config.out_loss)
    loss = config.lambda_in * loss_in + config.lambda_out * loss_out + regulariser
    with torch.no_grad():
        p, q, r = (part.softmax(dim=1).gather(1, target[:, None]) for part in (before, inside, outside))
        scores = {
            "fid_in": (inside.argmax(dim=1) == target).float().mean(),
            "ai": 100 * (q > p).float().mean(),
            "ff": (p - r).mean(),
        }
    return {"loss": loss, "loss_in": loss_in, "loss_out": loss_out, **scores}
