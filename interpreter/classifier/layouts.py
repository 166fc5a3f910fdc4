"""Which axis of a layer's output is time, frequency or channels: found by listening, or declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from interpreter.errors import ConfigError

Axes = str | Mapping[str, str]
"""The axes of every layer's output, or of each layer's by name: `bct`, `btc`, `bctf`, `bcft`, `btfc`, ..."""

_KNOWN = frozenset("bctf")
_STILL = 0.05  # what changed in the sound later may move earlier cells by this share of the most
_CHANNELS_FIRST = (
    nn.modules.conv._ConvNd,
    nn.modules.batchnorm._NormBase,
    nn.modules.pooling._MaxPoolNd,
    nn.modules.pooling._AvgPoolNd,
    nn.GroupNorm,
)
_CHANNELS_LAST = (nn.Linear, nn.LayerNorm)


@dataclass(frozen=True)
class Layout:
    """How a layer's output becomes maps, and maps the layer's output again.

    Attributes:
        axes: a letter for each axis of the output: `b` clips, `c` channels, `t` time, `f` frequency.
        patches: of a network that cuts clips into patches, which it treats as further clips: whether the
            patches of one clip follow one another (`clip-major`) or the clips of one patch (`patch-major`).
        grid: if the axis `t` is that of a transformer's tokens: how many come before those of the picture,
            and the bands and frames of that picture, whose rows follow one another.
    """

    axes: str
    patches: str | None = None
    grid: tuple[int, int, int] | None = None

    def to_maps(self, output: Tensor, clips: int) -> Tensor:
        """Return a layer's output as maps `[B, C, T, F]`; of patches, time goes through all of them.

        Args:
            output: what the layer gave.
            clips: how many clips the network was given.
        """
        order = [self.axes.index(letter) for letter in "bctf" if letter in self.axes]
        maps = output.permute(order)
        for at, letter in enumerate("bctf"):
            if letter not in self.axes:
                maps = maps.unsqueeze(at)
        if self.grid is not None:
            before, bands, frames = self.grid
            return maps[:, :, before:].reshape(*maps.shape[:2], bands, frames).transpose(2, 3)
        if self.patches is None:
            return maps
        first = (clips, -1) if self.patches == "clip-major" else (-1, clips)
        grid = maps.reshape(*first, *maps.shape[1:])
        grid = grid if self.patches == "clip-major" else grid.transpose(0, 1)
        result: Tensor = grid.transpose(1, 2).flatten(2, 3)
        return result

    def from_maps(self, maps: Tensor, output: Tensor) -> Tensor:
        """Return maps `[B, C, T, F]` as the layer gave them; what `to_maps` left out comes from `output`."""
        shape = output.shape
        if self.grid is not None:
            tokens = maps.transpose(2, 3).flatten(2)[..., None]
            before = replace(self, grid=None).to_maps(output, len(maps))[:, :, : self.grid[0]]
            maps = torch.cat([before, tokens], dim=2)
        if self.patches is not None:
            clips = len(maps)
            grid = maps.reshape(clips, maps.shape[1], shape[0] // clips, -1, maps.shape[3]).transpose(1, 2)
            grid = grid if self.patches == "clip-major" else grid.transpose(0, 1)
            maps = grid.flatten(0, 1)
        kept = [letter for letter in "bctf" if letter in self.axes]
        for at, letter in reversed(list(enumerate("bctf"))):
            if letter not in self.axes:
                maps = maps.squeeze(at)
        return maps.permute([kept.index(letter) for letter in self.axes])


@dataclass(frozen=True)
class Probe:
    """What a layer gave for noise.

    Attributes:
        single: for one clip.
        pair: for that clip and another.
        longer: for a longer clip, or None for a network that takes one length.
        changed: asks for the clip with other noise from some sample on; an output for each such sample.
        channels_last: what the modules inside say: True, False, or None if they say nothing.
    """

    single: Tensor
    pair: Tensor
    longer: Tensor | None
    changed: Callable[[], Sequence[Tensor]]
    channels_last: bool | None


def check_axes(axes: Axes | None, layer: str) -> str | None:
    """Return the axes that were declared for a layer, or None.

    Raises:
        ConfigError: letters that do not name axes.
    """
    text = axes if isinstance(axes, str) or axes is None else axes.get(layer)
    if text is None:
        return None
    if set(text) - _KNOWN or len(set(text)) < len(text) or not {"b", "c"} <= set(text):
        raise ConfigError(
            f"axes of the layer {layer!r} are {text!r}; expected one letter for each axis: b for clips, "
            "c for channels, and t for time or f for frequency if it has them, such as bct or bcft"
        )
    return text


def find_layout(probe: Probe, name: str, axes: str | None = None) -> Layout:
    """Find out how a layer's output is laid out.

    The axis that grows with the clip is time; if none grows, the one along which only the end moves if
    the end of the sound does. Channels are on the axis of the modules inside: first in a convolution, last
    in a linear layer.

    Args:
        probe: what the layer gave.
        name: the layer's, for messages.
        axes: the declared axes, which are believed.

    Raises:
        ConfigError: what is found is ambiguous, or is not what was declared.
    """
    dims = probe.single.ndim
    if not 2 <= dims <= 4:
        raise ConfigError(
            f"the layer {name!r} gives {dims} dimensions; expected [B, C], [B, C, T] or [B, C, T, F] in any "
            "order of axes"
        )
    if axes is not None and len(axes) != dims:
        raise ConfigError(
            f"axes of the layer {name!r} are {axes!r}, but it gives {list(probe.single.shape)}; expected "
            f"{dims} letters"
        )
    patches = _find_patches(probe, name)
    if axes is not None:
        return Layout(axes, patches)
    if dims == 2:
        return Layout("bc", patches)
    time = _find_time(probe, name, patches)
    others = [axis for axis in range(1, dims) if axis != time]
    letters = dict.fromkeys(range(dims), "f") | {0: "b", time: "t"}
    letters[others[0] if dims == 3 else _find_channels(probe, name, time)] = "c"
    return Layout("".join(letters[axis] for axis in range(dims)), patches)


def _find_patches(probe: Probe, name: str) -> str | None:
    count, both = len(probe.single), len(probe.pair)
    if both != 2 * count:
        raise ConfigError(
            f"the layer {name!r} gives {count} rows for one clip and {both} for two; expected twice as many, "
            "the first axis being that of the clips"
        )
    if count == 1 and (probe.longer is None or len(probe.longer) == 1):
        return None
    for order, rows in (("clip-major", probe.pair[:count]), ("patch-major", probe.pair[::2])):
        if torch.allclose(rows, probe.single, rtol=1e-3, atol=1e-4 * float(probe.single.abs().max())):
            return order
    raise ConfigError(
        f"the layer {name!r} gives {count} rows for a clip, and not the same ones next to another clip; "
        "expected patches of one clip that do not depend on other clips"
    )


def _find_time(probe: Probe, name: str, patches: str | None) -> int:
    shape, grown = probe.single.shape, None if probe.longer is None else probe.longer.shape
    if patches is None and grown is not None:
        growing = [axis for axis in range(1, len(shape)) if grown[axis] != shape[axis]]
        if len(growing) == 1:
            return growing[0]
        if len(growing) > 1:
            raise _ambiguous(probe, name, f"the axes {growing} all grow with the clip")
    found = {
        axis for changed in probe.changed() if (axis := _find_moved_axis(probe.single, changed)) is not None
    }
    if len(found) != 1:
        raise _ambiguous(probe, name, "no axis grows with the clip or follows the sound in time")
    return found.pop()


def _find_moved_axis(before: Tensor, after: Tensor) -> int | None:
    """Return the only axis along which the first cells stayed and later ones moved, in the first patch."""
    moved = (after - before).abs()
    rows = moved.flatten(1).amax(dim=1)
    if not bool(rows.any()):
        return None
    first = moved[int((rows > _STILL * rows.max()).nonzero()[0])]
    axes = []
    for axis in range(first.ndim):
        profile = first.transpose(0, axis).flatten(1).amax(dim=1)
        if len(profile) > 1 and float(profile[0]) <= _STILL * float(profile.max()):
            axes.append(axis + 1)
    return axes[0] if len(axes) == 1 else None


def _find_channels(probe: Probe, name: str, time: int) -> int:
    if probe.channels_last is None:
        raise _ambiguous(probe, name, "its modules do not say which axis is channels and which frequency")
    channels = 3 if probe.channels_last else 1
    if channels == time:
        raise _ambiguous(probe, name, f"axis {time} is time, but its modules have the channels there")
    return channels


def _ambiguous(probe: Probe, name: str, why: str) -> ConfigError:
    shape = list(probe.single.shape)
    return ConfigError(
        f"the layer {name!r} gives {shape}, and {why}; expected axes={{{name!r}: ...}} with one letter for "
        "each axis, b for clips, c for channels, t for time and f for frequency, such as bctf"
    )


def says_channels_last(module: nn.Module) -> bool | None:
    """Return whether a leaf module has its channels on the last axis, or None if it does not say."""
    if isinstance(module, _CHANNELS_FIRST):
        return False
    return True if isinstance(module, _CHANNELS_LAST) else None
