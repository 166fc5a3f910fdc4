"""Evaluation settings: clips as they are, or under noise, other clips, white noise or speech."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import soundfile

from interpreter.data import MAXIMUM_DURATION_S, coloured_noise
from interpreter.errors import ConfigError
from stimuli import Audio, Clip, Dataset, StimuliError, mix_at_snr, read_audio, to_mono
from stimuli.audio import READABLE

Setting = Literal["clean", "id", "mixtures", "white-noise", "speech"]
Source = Literal["paper", "official"]

SNR_DB: dict[str, dict[str, float]] = {
    "id": {"paper": 0.0, "official": 0.0},
    "mixtures": {"paper": 5.0, "official": 20 * float(np.log10(4.0))},
    "white-noise": {"paper": 3.0, "official": 20 * float(np.log10(2.0))},
    "speech": {"paper": 3.0, "official": 20 * float(np.log10(4.0))},
}
"""Clip over contaminant, in dB: as the paper states it, and as its code mixes (0.8 to 0.2, or 1 to 0.5)."""

_PER_CLIP = {
    "mixtures": 2,
    "speech": 2,
    "white-noise": 2,
}  # contaminants for each clip, as in the paper's code


@dataclass(frozen=True)
class Item:
    """One clip to explain.

    Attributes:
        name: the clip's name, with its contaminant's number where it has several.
        clip: where it comes from.
        waveform: `[samples]`.
        foreground: the clip's event alone, at the level that it has in `waveform`; None without a stem.
        contaminant: what was added: a file's name, the kind of noise, or nothing.
    """

    name: str
    clip: Clip
    waveform: Audio
    foreground: Audio | None
    contaminant: str


@dataclass(frozen=True)
class Items:
    """The clips of a data set under a setting; item n is made when asked for and follows from the seed and n.

    Attributes:
        dataset: the clips to explain.
        sample_rate: in Hz.
        setting: `clean`, `id` (noise at 0 dB), `mixtures` (another clip, never of the clip's own class),
            `white-noise` or `speech`.
        seed: of every draw.
        snr: `paper`, `official`, or a ratio in dB of clip over contaminant.
        duration_s: clips are cut or padded to this; None takes the longest one's, 5 s at most.
        pool: the clips that `mixtures` draws from; the explained ones where None.
        sounds: a folder of sound files for `id` (noise, such as WHAM!) or `speech` (such as LJSpeech);
            without it `id` takes synthetic coloured noise.
    """

    dataset: Dataset
    sample_rate: int
    setting: Setting = "clean"
    seed: int = 0
    snr: Source | float = "paper"
    duration_s: float | None = None
    pool: Dataset | None = None
    sounds: Path | None = None

    def __post_init__(self) -> None:
        if self.setting not in get_args(Setting):
            raise ConfigError(
                f"the setting is {self.setting!r}; expected one of {', '.join(get_args(Setting))}"
            )
        if isinstance(self.snr, str) and self.snr not in get_args(Source):
            raise ConfigError(f"snr is {self.snr!r}; expected paper, official or a number of dB")
        if not self.dataset.clips:
            raise ConfigError(f"{self.dataset.root}: no clips to evaluate; expected at least one")
        if self.setting == "speech" and self.sounds is None:
            raise ConfigError(
                "the setting speech needs a folder of speech recordings (--noise FOLDER); none was given"
            )

    @property
    def snr_db(self) -> float | None:
        """Clip over contaminant in dB; None where nothing is added."""
        if self.setting == "clean":
            return None
        return SNR_DB[self.setting][self.snr] if isinstance(self.snr, str) else float(self.snr)

    @property
    def per_clip(self) -> int:
        """How many items are made of each clip."""
        return _PER_CLIP.get(self.setting, 1)

    @cached_property
    def length_s(self) -> float:
        """Length of every item in seconds."""
        if self.duration_s is not None:
            return self.duration_s
        longest = max(_file_duration_s(clip.path) for clip in self.dataset.clips)
        return min(MAXIMUM_DURATION_S, longest)

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """The sound files of the folder `sounds`, in order."""
        return sound_files(self.sounds) if self.sounds else ()

    def __len__(self) -> int:
        return self.per_clip * len(self.dataset.clips)

    def __getitem__(self, index: int) -> Item:
        """Make item `index`.

        Raises:
            ConfigError: the clip or the contaminant is silent, or no contaminant is of another class.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        clip = self.dataset.clips[index // self.per_clip]
        audio = self.dataset.read(clip, self.sample_rate, self.length_s)
        if not audio.any():
            raise ConfigError(f"{clip.path}: the clip is silent; leave it out of the data set")
        stem = self.dataset.stem(clip, self.sample_rate, self.length_s)
        if self.snr_db is None:
            return Item(clip.filename, clip, audio, stem, "")
        rng = np.random.default_rng([self.seed, index])
        noise, source = self._contaminant(clip, len(audio), rng)
        try:
            mixture = mix_at_snr(audio, noise, self.snr_db, rng)
        except StimuliError as error:
            raise ConfigError(f"{clip.path} with {source}: {error}") from error
        gain = np.float32(10 ** (mixture.gain_db / 20))
        name = f"{clip.filename}#{index % self.per_clip + 1}" if self.per_clip > 1 else clip.filename
        return Item(name, clip, mixture.audio, None if stem is None else gain * stem, source)

    def _contaminant(self, clip: Clip, samples: int, rng: np.random.Generator) -> tuple[Audio, str]:
        if self.setting == "white-noise":
            return rng.standard_normal(samples, dtype=np.float32), "white noise"
        if self.setting == "mixtures":
            pool = self.pool or self.dataset
            others = [other for other in pool.clips if other.category != clip.category]
            if not others:
                raise ConfigError(f"{pool.root}: no clip of another class than {clip.category!r} to mix with")
            other = others[int(rng.integers(len(others)))]
            return pool.read(other, self.sample_rate), other.filename
        if self.sounds is None:
            return coloured_noise(samples, rng), "coloured noise"
        path = self.files[int(rng.integers(len(self.files)))]
        return to_mono(read_audio(path, self.sample_rate)[0]), path.name


def _file_duration_s(path: Path) -> float:
    if not path.is_file():
        raise FileNotFoundError(2, "No such sound file", str(path))
    try:
        return float(soundfile.info(path).duration)
    except soundfile.LibsndfileError as error:
        raise ConfigError(f"{path}: not a readable sound file; expected WAV, FLAC, Ogg or MP3") from error


def sound_files(folder: Path) -> tuple[Path, ...]:
    """Return the sound files under `folder` (LJSpeech, WHAM! or any other layout), in order.

    Raises:
        FileNotFoundError: there is no such folder.
        ConfigError: it holds no sound file.
    """
    if not folder.is_dir():
        raise FileNotFoundError(2, "No such folder of sounds", str(folder))
    found = tuple(sorted(path for path in folder.rglob("*") if path.suffix.lower() in READABLE))
    if not found:
        raise ConfigError(f"{folder}: no sound files in this folder; expected some of {', '.join(READABLE)}")
    return found
