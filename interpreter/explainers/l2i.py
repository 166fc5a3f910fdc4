"""L2I (Parekh et al. 2022): which entries of a dictionary of spectra speak for a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from interpreter.classifier.capabilities import front_end_of
from interpreter.classifier.frozen import FrozenClassifier
from interpreter.classifier.representations import full_width, probe_grid
from interpreter.explainers.learned import LearnedMethod
from interpreter.explainers.mask_decoder import MaskDecoderExplainer
from interpreter.kinds.config import TrainingConfig
from interpreter.kinds.kind import Checkpoint, Setup
from interpreter.kinds.task import Batch, Terms
from interpreter.networks.feature_maps import sample
from interpreter.networks.nmf import NmfDecoder
from interpreter.networks.psi import PsiDecoder
from interpreter.networks.slim_unet import SlimFrameDecoder
from interpreter.networks.unet import Alignment
from interpreter.runs.pretrained import make_parts_reader
from interpreter.runs.tensor_files import load_into
from interpreter.types import Classifier


class L2iConfig(TrainingConfig):
    """L2I: starts from an NMF run, whose dictionary it keeps."""

    lambda_nmf: float = Field(ge=0)  # mean squared error of the approximation
    lambda_sparse: float = Field(ge=0)  # mean activation
    lambda_fid: float = Field(ge=0)  # cross-entropy with the classifier, summed over classes
    psi: Literal["slim", "full"]
    psi_width: int = Field(gt=0)  # of the slim decoder
    alignment: Alignment  # of the full decoder
    relevance_threshold: float = Field(ge=0, le=1)


class Theta(nn.Module):
    """A linear classifier of activations: attention over time, then over the dictionary's entries.

    The published attention has one weight per frame and accepts only 431 frames; here its weights are spread
    over the frames, so that the pooled value of a constant does not depend on the length.

    Args:
        components: of the dictionary.
        frames: weights of the attention.
        classes: of the classifier.
    """

    def __init__(self, components: int, frames: int, classes: int) -> None:
        super().__init__()
        self.hard_att = nn.Linear(frames, 1, bias=False)
        self.classifier = nn.Sequential(nn.Linear(components, classes, bias=False), nn.Softmax(dim=1))

    def pool(self, activations: Tensor) -> Tensor:
        """Return `[B, components]` of activations `[B, components, T]`."""
        weights = self.hard_att.weight
        frames = activations.shape[2]
        if frames != weights.shape[1]:
            weights = _spread(weights, frames)
        return activations @ weights[0]

    def class_weights(self) -> Tensor:
        """Return the weight of each entry for each class, `[classes, components]`."""
        linear = self.classifier[0]
        assert isinstance(linear, nn.Linear)
        return linear.weight

    def class_logits(self, activations: Tensor) -> Tensor:
        """Return class logits `[B, classes]` of activations `[B, components, T]`."""
        logits: Tensor = self.classifier[0](self.pool(activations))
        return logits

    def forward(self, activations: Tensor) -> Tensor:
        """Return class probabilities `[B, classes]` of activations `[B, components, T]`."""
        probabilities: Tensor = self.classifier(self.pool(activations))
        return probabilities


def _spread(weights: Tensor, frames: int) -> Tensor:
    """Spread weights `[1, T]` over another number of frames: each gets what falls into its span."""
    total = F.pad(weights.cumsum(dim=1), (1, 0))
    edges = torch.linspace(0, weights.shape[1], frames + 1, device=weights.device)
    return sample(total, edges, dim=1).diff(dim=1)


class L2iNetwork(nn.Module):
    """Activations from representations, the frozen dictionary, and the linear classifier.

    Args:
        psi: the full decoder, or a slim one.
        nmf: the dictionary; it stays as it is.
        theta: the linear classifier.
        hop_length: distance of the STFT's frames in samples.
    """

    def __init__(
        self, psi: PsiDecoder | SlimFrameDecoder, nmf: NmfDecoder, theta: Theta, hop_length: int
    ) -> None:
        super().__init__()
        self.psi, self.nmf, self.theta, self.hop_length = psi, nmf.requires_grad_(False), theta, hop_length

    def activations(self, representations: Sequence[Tensor], frames: int) -> Tensor:
        """Return activations `[B, components, frames]`, not negative."""
        if isinstance(self.psi, PsiDecoder):
            pooled: Tensor = self.psi.planes(representations, frames).mean(dim=3)
            return pooled.relu()
        centres = torch.arange(frames, device=representations[0].device) * self.hop_length
        activations: Tensor = self.psi(representations, centres, frames * self.hop_length)
        return activations.relu()

    def mask(self, activations: Tensor, target: Tensor, threshold: float) -> Tensor:
        """Return the share `[B, T, F]` that the entries relevant to `target` have in the approximation.

        An entry is relevant if its weighted activation exceeds `threshold` of the largest one; if
        none is, the mask is zero.

        Shape:
            - activations: `[B, components, T]`
            - target: `[B]`
        """
        relevance = self.theta.pool(activations) * self.theta.class_weights()[target]
        largest = relevance.abs().amax(dim=1, keepdim=True).clamp(min=1e-10)
        relevant = (relevance / largest > threshold).to(activations.dtype)
        kept: Tensor = self.nmf(activations * relevant[:, :, None])
        whole: Tensor = self.nmf(activations)
        return kept / (whole + 1e-10)


class L2i(MaskDecoderExplainer[L2iNetwork]):
    """Explains with a trained L2I network.

    Args:
        classifier: the classifier that the network was trained for.
        network: the trained network.
        threshold: relevance, relative to the largest, above which an entry of the dictionary is kept.
        batch_size: how many clips are worked on at a time.
    """

    name = "l2i"
    title = "L2I"

    def __init__(
        self,
        classifier: Classifier,
        network: L2iNetwork,
        threshold: float = 0.2,
        batch_size: int | None = None,
    ) -> None:
        super().__init__(classifier, network, batch_size)
        self.threshold = threshold

    @property
    def settings(self) -> Mapping[str, object]:
        """What the method was set to."""
        return {"threshold": self.threshold}

    def draw(self, representations: Sequence[Tensor], target: Tensor, frames: int, bins: int) -> Tensor:
        """Return the relevant entries' share of the approximation."""
        activations = self.network.activations(representations, frames)
        return self.network.mask(activations, target, self.threshold)


