"""Make any torch audio classifier explainable: representations are read by hooks on its layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from interpreter.classifier.layouts import Axes, Layout, check_axes
from interpreter.classifier.probing import Prober, read_layers
from interpreter.errors import ConfigError

Answers = Literal["logits", "probabilities"]
"""What a network gives for each class."""

SMALLEST = 1e-7
"""Probabilities are kept this far from 0 and 1 before their logarithm is taken."""


class WrappedClassifier(nn.Module):
    """A classifier of waveforms with hooks on some of its layers; it fulfils the protocol `Classifier`.

    The module hears noise once, which shows how the layers' outputs are laid out and whether it has as many
    classes as there are labels. One that refuses every length tried is probed with its first clips.

    Args:
        module: maps waveforms `[B, samples]` to logits `[B, classes]`, or to something with `logits`.
        layers: names of the layers to read, deepest first, as `named_modules` has them.
        sample_rate: of the waveforms to explain, in Hz.
        labels: names of the classes.
        module_rate: rate that the module itself takes, in Hz, if it is another: it hears the waveforms
            resampled, and gradients come back through that. Explanations stay at `sample_rate`.
        axes: the axes of the layers' outputs, if the noise does not show them; see `Axes`.
        answers: whether the module gives logits or probabilities.
        multi_label: whether several classes may be true at once: probabilities are then sigmoids.
        input_samples: the only length that the module takes, in samples at its own rate: shorter clips are
            padded with zeros, longer ones refused.
        layouts: of the layers, if they are known.
        pads_itself: whether the module brings shorter clips to `input_samples` by itself.

    Raises:
        ConfigError: a layer that the module does not have, no layer, a rate below 1 Hz, another number of
            classes than of labels, or a layout that stays ambiguous.
    """

    def __init__(
        self,
        module: nn.Module,
        layers: Sequence[str],
        sample_rate: int,
        labels: Sequence[str],
        module_rate: int | None = None,
        *,
        axes: Axes | None = None,
        answers: Answers = "logits",
        multi_label: bool = False,
        input_samples: int | None = None,
        layouts: Mapping[str, Layout] | None = None,
        pads_itself: bool = False,
    ) -> None:
        super().__init__()
        known = dict(module.named_modules())
        for name in layers:
            if name not in known or not name:
                some = ", ".join(list(known)[1:9])
                raise ConfigError(f"the module has no layer {name!r}; some of its layers: {some}")
        if not layers:
            raise ConfigError("wrap_module needs at least one layer to read")
        heard_at = sample_rate if module_rate is None else module_rate
        if min(sample_rate, heard_at) < 1:
            raise ConfigError(
                f"sample_rate is {sample_rate} and module_rate {heard_at}; expected 1 Hz or more"
            )
        if answers not in get_args(Answers):
            raise ConfigError(f"answers is {answers!r}; expected logits or probabilities")
        if input_samples is not None and input_samples < 1:
            raise ConfigError(f"input_samples is {input_samples}; expected 1 or more")
        self.module, self.layers = module, tuple(layers)
        self.resample = _resampler(sample_rate, heard_at)
        self.sample_rate = sample_rate
        self.labels: Sequence[str] = tuple(labels)
        self.answers, self.multi_label, self.input_samples = answers, multi_label, input_samples
        self._module_rate = heard_at
        self._several = multi_label  # of the module's answers, whatever is made of them
        self._axes, self._pads_itself = axes, pads_itself
        self._layouts: dict[str, Layout] = dict(layouts or {})
        self._clips, self._share = 1, 1.0
        self._lengths = self._try_lengths()
        self.learn_layouts(self.layers)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Return logits `[B, classes]` of waveforms `[B, samples]`.

        Raises:
            ConfigError: clips longer than the module takes, or an answer that is not logits.
        """
        answer = unwrap_logits(self._ask(waveforms))
        return answer if self.answers == "logits" else to_logits(answer, self._several)

    def representations(self, waveforms: Tensor) -> list[Tensor]:
        """Return the layers' outputs as maps `[B, C, T, F]`; hooks are gone afterwards, also after an error.

        Raises:
            ConfigError: a layer gave no tensor, or its layout stays ambiguous.
        """
        with read_layers(self.module, self.layers) as reading:
            self._ask(waveforms)
        missing = [name for name in self.layers if name not in reading.outputs]
        if missing:
            raise ConfigError(f"the layer {missing[0]!r} gave no tensor while classifying; choose another")
        clips, share = self._clips, self._share
        self.learn_layouts(self.layers, waveforms.shape[1])
        self._clips, self._share = clips, share
        return [self.to_maps(name, reading.outputs[name]) for name in self.layers]

    def learn_layouts(self, names: Sequence[str], samples: int | None = None) -> None:
        """Find out how the outputs of layers, any of the module's, are laid out, if it is not known yet.

        Args:
            names: of the layers; one that gives no tensor stays unknown.
            samples: a length of clip that the module takes, if it took none of those tried.

        Raises:
            ConfigError: a layout stays ambiguous.
        """
        unknown = [name for name in names if name not in self._layouts]
        lengths = self._lengths or (None if samples is None else (samples, None))
        if unknown and lengths is not None:
            axes = {name: check_axes(self._axes, name) for name in unknown}
            self._layouts |= Prober(self._ask, self.module, axes).find_layouts(unknown, *lengths)

    def to_maps(self, name: str, output: Tensor) -> Tensor:
        """Return what a layer gave for the last clips as maps `[B, C, T, F]`, without those of padding."""
        maps = self._layouts[name].to_maps(output, self._clips)
        return maps[:, :, : self._heard(maps)]

    def from_maps(self, name: str, maps: Tensor, output: Tensor) -> Tensor:
        """Return maps as the layer gave them; what `to_maps` left out comes from `output`."""
        layout = self._layouts[name]
        whole = layout.to_maps(output, self._clips)
        return layout.from_maps(torch.cat([maps, whole[:, :, self._heard(whole) :]], dim=2), output)

    def _heard(self, maps: Tensor) -> int:
        return ceil(maps.shape[2] * self._share - 1e-9)

    def _ask(self, waveforms: Tensor) -> object:
        heard = self.resample(waveforms)
        self._clips, self._share = len(heard), 1.0
        if self.input_samples is not None:
            missing = self.input_samples - heard.shape[1]
            if missing < 0:
                given, most = heard.shape[1] / self._module_rate, self.input_samples / self._module_rate
                raise ConfigError(
                    f"clips of {given:.3f} s are longer than the {most:.3f} s that the module takes; "
                    "expected shorter ones (--set duration_s=... of train, --window of explain, --duration "
                    "of evaluate, --seconds of render)"
                )
            self._share = heard.shape[1] / self.input_samples
            heard = heard if self._pads_itself else nn.functional.pad(heard, (0, missing))
        answer: object = self.module(heard)
        return answer

    def _try_lengths(self) -> tuple[int, int | None] | None:
        """Return lengths that the module takes, having checked what it answers."""
        prober = Prober(self._ask, self.module, {})
        if self.input_samples is None:
            lengths = prober.find_lengths(self.sample_rate)
        else:
            lengths = self.input_samples * self.sample_rate // self._module_rate, None
        if lengths is not None:
            answer = prober.answer(lengths[0])
            if answer is None:
                raise ConfigError(
                    f"the module fails with clips of {lengths[0]} samples; expected input_samples to be the "
                    "length that it takes"
                )
            check_answer(unwrap_logits(answer), self.labels, self.answers, self.multi_label)
        return lengths


