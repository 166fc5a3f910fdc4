"""Explain a classifier of your own: anything that takes waveforms and returns logits.

    python examples/explain_a_classifier.py explained

This one is made by hand, so that its answer is known: it hears whether the low or the high band is
louder. What "high" rests on, in a low tone with a quieter high one, must therefore be the high tone.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

from interpreter import METHODS
from stimuli import write_audio

SAMPLE_RATE = 16_000


class LowOrHigh(nn.Module):
    """Logits: log energy below and above 2 kHz. It fulfils the protocol `interpreter.Classifier`."""

    sample_rate = SAMPLE_RATE
    labels = ("low", "high")

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(512))

    def representations(self, waveforms: Tensor) -> list[Tensor]:
        """Return the magnitudes [B, 1, frames, bins], the only feature map that there is."""
        spectrum = torch.stft(waveforms, 512, window=self.window, return_complex=True)
        return [spectrum.abs().mT[:, None]]

    def forward(self, waveforms: Tensor) -> Tensor:
        """Return logits [B, 2]."""
        power = self.representations(waveforms)[0].square().mean(dim=(1, 2))
        edge = 2 * 2000 * 257 // SAMPLE_RATE
        return torch.stack([power[:, :edge].mean(dim=1), power[:, edge:].mean(dim=1)], dim=1).add(1e-6).log()


def explain(folder: Path) -> float:
    """Write what "high" rests on; return how much louder 4 kHz is in it than 500 Hz, in dB."""
    time = torch.arange(SAMPLE_RATE) / SAMPLE_RATE
    clip = 0.3 * torch.sin(2 * torch.pi * 500 * time) + 0.1 * torch.sin(2 * torch.pi * 4000 * time)
    explanation = METHODS["saliency"](LowOrHigh()).explain(clip[None], target=torch.tensor([1]))
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("interpretation", "residual"):
        sound = getattr(explanation, name)[0].numpy()
        write_audio(folder / f"{name}.wav", sound, SAMPLE_RATE)
    levels = torch.fft.rfft(explanation.interpretation[0]).abs()
    return float(20 * torch.log10(levels[4000] / levels[500]))


if __name__ == "__main__":
    found = explain(Path(sys.argv[1]))
    print(f"4 kHz is 9.5 dB quieter than 500 Hz in the clip, {found:.1f} dB louder in what 'high' rests on.")
