"""Clips for training: drawn and disturbed so that an epoch follows only from its number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset as TorchDataset
from torch.utils.data import Sampler

from interpreter.classifier.front_end import Normalisation, normalise
from interpreter.errors import ConfigError
from interpreter.noise import Purpose, choose_noise, coloured_noise
from interpreter.sound_files import MAXIMUM_DURATION_S, file_samples, read_piece, sound_files
from stimuli import Audio, Clip, Dataset, mix_at_snr, read_audio, to_mono
from stimuli.dataset import fit_length

Noise = Callable[[int, np.random.Generator], Audio]
"""Draws `samples` of noise."""

Draw = tuple[int, int, int]
"""Epoch, place within it, and number of the clip."""


@dataclass(frozen=True)
class FolderNoise:
    """Draws noise from the sound files of a folder, such as WHAM!'s: a drawn file from a drawn place on.

    A piece that is silent is drawn again, around a drawn sample that is not.
    """

    files: tuple[Path, ...]
    sample_rate: int

    def __call__(self, samples: int, generator: np.random.Generator) -> Audio:
        """Return `[samples]`; a file that is shorter is repeated."""
        path = self.files[int(generator.integers(len(self.files)))]
        length = file_samples(path, self.sample_rate)
        start = int(generator.integers(max(1, length - samples)))
        piece = read_piece(path, self.sample_rate, start, samples)
        if piece.any():
            return np.resize(piece, samples)
        sound = to_mono(read_audio(path, self.sample_rate)[0])  # many recordings end in zeros
        if not sound.any():
            raise ConfigError(f"{path}: only silence in this file; remove it from the noise folder")
        if not sound[start : start + samples].any():
            heard = int(generator.choice(np.flatnonzero(sound)))
            start = int(np.clip(heard - generator.integers(samples), 0, len(sound) - samples))
        return np.resize(sound[start:], samples).astype(np.float32)


def noise_source(name: str, sample_rate: int, purpose: Purpose = "training") -> Noise | None:
    """Return what draws noise: `synthetic`, `none` or a folder of sounds, of WHAM!'s the part for `purpose`.

    Raises:
        FileNotFoundError: the folder does not exist.
        ConfigError: it contains no sound file.
    """
    if name == "none":
        return None
    if name == "synthetic":
        return coloured_noise
    folder = Path(name)
    if not folder.is_dir():
        raise FileNotFoundError(2, "No such folder of noise (expected synthetic, none or a folder)", name)
    return FolderNoise(sound_files(choose_noise(folder, purpose)), sample_rate)


def clip_duration_s(dataset: Dataset, sample_rate: int) -> float:
    """Return the length that clips are brought to: the longest one's, 5 s at most."""
    longest = max(file_samples(clip.path, sample_rate) for clip in dataset.clips)
    return min(MAXIMUM_DURATION_S, longest / sample_rate)


def load_waveforms(
    dataset: Dataset, sample_rate: int, duration_s: float, normalisation: Normalisation
) -> Tensor:
    """Read all clips, brought to one length and level: `[clips, samples]`.

    A clip that is silent in its first `duration_s` is read from its first sound on.

    Raises:
        ConfigError: a clip is silent or not finite.
    """
    rows = []
    for clip in dataset.clips:
        sound = dataset.read(clip, sample_rate, duration_s)
        if not sound.any():
            whole = dataset.read(clip, sample_rate)
            sound = fit_length(whole[np.argmax(whole != 0) :], sample_rate, duration_s)
        audio = torch.from_numpy(sound.astype(np.float32))
        if not audio.isfinite().all() or not audio.any():
            raise ConfigError(
                f"{clip.path}: the clip is silent or contains NaN or infinite samples; remove it"
            )
        rows.append(normalise(audio, normalisation))
    return torch.stack(rows)


