"""LMAC-TD (section II of the paper): a mask on the frames of a learned filter bank.

Its settings are in `lmac_td_settings`, its network is in `lmac_td_network`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from interpreter.classifier.frozen import FrozenClassifier
from interpreter.classifier.hearing import Hearing
from interpreter.explainers.base import Explainer, Separation
from interpreter.explainers.learned import LearnedMethod
from interpreter.explainers.lmac_td_network import LmacTdNetwork
from interpreter.explainers.lmac_td_settings import LmacTdConfig, build_lmac_td, load_filter_bank
from interpreter.kinds.kind import Checkpoint, Setup
from interpreter.kinds.losses import EXPLAINER_SCORES, faithfulness_terms, si_sdr, spectrum_size
from interpreter.kinds.task import Batch, Terms
from interpreter.runs.pretrained import make_parts_reader
from interpreter.types import Classifier


class LmacTd(Explainer):
    """Explains with a trained LMAC-TD network; the same for every target: it explains the prediction.

    Args:
        classifier: the classifier that the network was trained for.
        network: the trained network.
        batch_size: how many clips are worked on at a time.
    """

    name = "lmac-td"
    mask_time_dim = 2
    takes_target = False

    def __init__(self, classifier: Classifier, network: LmacTdNetwork, batch_size: int | None = None) -> None:
        super().__init__(classifier, batch_size)
        self.network = network

    @property
    def label(self) -> str:
        """The method's name with its alpha."""
        return f"LMAC-TD (alpha {self.network.alpha:g})"

    @property
    def settings(self) -> Mapping[str, object]:
        """What the method was set to."""
        return {"alpha": self.network.alpha, "activation": self.network.masknet.activation}

    @property
    def networks(self) -> Sequence[nn.Module]:
        """The trained network."""
        return (self.network,)

    def separate(self, waveforms: Tensor, target: Tensor) -> Separation:
        """Mask the clips' frames; `target` has no influence."""
        return self.separate_heard(Hearing(self.classifier, waveforms), target)

    def separate_heard(self, clips: Hearing, target: Tensor) -> Separation:
        """Mask the frames of clips that the classifier has heard."""
        separation: Separation = self.network(clips.waveforms, clips.representations)
        return separation

    def mask_from(self, sound: Tensor, heard: Tensor) -> Tensor:
        """Return the mask of frames of `sound` that reads the representations of `heard`."""
        return self.network.mask(sound, self.classifier.representations(heard))


class LmacTdTask:
    """Equations 6 and 7: the interpretation is the class, the residual is not, and little is kept."""

    def __init__(self, network: LmacTdNetwork, classifier: Classifier, config: LmacTdConfig) -> None:
        self.network, self.classifier, self.config = network, FrozenClassifier(classifier), config
        self.frozen: Sequence[nn.Module] = self.classifier.modules
        extra = {"mask": config.lambda_mask, "sum": config.lambda_sum}
        chosen = [name for name, weight in extra.items() if weight > 0]
        self.scores: Sequence[str] = (*EXPLAINER_SCORES, *chosen)

    def terms(self, batch: Batch, generator: torch.Generator | None) -> Terms:
        """Return the loss and its parts."""
        waveforms, config = batch["noisy"], self.config
        heard = self.classifier.forward_frozen(waveforms)
        separation = self.network(waveforms, heard.representations)
        both = torch.cat([separation.interpretation, separation.residual])
        pictures, logits = self.classifier.of_waveforms(both)
        size = spectrum_size(pictures[: len(waveforms)], heard.picture, config.regulariser)
        regulariser, several = config.lambda_reg * size, self.classifier.multi_label
        terms = faithfulness_terms(heard.logits, logits, regulariser, config, multi_label=several)
        terms["size"] = size
        if config.lambda_mask > 0:
            terms["mask"] = separation.mask.mean()
            terms["loss"] = terms["loss"] + config.lambda_mask * terms["mask"]
        if config.lambda_sum > 0:
            total = separation.interpretation + separation.residual
            terms["sum"] = -si_sdr(total, waveforms).mean()
            terms["loss"] = terms["loss"] + config.lambda_sum * terms["sum"]
        return terms


def _build(config: LmacTdConfig, setup: Setup) -> LmacTdNetwork:
    network = build_lmac_td(config, setup.classifier)
    if config.filter_bank is not None:
        load_filter_bank(network, Path(config.filter_bank))
    return network


def _rebuild(config: LmacTdConfig, checkpoint: Checkpoint) -> LmacTdNetwork:
    return build_lmac_td(config, checkpoint.classifier)


LMAC_TD = LearnedMethod(
    kind="lmac-td",
    config=LmacTdConfig,
    build=_build,
    objective=lambda network, config, setup: LmacTdTask(network, setup.classifier, config),
    rebuild=_rebuild,
    read_published=make_parts_reader(
        {
            "encoder.ckpt": "encoder.",
            "decoder.ckpt": "decoder.",
            "masknet.ckpt": "masknet.",
            "convt_decoder.ckpt": "unet.",
        }
    ),
    explainer=LmacTd,
    explain=lambda classifier, network, config: LmacTd(classifier, network),
)
