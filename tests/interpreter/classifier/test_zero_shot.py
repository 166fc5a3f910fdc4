"""Classes that are texts: logits in closed form, other labels on the same weights, the term of the texts."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from interpreter.classifier.capabilities import is_spectral, takes_texts
from interpreter.classifier.contrast import contrast
from interpreter.classifier.front_end import FrontEnd
from interpreter.classifier.zero_shot import ZeroShotClassifier
from interpreter.errors import ConfigError
from interpreter.explainers.targets import Question
from interpreter.explainers.untrained import UNTRAINED_METHODS
from interpreter.kinds.zero_shot import compare_texts, read_captions
from interpreter.networks.text_tower import TextTower
from interpreter.settings.presets import load_config


@pytest.fixture
def classifier() -> ZeroShotClassifier:
    torch.manual_seed(0)
    text = TextTower(width=6, rows=256, hidden=8)
    front_end = FrontEnd(mel_bins=32)
    return ZeroShotClassifier(["dog", "church_bells"], text, 6, ("{}", "sound of {}"), front_end, 32).eval()


@pytest.fixture
def clips() -> Tensor:
    return torch.randn(2, 8000, generator=torch.Generator().manual_seed(3))


@torch.no_grad()
def test_logits_are_scaled_cosines_with_the_mean_of_the_templates(classifier, clips) -> None:
    embeddings, _ = classifier.cnn14(classifier.front_end.mel(classifier.front_end.log_magnitude(clips)))
    for clip in range(2):
        sound = classifier.head.weight @ embeddings[clip] + classifier.head.bias
        for number, word in enumerate(("dog", "church bells")):
            one, other = classifier.text([word]), classifier.text([f"sound of {word}"])
            text = (one + other)[0] / 2
            cosine = float(sound @ text / (sound.norm() * text.norm()))
            assert float(classifier(clips)[clip, number]) == pytest.approx(cosine / 0.07, rel=1e-4)
    assert is_spectral(classifier) and takes_texts(classifier)
    classifier.log_scale.fill_(math.log(1000.0))
    assert float(classifier.scale) == 100.0


@torch.no_grad()
def test_a_template_may_have_braces_and_the_label_twice(classifier) -> None:
    found = []
    for template, texts in (("{} {x}", "dog {x}"), ("{}, a {}", "dog, a dog")):
        classifier.templates = (template,)
        vector = classifier.replace_labels(["dog", "cat"]).embed_labels()[0]
        found.append(torch.allclose(vector, classifier.text([texts])[0], atol=1e-6))
    assert found == [True, True]


@torch.no_grad()
def test_other_labels_share_the_weights_and_leave_the_first_ones(classifier, clips) -> None:
    other = classifier.replace_labels(["rain", "dog", "a barking dog"])
    assert other.labels == ("rain", "dog", "a barking dog") and classifier.labels == ("dog", "church_bells")
    assert torch.allclose(other(clips)[:, 1], classifier(clips)[:, 0])
    assert other.head is classifier.head
    with pytest.raises(ConfigError, match=r"^a classifier needs distinct labels, got \['a', 'a'\]$"):
        classifier.replace_labels(["a", "a"])
    with pytest.raises(ConfigError, match=r"^templates are \['sound'\]; expected at least one, with \{\}"):
        ZeroShotClassifier(["a", "b"], TextTower(4, 16, 4), 4, ["sound"], FrontEnd(mel_bins=32), 32)


def test_any_text_can_be_asked_for_and_compared_with(classifier, clips) -> None:
    occlusion = UNTRAINED_METHODS["occlusion"](classifier)
    aimed, number = Question(target="rain on a roof").put_to(occlusion)
    assert aimed.classifier.labels == ("dog", "church_bells", "rain on a roof") and number == 2
    assert occlusion.classifier.labels == ("dog", "church_bells")
    assert aimed.explain(clips, [number] * 2).target.tolist() == [2, 2]
    compared, _ = Question(target="rain on a roof", against="dog").put_to(occlusion)
    with torch.no_grad():
        logits = classifier.replace_labels(["rain on a roof", "dog"])(clips)
        found = compared.classifier(clips)
        expected = contrast(classifier.replace_labels(["rain on a roof", "dog"]), "rain on a roof", "dog")(
            clips
        )
    assert torch.allclose(found, expected, atol=1e-5)
    assert torch.allclose(found[:, 0], (logits[:, 0] - logits[:, 1]) / 2, atol=1e-5)


def test_texts_are_compared_with_the_sounds_of_the_batch() -> None:
    """Of each text that has sounds: minus the mean log share of its sounds, by a loop."""
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(1))
    target = torch.tensor([2, 0, 2, 2])
    terms = []
    for text in (0, 2):
        shares = logits[:, text].exp() / logits[:, text].exp().sum()
        own = [float(shares[clip].log()) for clip in range(4) if target[clip] == text]
        terms.append(-sum(own) / len(own))
    assert float(compare_texts(logits, target)) == pytest.approx(sum(terms) / 2, rel=1e-5)


def test_captions_are_read_and_refused(tmp_path) -> None:
    assert read_captions(None) == {}
    assert "a dog barking" in read_captions("built-in")["dog"] and len(read_captions("built-in")) == 50
    file = tmp_path / "captions.yaml"
    file.write_text("dog: a dog\n")
    with pytest.raises(ConfigError, match=r"captions.yaml: expected a list of texts for each label, such as"):
        read_captions(str(file))
    file.write_text("dog: [\n")
    with pytest.raises(ConfigError, match=r"captions\.yaml: not valid YAML$"):
        read_captions(str(file))
    with pytest.raises(FileNotFoundError):
        read_captions(str(tmp_path / "none.yaml"))
    assert load_config("zero-shot", "tiny", ["captions=null"]).captions is None  # type: ignore[attr-defined]
