"""Weights of others: SpeechBrain's and PANNs' checkpoints, and the order of their labels."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from interpreter.classifier.cnn14 import Cnn14, CnnClassifier
from interpreter.errors import CheckpointError
from interpreter.runs.folder import RUN, read_checkpoint, read_run
from interpreter.runs.tensor_files import check_named_tensors, load_into, read_map, read_tensors, size_in

logger = logging.getLogger(__name__)

_PANNS_DROPPED = ("spectrogram_extractor.", "logmel_extractor.", "fc1.", "fc_audioset.")
_LABEL = re.compile(r"^(['\"])(?P<label>.*)\1 => (?P<index>\d+)$")


@dataclass(frozen=True)
class Cnn14Weights:
    """CNN14's weights in SpeechBrain's names.

    Attributes:
        state: the tensors.
        left_out: names in the file that CNN14 has no place for.
    """

    state: Mapping[str, Tensor]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Published:
    """Weights that others published, in a run's names.

    Attributes:
        state: the tensors.
        settings: what they show of the network, `key=value` each.
        labels: names of the classes, if the files have them.
        left_out: names in the files that the run has no place for.
    """

    state: Mapping[str, Tensor]
    settings: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def read_cnn14(path: Path) -> Cnn14Weights:
    """Read CNN14 from SpeechBrain's `embedding_model.ckpt`, PANNs' `Cnn14_16k_*.pth` or a run.

    PANNs' front end differs (64 mel bands of 10 log10 power, windows of 32 ms), and its two linear layers
    have no counterpart: its convolutions are a start for training, not a classifier.

    Raises:
        CheckpointError: the file is not a CNN14.
    """
    if (path / RUN).is_file():
        state = read_checkpoint(path)
        if read_run(path).kind != "cnn14":
            state = {name.removeprefix("cnn14."): t for name, t in state.items() if name.startswith("cnn14.")}
        return Cnn14Weights(state, ())
    content = read_map(path, arrays=True)  # PANNs also saves its sampler's arrays
    model = content.get("model")
    state = check_named_tensors(model if isinstance(model, Mapping) else content, path)
    left_out = tuple(name for name in state if name.startswith(_PANNS_DROPPED))
    renamed = {
        name.replace(".bn1.", ".norm1.").replace(".bn2.", ".norm2.").replace("bn0.", "norm0."): tensor
        for name, tensor in state.items()
        if name not in left_out
    }
    if "conv_block6.conv2.weight" not in renamed:
        raise CheckpointError(f"{path}: no CNN14 in this file (conv_block6.conv2.weight is missing)")
    return Cnn14Weights(renamed, left_out)


def load_start(classifier: CnnClassifier, path: Path) -> tuple[str, ...]:
    """Start a classifier's CNN14 from a file or a run; what does not fit keeps its own start.

    Returns:
        What was left out: tensors of the file without a place, and the normalisation of the mel bands if
            their number differs.

    Raises:
        CheckpointError: the file is not a CNN14, or one of another width.
    """
    weights = read_cnn14(path)
    own = classifier.cnn14.state_dict()
    state, left_out = dict(weights.state), list(weights.left_out)
    for name, tensor in own.items():
        if name.startswith("norm0.") and (name not in state or state[name].shape != tensor.shape):
            if name in state:
                left_out.append(name)
            state[name] = tensor
    load_into(classifier.cnn14, state, path)
    if left_out:
        logger.warning("%s: left out %s", path, ", ".join(left_out))
    return tuple(left_out)


def read_labels(path: Path) -> tuple[str, ...]:
    """Read the labels of SpeechBrain's `label_encoder.txt`, in the order of its indices.

    Raises:
        CheckpointError: not a text, a line that is not a label, or indices with gaps.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise CheckpointError(f"{path}: not a text in UTF-8; expected lines of 'label' => index") from error
    found: dict[int, str] = {}
    for number, line in enumerate(lines, start=1):
        if line.startswith("=="):  # what follows is SpeechBrain's own settings
            break
        match = _LABEL.match(line.strip())
        if match is None:
            raise CheckpointError(f"{path}: line {number} is {line!r}; expected 'label' => index")
        found[int(match["index"])] = match["label"]
    if not found or sorted(found) != list(range(len(found))):
        raise CheckpointError(
            f"{path}: the labels' indices are {sorted(found)}; expected 0 and up without gaps"
        )
    return tuple(found[index] for index in range(len(found)))


def read_parts(folder: Path, parts: Mapping[str, str]) -> dict[str, Tensor]:
    """Read several files of tensors into one state dict.

    Args:
        folder: where they are.
        parts: file name to the prefix that its tensors' names get.

    Raises:
        FileNotFoundError: one is missing.
        CheckpointError: one is damaged or contains other objects.
    """
    return {
        prefix + name: tensor
        for file, prefix in parts.items()
        for name, tensor in read_tensors(folder / file).items()
    }


def make_parts_reader(parts: Mapping[str, str]) -> Callable[[Path, Path | None], Published]:
    """Return what reads an explainer of files with SpeechBrain's names.

    Args:
        parts: see `read_parts`; if there is only one, the file itself may be given.
    """

    def read(source: Path, labels: Path | None) -> Published:
        if len(parts) == 1 and source.is_file():
            (prefix,) = parts.values()
            return Published({prefix + name: tensor for name, tensor in read_tensors(source).items()})
        return Published(read_parts(source, parts))

    return read


def read_classifier(source: Path, labels: Path | None) -> Published:
    """Read a classifier of SpeechBrain's recipes.

    Args:
        source: the folder of its files.
        labels: `label_encoder.txt`, if it is not next to them.

    Raises:
        FileNotFoundError: a file is missing.
        CheckpointError: a file is damaged or of something else, or the labels are not those of the outputs.
    """
    parts = read_parts(source, {"embedding_model.ckpt": "cnn14.", "classifier.ckpt": "head."})
    state = {name.replace("head.w.", "head."): tensor for name, tensor in parts.items()}
    known = read_labels(labels or source / "label_encoder.txt")
    cnn14 = {name.removeprefix("cnn14."): t for name, t in state.items() if name.startswith("cnn14.")}
    mel_bins, width = width_of(cnn14, source)
    classes = size_in(state, "head.weight", 0, source)
    if classes != len(known):
        raise CheckpointError(f"{source}: classifier.ckpt has {classes} outputs for {len(known)} labels")
    return Published(state, (f"mel_bins={mel_bins}", f"embedding_dim={width}"), known)


def width_of(state: Mapping[str, Tensor], source: Path) -> tuple[int, int]:
    """Return the mel bands and the embedding's width of CNN14's weights.

    Raises:
        CheckpointError: the tensors that show it are missing.
    """
    return size_in(state, "norm0.weight", 0, source), size_in(state, "conv_block6.conv2.weight", 0, source)


def fresh_cnn14(weights: Cnn14Weights, source: Path) -> Cnn14:
    """Return a CNN14 with exactly these weights, as wide as they are."""
    cnn14 = Cnn14(*width_of(weights.state, source))
    load_into(cnn14, weights.state, source)
    return cnn14
