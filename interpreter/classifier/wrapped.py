"""Make any torch audio classifier explainable: representations are read by hooks on its layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from torch import Tensor, nn
from torchaudio.transforms import Resample

from interpreter.errors import ConfigError


class WrappedClassifier(nn.Module):
    """A classifier of waveforms with hooks on some of its layers; it fulfils the protocol `Classifier`.

    Args:
        module: maps waveforms `[B, samples]` to logits `[B, classes]`.
        layers: names of the layers to read, deepest first, as `named_modules` has them.
        sample_rate: of the waveforms to explain, in Hz.
        labels: names of the classes.
        module_rate: rate that the module itself takes, in Hz, where it is another: it hears the waveforms
            resampled, and gradients come back through that. Explanations stay at `sample_rate`.

    Raises:
        ConfigError: a layer that the module does not have, no layer, or a rate below 1 Hz.
    """

    def __init__(
        self,
        module: nn.Module,
        layers: Sequence[str],
        sample_rate: int,
        labels: Sequence[str],
        module_rate: int | None = None,
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
        self.module, self.layers = module, tuple(layers)
        self.resample = _resampler(sample_rate, heard_at)
        self.sample_rate = sample_rate
        self.labels: Sequence[str] = tuple(labels)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Return logits `[B, classes]` of waveforms `[B, samples]`."""
        logits: Tensor = self.module(self.resample(waveforms))
        return logits

    def representations(self, waveforms: Tensor) -> list[Tensor]:
        """Return the layers' outputs as maps `[B, C, T, F]`; the hooks are gone afterwards, come what may.

        Raises:
            ConfigError: a layer gave no tensor.
        """
        found: dict[str, Tensor] = {}
        modules = dict(self.module.named_modules())
        with ExitStack() as hooks:
            for name in self.layers:
                hooks.callback(modules[name].register_forward_hook(_keeper(found, name)).remove)
            self.module(self.resample(waveforms))
        missing = [name for name in self.layers if name not in found]
        if missing:
            raise ConfigError(f"the layer {missing[0]!r} gave no tensor while classifying; choose another")
        return [_as_maps(found[name], name) for name in self.layers]


def wrap_module(
    module: nn.Module,
    layers: Sequence[str],
    sample_rate: int,
    labels: Sequence[str],
    module_rate: int | None = None,
) -> WrappedClassifier:
    """Make a torch audio classifier explainable; see `WrappedClassifier`."""
    return WrappedClassifier(module, layers, sample_rate, labels, module_rate)


def _resampler(from_hz: int, to_hz: int) -> nn.Module:
    """Return what resamples on the device that the waveforms are on: a Kaiser-windowed sinc of 64 zeros.

    Roll-off and beta are those of resampy's `kaiser_best`.
    """
    if from_hz == to_hz:
        return nn.Identity()
    resample: nn.Module = Resample(
        from_hz,
        to_hz,
        resampling_method="sinc_interp_kaiser",
        lowpass_filter_width=64,
        rolloff=0.9475937167399596,
        beta=14.769656459379492,
    )
    return resample


def _keeper(found: dict[str, Tensor], name: str) -> Callable[[nn.Module, object, object], None]:
    def keep(module: nn.Module, inputs: object, output: object) -> None:
        if isinstance(output, Tensor):
            found[name] = output.clone()  # the next module may work in place

    return keep


def _as_maps(output: Tensor, name: str) -> Tensor:
    """Return `[B, C, T, F]` of a layer's output: two-dimensional, one-dimensional (F = 1) or a vector."""
    if output.ndim == 4:
        return output
    if output.ndim == 3:
        return output.unsqueeze(3)
    if output.ndim == 2:
        return output[:, :, None, None]
    raise ConfigError(
        f"the layer {name!r} gives {output.ndim} dimensions; expected [B, C], [B, C, T] or [B, C, T, F]"
    )
