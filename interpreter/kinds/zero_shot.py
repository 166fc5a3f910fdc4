"""The kind `zero-shot`: CNN14 and a text tower, trained so that sounds and their labels are alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import torch
import torch.nn.functional as F
import yaml
from pydantic import Field
from torch import Tensor, nn

from interpreter.classifier.zero_shot import TEMPLATES, ZeroShotClassifier
from interpreter.errors import ConfigError
from interpreter.kinds.classifier import CnnConfig
from interpreter.kinds.kind import Setup, TrainedKind
from interpreter.kinds.task import Batch, Terms
from interpreter.networks.text_tower import TextTower
from interpreter.runs.pretrained import load_start

BUILT_IN_CAPTIONS = "built-in"

Captions = Mapping[str, Sequence[str]]
"""What may be said of a label's sounds."""


class ZeroShotConfig(CnnConfig):
    """A classifier whose classes are texts."""

    text_width: int = Field(gt=0)  # of the embeddings that sounds and texts share
    text_rows: int = Field(gt=0)  # of the table of hashed pieces of words
    text_hidden: int = Field(gt=0)
    templates: tuple[str, ...] = TEMPLATES
    captions: str | None  # a YAML file of label: [texts], built-in, or None for only the labels


class ZeroShotTask:
    """Symmetric cross-entropy between sounds and texts; a text is drawn for each class and step.

    Sounds are compared with the texts of all training classes, because those of a small batch are too easy to
    tell apart; texts are compared with the sounds of the batch.
    """

    scores: Sequence[str] = ("loss", "accuracy")

    def __init__(self, network: ZeroShotClassifier, config: ZeroShotConfig, captions: Captions) -> None:
        self.network, self.config = network, config
        self.captions = [(label.replace("_", " "), *captions.get(label, ())) for label in network.classes]
        self.frozen: Sequence[nn.Module] = ()

    def terms(self, batch: Batch, generator: torch.Generator | None) -> Terms:
        """Return the loss and the accuracy."""
        network, target = self.network, batch["target"]
        picture = network.front_end.log_magnitude(batch["noisy"])
        if generator is None:
            logits = network.from_log_spectrogram(picture)
        else:
            picture = self.config.mask_picture(picture, generator)
            sounds = network.embed(network.cnn14(network.front_end.mel(picture))[0].float())
            logits = network.scale * sounds @ network.text(self._draw_texts(generator)).T
        loss = (F.cross_entropy(logits, target) + compare_texts(logits, target)) / 2
        return {"loss": loss, "accuracy": (logits.argmax(dim=1) == target).float().mean()}

    def _draw_texts(self, generator: torch.Generator) -> list[str]:
        texts = []
        for captions in self.captions:
            place, form = torch.rand(2, generator=generator).tolist()
            template = self.network.templates[int(form * len(self.network.templates))]
            texts.append(template.replace("{}", captions[int(place * len(captions))]))
        return texts


def compare_texts(logits: Tensor, target: Tensor) -> Tensor:
    """Return the cross-entropy of texts with the sounds of a batch, a mean over the texts that have one.

    A text with several sounds has the mean of their terms (Khosla et al. 2020, equation 2).

    Shape:
        - logits: `[B, classes]`
        - target: `[B]`
    """
    belongs = F.one_hot(target, logits.shape[1]).to(logits)
    terms = (logits.log_softmax(dim=0) * belongs).sum(dim=0)
    count = belongs.sum(dim=0)
    present = count > 0
    return -(terms[present] / count[present]).mean()


def read_captions(source: str | None) -> Captions:
    """Return the captions of labels.

    Args:
        source: a YAML file of `label: [texts]`, `built-in`, or None for none.

    Raises:
        FileNotFoundError: the file does not exist.
        ConfigError: it has another form.
    """
    if source is None:
        return {}
    if source == BUILT_IN_CAPTIONS:
        text = files("interpreter").joinpath("presets", "captions.yaml").read_text("utf-8")
    else:
        text = Path(source).read_text("utf-8")
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{source}: not valid YAML") from error
    right = isinstance(found, dict) and all(
        isinstance(texts, list) and all(isinstance(one, str) for one in texts) for texts in found.values()
    )
    if not right:
        raise ConfigError(f"{source}: expected a list of texts for each label, such as dog: [a dog barking]")
    return {str(label): tuple(texts) for label, texts in found.items()}


def build_zero_shot(config: ZeroShotConfig, labels: tuple[str, ...]) -> ZeroShotClassifier:
    """Return an untrained classifier."""
    return ZeroShotClassifier(
        labels,
        TextTower(config.text_width, config.text_rows, config.text_hidden),
        config.text_width,
        config.templates,
        config.make_front_end(),
        config.embedding_dim,
        config.normalisation,
        config.dropout,
    )


def _build(config: ZeroShotConfig, setup: Setup) -> ZeroShotClassifier:
    classifier = build_zero_shot(config, setup.labels)
    if config.start is not None:
        load_start(classifier, Path(config.start))
    return classifier


ZERO_SHOT = TrainedKind(
    "zero-shot",
    ZeroShotConfig,
    _build,
    lambda network, config, setup: ZeroShotTask(network, config, read_captions(config.captions)),
    lambda config, checkpoint: build_zero_shot(config, checkpoint.labels),
)