def split_validation(dataset: Dataset, share: float, seed: int) -> tuple[Dataset, Dataset]:
    """Set about `share` of each class aside, whole recordings at a time, so that none is on both sides.

    Returns:
        The rest, and what was taken. A class keeps at least one recording; with a share of 0 nothing is
        taken.
    """
    rng = np.random.default_rng(seed)
    taken: set[tuple[str, str]] = set()
    for label in dataset.labels:
        clips = [clip for clip in dataset.clips if clip.category == label]
        sources = sorted({clip.src_file for clip in clips})
        count = 0
        for source in rng.permutation(sources)[:-1]:
            if count >= round(share * len(clips)):
                break
            taken.add((label, str(source)))
            count += sum(clip.src_file == source for clip in clips)

    def is_taken(clip: Clip) -> bool:
        return (clip.category, clip.src_file) in taken

    rest = dataset.select(clip for clip in dataset.clips if not is_taken(clip))
    return rest, dataset.select(clip for clip in dataset.clips if is_taken(clip))


@dataclass(frozen=True)
class Disturbance:
    """What happens to a clip on its way into a batch, in this order.

    Attributes:
        noise: draws noise, or None.
        noise_share: share of the clips that get noise.
        snr_db: range of the drawn signal-to-noise ratio.
        shift: shift the clip in time by a drawn amount, around its ends.
        gain_db: range of the drawn gain, last of all.
        normalisation: how the level is set before the gain.
    """

    noise: Noise | None = None
    noise_share: float = 1.0
    snr_db: tuple[float, float] = (0.0, 0.0)
    shift: bool = False
    gain_db: tuple[float, float] = (0.0, 0.0)
    normalisation: Normalisation = "max-abs"

    def __call__(self, clip: Audio, rng: np.random.Generator) -> tuple[Audio, Audio]:
        """Return the clip with noise, and the same without: `[samples]` each."""
        if self.shift:
            clip = np.roll(clip, int(rng.integers(len(clip))))
        noisy = clip
        if self.noise is not None and rng.random() < self.noise_share:
            noise = self.noise(len(clip), rng)
            noisy = mix_at_snr(clip, noise, rng.uniform(*self.snr_db), rng).audio
        gain = np.float32(10 ** (rng.uniform(*self.gain_db) / 20))
        level = normalise(torch.from_numpy(np.ascontiguousarray(noisy)), self.normalisation).numpy()
        return gain * level, gain * clip


class Clips(TorchDataset[dict[str, Tensor]]):
    """Clips by draw: the same draw gives the same samples, whatever was drawn before.

    Args:
        waveforms: the clips, `[clips, samples]`.
        targets: their classes, `[clips]`.
        disturbance: what happens to them.
        seed: of everything drawn.
    """

    def __init__(self, waveforms: Tensor, targets: Tensor, disturbance: Disturbance, seed: int) -> None:
        self.waveforms, self.targets = waveforms, targets
        self.disturbance, self.seed = disturbance, seed

    def __len__(self) -> int:
        return len(self.waveforms)

    def __getitem__(self, draw: Draw) -> dict[str, Tensor]:
        """Return `noisy` and `clean` `[samples]` and the `target` of a draw."""
        rng = np.random.default_rng([self.seed, *draw])
        noisy, clean = self.disturbance(self.waveforms[draw[2]].numpy(), rng)
        return {
            "noisy": torch.from_numpy(noisy),
            "clean": torch.from_numpy(clean),
            "target": self.targets[draw[2]],
        }


class EpochSampler(Sampler[Draw]):
    """Draws of an epoch; each process of several takes its equal share of every batch.

    Args:
        clips: number of clips.
        draws: draws in an epoch over all processes; more than there are clips starts another round.
        seed: of the order; None keeps the clips' own order and epoch 0, for validation.
        rank: this process.
        processes: how many there are.
    """

    def __init__(self, clips: int, draws: int, seed: int | None, rank: int = 0, processes: int = 1) -> None:
        self.clips, self.draws, self.seed = clips, draws, seed
        self.rank, self.processes = rank, processes
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch that the next iteration draws."""
        self.epoch = 0 if self.seed is None else epoch

    def __len__(self) -> int:
        return len(range(self.rank, self.draws, self.processes))

    def __iter__(self) -> Iterator[Draw]:
        order = self._order()
        for place in range(self.rank, self.draws, self.processes):
            yield self.epoch, place, int(order[place])

    def _order(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        rounds = -(-self.draws // self.clips)
        if self.seed is None:
            return np.tile(np.arange(self.clips), rounds)
        rng = np.random.default_rng([self.seed, self.epoch])
        return np.concatenate([rng.permutation(self.clips) for _ in range(rounds)])
