"""CLAP checkpoints, through stand-ins of what laion-clap 1.1.7 and msclap 1.3.4 offer."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

from interpreter.classifier.capabilities import takes_texts
from interpreter.classifier.text_towers import TextTowersClassifier
from interpreter.errors import ConfigError
from interpreter.explainers.lmac_zs import build_lmac_zs
from interpreter.explainers.targets import Question
from interpreter.explainers.untrained import UNTRAINED_METHODS
from interpreter.loading import load_target
from interpreter.runs.folder import describe_target, locate_target

WIDTH = 6


def embed_texts(texts: list[str]) -> Tensor:
    """One vector per text, not of unit length, drawn from its letters."""
    seeds = [torch.Generator().manual_seed(sum(map(ord, text))) for text in texts]
    return torch.stack([3 * torch.randn(WIDTH, generator=seed) for seed in seeds])


class Tower(nn.Module):
    """Waveforms of one length → embeddings, which are not unit vectors."""

    def __init__(self, samples: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.samples = samples
        self.blocks = nn.Sequential(nn.Conv1d(1, 4, 960, 480), nn.ReLU(), nn.Conv1d(4, WIDTH, 4, 4))

    def forward(self, waveforms: Tensor) -> Tensor:
        assert waveforms.shape[1] == self.samples
        return self.blocks(waveforms[:, None]).mean(dim=2)


class LaionModule(nn.Module):
    """`laion_clap.CLAP_Module` as far as it is called."""

    loaded: ClassVar[list[tuple[str, str | None]]] = []

    def __init__(self, enable_fusion: bool, device: str, amodel: str) -> None:
        super().__init__()
        assert not enable_fusion and device == "cpu"
        self.name = amodel
        self.model = nn.Module()
        self.model.tower = Tower(480_000)
        self.model.logit_scale_a = nn.Parameter(torch.tensor(3.0))

    def load_ckpt(self, ckpt: str | None) -> None:
        print("Load Checkpoint...")
        self.loaded.append((self.name, ckpt))
        if ckpt is not None and "music" in ckpt and self.name == "HTSAT-tiny":
            raise RuntimeError("size mismatch for audio_branch")
        if ckpt is not None and "broken" in ckpt:
            raise RuntimeError("Error(s) in loading state_dict\nmore")

    def get_audio_embedding_from_data(self, x: Tensor, use_tensor: bool) -> Tensor:
        assert use_tensor
        filled = [one.repeat(-(-480_000 // len(one)))[:480_000] for one in x]
        return nn.functional.normalize(self.model.tower(torch.stack(filled)), dim=1)

    def get_text_embedding(self, x: list[str], use_tensor: bool) -> Tensor:
        assert use_tensor
        found = nn.functional.normalize(embed_texts(x), dim=1)
        return found[0] if len(x) == 1 else found


class MicrosoftWrapper:
    """`msclap.CLAP` as far as it is called."""

    def __init__(self, model_fp: str | None, version: str, use_cuda: bool) -> None:
        assert not use_cuda
        self.version = version
        self.args = SimpleNamespace(sampling_rate=44100, duration={"2022": 5, "2023": 7}[version])
        self.clap = SimpleNamespace(
            audio_encoder=_TwoAnswers(Tower(44100 * self.args.duration)), logit_scale=torch.tensor(2.0)
        )

    def get_text_embeddings(self, class_labels: list[str]) -> Tensor:
        return embed_texts(class_labels)


class _TwoAnswers(nn.Module):
    def __init__(self, tower: nn.Module) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, waveforms: Tensor) -> tuple[Tensor, Tensor]:
        return self.tower(waveforms), torch.zeros(len(waveforms), 527)


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with checkpoints, and both packages' stand-ins."""
    for name, members in (
        ("laion_clap", {"CLAP_Module": LaionModule}),
        ("msclap", {"CLAP": MicrosoftWrapper}),
    ):
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(LaionModule, "loaded", [])
    for name in ("630k.pt", "music.pt", "broken.pt", "CLAP_weights_2022.pth"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("target", "rate", "samples", "scale"),
    [
        ("laion-clap:630k.pt", 48000, 480_000, 3.0),
        ("msclap:CLAP_weights_2022.pth", 44100, 5 * 44100, 2.0),
        ("msclap:", 44100, 7 * 44100, 2.0),
    ],
)
def test_logits_are_the_packages_scaled_cosines(packages, target, rate, samples, scale, capsys) -> None:
    classifier = load_target(target)
    assert isinstance(classifier, TextTowersClassifier) and takes_texts(classifier)
    assert (classifier.sample_rate, len(classifier.labels)) == (rate, 50)
    assert float(classifier.scale) == pytest.approx(float(torch.tensor(scale).exp()))
    other = classifier.replace_labels(["car_horn", "rain on a roof"])
    assert len(classifier.labels) == 50 and other.labels == ("car_horn", "rain on a roof")
    clips = 0.1 * torch.randn(2, rate // 2, generator=torch.Generator().manual_seed(1))
    sounds = Tower(samples)(clips.repeat(1, 2 * samples // rate + 1)[:, :samples])
    texts = embed_texts(["this is a sound of car horn", "this is a sound of rain on a roof"])
    cosines = nn.functional.cosine_similarity(sounds[:, None], texts[None], dim=2)
    assert torch.allclose(other(clips), float(classifier.scale) * cosines, atol=1e-5)
    waveforms = clips.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(other(waveforms).sum(), waveforms)
    assert bool(gradient.any()) and capsys.readouterr().out == ""


def test_a_clap_is_explained_for_any_text(packages) -> None:
    classifier = load_target("laion-clap:music.pt")
    assert LaionModule.loaded == [("HTSAT-tiny", "music.pt"), ("HTSAT-base", "music.pt")]
    clip = 0.1 * torch.randn(1, 24000, generator=torch.Generator().manual_seed(1))
    aimed, number = Question(target="a dog barking").put_to(UNTRAINED_METHODS["gradcam"](classifier))
    explanation = aimed.explain(clip, [number])
    assert number == 50 and explanation.interpretation.shape == clip.shape
    maps = classifier.representations(clip)
    network = build_lmac_zs(SimpleNamespace(duration_s=0.5, psi_width=4), classifier)  # type: ignore[arg-type]
    logits = network(maps, classifier.embed_labels()[None, :2], 20, 513)
    assert logits.shape == (1, 2, 20, 513)


def test_a_checkpoint_is_found_from_the_run(packages, monkeypatch) -> None:
    run = packages / "runs" / "lmac-zs"
    described = describe_target("laion-clap:630k.pt", run)
    assert described == "laion-clap:../../630k.pt"
    monkeypatch.chdir("/")
    assert locate_target(run, described) == f"laion-clap:{packages / '630k.pt'}"
    assert locate_target(run, "msclap:") == "msclap:"


def test_what_cannot_be_loaded_is_said(packages, monkeypatch) -> None:
    with pytest.raises(
        ConfigError, match=r"^--classifier msclap:a\.pth: there is no file 'a\.pth'; expected"
    ):
        load_target("msclap:a.pth")
    with pytest.raises(
        ConfigError, match=r"Error\(s\) in loading state_dict; expected a checkpoint that laion"
    ):
        load_target("laion-clap:broken.pt")
    monkeypatch.setitem(sys.modules, "msclap", None)
    with pytest.raises(
        ConfigError, match=r"^--classifier msclap: needs the package msclap, of which msclap is"
    ):
        load_target("msclap:")
