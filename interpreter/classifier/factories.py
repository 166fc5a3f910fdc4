"""Classifiers that a user's own code makes: `package.module:factory`."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from torch import nn

from interpreter.classifier.black_box import wrap_callable
from interpreter.classifier.probing import choose_layers
from interpreter.classifier.wrapped import wrap_module
from interpreter.errors import ConfigError
from interpreter.types import Classifier

_EXPECTED = (
    "expected a classifier (wrap_module and wrap_callable make one), or module, labels and rate, "
    "or module, labels, rate and layers"
)


def make_classifier(target: str) -> Classifier:
    """Return the classifier that `package.module:factory` makes; modules are found from the current folder.

    The factory takes no arguments and returns a `Classifier`, or a tuple of a torch module (or any function
    of waveforms that returns probabilities), labels and rate, and, for a module, the layers to read.

    Raises:
        ConfigError: the module or the factory does not exist, or makes something else.
    """
    module_name, _, name = target.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        home = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not (module_name + ".").startswith(error.name + "."):
            raise ConfigError(
                f"--classifier {target}: importing it needs {error.name}, which is missing"
            ) from error
        raise ConfigError(
            f"--classifier {target}: there is no module {module_name!r} in this folder or installed; "
            "expected a run's folder, package.module:factory, hf:NAME, laion-clap:FILE or msclap:FILE"
        ) from error
    except ValueError as error:
        raise ConfigError(f"--classifier {target}: {error}; expected package.module:factory") from error
    factory = getattr(home, name, None)
    if not callable(factory):
        raise ConfigError(
            f"--classifier {target}: {module_name} has no function {name!r}; expected one that makes the "
            "classifier"
        )
    return _to_classifier(factory(), target)


def _to_classifier(made: object, target: str) -> Classifier:
    if isinstance(made, Classifier):
        return made
    if not isinstance(made, tuple) or len(made) not in (3, 4):
        raise ConfigError(f"--classifier {target}: it made {type(made).__name__}; {_EXPECTED}")
    network, labels, rate, *rest = made
    if isinstance(labels, str) or not hasattr(labels, "__len__") or not isinstance(rate, int):
        raise ConfigError(
            f"--classifier {target}: it made labels {labels!r} and the rate {rate!r}; expected a list of "
            "names and a whole number of Hz"
        )
    if isinstance(network, nn.Module):
        return wrap_module(network, rest[0] if rest else choose_layers(network, rate), rate, labels)
    return wrap_callable(network, rate, labels)
