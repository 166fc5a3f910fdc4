"""What every registered method keeps to, learned or not: its form, its refusals, and no trace of it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from interpreter import METHODS, load_classifier, load_explainer
from interpreter.classifier.front_end import FrontEnd
from interpreter.errors import CheckpointError, ConfigError, InterpreterError, RunError
from interpreter.explainers.base import Explainer
from interpreter.explainers.registry import KINDS, learned_methods
from interpreter.explainers.spectral import SpectralExplainer
from interpreter.explainers.untrained import UNTRAINED_METHODS
from interpreter.types import Explanation
from stimuli import Dataset

Make = Callable[[str], Explainer]
LEARNED = tuple(learned_methods())
# Fewer questions than a user asks: the form is the same.
CHEAPER: dict[str, dict[str, Any]] = {
    "lime": {"samples": 24},
    "slime": {"segments": [4, 1]},
    "audiolime": {"samples": 24},
    "kernel-shap": {"samples": 24},
    "freqrise": {"samples": 24},
    "flextime": {"steps": 4},
    "optimised-mask": {"steps": 4},
}


@pytest.fixture(scope="session")
def make(classifier_run: Path, explainer_runs: dict[str, Path]) -> Make:
    """Return a function that brings a method to life, each time with a new classifier."""

    def explainer(name: str) -> Explainer:
        if name in LEARNED:
            return load_explainer(explainer_runs[name])
        if name in CHEAPER:
            return UNTRAINED_METHODS[name](load_classifier(classifier_run), **CHEAPER[name])
        return load_explainer(classifier_run, name)

    return explainer


@pytest.fixture
def clips(soundscapes: Path) -> Tensor:
    dataset = Dataset.load(soundscapes).folds(4)
    return torch.stack([torch.from_numpy(dataset.read(clip, 16000, 0.6)) for clip in dataset.clips[:3]])


def tensors(explanation: Explanation) -> dict[str, Tensor]:
    return {name: value for name, value in vars(explanation).items() if isinstance(value, Tensor)}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("samples", [160, 21000])
def test_clips_of_any_length_have_an_explanation_of_their_form(
    name: str, samples: int, make: Make, clips: Tensor
) -> None:
    explainer = make(name)
    given = torch.cat([clips, clips, clips], dim=1)[:2, :samples].clone()
    given[:, 0] += 0.01  # the first 10 ms of a clip may be silent
    explanation = explainer.explain(given)
    assert type(explainer) is METHODS[name] and explainer.name == explanation.method == name
    assert explainer.label and explanation.settings == explainer.settings
    assert explanation.interpretation.shape == explanation.residual.shape == given.shape
    assert explanation.mask is not None and explanation.mask.shape[0] == 2 and explanation.mask.ndim == 3
    assert 0 <= explanation.mask.min() <= explanation.mask.max() <= 1
    assert torch.equal(explanation.target, explainer.classifier(given).argmax(dim=1))
    for field, value in tensors(explanation).items():
        assert value.isfinite().all() and not value.requires_grad, field
    for field, sounds in (
        ("probability_before", given),
        ("probability_in", explanation.interpretation),
        ("probability_out", explanation.residual),
    ):
        expected = explainer.classifier(sounds).softmax(dim=1)
        assert torch.allclose(getattr(explanation, field), expected, atol=1e-5), field


@pytest.mark.parametrize("name", METHODS)
def test_both_parts_are_what_the_mask_keeps_and_what_it_removes(name: str, make: Make, clips: Tensor) -> None:
    explainer = make(name)
    explanation = explainer.explain(clips)
    if not isinstance(explainer, SpectralExplainer):  # its filter bank gives back what went in
        assert torch.allclose(explanation.interpretation + explanation.residual, clips, atol=1e-5)
        return
    front_end: FrontEnd = explainer.front_end
    stft: dict[str, Any] = {
        "n_fft": front_end.n_fft,
        "hop_length": front_end.hop_length,
        "win_length": front_end.win_length,
        "window": torch.hamming_window(front_end.win_length),
    }
    spectrum = torch.stft(clips, **stft, pad_mode="constant", return_complex=True)
    assert explanation.mask is not None
    mask = explanation.mask.transpose(1, 2)
    for part, kept in ((explanation.interpretation, mask), (explanation.residual, 1 - mask)):
        size = torch.expm1(kept * torch.log1p(spectrum.abs()))
        expected = torch.istft(torch.polar(size, spectrum.angle()), **stft, length=clips.shape[1])
        assert torch.allclose(part, expected, atol=1e-4)


@pytest.mark.parametrize("name", METHODS)
def test_an_explanation_follows_from_the_clip_alone(name: str, make: Make, clips: Tensor) -> None:
    target = None if not METHODS[name].takes_target else [0, 1, 2]
    together = tensors(make(name).explain(clips, target))
    again = make(name)
    torch.manual_seed(7)  # what the rest of a program draws has no part in it
    for field, value in tensors(again.explain(clips, target)).items():
        assert torch.equal(value, together[field]), field
    alone = tensors(again.explain(clips[1:2], None if target is None else target[1:2]))
    for field, value in alone.items():
        assert torch.allclose(value, together[field][1:2], rtol=1e-3, atol=1e-4), field
    again.batch_size = 2
    for field, value in tensors(again.explain(clips, target)).items():
        assert torch.allclose(value, together[field], rtol=1e-3, atol=1e-4), field


@pytest.mark.parametrize("name", METHODS)
def test_what_cannot_be_explained_is_refused_with_a_sentence(name: str, make: Make, clips: Tensor) -> None:
    explainer = make(name)
    faulty = clips.clone()
    faulty[1, 5] = torch.nan
    silent = clips * torch.tensor([[1.0], [0.0], [1.0]])
    for given, target, sentence in (
        (clips[0], None, "clips have the shape [9600]; expected [clips, samples], none of them 0"),
        (clips[:0], None, "clips have the shape [0, 9600]; expected [clips, samples], none of them 0"),
        (faulty, None, "clip 2 of 3 has NaN or infinite samples; leave it out or repair it"),
        (silent, None, "clip 2 of 3 has only zeros; leave it out or repair it"),
        (clips, [0, 3, 0], "target contains the classes [0, 3, 0]; the classifier knows 0 to 2"),
        (clips, [0, 1], "target has the shape [2] for 3 clips; expected one class number for each"),
    ):
        with pytest.raises(InterpreterError, match=f"^{re.escape(sentence)}$"):
            explainer.explain(given, target)
    explainer.classifier.minimum_samples = 16000  # type: ignore[attr-defined]
    with pytest.raises(
        InterpreterError,
        match=r"^clips of 0\.600 s are too short for the classifier; expected at least 1\.000 s \(pad them",
    ):
        explainer.explain(clips)


@pytest.mark.parametrize("breaks", [False, True])
@pytest.mark.parametrize("name", METHODS)
def test_the_classifier_is_left_as_it_was_also_after_an_exception(
    name: str, breaks: bool, make: Make, clips: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    explainer = make(name)
    classifier: Any = explainer.classifier
    classifier.train().requires_grad_(True)
    classifier.cnn14.block(2).eval()
    modules = [*classifier.modules(), *(module for one in explainer.networks for module in one.modules())]
    modes, kept = [module.training for module in modules], clips.clone()
    state = {key: value.clone() for key, value in classifier.state_dict().items()}
    wanted = [parameter.requires_grad for module in modules for parameter in module.parameters()]
    head, calls = classifier.head.forward, []

    def breaking(embeddings: Tensor) -> Tensor:
        calls.append(len(embeddings))
        if len(calls) > 1:
            raise KeyError("on purpose")
        result: Tensor = head(embeddings)
        return result

    if breaks:
        monkeypatch.setattr(classifier.head, "forward", breaking)
        with pytest.raises(KeyError, match="on purpose"):
            explainer.explain(clips)
    else:
        explainer.explain(clips)
    assert [module.training for module in modules] == modes
    assert [one.requires_grad for module in modules for one in module.parameters()] == wanted
    assert all(one.grad is None for module in modules for one in module.parameters())
    assert all(torch.equal(value, state[key]) for key, value in classifier.state_dict().items())
    assert sum(map(hooks, modules)) == 0
    assert torch.equal(clips, kept) and not clips.requires_grad


def hooks(module: nn.Module) -> int:
    return (
        len(module._forward_hooks)
        + len(module._forward_pre_hooks)
        + len(module._backward_hooks)
        + len(module._backward_pre_hooks)
    )


@pytest.mark.parametrize("kind", LEARNED)
def test_a_run_is_refused_by_another_classifier_and_when_it_is_damaged(
    kind: str, explainer_runs: dict[str, Path], make: Make, tmp_path: Path
) -> None:
    run = explainer_runs[kind]
    other = make(kind).classifier
    labels, other.labels = tuple(other.labels), ("x", "y", "z")
    told = f"{run}: trained for a classifier with other labels ({', '.join(labels)})"
    with pytest.raises(RunError, match=f"^{re.escape(told)}$"):
        load_explainer(run, classifier=other)
    other.labels = labels
    assert load_explainer(run, classifier=other).classifier is other
    with pytest.raises(ConfigError, match=f"^{re.escape(f'{run}: this run contains {kind}, not gradcam')}$"):
        load_explainer(run, "gradcam")
    damaged = tmp_path / "damaged"
    shutil.copytree(run, damaged)
    checkpoint = damaged / "checkpoint.pt"
    state = torch.load(checkpoint, weights_only=True)
    first = next(name for name in state if name.startswith(("psi.", "encoder.", "trunk.")))
    torch.save({name: tensor for name, tensor in state.items() if name != first}, checkpoint)
    with pytest.raises(CheckpointError, match=r"not the weights that run\.json was written with"):
        load_explainer(damaged, classifier=other)
    # Runs of earlier releases have no hash of their weights.
    description = json.loads((damaged / "run.json").read_text(encoding="utf-8"))
    del description["checkpoint_sha256"]
    (damaged / "run.json").write_text(json.dumps(description), encoding="utf-8")
    told = f"{checkpoint}: {first} is missing (1 missing and 0 unknown of {len(state)} tensors)"
    with pytest.raises(CheckpointError, match=f"^{re.escape(told)}$"):
        load_explainer(damaged, classifier=other)
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="only a file of tensors is read, and this one is damaged"):
        load_explainer(damaged, classifier=other)
    checkpoint.unlink()
    with pytest.raises(FileNotFoundError, match="No such checkpoint"):
        load_explainer(damaged, classifier=other)


@pytest.mark.parametrize("kind", [kind for kind, entry in KINDS.items() if entry.needs_classifier])
def test_a_training_names_the_runs_that_it_needs(
    kind: str, train_small: Callable[..., Path], classifier_run: Path, tmp_path: Path
) -> None:
    with pytest.raises(
        ConfigError, match=rf"^training {kind} needs a classifier's run; give --classifier RUN$"
    ):
        train_small(kind, out=tmp_path / "run")
    start = KINDS[kind].starts_from
    if start is not None:
        sentence = f"training {kind} starts from a run of {start}"
        with pytest.raises(ConfigError, match=f"^{sentence}; give --start RUN$"):
            train_small(kind, classifier=classifier_run, out=tmp_path / "run")
        with pytest.raises(ConfigError, match=f"^{sentence}; {re.escape(str(classifier_run))} is one of"):
            train_small(kind, classifier=classifier_run, start=classifier_run, out=tmp_path / "run")
        with pytest.raises(FileNotFoundError, match="No such"):
            train_small(kind, classifier=classifier_run, start=tmp_path / "none", out=tmp_path / "run")
    assert not (tmp_path / "run" / "run.json").exists()
