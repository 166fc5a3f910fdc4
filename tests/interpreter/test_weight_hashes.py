"""A network is known again by the hash of its weights."""

from __future__ import annotations

import hashlib

import torch
from torch import nn

from interpreter.loading import hash_weights


def test_weights_of_any_type_have_a_hash() -> None:
    network = nn.Module()
    kinds = (torch.float32, torch.float64, torch.int64, torch.bool, torch.complex64)
    for at, kind in enumerate(kinds):
        network.register_buffer(f"some{at}", torch.ones(2, 3).to(kind))
    network.register_buffer("steps", torch.tensor(3))
    expected = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        expected.update(name.encode() + tensor.numpy().tobytes())  # as runs have it
    assert hash_weights(network) == expected.hexdigest()
    assert hash_weights(nn.Linear(2, 2).to(torch.bfloat16)) is not None
