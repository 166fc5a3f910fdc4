from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from interpreter.errors import InterpreterError
from interpreter.explainers.base import Explainer, Separation


class Bands(nn.Module):
    """Two classes, known in closed form: energy below and above a quarter of the rate."""

    sample_rate = 8000
    labels = ("low", "high")

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(1.0))
        self.seen_modes: list[bool] = []
        self.passes = 0

    def forward(self, waveforms: Tensor) -> Tensor:
        self.seen_modes.append(self.training)
        self.passes += 1
        spectrum = torch.fft.rfft(waveforms).abs().square() / waveforms.shape[1]
        half = spectrum.shape[1] // 2
        return self.gain * torch.stack([spectrum[:, :half].sum(1), spectrum[:, half:].sum(1)], dim=1)

    def representations(self, waveforms: Tensor) -> list[Tensor]:
        return []


class FirstHalf(Explainer):
    """Keeps the first half of a clip."""

    name = "first-half"

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        self.batches: list[int] = []

    def separate(self, waveforms: Tensor, target: Tensor) -> Separation:
        assert not torch.is_grad_enabled()
        self.batches.append(len(waveforms))
        keep = torch.zeros_like(waveforms)
        keep[:, : waveforms.shape[1] // 2] = 1
        waveforms *= 1.0  # in place: the caller must not notice
        return Separation(keep * waveforms, (1 - keep) * waveforms, keep[:, None])


@pytest.fixture
def tones() -> Tensor:
    time = torch.arange(4000) / 8000
    return 0.1 * torch.stack([torch.sin(6.2832 * hertz * time) for hertz in (300.0, 3000.0, 500.0)])


def test_the_order_of_work(tones) -> None:
    classifier = Bands().train()
    explanation = FirstHalf(classifier).explain(tones)
    assert explanation.target.tolist() == [0, 1, 0]
    assert classifier.passes == 2  # one before, one over interpretation and residual together
    assert classifier.seen_modes == [False, False]
    assert classifier.training
    expected = classifier(torch.cat([tones[:, :2000], torch.zeros(3, 2000)], dim=1)).softmax(-1).detach()
    assert torch.allclose(explanation.probability_in, expected)
    assert torch.allclose(explanation.probability_before, classifier(tones).softmax(-1).detach())
    assert torch.allclose(explanation.interpretation + explanation.residual, tones)
    assert explanation.method == "first-half"
    assert explanation.mask is not None
    assert explanation.mask.shape == (3, 1, 4000)


def test_another_class_can_be_asked_for(tones) -> None:
    explanation = FirstHalf(Bands()).explain(tones, target=[1, 0, 1])
    assert explanation.target.tolist() == [1, 0, 1]
    assert explanation.target.dtype == torch.int64


def test_batch_size_bounds_the_work_and_leaves_the_result(tones) -> None:
    whole, pieces = FirstHalf(Bands()), FirstHalf(Bands(), batch_size=2)
    one, other = whole.explain(tones, [0, 1, 1]), pieces.explain(tones, [0, 1, 1])
    assert (whole.batches, pieces.batches) == ([3], [2, 1])
    for name in ("interpretation", "residual", "target", "probability_in", "probability_out", "mask"):
        assert torch.allclose(getattr(one, name), getattr(other, name))


def test_the_callers_tensors_are_untouched(tones) -> None:
    clips = tones.clone().requires_grad_()
    explanation = FirstHalf(Bands()).explain(clips)
    assert torch.equal(clips.detach(), tones)
    assert clips.grad is None
    assert not explanation.interpretation.requires_grad
    with torch.inference_mode():
        FirstHalf(Bands()).explain(tones)


def test_the_mode_comes_back_after_an_exception(tones) -> None:
    class Breaks(FirstHalf):
        def separate(self, waveforms: Tensor, target: Tensor) -> Separation:
            raise KeyError("on purpose")

    classifier = Bands().train()
    with pytest.raises(KeyError):
        Breaks(classifier).explain(tones)
    assert classifier.training


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda x: x[0], r"clips have the shape \[4000\]; expected \[clips, samples\], none of them 0"),
        (lambda x: x[:, :0], r"clips have the shape \[3, 0\]"),
        (
            lambda x: x * torch.tensor([[1.0], [0.0], [1.0]]),
            "clip 2 of 3 has only zeros; leave it out",
        ),
        (lambda x: x / torch.tensor([[1.0], [1.0], [0.0]]), "clip 3 of 3 has NaN or infinite samples"),
    ],
)
def test_clips_that_cannot_be_explained(tones, change, sentence) -> None:
    with pytest.raises(InterpreterError, match=sentence):
        FirstHalf(Bands()).explain(change(tones))


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ([0, 1], r"target has the shape \[2\] for 3 clips; expected one class number for each"),
        ([0.0, 1.0, 0.0], "expected one class number for each"),
        ([0, 2, 0], r"target contains the classes \[0, 2, 0\]; the classifier knows 0 to 1"),
        ([0, -1, 0], "the classifier knows 0 to 1"),
    ],
)
def test_targets_that_are_no_classes(tones, target, sentence) -> None:
    with pytest.raises(InterpreterError, match=sentence):
        FirstHalf(Bands()).explain(tones, target)


def test_a_clip_below_the_classifiers_minimum_is_refused(tones) -> None:
    classifier = Bands()
    classifier.minimum_samples = 8000
    with pytest.raises(
        InterpreterError,
        match=r"clips of 0\.500 s are too short .* at least 1\.000 s",
    ):
        FirstHalf(classifier).explain(tones)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"),
        MemoryError(),
    ],
)
def test_lack_of_memory_says_what_to_change(tones, error) -> None:
    class Hungry(FirstHalf):
        def separate(self, waveforms: Tensor, target: Tensor) -> Separation:
            raise error

    with pytest.raises(
        InterpreterError,
        match=r"out of memory with 3 clips of 4000 samples.*lower the batch",
    ):
        Hungry(Bands()).explain(tones)


def test_other_faults_stay_what_they_are(tones) -> None:
    class Faulty(FirstHalf):
        def separate(self, waveforms: Tensor, target: Tensor) -> Separation:
            raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes do not match"):
        Faulty(Bands()).explain(tones)
