"""CNN14, and the audio classifier made of a front end, CNN14 and a linear layer."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from interpreter.classifier.front_end import FrontEnd, Normalisation, normalise
from interpreter.errors import ConfigError

_BLOCKS = 6
_POOLED_BLOCKS = 5  # the sixth block keeps its grid
_REPRESENTATIONS = (6, 5, 4, 3)  # blocks whose outputs an explainer reads, deepest first


class ConvBlock(nn.Module):
    """Two 3x3 convolutions with batch normalisation, then average pooling by two in time and frequency."""

    def __init__(self, channels_in: int, channels_out: int, *, pooled: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels_out)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels_out)
        self.relu2 = nn.ReLU()
        self.pooled = pooled

    def forward(self, maps: Tensor) -> Tensor:
        """Map `[B, channels_in, T, F]` to `[B, channels_out, T / 2, F / 2]`; a single row stays one."""
        maps = self.relu1(self.norm1(self.conv1(maps)))
        maps = self.relu2(self.norm2(self.conv2(maps)))
        return F.avg_pool2d(maps, (min(2, maps.shape[2]), 2)) if self.pooled else maps


class Cnn14(nn.Module):
    """CNN14 of PANNs (Kong et al. 2020) as SpeechBrain lays it out, state-dict names included.

    Every call site of a rectifier is a separate module that does not work in place, so that guided
    backpropagation and DeepLIFT see each of them.

    Args:
        mel_bins: number of mel bands of the input.
        embedding_dim: channels of block 6, 2048 in the paper; block k has `embedding_dim / 2^(6-k)`.
        dropout: share of feature maps dropped between the blocks while training.
    """

    def __init__(self, mel_bins: int = 80, embedding_dim: int = 2048, dropout: float = 0.2) -> None:
        super().__init__()
        if embedding_dim < 1 << (_BLOCKS - 1) or embedding_dim % (1 << (_BLOCKS - 1)):
            raise ConfigError(f"embedding_dim is {embedding_dim}; expected a positive multiple of 32")
        self.mel_bins, self.embedding_dim, self.dropout = mel_bins, embedding_dim, dropout
        self.norm0 = nn.BatchNorm2d(mel_bins)
        channels = [1, *(embedding_dim >> (_BLOCKS - block) for block in range(1, _BLOCKS + 1))]
        for block in range(1, _BLOCKS + 1):
            pooled = block <= _POOLED_BLOCKS
            self.add_module(
                f"conv_block{block}", ConvBlock(channels[block - 1], channels[block], pooled=pooled)
            )

    def block(self, number: int) -> ConvBlock:
        """Return block `number`, 1 to 6."""
        module = getattr(self, f"conv_block{number}")
        assert isinstance(module, ConvBlock)
        return module

    def maps(self, mel: Tensor) -> list[Tensor]:
        """Return the outputs of the six blocks, the first block's first.

        Shape:
            - mel: `[B, T, mel_bins]`
            - result: six maps `[B, C, T_k, F_k]`
        """
        maps = self.norm0(mel.unsqueeze(1).transpose(1, 3)).transpose(1, 3)
        outputs = []
        for number in range(1, _BLOCKS + 1):
            maps = self.block(number)(maps)
            outputs.append(maps)
            maps = F.dropout(maps, self.dropout, self.training)
        return outputs

    @staticmethod
    def pool(deepest: Tensor) -> Tensor:
        """Return embeddings `[B, C]`: mean over frequency, then maximum plus mean over time."""
        rows = deepest.mean(dim=3)
        return rows.amax(dim=2) + rows.mean(dim=2)

    def forward(self, mel: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return embeddings and representations.

        Shape:
            - mel: `[B, T, mel_bins]`, log1p mel magnitudes
            - embeddings: `[B, embedding_dim]`
            - representations: maps `[B, C, T_k, F_k]` of blocks 6, 5, 4 and 3
        """
        outputs = self.maps(mel)
        deepest = F.dropout(outputs[-1], self.dropout, self.training)
        return self.pool(deepest), [outputs[number - 1] for number in _REPRESENTATIONS]


class CnnClassifier(nn.Module):
    """A classifier of waveforms: front end, CNN14 and a linear layer; it fulfils `SpectralClassifier`.

    It uses waveforms as they are; `prepare` brings a clip to the level that it was trained on. An
    interpretation must not be prepared again, or turning the volume down would cost nothing.

    Args:
        labels: names of the classes, in the order of the logits.
        front_end: the front end; the paper's by default.
        embedding_dim: width of CNN14.
        normalisation: how `prepare` scales a clip.
        dropout: CNN14's.
    """

    cell_frames: int = 1 << _POOLED_BLOCKS

    def __init__(
        self,
        labels: Sequence[str],
        front_end: FrontEnd | None = None,
        embedding_dim: int = 2048,
        normalisation: Normalisation = "max-abs",
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        if len(set(labels)) != len(labels) or not labels:
            raise ConfigError(f"a classifier needs distinct labels, got {list(labels)}")
        self.labels: Sequence[str] = tuple(labels)
        self.front_end = front_end or FrontEnd()
        self.sample_rate = self.front_end.sample_rate
        self.normalisation = normalisation
        self.cnn14 = Cnn14(self.front_end.mel_bins, embedding_dim, dropout)
        self.head = nn.Linear(embedding_dim, len(labels))

    def prepare(self, waveforms: Tensor) -> Tensor:
        """Return clips at the level that the classifier was trained on; silence stays silence."""
        return normalise(waveforms, self.normalisation)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Return logits `[B, classes]` of waveforms `[B, samples]`."""
        return self.from_log_spectrogram(self.front_end.log_magnitude(waveforms))

    def representations(self, waveforms: Tensor) -> list[Tensor]:
        """Return the outputs of blocks 6, 5, 4 and 3, `[B, C, T_k, F_k]` each."""
        return self.inspect(waveforms)[1]

    def inspect(self, waveforms: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return logits and representations of waveforms `[B, samples]` in one pass."""
        return self.inspect_log_spectrogram(self.front_end.log_magnitude(waveforms))

    def from_log_spectrogram(self, log_magnitude: Tensor) -> Tensor:
        """Return logits `[B, classes]` of log magnitudes `[B, T, F]`, which may lack frames at the end."""
        return self.inspect_log_spectrogram(log_magnitude)[0]

    def inspect_log_spectrogram(self, log_magnitude: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return logits and representations of log magnitudes `[B, T, F]` in one pass."""
        embeddings, representations = self.cnn14(self.front_end.mel(log_magnitude))
        with torch.autocast(embeddings.device.type, enabled=False):  # bfloat16 has three digits
            return self.answer(embeddings.float()), representations

    def answer(self, embeddings: Tensor) -> Tensor:
        """Return logits `[B, classes]` of CNN14's embeddings `[B, embedding_dim]`."""
        logits: Tensor = self.head(embeddings)
        return logits
