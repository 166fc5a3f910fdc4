"""Files of tensors, read without running any code in them, and checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import numpy as np
import torch
from numpy._core import multiarray
from torch import Tensor, nn
from torch.serialization import safe_globals

from interpreter.errors import CheckpointError

_ARRAYS: list[Any] = [
    np.ndarray,
    np.dtype,
    *(type(np.dtype(code)) for code in np.typecodes["All"] if code != "O"),
    *(
        (getattr(multiarray, name), f"numpy.{core}.multiarray.{name}")
        for core in ("core", "_core")
        for name in ("_reconstruct", "scalar")
    ),
]
"""What brings arrays of numbers and texts back, under the names of NumPy 1 and 2."""


def read_map(path: Path, device: str | torch.device = "cpu", *, arrays: bool = False) -> dict[Any, Any]:
    """Read a map that torch saved, refusing anything that would run code.

    Args:
        path: the file.
        device: where its tensors go.
        arrays: allow NumPy's arrays as well.

    Raises:
        FileNotFoundError: the file does not exist.
        CheckpointError: the file contains other objects, or is damaged.
    """
    if not path.is_file():
        raise FileNotFoundError(2, "No such checkpoint", str(path))
    _refuse_packed(path)
    try:
        with safe_globals(_ARRAYS if arrays else []):
            loaded = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise CheckpointError(
            f"{path}: only a file of tensors is read, and this one is damaged or contains other objects "
            f"({reason[:160]})"
        ) from error
    if not isinstance(loaded, dict):
        raise CheckpointError(f"{path}: expected a map of names to tensors, found {type(loaded).__name__}")
    return loaded


def _refuse_packed(path: Path) -> None:
    """Refuse tensors that were packed again: torch never does, and a megabyte of zeros becomes a gigabyte."""
    try:
        with ZipFile(path) as archive:
            packed = [entry.filename for entry in archive.infolist() if entry.compress_type != ZIP_STORED]
    except (BadZipFile, NotImplementedError):
        return  # of a release of torch before 1.6, or damaged
    if packed:
        raise CheckpointError(f"{path}: {packed[0]} is compressed; expected a file as torch.save writes it")


def check_named_tensors(content: Mapping[Any, Any], source: Path) -> dict[str, Tensor]:
    """Return a map that was read from `source`, in which every name is a text and has a tensor.

    Raises:
        CheckpointError: one has something else.
    """
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise CheckpointError(
                f"{source}: expected a map of names to tensors, but {name!r} has {type(value).__name__}"
            )
    return dict(content)


def read_tensors(path: Path, device: str | torch.device = "cpu") -> dict[str, Tensor]:
    """Read a file of named tensors and nothing else, refusing anything that would run code.

    Raises:
        FileNotFoundError: the file does not exist.
        CheckpointError: the file holds more than tensors, or is damaged.
    """
    return check_named_tensors(read_map(path, device), path)


def load_into(module: nn.Module, state: Mapping[str, Tensor], source: str | Path) -> None:
    """Load a state dict, every name and shape of which must fit.

    Raises:
        CheckpointError: names which tensor does not fit.
    """
    expected = module.state_dict()
    missing = [name for name in expected if name not in state]
    unknown = [name for name in state if name not in expected]
    if missing or unknown:
        fault = f"{missing[0]} is missing" if missing else f"{unknown[0]} is unknown"
        raise CheckpointError(
            f"{source}: {fault} "
            f"({len(missing)} missing and {len(unknown)} unknown of {len(expected)} tensors)"
        )
    for name, tensor in expected.items():
        if tensor.shape != state[name].shape:
            raise CheckpointError(
                f"{source}: {name} has the shape {list(state[name].shape)}; expected {list(tensor.shape)}, "
                "so the checkpoint is of another width or kind"
            )
    module.load_state_dict(state)


def size_in(state: Mapping[str, Tensor], name: str, dimension: int, source: Path) -> int:
    """Return the size of a tensor in a dimension, which shows how large its network is.

    Raises:
        CheckpointError: the tensor is missing or has fewer dimensions.
    """
    if name not in state:
        raise CheckpointError(f"{source}: {name} is missing")
    shape = list(state[name].shape)
    if len(shape) <= dimension:
        raise CheckpointError(
            f"{source}: {name} has the shape {shape}; expected {dimension + 1} dimensions or more"
        )
    return shape[dimension]
