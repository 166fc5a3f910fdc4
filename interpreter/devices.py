"""Devices: whether one exists, which one a module is on, and what running out of memory means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from interpreter.errors import ConfigError, InterpreterError
from interpreter.types import Classifier


def check_device(device: str | torch.device) -> torch.device:
    """Return a device that is there.

    Raises:
        ConfigError: CUDA is asked for and there is none, or the name is unknown.
    """
    try:
        wanted = torch.device(device)
    except RuntimeError as error:
        raise ConfigError(f"unknown device {device!r}; expected cpu, cuda or cuda:N") from error
    if wanted.type not in ("cpu", "cuda"):
        raise ConfigError(f"the device is {device}; expected cpu, cuda or cuda:N")
    if wanted.type == "cuda" and (
        not torch.cuda.is_available() or (wanted.index or 0) >= torch.cuda.device_count()
    ):
        raise ConfigError(
            f"device {device!r} not found ({torch.cuda.device_count()} CUDA devices); use --device cpu"
        )
    return wanted


def device_of(classifier: Classifier) -> torch.device:
    """Return the device of a classifier's parameters; the CPU for one that is not a module."""
    if isinstance(classifier, nn.Module):
        for tensor in (*classifier.parameters(), *classifier.buffers()):
            return tensor.device
    return torch.device("cpu")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error is a device's lack of memory; for CPUs PyTorch has no special type."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


@contextmanager
def explain_out_of_memory(clips: int, samples: int) -> Iterator[None]:
    """Turn the device's lack of memory into a sentence that says what to change."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise InterpreterError(
            f"out of memory with {clips} clips of {samples} samples; "
            "lower the batch size, or the internal batch size, or use shorter clips"
        ) from error
