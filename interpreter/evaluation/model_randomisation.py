"""A sanity check: does the explanation depend on what the classifier learned?

Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim, "Sanity Checks for Saliency Maps", NeurIPS 2018: draw the
classifier's weights again and explain the same class. A method whose mask stays the same looks only
at the sound.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch
from scipy.stats import rankdata
from torch import Tensor, nn

from interpreter.classifier.capabilities import front_end_of
from interpreter.devices import device_of
from interpreter.errors import ConfigError
from interpreter.explainers.base import Explainer
from interpreter.faithfulness import bootstrap_mean
from interpreter.types import Classifier, Explanation

ALL = "all"
"""The stage at which every layer is re-initialised."""


def randomisation_check(
    explainer: Explainer, waveforms: Tensor, *, cascade: bool = False, seed: int = 0
) -> pd.DataFrame:
    """Return how alike explanations are before and after the classifier's weights are re-drawn.

    The figure is Spearman's rank correlation between the masks, cell by cell (between the interpretations'
    pictures for a method without a mask): 1 is a method that does not look at the classifier, 0 one that
    looks at nothing else. The explained class stays what the trained classifier predicts.

    Args:
        explainer: the method; its classifier must be a module, and stays as it is.
        waveforms: the clips.
        cascade: re-initialise from the last layer to the first and report each stage, else all at once.
        seed: of the new weights.

    Returns:
        Columns `method, stage, n_items, similarity, similarity_low, similarity_high`; a row per stage.

    Shape:
        - waveforms: `[B, samples]`
    """
    trained = explainer.explain(waveforms)
    rows = []
    for stage, classifier in _randomise(explainer.classifier, cascade, seed):
        again = explainer.replace_classifier(classifier).explain(waveforms, trained.target)
        values = rank_correlation(_map(trained, explainer), _map(again, explainer))
        interval = bootstrap_mean(values, seed=seed)
        rows.append((explainer.name, stage, len(waveforms), interval.mean, interval.low, interval.high))
    columns = ["method", "stage", "n_items", "similarity", "similarity_low", "similarity_high"]
    return pd.DataFrame(rows, columns=columns)


def rank_correlation(first: Tensor, second: Tensor) -> list[float]:
    """Return Spearman's rank correlation of each item's values.

    A constant has no ranks: it counts as 1 compared with a copy of itself, and as 0 compared with anything
    else.

    Shape:
        - first, second: `[B, ...]`
    """
    values = []
    for one, other in zip(first.flatten(1).cpu().numpy(), second.flatten(1).cpu().numpy(), strict=True):
        if np.ptp(one) == 0 or np.ptp(other) == 0:
            values.append(float(np.array_equal(one, other)))
        else:
            values.append(float(np.corrcoef(rankdata(one), rankdata(other))[0, 1]))
    return values


def _map(explanation: Explanation, explainer: Explainer) -> Tensor:
    if explanation.mask is not None:
        return explanation.mask
    return front_end_of(explainer.classifier).log_magnitude(explanation.interpretation)


def _randomise(classifier: Classifier, cascade: bool, seed: int) -> Iterator[tuple[str, Classifier]]:
    """Yield (stage, classifier): one with new weights throughout, or one for each layer from the last on."""
    if not isinstance(classifier, nn.Module):
        raise ConfigError("the randomisation check needs a classifier that is a torch module")
    device = device_of(classifier)
    clone = copy.deepcopy(classifier).cpu()
    layers = [(name, layer) for name, layer in clone.named_modules() if hasattr(layer, "reset_parameters")]
    if not layers:
        raise ConfigError("the classifier has no layer whose weights could be re-drawn")
    states = []
    with torch.random.fork_rng([]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would leave every GPU's changed
        for name, layer in reversed(layers):
            layer.reset_parameters()
            if cascade:
                states.append((name, copy.deepcopy(clone)))
    for stage, state in states or [(ALL, clone)]:
        yield stage, state.to(device)
