"""Make run folders of SpeechBrain's checkpoints: `listenable import`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from interpreter.errors import CheckpointError, ConfigError, RunError
from interpreter.runs.builders import build_classifier, build_l2i, build_lmac, build_lmac_td
from interpreter.runs.folder import Run, link_to, load_into, read_tensors, versions, write_config, write_run
from interpreter.runs.loading import l2i_sizes, load_classifier
from interpreter.runs.pretrained import (
    Cnn14Weights,
    fresh_cnn14,
    read_cnn14,
    read_labels,
    read_parts,
    width_of,
)
from interpreter.runs.tensor_files import size_in
from interpreter.settings.configs import ClassifierConfig, L2iConfig, LmacConfig, LmacTdConfig, TrainingConfig
from interpreter.settings.presets import load_config

State = dict[str, Tensor]

CLASSIFIER_FILES = {"embedding_model.ckpt": "cnn14.", "classifier.ckpt": "head."}
LMAC_TD_FILES = {
    "encoder.ckpt": "encoder.",
    "decoder.ckpt": "decoder.",
    "masknet.ckpt": "masknet.",
    "convt_decoder.ckpt": "unet.",
}
LMAC_FILES = {"psi_model.ckpt": "psi."}
L2I_FILES = {"psi_model.ckpt": "psi.", "theta.ckpt": "theta.", "nmf_decoder.ckpt": "nmf."}
IMPORTED = ("cnn14", "classifier", "lmac-td", "lmac", "lmac-ft", "l2i", "nmf")


@dataclass(frozen=True)
class Import:
    """What to import.

    Attributes:
        kind: one of `IMPORTED`; `cnn14` is a start for training a classifier (`--set start=RUN`).
        source: a file, or the folder of several with SpeechBrain's names.
        out: the run folder to write.
        labels: SpeechBrain's `label_encoder.txt`, where it does not lie beside the weights.
        classifier: the classifier's run, for an explainer.
        settings: `key=value` on top of the preset `paper` with the authors' code's constants.
        command: for the record.
    """

    kind: str
    source: Path
    out: Path
    labels: Path | None = None
    classifier: Path | None = None
    settings: Sequence[str] = ()
    command: str = ""


def import_run(request: Import) -> tuple[str, ...]:
    """Import weights into a run folder.

    Returns:
        Names of what the files hold and the run has no place for.

    Raises:
        FileNotFoundError: a file is missing.
        CheckpointError: a file is damaged, wants to run code, or is of another kind or width.
        ConfigError: an unknown kind, or a classifier is missing.
        RunError: the folder to write is not empty.
    """
    if request.kind not in _IMPORTERS:
        raise ConfigError(f"cannot import {request.kind!r}; expected one of {', '.join(IMPORTED)}")
    if request.out.exists() and any(request.out.iterdir()):
        raise RunError(f"{request.out}: the folder is not empty; choose another")
    if not request.source.exists():
        raise FileNotFoundError(2, "No such checkpoint", str(request.source))
    with torch.random.fork_rng():
        return _IMPORTERS[request.kind](request)


def _cnn14(request: Import) -> tuple[str, ...]:
    weights = read_cnn14(request.source)
    fresh_cnn14(weights, request.source)
    mel_bins, width = width_of(weights.state, request.source)
    _write(request, {"mel_bins": mel_bins, "embedding_dim": width}, dict(weights.state), ())
    return weights.left_out


def _classifier(request: Import) -> tuple[str, ...]:
    parts = read_parts(request.source, CLASSIFIER_FILES)
    state = {name.replace("head.w.", "head."): tensor for name, tensor in parts.items()}
    labels = read_labels(request.labels or request.source / "label_encoder.txt")
    cnn14 = {name.removeprefix("cnn14."): t for name, t in state.items() if name.startswith("cnn14.")}
    mel_bins, width = width_of(Cnn14Weights(cnn14, ()).state, request.source)
    config = _config(request, "classifier", f"mel_bins={mel_bins}", f"embedding_dim={width}")
    assert isinstance(config, ClassifierConfig)
    classifier = build_classifier(config, labels)
    classes = size_in(state, "head.weight", 0, request.source)
    if classes != len(labels):
        raise CheckpointError(
            f"{request.source}: classifier.ckpt has {classes} outputs for {len(labels)} labels"
        )
    load_into(classifier, state, request.source)
    _write(request, config.model_dump(mode="json"), state, labels)
    return ()


def _lmac_td(request: Import) -> tuple[str, ...]:
    state = read_parts(request.source, LMAC_TD_FILES)
    config = _config(request, "lmac-td")
    classifier = _classifier_of(request)
    assert isinstance(config, LmacTdConfig)
    load_into(build_lmac_td(config, classifier), state, request.source)
    _write(request, config.model_dump(mode="json"), state, classifier.labels)
    return ()


def _lmac(request: Import) -> tuple[str, ...]:
    if request.source.is_dir():
        state = read_parts(request.source, LMAC_FILES)
    else:
        state = {f"psi.{name}": tensor for name, tensor in read_tensors(request.source).items()}
    config = _config(request, request.kind)
    classifier = _classifier_of(request)
    assert isinstance(config, LmacConfig)
    load_into(build_lmac(config, classifier), state, request.source)
    _write(request, config.model_dump(mode="json"), state, classifier.labels)
    return ()


def _l2i(request: Import) -> tuple[str, ...]:
    state = read_parts(request.source, L2I_FILES)
    config = _config(request, "l2i")
    classifier = _classifier_of(request)
    assert isinstance(config, L2iConfig)
    sizes = l2i_sizes(state, request.source)
    load_into(build_l2i(config, classifier, *sizes), state, request.source)
    _write(request, config.model_dump(mode="json"), state, classifier.labels)
    return ()


def _nmf(request: Import) -> tuple[str, ...]:
    tensors = read_tensors(request.source)
    config = _config(request, "nmf", f"components={size_in(tensors, 'W', 1, request.source)}")
    _write(request, config.model_dump(mode="json"), {"decoder.W": tensors["W"]}, ())
    return tuple(name for name in tensors if name != "W")


_IMPORTERS: dict[str, Callable[[Import], tuple[str, ...]]] = {
    "cnn14": _cnn14,
    "classifier": _classifier,
    "lmac-td": _lmac_td,
    "lmac": _lmac,
    "lmac-ft": _lmac,
    "l2i": _l2i,
    "nmf": _nmf,
}


def _config(request: Import, kind: str, *found: str) -> TrainingConfig:
    return load_config(kind, "paper", ["variant=official", *found, *request.settings])


def _classifier_of(request: Import) -> Any:
    if request.classifier is None:
        raise ConfigError(f"importing {request.kind} needs the classifier's run; give --classifier RUN")
    return load_classifier(request.classifier)


def _write(request: Import, config: dict[str, Any], state: State, labels: Sequence[str]) -> None:
    link = None if request.classifier is None else link_to(request.classifier, request.out)
    run = Run(
        kind=request.kind,
        labels=tuple(labels),
        sample_rate=int(config.get("sample_rate", 16000)),
        seed=0,
        preset="paper",
        train_folds=None,
        noise="none",
        data_sha256=None,
        classifier=link,
        start=None,
        command=request.command,
        versions=versions(),
    )
    request.out.mkdir(parents=True, exist_ok=True)
    write_config(request.out, config)
    write_run(request.out, run, state)
