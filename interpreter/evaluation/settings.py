"""Evaluation settings: clips as they are, or under noise, other clips, white noise or speech."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from interpreter.errors import ConfigError
from interpreter.noise import choose_noise, coloured_noise
from interpreter.sound_files import MAXIMUM_DURATION_S, file_duration_s, sound_files
from stimuli import Audio, Clip, Dataset, Mixture, StimuliError, mix_at_snr, read_audio, refuse_seed, to_mono

Setting = Literal["clean", "id", "mixtures", "white-noise", "speech"]
Source = Literal["paper", "official"]

SNR_DB: dict[str, dict[str, float]] = {
    "id": {"paper": 0.0, "official": 0.0},
    "mixtures": {"paper": 5.0, "official": 20 * float(np.log10(4.0))},
    "white-noise": {"paper": 3.0, "official": 20 * float(np.log10(2.0))},
    "speech": {"paper": 3.0, "official": 20 * float(np.log10(4.0))},
}
"""Clip over contaminant, in dB: as the paper states it, and as its code mixes (0.8 to 0.2, or 1 to 0.5)."""

_PER_CLIP = {"mixtures": 2, "speech": 2, "white-noise": 2}
"""Contaminants for each clip, as in the paper's code."""

_DRAWS = 100
"""How many silent contaminants in a row are drawn again; recordings contain digital silence."""


@dataclass(frozen=True)
class Item:
    """One clip to explain.

    Attributes:
        name: the clip's name, with its contaminant's number if it has several.
        clip: where it comes from.
        waveform: `[samples]`.
        foreground: only the clip's event, at the level that it has in `waveform`; None without a stem.
        contaminant: what was added: a file's name, the kind of noise, or nothing.
    """

    name: str
    clip: Clip
    waveform: Audio
    foreground: Audio | None
    contaminant: str


@dataclass(frozen=True)
class Items:
    """The clips of a data set under a setting; an item is made when asked for and follows from seed and clip.

    Clips that are silent in the part that is explained (their first `duration_s`) have no items.

    Attributes:
        dataset: the clips to explain.
        sample_rate: in Hz.
        setting: `clean`, `id` (noise at 0 dB), `mixtures` (another clip, never of the clip's own class),
            `white-noise` or `speech`.
        seed: of every draw.
        snr: `paper`, `official`, or a ratio in dB of clip over contaminant.
        duration_s: clips are cut or padded to this; None takes the longest one's, 5 s at most.
        pool: the clips that `mixtures` draws from; the explained ones if None.
        sounds: a folder of sound files for `id` (noise, such as WHAM!, of which `tt` is taken) or `speech`
            (such as LJSpeech); without it `id` uses synthetic coloured noise.
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
        refuse_seed(self.seed)
        if self.setting not in get_args(Setting):
            raise ConfigError(
                f"the setting is {self.setting!r}; expected one of {', '.join(get_args(Setting))}"
            )
        if isinstance(self.snr, str) and self.snr not in get_args(Source):
            raise ConfigError(f"snr is {self.snr!r}; expected paper, official or a number of dB")
        if not isinstance(self.snr, str) and not -inf < self.snr < inf:
            raise ConfigError(f"snr is {self.snr} dB; expected a number of dB")
        if self.duration_s is not None and not 0 < self.duration_s < inf:
            raise ConfigError(f"the length of clips is {self.duration_s:g} s; expected more than 0 s")
        if not self.dataset.clips:
            raise ConfigError(f"{self.dataset.root}: no clips to evaluate; expected at least one")
        if self.setting == "speech" and self.sounds is None:
            raise ConfigError(
                "the setting speech needs a folder of speech recordings (--noise FOLDER); none was given"
            )

    @property
    def snr_db(self) -> float | None:
        """Clip over contaminant in dB; None if nothing is added."""
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
        longest = max(file_duration_s(clip.path) for clip in self.dataset.clips)
        return min(MAXIMUM_DURATION_S, longest)

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """The sound files of the folder `sounds`, in order."""
        return sound_files(choose_noise(self.sounds, "evaluation")) if self.sounds else ()

    @cached_property
    def audible(self) -> tuple[int, ...]:
        """Numbers of the clips that are not silent in the part that is explained.

        Raises:
            ConfigError: a clip is silent throughout, or all are in that part.
        """
        clips = self.dataset.clips
        found = tuple(number for number, clip in enumerate(clips) if self._is_audible(clip))
        if not found:
            raise ConfigError(
                f"{self.dataset.root}: every clip is silent in its first {self.length_s:g} s; "
                "expected a sound there (a longer --duration)"
            )
        return found

    @property
    def passed_over(self) -> tuple[Clip, ...]:
        """The clips that are silent in the part that is explained."""
        return tuple(clip for number, clip in enumerate(self.dataset.clips) if number not in self.audible)

    def __len__(self) -> int:
        return self.per_clip * len(self.audible)

    def __getitem__(self, index: int) -> Item:
        """Make item `index`.

        Raises:
            ConfigError: contaminants are silent, or none is of another class.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        number, variant = self._place(index)
        clip = self.dataset.clips[number]
        audio = self.dataset.read(clip, self.sample_rate, self.length_s)
        stem = self.dataset.stem(clip, self.sample_rate, self.length_s)
        if self.snr_db is None:
            return Item(clip.filename, clip, audio, stem, "")
        rng = np.random.default_rng([self.seed, number * self.per_clip + variant])
        mixture, source = self._mix(clip, audio, self.snr_db, rng)
        gain = np.float32(10 ** (mixture.gain_db / 20))
        return Item(self.name_of(index), clip, mixture.audio, None if stem is None else gain * stem, source)

    def name_of(self, index: int) -> str:
        """Return the name of item `index`, without making the item."""
        number, variant = self._place(index)
        name = self.dataset.clips[number].filename
        return f"{name}#{variant + 1}" if self.per_clip > 1 else name

    def _place(self, index: int) -> tuple[int, int]:
        """Return the number of an item's clip, and which of its items it is."""
        place, variant = divmod(index, self.per_clip)
        return self.audible[place], variant

    def _is_audible(self, clip: Clip) -> bool:
        if self.dataset.read(clip, self.sample_rate, self.length_s).any():
            return True
        if not self.dataset.read(clip, self.sample_rate).any():
            raise ConfigError(f"{clip.path}: the clip is silent; leave it out of the data set")
        return False

    def _mix(self, clip: Clip, audio: Audio, snr_db: float, rng: np.random.Generator) -> tuple[Mixture, str]:
        """Mix a clip with a contaminant, drawn again if the drawn part of it is silent."""
        source = ""
        for _ in range(_DRAWS):
            noise, source = self._contaminant(clip, len(audio), rng)
            try:
                return mix_at_snr(audio, noise, snr_db, rng), source
            except StimuliError:  # no ratio is defined
                continue
        raise ConfigError(
            f"{clip.path}: {_DRAWS} contaminants in a row were silent, {source} the last; "
            "expected recordings with sound in them"
        )

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