class L2iTask:
    """The approximation, sparse activations, and a linear classifier that agrees with the classifier."""

    scores: Sequence[str] = ("loss", "nmf", "sparse", "fid", "agree")

    def __init__(self, network: L2iNetwork, classifier: Classifier, config: L2iConfig) -> None:
        self.network, self.classifier, self.config = network, FrozenClassifier(classifier), config
        self.frozen: Sequence[nn.Module] = self.classifier.modules

    def terms(self, batch: Batch, generator: torch.Generator | None) -> Terms:
        """Return the loss and its parts."""
        config, network = self.config, self.network
        heard = self.classifier.forward_frozen(batch["noisy"])
        clip, logits = heard.picture, heard.logits
        activations = network.activations(heard.representations, clip.shape[1])
        theta = network.theta(activations)
        if self.classifier.multi_label:
            own = network.theta.class_logits(activations).float()
            fid = F.binary_cross_entropy_with_logits(own, logits.float().sigmoid(), reduction="none")
        else:
            fid = -logits.softmax(dim=1) * theta.clamp(min=1e-10).log()
        terms = {
            "nmf": F.mse_loss(network.nmf(activations), clip),
            "sparse": activations.mean(),
            "fid": fid.sum(dim=1).mean(),
        }
        loss = (
            config.lambda_nmf * terms["nmf"]
            + config.lambda_sparse * terms["sparse"]
            + config.lambda_fid * terms["fid"]
        )
        agree = (theta.argmax(dim=1) == logits.argmax(dim=1)).float().mean()
        return {"loss": loss, **terms, "agree": agree}


def build_l2i(config: L2iConfig, classifier: Classifier, components: int, frames: int) -> L2iNetwork:
    """Return an untrained L2I network.

    Args:
        config: its settings.
        classifier: what it explains.
        components: of the dictionary.
        frames: STFT frames of the clips that it is trained on.
    """
    front_end = front_end_of(classifier)
    psi: PsiDecoder | SlimFrameDecoder
    if config.psi == "full":
        psi = PsiDecoder(full_width(classifier, "L2I's full psi"), components, config.alignment)
    else:
        psi = SlimFrameDecoder(probe_grid(classifier, config.duration_s), components, config.psi_width)
    nmf = NmfDecoder(front_end.n_fft // 2 + 1, components)
    theta = Theta(components, frames, len(classifier.labels))
    return L2iNetwork(psi, nmf, theta, front_end.hop_length)


def _build(config: L2iConfig, setup: Setup) -> L2iNetwork:
    dictionary = setup.start.tensors["decoder.W"]
    frames = setup.samples // front_end_of(setup.classifier).hop_length + 1
    network = build_l2i(config, setup.classifier, dictionary.shape[1], frames)
    load_into(network.nmf, {"W": dictionary}, setup.start.source)
    return network


def _rebuild(config: L2iConfig, checkpoint: Checkpoint) -> L2iNetwork:
    stored = checkpoint.stored
    components, frames = stored.size("nmf.W", 1), stored.size("theta.hard_att.weight", 1)
    return build_l2i(config, checkpoint.classifier, components, frames)


L2I = LearnedMethod(
    kind="l2i",
    config=L2iConfig,
    build=_build,
    objective=lambda network, config, setup: L2iTask(network, setup.classifier, config),
    rebuild=_rebuild,
    read_published=make_parts_reader(
        {"psi_model.ckpt": "psi.", "theta.ckpt": "theta.", "nmf_decoder.ckpt": "nmf."}
    ),
    explainer=L2i,
    explain=lambda classifier, network, config: L2i(classifier, network, config.relevance_threshold),
)
