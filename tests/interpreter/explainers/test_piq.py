"""PIQ: its quantiser against SpeechBrain's, its loss written out, and codes that belong to classes."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy

from interpreter import load_explainer
from interpreter.errors import ConfigError
from interpreter.explainers.piq import PiqNetwork, PiqTask
from interpreter.networks.class_codes import ClassCodes, owners
from stimuli import Dataset


@pytest.fixture(scope="module")
def peer() -> Iterator[ModuleType]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("speechbrain", reason="SpeechBrain's module is the witness")
        from speechbrain.lobes.models import PIQ

        yield PIQ
    # SpeechBrain leaves modules that fail when they are looked at, as hypothesis does with every module.
    for name, module in list(sys.modules.items()):
        if name.startswith("speechbrain") and type(module).__module__ == "speechbrain.utils.importutils":
            del sys.modules[name]


@pytest.mark.parametrize(("codes", "classes"), [(20, 3), (1024, 50), (256, 8), (6, 3)])
def test_codes_are_shared_out_as_in_speechbrain(peer: ModuleType, codes: int, classes: int) -> None:
    foreign = peer.get_irrelevant_regions(torch.arange(classes), codes, classes, 0, "TRAIN")
    assert torch.equal(foreign, owners(codes, classes) != torch.arange(classes)[:, None])
    counts = torch.bincount(owners(codes, classes), minlength=classes)
    assert int(counts.max()) - int(counts.min()) <= 1 and int(counts.sum()) == codes


def test_the_network_is_speechbrains_with_the_same_weights(peer: ModuleType) -> None:
    torch.manual_seed(0)
    theirs = peer.VectorQuantizedPSI_Audio(dim=8, K=30, numclasses=3, shared_keys=0)
    theirs.codebook.embedding.weight.data.normal_()
    maps, labels = torch.randn(4, 8, 16, 12), torch.tensor([2, 0, 1, 2])
    codes = ClassCodes(30, 8, 3)
    codes.load_state_dict({"codebook": theirs.codebook.embedding.weight.detach().clone()})

    class Encoder(nn.Module):
        def forward(self, representations):
            return theirs.down(theirs.adapter(representations[0]))

    class Psi(nn.Module):
        def forward(self, representations, frames, bins):
            return theirs.decoder(theirs.up(representations[0])).squeeze(1)[:, :frames, :bins]

    ours = PiqNetwork(Encoder(), codes, Psi())  # type: ignore[arg-type]
    first, second = maps.clone().requires_grad_(), maps.clone().requires_grad_()
    drawn, hidden, quantised = theirs(first, labels)
    logits, own_hidden, own_quantised = ours([second], labels, *drawn.shape[2:])
    assert torch.allclose(logits, drawn[:, 0], atol=1e-5)
    assert torch.equal(own_quantised, quantised) and torch.allclose(own_hidden, hidden, atol=1e-6)
    for output, hid, quant in ((drawn[:, 0], hidden, quantised), (logits, own_hidden, own_quantised)):
        loss = output.square().mean() + (quant - hid.detach()).square().mean()
        (loss + (hid - quant.detach()).square().mean()).backward()
    assert first.grad is not None and second.grad is not None
    assert torch.allclose(first.grad, second.grad, atol=1e-5)
    expected = theirs.codebook.embedding.weight.grad
    assert codes.codebook.grad is not None and torch.allclose(codes.codebook.grad, expected, atol=1e-6)


def test_the_nearest_of_the_classs_own_two_codes_is_chosen() -> None:
    codes = ClassCodes(6, 1, 3)
    assert codes.owner.tolist() == [0, 0, 1, 1, 2, 2]
    with torch.no_grad():
        codes.codebook.copy_(torch.tensor([[0.0], [1.0], [10.0], [20.0], [0.4], [-5.0]]))
    maps = torch.tensor([0.45, 0.55, 16.0, -3.0]).view(1, 1, 2, 2).repeat(3, 1, 1, 1)
    chosen = codes.choose(maps, torch.tensor([0, 1, 2])).flatten(1)
    assert chosen.tolist() == [[0, 1, 1, 0], [2, 2, 3, 2], [4, 4, 4, 5]]
    passed, quantised = codes(maps, torch.tensor([0, 1, 2]))
    assert torch.allclose(passed, quantised) and quantised[1].flatten().tolist() == [10.0, 10.0, 20.0, 10.0]


def test_the_loss_is_its_formula(explainer_runs, soundscapes) -> None:
    explainer = load_explainer(explainer_runs["piq"])
    network, classifier = explainer.networks[0], explainer.classifier
    config = SimpleNamespace(loud_share=0.35, lambda_vq=2.0, lambda_commit=3.0)
    dataset = Dataset.load(soundscapes)
    noisy = torch.stack([torch.from_numpy(dataset.read(clip, 16000, 0.6)) for clip in dataset.clips[:3]])
    terms = PiqTask(network, classifier, config).terms({"noisy": noisy}, None)  # type: ignore[arg-type]
    picture, target = classifier.front_end.log_magnitude(noisy), classifier(noisy).argmax(dim=1)
    logits, maps, quantised = network(classifier.representations(noisy), target, *picture.shape[1:])
    loud = torch.stack([(one >= 0.35 * one.max()).float() for one in picture])
    rebuilt = binary_cross_entropy(logits.sigmoid(), loud)
    apart = (maps - quantised).square().mean()
    assert float(terms["rebuilt"]) == pytest.approx(float(rebuilt), rel=1e-4)
    assert float(terms["loss"]) == pytest.approx(float(rebuilt + 5 * apart), rel=1e-4)
    assert 1 <= float(terms["perplexity"]) <= 256


def test_another_class_rebuilds_something_else(explainer_runs, soundscapes) -> None:
    explainer = load_explainer(explainer_runs["piq"])
    dataset = Dataset.load(soundscapes)
    clip = torch.from_numpy(dataset.read(dataset.clips[0], 16000, 0.6))
    masks = explainer.explain(clip.repeat(3, 1), [0, 1, 2]).mask
    assert masks is not None and explainer.takes_target
    assert not torch.equal(masks[0], masks[1]) and not torch.equal(masks[1], masks[2])
    owner = explainer.networks[0].codes.owner
    for target in range(3):
        maps = torch.randn(1, 32, 5, 7, generator=torch.Generator().manual_seed(target))
        chosen = explainer.networks[0].codes.choose(maps, torch.tensor([target]))
        assert set(owner[chosen].flatten().tolist()) == {target}


def test_too_few_codes_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"^codes is 99 for 50 classes; expected at least 100$"):
        ClassCodes(99, 4, 50)
