"""Audio classifiers of the `transformers` library: `hf:NAME` or `hf:FOLDER`."""

from __future__ import annotations

import re
from typing import Any

import torch
import torchaudio.compliance.kaldi as kaldi
from torch import Tensor, nn

from interpreter.classifier.black_box import wrap_callable
from interpreter.classifier.layouts import Layout
from interpreter.classifier.probing import choose_layers
from interpreter.classifier.wrapped import WrappedClassifier
from interpreter.errors import ConfigError
from interpreter.types import Classifier
from stimuli import Audio

_LAYER = re.compile(r"(?:^|\.)layers?\.\d+$")
_READ = 4  # representations, as many as of CNN14
_SPECIAL_TOKENS = 2  # of the Audio Spectrogram Transformer: class and distillation
_FRAME_S, _HOP_S = 0.025, 0.010  # of Kaldi's filter bank


def load_hugging_face(name: str) -> Classifier:
    """Return an audio classifier of `transformers`, by its name or folder.

    Gradients pass through the feature extractors of wav2vec 2 and its relatives and of the Audio Spectrogram
    Transformer, which are written here in torch. Models with another one are black boxes.

    Raises:
        ConfigError: `transformers` is missing, or the model cannot be found.
    """
    try:
        from transformers import AutoFeatureExtractor, AutoModelForAudioClassification
    except ImportError as error:
        raise ConfigError(
            f"--classifier hf:{name} needs transformers; expected it to be installed with pip install "
            '"listenable[transformers]"'
        ) from error
    try:
        model = AutoModelForAudioClassification.from_pretrained(name)
        extractor = AutoFeatureExtractor.from_pretrained(name)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise ConfigError(
            f"--classifier hf:{name}: {reason}; expected the name or folder of a model for audio "
            "classification with its feature extractor"
        ) from error
    model = model.float().eval()
    labels = [str(model.config.id2label[number]) for number in range(model.config.num_labels)]
    several = model.config.problem_type == "multi_label_classification"
    rate, kind = int(extractor.sampling_rate), type(extractor).__name__
    if kind == "ASTFeatureExtractor":
        picture = _Picture(model, extractor)
        layers = _choose(picture, rate)
        grid = Layout("btc", grid=picture.grid)
        return WrappedClassifier(
            picture,
            layers,
            rate,
            labels,
            multi_label=several,
            input_samples=picture.longest,
            pads_itself=True,
            layouts=dict.fromkeys(layers, grid),
        )
    if kind == "Wav2Vec2FeatureExtractor":
        sound = _Sound(model, bool(extractor.do_normalize))
        return WrappedClassifier(sound, _choose(sound, rate), rate, labels, multi_label=several)

    def answer(waveforms: Audio) -> Any:
        inputs = extractor(list(waveforms), sampling_rate=rate, return_tensors="pt")
        with torch.no_grad():
            logits = model(**inputs).logits
        return (logits.sigmoid() if several else logits.softmax(dim=-1)).numpy()

    return wrap_callable(answer, rate, labels, multi_label=several)


class _Sound(nn.Module):
    """A model that hears waveforms, each with mean 0 and variance 1 if its feature extractor says so."""

    def __init__(self, model: nn.Module, normalise: bool) -> None:
        super().__init__()
        self.model, self.normalise = model, normalise

    def forward(self, waveforms: Tensor) -> object:
        """Return the model's answer to waveforms `[B, samples]`."""
        if self.normalise:
            variance, mean = torch.var_mean(waveforms, dim=1, keepdim=True, correction=0)
            waveforms = (waveforms - mean) / (variance + 1e-7).sqrt()
        answer: object = self.model(waveforms)
        return answer


class _Picture(nn.Module):
    """The Audio Spectrogram Transformer behind Kaldi's filter bank, padded at the end to its one length."""

    def __init__(self, model: nn.Module, extractor: Any) -> None:
        super().__init__()
        config: Any = model.config
        self.model = model
        self.rate, self.bands = int(extractor.sampling_rate), int(extractor.num_mel_bins)
        self.frames = int(extractor.max_length)
        self.mean, self.std = float(extractor.mean), float(extractor.std)
        self.normalise = bool(extractor.do_normalize)
        patch = config.patch_size
        rows = (config.num_mel_bins - patch) // config.frequency_stride + 1
        self.grid = (_SPECIAL_TOKENS, rows, (config.max_length - patch) // config.time_stride + 1)
        self.longest = round(self.rate * (_FRAME_S + (self.frames - 1) * _HOP_S))

    def forward(self, waveforms: Tensor) -> object:
        """Return the model's answer to waveforms `[B, samples]`."""
        banks = [
            kaldi.fbank(
                clip[None],
                sample_frequency=self.rate,
                window_type="hanning",
                num_mel_bins=self.bands,
            )
            for clip in waveforms
        ]
        pictures = torch.stack(banks)[:, : self.frames]
        pictures = nn.functional.pad(pictures, (0, 0, 0, self.frames - pictures.shape[1]))
        if self.normalise:
            pictures = (pictures - self.mean) / (self.std * 2)
        answer: object = self.model(pictures)
        return answer


def _choose(module: nn.Module, rate: int) -> list[str]:
    """Return the names of a few layers of the transformer, deepest first and evenly spread."""
    names = [name for name, _ in module.named_modules() if _LAYER.search(name)]
    if not names:
        return choose_layers(module, rate)
    count = min(_READ, len(names))
    return [names[round(len(names) * (count - at) / count) - 1] for at in range(count)]
