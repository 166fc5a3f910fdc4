"""Calling Captum without side effects: draws seeded, warnings suppressed, the caller's tensors unchanged."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor


@contextmanager
def captum_draws(seed: int, device: torch.device) -> Iterator[None]:
    """Seed the global generators that Captum draws from, and put them back afterwards.

    Captum takes no generator: its noise comes from torch's global one, the coefficients of GradientShap from
    NumPy's.
    """
    numpy_state = np.random.get_state()  # noqa: NPY002 (Captum draws from the legacy generator)
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        # torch.manual_seed would also seed the devices that are not put back
        torch.default_generator.manual_seed(seed)
        if device.type == "cuda":
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        np.random.seed(seed & 0xFFFFFFFF)  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(numpy_state)  # noqa: NPY002


@contextmanager
def silence_captum() -> Iterator[None]:
    """Suppress Captum's warnings that it sets hooks or asks for gradients: it is called to do so."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Setting (forward, )?backward hooks", category=UserWarning)
        warnings.filterwarnings(
            "ignore", message="Input Tensor .* did not already require", category=UserWarning
        )
        yield


def as_leaf(tensor: Tensor) -> Tensor:
    """Return a copy of `tensor` that asks for a gradient."""
    return tensor.detach().clone().requires_grad_()
