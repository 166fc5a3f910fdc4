"""CLAP checkpoints, by the package that made them: `laion-clap:FILE` and `msclap:FILE`."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from torch import Tensor, nn

from interpreter.classifier.text_towers import TextTowersClassifier
from interpreter.errors import ConfigError

_LAION_RATE, _LAION_SAMPLES = 48_000, 480_000
_LAION_AUDIO_MODELS = ("HTSAT-tiny", "HTSAT-base")  # of the checkpoints for sounds, and for music and speech


def load_clap(target: str) -> TextTowersClassifier:
    """Return a CLAP whose classes are the labels of ESC-50 until it is given others.

    Args:
        target: `laion-clap:FILE` or `msclap:FILE`; without a file the package downloads its own checkpoint.
            A checkpoint of msclap with 2022 in its name is that year's, any other that of 2023.

    Raises:
        ConfigError: the package is missing, or the checkpoint cannot be loaded.
    """
    name, _, given = target.partition(":")
    if given and not Path(given).is_file():
        raise ConfigError(
            f"--classifier {target}: there is no file {given!r}; expected a checkpoint of {name}"
        )
    package, load = LOADERS[name]
    try:
        library = import_module(package)
    except ImportError as error:
        raise ConfigError(
            f"--classifier {target} needs the package {name}, of which {error.name} is missing; expected it "
            f"to be installed with pip install {name}"
        ) from error
    try:
        with redirect_stdout(io.StringIO()):  # laion-clap prints each parameter that it loads
            return load(library, given or None)
    except (OSError, RuntimeError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ConfigError(
            f"--classifier {target}: {reason}; expected a checkpoint that {name} loads, and the tokeniser of "
            "its text tower, which transformers downloads on first use"
        ) from error


class _LaionAudio(nn.Module):
    """LAION's audio tower; shorter clips are repeated up to 10 s, with gradients."""

    def __init__(self, clap: Any) -> None:
        super().__init__()
        self.clap = clap

    def forward(self, waveforms: Tensor) -> Tensor:
        """Return embeddings `[B, width]`."""
        found: Tensor = self.clap.get_audio_embedding_from_data(x=waveforms, use_tensor=True)
        return found


class _MicrosoftAudio(nn.Module):
    """Microsoft's audio tower; shorter clips are repeated up to its length, as its package does."""

    def __init__(self, tower: nn.Module, samples: int) -> None:
        super().__init__()
        self.tower, self.samples = tower, samples

    def forward(self, waveforms: Tensor) -> Tensor:
        """Return embeddings `[B, width]`."""
        times = -(-self.samples // waveforms.shape[1])
        found: Tensor = self.tower(waveforms.repeat(1, times)[:, : self.samples])[0]
        return found


def _load_laion(library: Any, checkpoint: str | None) -> TextTowersClassifier:
    clap = None
    for model in _LAION_AUDIO_MODELS:
        clap = library.CLAP_Module(enable_fusion=False, device="cpu", amodel=model)
        try:
            clap.load_ckpt(checkpoint)
            break
        except RuntimeError:  # weights of another size
            if model == _LAION_AUDIO_MODELS[-1]:
                raise
    assert clap is not None

    def embed_texts(texts: list[str]) -> Tensor:
        # the package squeezes a single text to a vector
        found: Tensor = clap.get_text_embedding([*texts, texts[0]], use_tensor=True)
        return found[:-1]

    scale = float(clap.model.logit_scale_a.detach().exp())
    return TextTowersClassifier(
        _LaionAudio(clap),
        embed_texts,
        _LAION_RATE,
        read_labels(),
        scale,
        input_samples=_LAION_SAMPLES,
        pads_itself=True,
    )


def _load_microsoft(library: Any, checkpoint: str | None) -> TextTowersClassifier:
    version = "2022" if checkpoint is not None and "2022" in Path(checkpoint).name else "2023"
    wrapper = library.CLAP(model_fp=checkpoint, version=version, use_cuda=False)
    rate = int(wrapper.args.sampling_rate)
    samples = rate * int(wrapper.args.duration)
    return TextTowersClassifier(
        _MicrosoftAudio(wrapper.clap.audio_encoder, samples),
        wrapper.get_text_embeddings,
        rate,
        read_labels(),
        float(wrapper.clap.logit_scale.detach().exp()),
        input_samples=samples,
        pads_itself=True,
    )


LOADERS: Mapping[str, tuple[str, Callable[[Any, str | None], TextTowersClassifier]]] = {
    "laion-clap": ("laion_clap", _load_laion),
    "msclap": ("msclap", _load_microsoft),
}
"""By the package's name: what is imported, and what makes a classifier of it."""


def read_labels() -> list[str]:
    """Return the labels of ESC-50."""
    text = files("interpreter").joinpath("presets", "captions.yaml").read_text("utf-8")
    return list(yaml.safe_load(text))
