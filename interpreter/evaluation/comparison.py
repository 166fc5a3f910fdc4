"""Which explainers a comparison contains: those of runs, and methods without training on their classifier."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

import torch
import yaml
from torch import nn

from interpreter.devices import device_of
from interpreter.errors import ConfigError
from interpreter.explainers.base import Explainer
from interpreter.explainers.registry import CLASSIFIERS
from interpreter.explainers.untrained import UNTRAINED_METHODS
from interpreter.loading import load_classifier, load_explainer, load_separator, load_target
from interpreter.runs.folder import read_config, read_run
from interpreter.types import Classifier

_COMMA = re.compile(r",(?![^\[]*\])")
"""A comma between options, not one of a list in brackets."""


def explainers_of(
    runs: Sequence[Path],
    methods: Sequence[str] = (),
    device: str | torch.device = "cpu",
    batch_size: int | None = None,
    target: str | None = None,
) -> dict[str, Explainer]:
    """Load the explainers of `runs`, and make the methods without training, `methods`, on their classifier.

    Args:
        runs: folders of finished runs; one that contains a classifier serves only the baselines.
        methods: names in `UNTRAINED_METHODS`, with options if wanted: `shap:variant=kernel,samples=256`.
        device: where everything goes.
        batch_size: of the baselines; see `Explainer`.
        target: the classifier, if it is not that of the runs; see `load_target`.

    Returns:
        Explainers by name, in the given order: the method's name, or the run folder's if two are of one
        method. All share one classifier.

    Raises:
        ConfigError: nothing to compare, an unknown method, two of one name, or runs of different classifiers.
    """
    baselines = [(method, *parse_method(method)) for method in methods]
    if not runs and target is None:
        raise ConfigError(
            "no run was given; expected at least one (--run FOLDER), or a classifier (--classifier TARGET)"
        )
    kinds = {run: read_run(run).kind for run in runs}
    named_one = None if target is None else load_target(target, device)
    learned = {
        run: load_explainer(run, device=device, classifier=named_one)
        for run in runs
        if kinds[run] not in CLASSIFIERS
    }
    if not runs and not methods:
        raise ConfigError(
            f"--classifier {target}: a classifier explains nothing by itself; add --method occlusion (or "
            "another that needs no training), or --run with an explainer of it"
        )
    if not learned and not methods:
        raise ConfigError(
            f"{runs[0]}: the run of a classifier explains nothing by itself; "
            "add --method gradcam (or another that needs no training), or take the run of an explainer"
        )
    plain = {str(run): load_classifier(run, device) for run in runs if kinds[run] in CLASSIFIERS}
    judged: dict[str, Classifier] = {str(run): explainer.classifier for run, explainer in learned.items()}
    asked = {} if target is None or named_one is None else {target: named_one}
    classifier = _check_same({**asked, **judged, **plain})
    for explainer in learned.values():
        explainer.classifier = classifier
    given = [(run, explainer.name, explainer) for run, explainer in learned.items()]
    names = [name for _, name, _ in given]
    named = [(name if names.count(name) == 1 else run.name, explainer) for run, name, explainer in given]
    named += [
        (spec, make_baseline(name, classifier, {"batch_size": batch_size, **options}))
        for spec, name, options in baselines
    ]
    result = dict(named)
    for explainer in result.values():
        explainer.refuse_black_box()
    if len(result) < len(named):
        taken = [name for name, _ in named]
        twice = max(taken, key=taken.count)
        raise ConfigError(f"{twice!r} appears twice in the table; give each run folder a different name")
    return result


def parse_method(text: str) -> tuple[str, dict[str, Any]]:
    """Split `name:option=value,option=value` into the name and its options; values are YAML.

    Raises:
        ConfigError: the method does not exist, or an option cannot be read.
    """
    name, _, rest = text.partition(":")
    if name not in UNTRAINED_METHODS:
        raise ConfigError(f"unknown method {name!r}; expected one of {', '.join(UNTRAINED_METHODS)}")
    options: dict[str, Any] = {}
    for part in filter(None, _COMMA.split(rest)):
        key, equals, value = part.partition("=")
        if not equals:
            raise ConfigError(f"method {text!r}: {part!r} is not an option; expected option=value")
        try:
            options[key.strip()] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f"method {text!r}: {value!r} is not a valid value of an option") from error
    return name, options


def make_baseline(name: str, classifier: Classifier, options: Mapping[str, Any]) -> Explainer:
    """Make a method that needs no training, refusing options that it does not have by name.

    Raises:
        ConfigError: the method has no such option, or its value is of the wrong kind.
    """
    method = UNTRAINED_METHODS[name]
    options = {**options, **_load_components(classifier, options)} if name == "audiolime" else options
    known = list_options(method)
    unknown = [option for option in options if option not in known]
    if unknown:
        raise ConfigError(f"{name} has no option {unknown[0]!r}; it has {', '.join(sorted(known))}")
    try:
        return method(classifier, **options)
    except TypeError as error:
        raise ConfigError(f"{name}: an option has a value of the wrong kind ({error})") from error


def _load_components(classifier: Classifier, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return audioLIME's parts as a separator if they are the folder of its run.

    Raises:
        ConfigError: it was trained at another rate than the classifier's.
    """
    folder = options.get("components")
    if not isinstance(folder, str) or not Path(folder).is_dir():
        return {}
    separator = load_separator(folder, device_of(classifier))
    if separator.front_end.sample_rate != classifier.sample_rate:
        raise ConfigError(
            f"{folder}: trained for {separator.front_end.sample_rate} Hz; expected the classifier's "
            f"{classifier.sample_rate} Hz"
        )
    return {"components": separator}


def list_options(method: type[Explainer]) -> set[str]:
    """Return the names of a method's options: of its constructor, and of the options that it hands on."""
    names = set(inspect.signature(method.__init__).parameters) - {"self", "classifier"}
    if "options" not in names:
        return names
    (handed_on,) = get_args(get_type_hints(method.__init__)["options"])
    return names - {"options"} | set(get_type_hints(handed_on))


def duration_of(runs: Sequence[Path]) -> float | None:
    """Return the length of clip, in seconds, that the runs were trained on, or None if they do not say.

    Older runs have it in their settings only (no `clip_s`); null is the data set's longest clip.
    """
    lengths = [read_run(run).clip_s or read_config(run).get("duration_s") for run in runs]
    known = {float(length) for length in lengths if length is not None}
    return known.pop() if len(known) == 1 else None


def _check_same(classifiers: dict[str, Classifier]) -> Classifier:
    (first_run, first), *others = classifiers.items()
    for run, other in others:
        if not same_weights(first, other):
            raise ConfigError(
                f"{run} and {first_run} are of different classifiers; compare runs of the same one"
            )
    return first


def same_weights(first: Classifier, second: Classifier) -> bool:
    """Tell whether two classifiers are one: the same object, or modules of the same weights."""
    if first is second:
        return True
    if not isinstance(first, nn.Module) or not isinstance(second, nn.Module):
        return False
    one, other = first.state_dict(), second.state_dict()
    return one.keys() == other.keys() and all(
        one[name].shape == other[name].shape and torch.equal(one[name].cpu(), other[name].cpu())
        for name in one
    )
