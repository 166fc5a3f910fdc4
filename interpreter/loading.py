"""Bring classifiers and explainers back from their run folders."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from torch import nn

from interpreter.classifier.cnn14 import CnnClassifier
from interpreter.devices import check_device
from interpreter.errors import ConfigError, RunError
from interpreter.explainers.base import Explainer
from interpreter.explainers.registry import CLASSIFIERS, learned_methods, record_of
from interpreter.explainers.untrained import UNTRAINED_METHODS
from interpreter.kinds.kind import C, Checkpoint, N, Stored, TrainedKind
from interpreter.kinds.separator import SEPARATOR, Separator
from interpreter.runs.folder import (
    CHECKPOINT,
    CLAPS,
    CONFIG,
    HUGGING_FACE,
    Run,
    find_linked_run,
    locate_target,
    read_checkpoint,
    read_config,
    read_run,
)
from interpreter.runs.tensor_files import load_into
from interpreter.settings.presets import make_config
from interpreter.types import Classifier


def load_classifier(path: str | Path, device: str | torch.device = "cpu") -> CnnClassifier:
    """Return the classifier of a run, in evaluation mode and without gradients.

    Args:
        path: the run folder of a classifier.
        device: where to put it.

    Raises:
        FileNotFoundError: the folder does not exist.
        RunError: the run is not finished or not a classifier's.
        CheckpointError: its weights do not fit.
        ConfigError: the device does not exist.
    """
    path = Path(path)
    run = read_run(path)
    if run.kind not in CLASSIFIERS:
        raise RunError(f"{path}: expected the run of a classifier, found one of {run.kind}")
    classifier: CnnClassifier = _network(record_of(run.kind), path, run, None)[0]
    return classifier.to(check_device(device))


def load_target(target: str | Path, device: str | torch.device = "cpu") -> Classifier:
    """Return any classifier, in evaluation mode and without gradients of its own weights.

    Args:
        target: the run folder of a classifier; `package.module:factory`, see `make_classifier`; `hf:NAME`,
            see `load_hugging_face`; or `laion-clap:FILE` or `msclap:FILE`, see `load_clap`.
        device: where to put it.

    Raises:
        FileNotFoundError: the folder does not exist.
        InterpreterError: the target does not lead to a classifier.
    """
    # what makes foreign classifiers imports torchaudio, which a run does not need
    text = str(target)
    if is_run(text):
        return load_classifier(text, device)
    if text.startswith(HUGGING_FACE):
        from interpreter.classifier.hugging_face import load_hugging_face

        classifier = load_hugging_face(text.removeprefix(HUGGING_FACE))
    elif text.startswith(CLAPS):
        from interpreter.classifier.clap import load_clap

        classifier = load_clap(text)
    else:
        from interpreter.classifier.factories import make_classifier

        classifier = make_classifier(text)
    if isinstance(classifier, nn.Module):
        classifier.to(check_device(device)).requires_grad_(False).eval()
    return classifier


def is_run(target: str) -> bool:
    """Say whether a target is the folder of a run, and neither a factory nor a model of transformers."""
    return ":" not in target or Path(target).is_dir()


def hash_weights(network: object) -> str | None:
    """Return the SHA-256 of a torch module's weights, by which it is known again; None for a black box."""
    if not isinstance(network, nn.Module):
        return None
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        content = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)  # NumPy has no bfloat16
        digest.update(content.numpy().tobytes())
    return digest.hexdigest()


def load_separator(path: str | Path, device: str | torch.device = "cpu") -> Separator:
    """Return the separator of a run, for the parts of audioLIME.

    Raises:
        FileNotFoundError: the folder does not exist.
        RunError: the run is not finished or not a separator's.
    """
    path = Path(path)
    run = read_run(path)
    if run.kind != SEPARATOR.kind:
        raise RunError(f"{path}: expected the run of a separator, found one of {run.kind}")
    return _network(SEPARATOR, path, run, None)[0].to(check_device(device))


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
        method: for a classifier's run: a key of `UNTRAINED_METHODS`.
        device: where to put it.
        classifier: for an explainer of an in-memory classifier: the module that it was trained for, on
            `device`.

    Raises:
        FileNotFoundError: the folder does not exist.
        RunError: the run is not finished, or its classifier is missing or another.
        ConfigError: the method does not go with the run.
    """
    path = Path(path)
    run = read_run(path)
    if run.kind in CLASSIFIERS:
        if method is None or method not in UNTRAINED_METHODS:
            raise ConfigError(
                f"{path}: the run of a classifier is explained by one of {', '.join(UNTRAINED_METHODS)}, "
                f"got {method!r}; a learned method is loaded from its own run"
            )
        return UNTRAINED_METHODS[method](load_classifier(path, device))
    if method not in (None, run.kind):
        raise ConfigError(f"{path}: this run contains {run.kind}, not {method}")
    learned = learned_methods()
    if run.kind not in learned:
        *others, last = learned
        raise RunError(
            f"{path}: the run of {run.kind} explains nothing by itself; "
            f"expected a classifier, {', '.join(others)} or {last}"
        )
    if classifier is None:
        classifier = _find_classifier(path, run, device)
    elif tuple(classifier.labels) != run.labels:
        raise RunError(f"{path}: trained for a classifier with other labels ({', '.join(run.labels)})")
    record = learned[run.kind]
    network, config = _network(record, path, run, classifier)
    return record.explain(classifier, network.to(check_device(device)), config)


def _find_classifier(path: Path, run: Run, device: str | torch.device) -> Classifier:
    if run.classifier is not None:
        return load_classifier(find_linked_run(path, run.classifier), device)
    if run.target is None:
        raise RunError(
            f"{path}: trained for an in-memory classifier; pass it as `classifier=`, or its target with "
            "--classifier"
        )
    classifier = load_target(locate_target(path, run.target), device)
    if hash_weights(classifier) != run.target_sha256:
        raise RunError(
            f"{path}: the classifier {run.target} has other weights than when the run was trained; expected "
            "the same ones, or --classifier TARGET"
        )
    return classifier


def _network(record: TrainedKind[C, N], path: Path, run: Run, classifier: Classifier | None) -> tuple[N, C]:
    """Return the network of a run, in evaluation mode and without gradients, and its settings."""
    config = make_config(record.config, read_config(path), str(path / CONFIG))
    stored = Stored(read_checkpoint(path), path / CHECKPOINT)
    network = network_for(record, config, Checkpoint(run.labels, classifier, stored))
    return network.requires_grad_(False).eval(), config


def network_for(record: TrainedKind[C, N], config: C, checkpoint: Checkpoint) -> N:
    """Return a network with the weights of a checkpoint; the global generator stays as it was.

    Raises:
        CheckpointError: the weights do not fit.
    """
    assert record.rebuild is not None, f"{record.kind} is only ever read in parts"
    with torch.random.fork_rng():
        network = record.rebuild(config, checkpoint)
    load_into(network, checkpoint.stored.tensors, checkpoint.stored.source)
    return network