def wrap_module(
    module: nn.Module,
    layers: Sequence[str],
    sample_rate: int,
    labels: Sequence[str],
    module_rate: int | None = None,
    *,
    axes: Axes | None = None,
    answers: Answers = "logits",
    multi_label: bool = False,
    input_samples: int | None = None,
) -> WrappedClassifier:
    """Make a torch audio classifier explainable; see `WrappedClassifier`."""
    return WrappedClassifier(
        module,
        layers,
        sample_rate,
        labels,
        module_rate,
        axes=axes,
        answers=answers,
        multi_label=multi_label,
        input_samples=input_samples,
    )


def unwrap_logits(output: object) -> Tensor:
    """Return the logits in what a network gave: a tensor, or the field `logits` of something larger.

    Raises:
        ConfigError: there are none.
    """
    found = output.get("logits") if isinstance(output, Mapping) else getattr(output, "logits", output)
    if isinstance(found, Tensor):
        return found
    fields = f" with the fields {', '.join(map(str, output))}" if isinstance(output, Mapping) else ""
    raise ConfigError(
        f"the module gives a {type(output).__name__}{fields}; expected logits [B, classes], or something "
        "with `logits` (wrap it in a module that returns them)"
    )


def check_answer(answer: Tensor, labels: Sequence[str], answers: Answers, multi_label: bool) -> None:
    """Make sure that what a network says of noise can be what it was declared to be.

    Raises:
        ConfigError: another number of classes than of labels, probabilities that were declared as logits, or
            the reverse.
    """
    if answer.ndim != 2 or answer.shape[1] != len(labels):
        raise ConfigError(
            f"the module gives {list(answer.shape)} for two clips, and there are {len(labels)} labels; "
            f"expected [2, {len(labels)}], a logit for each label"
        )
    inside = bool(((answer >= 0) & (answer <= 1)).all())
    one = torch.allclose(answer.sum(dim=1), torch.ones_like(answer[:, 0]), atol=1e-4)
    if answers == "logits" and inside and one and len(labels) > 1:
        raise ConfigError(
            'the module gives probabilities that sum to one; expected logits, or answers="probabilities"'
        )
    if answers == "probabilities" and not inside:
        raise ConfigError(
            f"the module gives {float(answer.min()):.3g} to {float(answer.max()):.3g} as probabilities; "
            'expected 0 to 1, or answers="logits"'
        )
    if answers == "probabilities" and not multi_label and not one:
        raise ConfigError(
            f"the module gives probabilities that sum to {float(answer[0].sum()):.3g}; expected 1, or "
            "multi_label=True if several classes may be true at once"
        )


def to_logits(probabilities: Tensor, multi_label: bool) -> Tensor:
    """Return logits whose softmax, or whose sigmoids if several classes may be true, are `probabilities`."""
    inside = probabilities.clamp(SMALLEST, 1 - SMALLEST if multi_label else 1)
    return inside.logit() if multi_label else inside.log()


def _resampler(from_hz: int, to_hz: int) -> nn.Module:
    """Return what resamples on the device that the waveforms are on: a Kaiser-windowed sinc of 64 zeros.

    Roll-off and beta are those of resampy's `kaiser_best`.
    """
    if from_hz == to_hz:
        return nn.Identity()
    from torchaudio.transforms import Resample  # half a second, which classifiers of one rate do not need

    resample: nn.Module = Resample(
        from_hz,
        to_hz,
        resampling_method="sinc_interp_kaiser",
        lowpass_filter_width=64,
        rolloff=0.9475937167399596,
        beta=14.769656459379492,
    )
    return resample
