"""Bring classifiers and explainers back from their run folders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.devices import checked_device
from interpreter.errors import ConfigError, RunError
from interpreter.explainers.base import Explainer
from interpreter.explainers.gradient.registry import GRADIENT_METHODS
from interpreter.explainers.l2i import L2i
from interpreter.explainers.lmac import Lmac, LmacFt
from interpreter.explainers.lmac_td import LmacTd
from interpreter.explainers.registry import METHODS
from interpreter.runs.builders import build_classifier, build_l2i, build_lmac, build_lmac_td
from interpreter.runs.folder import (
    CHECKPOINT,
    CONFIG,
    linked_run,
    load_into,
    read_config,
    read_run,
    read_tensors,
)
from interpreter.runs.tensor_files import size_in
from interpreter.settings.configs import ClassifierConfig, L2iConfig, LmacConfig, LmacTdConfig
from interpreter.settings.presets import make_config
from interpreter.types import Classifier


def load_classifier(path: str | Path, device: str | torch.device = "cpu") -> CnnClassifier:
    """Return the classifier of a run, in evaluation mode and without gradients.

    Args:
        path: the run folder of a classifier.
        device: where to put it.

    Raises:
        FileNotFoundError: there is no such folder.
        RunError: the run is not finished or not a classifier's.
        CheckpointError: its weights do not fit.
        ConfigError: there is no such device.
    """
    path = Path(path)
    run = read_run(path)
    if run.kind != "classifier":
        raise RunError(f"{path}: expected the run of a classifier, found one of {run.kind}")
    config = make_config("classifier", read_config(path), str(path / CONFIG))
    assert isinstance(config, ClassifierConfig)
    with torch.random.fork_rng():
        classifier = build_classifier(config, run.labels)
    load_into(classifier, read_tensors(path / CHECKPOINT), path / CHECKPOINT)
    return classifier.to(checked_device(device)).requires_grad_(False).eval()


def load_explainer(
    path: str | Path,
    method: str | None = None,
    device: str | torch.device = "cpu",
    classifier: Classifier | None = None,
) -> Explainer:
    """Return the explainer of a run.

    Args:
        path: the run folder of an explainer, which knows its classifier's; or of a classifier, with a
            `method` that needs no training.
        method: for a classifier's run: a key of `gradient.GRADIENT_METHODS`.
        device: where to put it.
        classifier: for an explainer of a classifier that is no run: the module that it was trained for, on
            `device`.

    Raises:
        FileNotFoundError: there is no such folder.
        RunError: the run is not finished, or its classifier is missing or another.
        ConfigError: the method does not go with the run.
    """
    path = Path(path)
    run = read_run(path)
    if run.kind == "classifier":
        if method not in GRADIENT_METHODS:
            raise ConfigError(
                f"{path}: the run of a classifier is explained by one of {', '.join(GRADIENT_METHODS)}, "
                f"got {method!r}; a learned method is loaded from its own run"
            )
        return GRADIENT_METHODS[method](load_classifier(path, device))
    if method not in (None, run.kind):
        raise ConfigError(f"{path}: this run holds {run.kind}, not {method}")
    if run.kind not in METHODS:
        raise RunError(
            f"{path}: the run of {run.kind} explains nothing by itself; "
            "expected a classifier, lmac-td, lmac, lmac-ft or l2i"
        )
    if classifier is None:
        if run.classifier is None:
            raise RunError(f"{path}: trained for a classifier that is no run; give it as `classifier`")
        classifier = load_classifier(linked_run(path, run.classifier), device)
    elif tuple(classifier.labels) != run.labels:
        raise RunError(f"{path}: trained for a classifier with other labels ({', '.join(run.labels)})")
    config = make_config(run.kind, read_config(path), str(path / CONFIG))
    state = read_tensors(path / CHECKPOINT)
    with torch.random.fork_rng():
        if isinstance(config, LmacTdConfig):
            explainer: Explainer = LmacTd(classifier, build_lmac_td(config, classifier))
        elif isinstance(config, L2iConfig):
            sizes = l2i_sizes(state, path / CHECKPOINT)
            explainer = L2i(classifier, build_l2i(config, classifier, *sizes), config.relevance_threshold)
        else:
            assert isinstance(config, LmacConfig)
            method_class = LmacFt if run.kind == "lmac-ft" else Lmac
            explainer = method_class(classifier, build_lmac(config, classifier))
    for network in explainer.networks:
        load_into(network, state, path / CHECKPOINT)
        network.to(checked_device(device)).requires_grad_(False).eval()
    return explainer


def l2i_sizes(state: Mapping[str, Tensor], source: Path) -> tuple[int, int]:
    """Return the dictionary's size and the frames of the attention, which are those of the weights."""
    return size_in(state, "nmf.W", 1, source), size_in(state, "theta.hard_att.weight", 1, source)
