"""What makes a sound like another: the cosine of embeddings in place of a logit."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from interpreter.classifier.likeness import liken
from interpreter.errors import ConfigError, InterpreterError
from interpreter.explainers.targets import Question
from interpreter.explainers.untrained import UNTRAINED_METHODS
from stimuli import write_audio
from tests.interpreter.classifier.stand_ins import CLIPS, make_classifier


@pytest.mark.parametrize("kind", ["cnn14", "wrapped"])
@torch.no_grad()
def test_the_logits_are_the_cosine_of_mean_maps(kind: str) -> None:
    classifier = make_classifier(kind)
    before = classifier(CLIPS)
    reference = torch.randn(6000, generator=torch.Generator().manual_seed(5))
    likened = liken(classifier, reference, "b.wav")
    assert likened.labels == ("like b.wav", "unlike b.wav")
    one, other = (
        classifier.representations(sounds)[0].numpy().mean(axis=(2, 3)) for sounds in (CLIPS, reference[None])
    )
    cosine = one @ other[0] / np.linalg.norm(one, axis=1) / np.linalg.norm(other[0])
    assert np.allclose(likened(CLIPS).numpy(), 5 * np.stack([cosine, -cosine], axis=1), atol=1e-4)
    itself = liken(classifier, CLIPS[0], "a.wav")(CLIPS).softmax(dim=1)
    assert float(itself[0, 0]) == pytest.approx(1 / (1 + np.exp(-10)), abs=1e-5)
    assert torch.equal(classifier(CLIPS), before) and classifier.labels == ("a", "b", "c")


@pytest.mark.parametrize("kind", ["cnn14", "wrapped"])
@pytest.mark.parametrize("name", ["saliency", "gradcam", "occlusion"])
def test_methods_without_training_explain_likeness(kind: str, name: str, tmp_path) -> None:
    write_audio(tmp_path / "b.wav", 0.1 * np.random.default_rng(0).standard_normal(8000), 16000)
    explainer = UNTRAINED_METHODS[name](make_classifier(kind))
    aimed, number = Question(like=tmp_path / "b.wav").put_to(explainer)
    found = False
    for target in (number, 1 - number):
        mask = aimed.explain(CLIPS, [target] * len(CLIPS)).mask
        assert mask is not None and mask.isfinite().all()
        found |= bool(mask.any())
    # GradCAM keeps what argues for a class: of an untrained network one of the two may have nothing, which of
    # them depends on the processor's rounding.
    assert found
    assert explainer.classifier.labels == ("a", "b", "c")


def test_what_cannot_be_compared_is_refused(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"^the classifier is a black box and has no embeddings to compare"):
        liken(make_classifier("black box"), CLIPS[0], "a")
    occlusion = UNTRAINED_METHODS["occlusion"](make_classifier("cnn14"))
    sentence = "like is 'b.wav'; expected --like without --target, --against and --rank"
    for question in (Question("a", like=tmp_path / "b.wav"), Question(rank=2, like=tmp_path / "b.wav")):
        with pytest.raises(ConfigError, match=re.escape(sentence.replace("b.wav", str(tmp_path / "b.wav")))):
            question.put_to(occlusion)
    assert "asked_like_sha256" not in Question().record
    write_audio(tmp_path / "silent.wav", np.zeros(8000), 16000)
    told = f"{tmp_path / 'silent.wav'}: clip 1 of 1 has only zeros; leave it out or repair it"
    with pytest.raises(InterpreterError, match=f"^{re.escape(told)}$"):
        Question(like=tmp_path / "silent.wav").put_to(occlusion)
    deaf = make_classifier("wrapped")
    deaf.representations = lambda waveforms: [torch.zeros(len(waveforms), 3, 2, 2)]
    with pytest.raises(
        ConfigError, match=r"^the classifier's embedding of the sound is zero; expected a long"
    ):
        liken(deaf, CLIPS[0], "a")
