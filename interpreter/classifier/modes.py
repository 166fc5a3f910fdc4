"""Hold modules in evaluation mode, or frozen, while something needs them so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import nn


@contextmanager
def hold_in_eval(*models: object) -> Iterator[None]:
    """Hold `models` in evaluation mode; every submodule's own mode comes back, also after an exception."""
    modules = [module for model in models if isinstance(model, nn.Module) for module in model.modules()]
    modes = [module.training for module in modules]
    for module in modules:
        module.training = False
    try:
        yield
    finally:
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode


@contextmanager
def freeze_in_eval(modules: Sequence[nn.Module]) -> Iterator[None]:
    """Hold modules in evaluation mode and without gradients; both come back, also after an exception."""
    parameters = [parameter for module in modules for parameter in module.parameters()]
    wanted = [parameter.requires_grad for parameter in parameters]
    with hold_in_eval(*modules):
        for parameter in parameters:
            parameter.requires_grad_(False)
        try:
            yield
        finally:
            for parameter, before in zip(parameters, wanted, strict=True):
                parameter.requires_grad_(before)
