"""An explained sound that plays and plots itself, as notebooks ask an object to."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

import soundfile
from jinja2 import Environment
from matplotlib.figure import Figure
from torch import Tensor

from interpreter.recordings.long_recordings import LongExplanation
from interpreter.recordings.spectrogram_figure import plot_explanation

_DPI = 100
_VIEW = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""\
<p><b>{{ method }}</b>: explained as {{ heard }}</p>
<div style="display: flex; flex-wrap: wrap; gap: 1rem">
{% for name, sound in sounds %}
<figure style="margin: 0"><figcaption>{{ name }}</figcaption>
<audio controls preload="metadata" src="data:audio/wav;base64,{{ sound }}"
 aria-label="{{ name }}"></audio></figure>
{% endfor %}
</div>
<img src="data:image/png;base64,{{ picture }}" style="max-width: 100%"
 alt="Spectrograms of input and interpretation, and the share kept between them">
""")


@dataclass(frozen=True)
class HeardSound(LongExplanation):
    """The explanation of one sound; the last value of a notebook's cell shows players and a picture.

    Attributes:
        waveform: the input.
        sample_rate: of all three, in Hz.
        method: its name as people read it.
        labels: names of the classes.

    Shape:
        - waveform: `[samples]`
    """

    waveform: Tensor
    sample_rate: int
    method: str
    labels: Sequence[str]

    @property
    def targets(self) -> tuple[str, ...]:
        """The explained classes, in the order of the windows, each once."""
        numbers = [window.target for window in self.windows if window.target is not None]
        return tuple(dict.fromkeys(self.labels[number] for number in numbers))

    def plot(self) -> Figure:
        """Return a picture of input, kept share and interpretation."""
        title = f"{self.method} · explained as: {', '.join(self.targets)}"
        return plot_explanation(self.waveform, self.interpretation, self.sample_rate, title)

    def _repr_html_(self) -> str:
        parts = (
            ("Input", self.waveform),
            ("Interpretation", self.interpretation),
            ("Residual", self.residual),
        )
        picture = io.BytesIO()
        self.plot().savefig(picture, format="png", dpi=_DPI)
        return _VIEW.render(
            method=self.method,
            heard=", ".join(self.targets),
            sounds=[(name, self._encode(sound)) for name, sound in parts],
            picture=b64encode(picture.getvalue()).decode(),
        )

    def _encode(self, sound: Tensor) -> str:
        file = io.BytesIO()
        soundfile.write(file, sound.numpy(), self.sample_rate, format="WAV", subtype="FLOAT")
        return b64encode(file.getvalue()).decode()
