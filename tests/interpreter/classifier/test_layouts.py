"""Which axis is time, frequency or channels is found by listening; what stays ambiguous is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
import torchaudio
from torch import Tensor, nn

from interpreter import METHODS
from interpreter.classifier.layouts import Layout
from interpreter.classifier.wrapped import wrap_module
from interpreter.errors import ConfigError

RATE = 8000
LABELS = ("a", "b")


class Network(nn.Module):
    """Strided convolution over sound or picture, then `shape` as the layer that is read, then two logits."""

    def __init__(self, shape: Callable[[Tensor], Tensor], kind: str, patch: int | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.mel = torchaudio.transforms.MelSpectrogram(RATE, 256, hop_length=128, n_mels=12, center=False)
        self.first: nn.Module = (
            nn.Conv1d(1, 6, 80, 80) if kind == "sound" else nn.Conv2d(1, 6, (2, 3), (2, 3))
        )
        self.read, self.shape, self.kind, self.patch = nn.Identity(), shape, kind, patch

    def forward(self, waveforms: Tensor) -> Tensor:
        clips = len(waveforms)
        if self.patch is not None:
            waveforms = waveforms.unfold(1, self.patch, self.patch).flatten(0, 1)
        x = self.mel(waveforms)[:, None].log1p() if self.kind == "picture" else waveforms[:, None]
        self.maps = self.first(x)
        read = self.read(self.shape(self.maps))
        return read.reshape(clips, -1)[:, :2] + 0.0


class ChannelsLast(Network):
    def __init__(self) -> None:
        super().__init__(lambda x: x, "picture")
        self.read, self.shape = nn.Linear(6, 6), lambda x: x.permute(0, 2, 3, 1)


def noise(clips: int, samples: int = 12000) -> Tensor:
    return 0.1 * torch.randn(clips, samples, generator=torch.Generator().manual_seed(3))


def read(module: nn.Module, clips: Tensor, layer: str = "read", **options: object) -> Tensor:
    (maps,) = wrap_module(module, [layer], RATE, LABELS, **options).representations(clips)  # type: ignore[arg-type]
    return maps


def test_time_is_the_axis_that_grows() -> None:
    clips = noise(3)
    for shape, axes in ((lambda x: x, (0, 1, 2)), (lambda x: x.transpose(1, 2), (0, 2, 1))):
        module = Network(shape, "sound")
        maps = read(module, clips)
        assert maps.shape == (3, 6, 150, 1), axes
        assert torch.equal(maps[..., 0], module.maps)


def test_the_picture_of_torchaudio_has_frequency_before_time() -> None:
    module = Network(lambda x: x, "picture")
    maps = read(module, noise(3), "first")
    assert maps.shape == (3, 6, module.maps.shape[3], 6)
    assert torch.equal(maps, module.maps.transpose(2, 3))


def test_a_picture_of_frames_stays_as_it_is() -> None:
    class Frames(Network):
        def forward(self, waveforms: Tensor) -> Tensor:
            self.maps = self.first(self.mel(waveforms).transpose(1, 2)[:, None])
            return self.maps.flatten(1)[:, :2]

    module = Frames(lambda x: x, "picture")
    assert torch.equal(read(module, noise(2), "first"), module.maps)


def test_channels_are_last_where_a_linear_layer_made_them() -> None:
    module = ChannelsLast()
    maps = read(module, noise(2))
    assert torch.equal(maps, module.read(module.maps.permute(0, 2, 3, 1)).permute(0, 3, 2, 1))


@pytest.mark.parametrize("kind", ["sound", "picture"])
def test_patches_of_one_clip_follow_one_another_in_time(kind: str) -> None:
    module = Network(lambda x: x, kind, patch=4000)
    clips = noise(2)
    maps = read(module, clips, "first")
    per_patch = [module.first(self_picture(module, clips[:, at : at + 4000])) for at in (0, 4000, 8000)]
    expected = torch.cat([one if kind == "sound" else one.transpose(2, 3) for one in per_patch], dim=2)
    assert torch.allclose(maps, expected.unsqueeze(3) if kind == "sound" else expected, atol=1e-6)


def self_picture(module: Network, waveforms: Tensor) -> Tensor:
    return waveforms[:, None] if module.kind == "sound" else module.mel(waveforms)[:, None].log1p()


def test_a_vector_of_each_patch_is_a_frame() -> None:
    module = Network(lambda x: x.mean(dim=2), "sound", patch=4000)
    maps = read(module, noise(2))
    assert maps.shape == (2, 6, 3, 1)
    assert torch.equal(maps[..., 0], module.maps.mean(dim=2).view(2, 3, 6).transpose(1, 2))


def test_one_length_leaves_what_moves_with_the_sound() -> None:
    class Fixed(Network):
        def forward(self, waveforms: Tensor) -> Tensor:
            assert waveforms.shape[1] == 8000
            return super().forward(waveforms)

    clips = noise(2, 6000)
    for shape in (lambda x: x, lambda x: x.transpose(1, 2)):
        module = Fixed(shape, "sound")
        maps = read(module, clips, input_samples=8000)
        assert maps.shape == (2, 6, 75, 1)  # 6000 of 8000 samples; the rest is padding
        assert torch.equal(maps[..., 0], module.maps[:, :, :75])
    classifier = wrap_module(Fixed(lambda x: x, "sound"), ["read"], RATE, LABELS, input_samples=8000)
    with pytest.raises(ConfigError, match=r"^clips of 1.500 s are longer than the 1.000 s that the module"):
        classifier(noise(1))


def test_layouts_invert() -> None:
    generator = torch.Generator().manual_seed(0)
    for layout, shape in (
        (Layout("btc"), (2, 7, 3)),
        (Layout("bcft"), (2, 3, 5, 7)),
        (Layout("btfc"), (2, 7, 5, 3)),
        (Layout("bc"), (2, 3)),
        (Layout("bc", "clip-major"), (6, 3)),
        (Layout("bcft", "patch-major"), (6, 3, 5, 7)),
        (Layout("btc", grid=(2, 5, 4)), (2, 22, 3)),
    ):
        output = torch.randn(shape, generator=generator)
        maps = layout.to_maps(output, 2)
        assert maps.ndim == 4 and len(maps) == 2
        assert torch.equal(layout.from_maps(maps, output), output)
    tokens = torch.arange(22.0).view(1, 22, 1)
    grid = Layout("btc", grid=(2, 5, 4)).to_maps(tokens, 1)
    assert grid.shape == (1, 1, 4, 5) and grid[0, 0, 1, 0] == 3 and grid[0, 0, 0, 1] == 6


def test_class_activation_follows_the_sound_on_every_layout() -> None:
    """A click in the last quarter: the mask is there, however the layer lies."""

    class Energy(nn.Module):
        def __init__(self, shape: Callable[[Tensor], Tensor]) -> None:
            super().__init__()
            self.spectrum = torchaudio.transforms.Spectrogram(128, hop_length=64)
            self.first, self.read, self.shape = nn.Conv2d(1, 2, 1), nn.Identity(), shape
            nn.init.ones_(self.first.weight), nn.init.zeros_(self.first.bias)

        def forward(self, waveforms: Tensor) -> Tensor:
            maps = self.read(self.shape(self.first(self.spectrum(waveforms)[:, None])))
            loud = maps.flatten(1).sum(dim=1)
            return torch.stack([loud, -loud], dim=1)

    clip = 0.001 * noise(1, 8000)
    clip[:, 6000:6400] += noise(1, 400)
    for shape in (lambda x: x, lambda x: x.mean(dim=2), lambda x: x.mean(dim=2).transpose(1, 2)):
        classifier = wrap_module(Energy(shape), ["read"], RATE, LABELS)
        mask = METHODS["gradcam"](classifier, rule="positive").explain(clip, [0]).mask
        assert mask is not None
        loudest = mask[0].sum(dim=1).argmax() / mask.shape[1]
        assert 0.74 < float(loudest) < 0.81


@pytest.mark.parametrize(
    ("module", "options", "sentence"),
    [
        (
            Network(lambda x: x.mean(dim=2, keepdim=True), "sound"),
            {},
            "the layer 'read' gives [1, 6, 1], and no axis grows with the clip or follows the sound in time; "
            "expected axes={'read': ...} with one letter for each axis, b for clips",
        ),
        (
            Network(lambda x: x.flip(1).cumsum(2), "picture"),
            {"axes": "bct"},
            "axes of the layer 'read' are 'bct', but it gives [1, 6, 6, 20]; expected 4 letters",
        ),
        (Network(lambda x: x, "sound"), {"axes": "bxt"}, "axes of the layer 'read' are 'bxt'; expected one"),
        (
            Network(lambda x: x.unsqueeze(1).unsqueeze(1), "sound"),
            {},
            "the layer 'read' gives 5 dimensions; expected [B, C]",
        ),
        (
            Network(lambda x: x, "sound"),
            {"labels": "abc"},
            "the module gives [2, 2] for two clips, and there are 3 labels; expected [2, 3]",
        ),
        (
            nn.Sequential(Network(lambda x: x, "sound"), nn.Softmax(1)),
            {"layers": ["0.read"]},
            'the module gives probabilities that sum to one; expected logits, or answers="probabilities"',
        ),
        (
            nn.Sequential(Network(lambda x: x, "sound"), nn.Sigmoid()),
            {"layers": ["0.read"], "answers": "probabilities"},
            "expected 1, or multi_label=True if several classes may be true at once",
        ),
    ],
)
def test_what_stays_ambiguous_is_refused(module: nn.Module, options: dict, sentence: str) -> None:
    asked = {"layers": ["read"], "labels": LABELS, **options}
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        wrap_module(module, asked.pop("layers"), RATE, asked.pop("labels"), **asked)


def test_answers_of_any_form_become_logits() -> None:
    inner, clips = Network(lambda x: x, "sound"), noise(2)
    logits = inner(clips)

    class Answer(nn.Module):
        def __init__(self, form: Callable[[Tensor], object]) -> None:
            super().__init__()
            self.inner, self.form = inner, form

        def forward(self, waveforms: Tensor) -> object:
            return self.form(self.inner(waveforms))

    def wrap(form: Callable[[Tensor], object], **options: object):
        return wrap_module(Answer(form), ["inner.read"], RATE, LABELS, **options)  # type: ignore[arg-type]

    assert torch.equal(wrap(lambda x: {"logits": x})(clips), logits)
    assert torch.equal(wrap(lambda x: SimpleNamespace(logits=x))(clips), logits)
    soft = wrap(lambda x: x.softmax(dim=1), answers="probabilities")(clips)
    assert torch.allclose(soft.softmax(dim=1), logits.softmax(dim=1), atol=1e-6)
    many = wrap(lambda x: x.sigmoid(), answers="probabilities", multi_label=True)
    explanation = METHODS["saliency"](many).explain(clips)
    assert torch.allclose(explanation.probability_before, logits.sigmoid(), atol=1e-6)
    with pytest.raises(ConfigError, match="gives a dict with the fields clipwise_output; expected logits"):
        wrap(lambda x: {"clipwise_output": x})
