"""Let a network hear noise, to learn how the outputs of its layers are laid out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from interpreter.classifier.layouts import Layout, Probe, find_layout, says_channels_last
from interpreter.classifier.modes import hold_in_eval
from interpreter.errors import ConfigError

_SECONDS = (1.0, 2.0, 5.0)  # lengths to try, the shortest first, for networks that need more than others
_LONGER = 1.5
_CHANGES = (0.5, 0.64, 0.78)  # shares of the clip after which the noise is another
_LEVEL = 0.1
_CHOSEN = 4  # layers if none are named, as many as are read of CNN14


@dataclass
class Reading:
    """What layers gave during one pass.

    Attributes:
        outputs: by the layer's name.
        channels_last: by the layer's name: where the last module of the same shape has its channels.
    """

    outputs: dict[str, Tensor] = field(default_factory=dict)
    channels_last: dict[str, bool | None] = field(default_factory=dict)


@contextmanager
def read_layers(module: nn.Module, names: Sequence[str]) -> Iterator[Reading]:
    """Read the outputs of layers while the module works; hooks are gone afterwards, also after an error."""
    reading, passed = Reading(), list[tuple[bool, torch.Size]]()
    modules = dict(module.named_modules())

    def note(leaf: nn.Module, _inputs: object, output: object) -> None:
        last, tensor = says_channels_last(leaf), first_tensor(output)
        if last is not None and tensor is not None:
            passed.append((last, tensor.shape))

    def keep(name: str) -> Callable[[nn.Module, object, object], None]:
        def kept(_module: nn.Module, _inputs: object, output: object) -> None:
            tensor = first_tensor(output)
            if tensor is not None:
                reading.outputs[name] = tensor.clone()  # the next module may work in place
                alike = [last for last, shape in passed if shape == tensor.shape]
                reading.channels_last[name] = alike[-1] if alike else None

        return kept

    with ExitStack() as hooks:
        for leaf in modules.values():
            if says_channels_last(leaf) is not None:
                hooks.callback(leaf.register_forward_hook(note).remove)
        for name in names:
            hooks.callback(modules[name].register_forward_hook(keep(name)).remove)
        yield reading


def first_tensor(output: object) -> Tensor | None:
    """Return a layer's output, or the first of several, as transformers give them."""
    if isinstance(output, Tensor):
        return output
    first = next(iter(output), None) if isinstance(output, tuple | list) else None
    return first if isinstance(first, Tensor) else None


@dataclass(frozen=True)
class Prober:
    """Asks a network for the layouts of its layers.

    Attributes:
        forward: the network as a function of waveforms `[B, samples]`.
        module: the network, whose layers are read.
        axes: the declared axes of each layer, by name.
    """

    forward: Callable[[Tensor], object]
    module: nn.Module
    axes: dict[str, str | None]

    @torch.no_grad()
    def find_layouts(self, names: Sequence[str], samples: int, longer: int | None) -> dict[str, Layout]:
        """Return the layouts of layers, by name, as clips of `samples` (and of `longer`) show them.

        A layer that gives no tensor has none.

        Raises:
            ConfigError: a layout stays ambiguous.
        """
        with hold_in_eval(self.module):
            clip, other = self.make_noise(2, samples)
            single, pair = self._read(names, clip[None]), self._read(names, torch.stack([clip, other]))
            grown = None if longer is None else self._read(names, self.make_noise(1, longer))
            result = {}
            for name in names:
                if name not in single.outputs:
                    continue
                probe = Probe(
                    single.outputs[name],
                    pair.outputs[name],
                    None if grown is None else grown.outputs[name],
                    lambda name=name: [  # type: ignore[misc]
                        self._read([name], changed[None]).outputs[name] for changed in _change(clip, other)
                    ],
                    single.channels_last[name],
                )
                result[name] = find_layout(probe, name, self.axes.get(name))
        return result

    def find_lengths(self, rate: int) -> tuple[int, int | None] | None:
        """Return the length of clip, and a longer one, that the network takes; None if it takes none tried.

        Args:
            rate: of the waveforms, in Hz.
        """
        for seconds in _SECONDS:
            samples, longer = round(seconds * rate), round(seconds * rate * _LONGER)
            if self.answer(samples) is not None:
                return samples, longer if self.answer(longer) is not None else None
        return None

    @torch.no_grad()
    def answer(self, samples: int) -> object:
        """Return what the network says of two clips of noise, or None if it cannot take them."""
        with hold_in_eval(self.module):
            try:
                return self.forward(self.make_noise(2, samples))
            except ConfigError:
                raise
            except Exception:  # a network may refuse a length with any of them
                return None

    def _read(self, names: Sequence[str], waveforms: Tensor) -> Reading:
        with read_layers(self.module, names) as reading:
            self.forward(waveforms)
        return reading

    def make_noise(self, clips: int, samples: int) -> Tensor:
        """Return clips of noise, `[clips, samples]`, on the module's device."""
        parameter = next(self.module.parameters(), torch.empty(0))
        noise = _LEVEL * torch.randn(clips, samples, generator=torch.Generator().manual_seed(0))
        return noise.to(parameter.device)


def _change(clip: Tensor, other: Tensor) -> Iterator[Tensor]:
    for share in _CHANGES:
        start = round(share * len(clip))
        yield torch.cat([clip[:start], other[start:]])


def choose_layers(module: nn.Module, rate: int) -> list[str]:
    """Return the names of a few layers that give maps in time, of different shapes, deepest first.

    Args:
        module: maps waveforms `[B, samples]` to logits.
        rate: of the waveforms, in Hz.

    Raises:
        ConfigError: the module takes no clips of the lengths tried, or no such layer is found.
    """
    names = [name for name, _ in module.named_modules() if name]
    prober = Prober(module, module, {})
    lengths = prober.find_lengths(rate)
    if lengths is None:
        raise ConfigError(
            f"the module takes no clips of {', '.join(f'{s:g}' for s in _SECONDS)} s at {rate} Hz; expected "
            "its layers by name, and input_samples=... in wrap_module if it takes one length"
        )
    with torch.no_grad(), hold_in_eval(module), read_layers(module, names) as reading:
        module(prober.make_noise(2, lengths[0]))
    chosen: dict[torch.Size, str] = {}
    for name, output in reversed(reading.outputs.items()):
        if output.shape not in chosen and output.ndim in (3, 4) and _has_maps(prober, name, lengths):
            chosen[output.shape] = name
        if len(chosen) == _CHOSEN:
            break
    if not chosen:
        raise ConfigError(
            "no layer of the module gives maps in time; expected wrap_module with the layers to read, or "
            "wrap_callable for a network without any"
        )
    return list(chosen.values())


def _has_maps(prober: Prober, name: str, lengths: tuple[int, int | None]) -> bool:
    try:
        layout = prober.find_layouts([name], *lengths)[name]
    except ConfigError:
        return False
    return "t" in layout.axes
