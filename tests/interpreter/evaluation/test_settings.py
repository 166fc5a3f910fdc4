from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from interpreter.errors import ConfigError
from interpreter.evaluation.settings import SNR_DB, Items
from interpreter.sound_files import sound_files
from stimuli import Dataset, write_audio
from stimuli.soundscapes import make_soundscapes, write_soundscapes

RATE = 16000


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Dataset:
    folder = tmp_path_factory.mktemp("soundscapes")
    write_soundscapes(folder, make_soundscapes(classes=3, clips=5, duration_s=0.5, seed=1))
    return Dataset.load(folder)


@pytest.fixture(scope="module")
def speech(tmp_path_factory) -> Path:
    """LJSpeech's layout: wavs/*.wav at 22.05 kHz beside a metadata file."""
    folder = tmp_path_factory.mktemp("LJSpeech")
    (folder / "wavs").mkdir()
    (folder / "metadata.csv").write_text("LJ001-0001|text|text\n")
    rng = np.random.default_rng(0)
    for number in range(3):
        sound = 0.1 * rng.standard_normal(22050 + 5000 * number).astype(np.float32)
        write_audio(folder / "wavs" / f"LJ001-000{number}.wav", sound, 22050)
    return folder


def snr_db(clean: np.ndarray, mixed: np.ndarray) -> float:
    """Return the ratio of a clip, at its level in a mixture, to the rest of the mixture."""
    noise = mixed - clean
    return float(10 * np.log10(np.sum(clean**2) / np.sum(noise**2)))


@pytest.mark.parametrize("setting", ["clean", "white-noise"])
def test_an_items_name_is_known_before_it_is_made(dataset, setting) -> None:
    items = Items(dataset, RATE, setting)
    for number in (0, 3, len(items) - 1):
        assert items.name_of(number) == items[number].name


def test_clean_clips_are_as_they_are(dataset) -> None:
    items = Items(dataset, RATE)
    assert len(items) == 15
    for number in (0, 7):
        clip = dataset.clips[number]
        assert np.array_equal(items[number].waveform, dataset.read(clip, RATE))
        assert np.array_equal(items[number].foreground, dataset.stem(clip, RATE))
    assert items.length_s == pytest.approx(0.5)
    assert items.snr_db is None


@pytest.mark.parametrize(
    ("setting", "snr", "expected"),
    [
        ("id", "paper", 0.0),
        ("mixtures", "paper", 5.0),
        ("mixtures", "official", 12.0412),
        ("white-noise", "paper", 3.0),
        ("white-noise", "official", 6.0206),
        ("speech", "paper", 3.0),
        ("speech", "official", 12.0412),
        ("mixtures", -2.5, -2.5),
    ],
)
def test_the_contaminant_is_at_the_stated_ratio(dataset, speech, setting, snr, expected) -> None:
    items = Items(dataset, RATE, setting, snr=snr, sounds=speech if setting == "speech" else None, seed=2)
    assert items.snr_db == pytest.approx(expected, abs=1e-3)
    for number in range(0, len(items), 7):
        item = items[number]
        clean = dataset.read(item.clip, RATE)
        gain = item.foreground @ dataset.stem(item.clip, RATE) / np.sum(dataset.stem(item.clip, RATE) ** 2)
        assert snr_db(gain * clean, item.waveform) == pytest.approx(expected, abs=0.01)
        assert np.abs(item.waveform).max() <= 1.0


def test_the_official_ratios_are_the_codes_gains() -> None:
    """0.8 and 0.2 of unit-norm signals, and 1 and 0.5."""
    assert SNR_DB["mixtures"]["official"] == pytest.approx(20 * np.log10(0.8 / 0.2))
    assert SNR_DB["white-noise"]["official"] == pytest.approx(20 * np.log10(1 / 0.5))


def test_mixtures_never_take_the_clips_own_class(dataset) -> None:
    classes = {clip.filename: clip.category for clip in dataset.clips}
    items = Items(dataset, RATE, "mixtures")
    assert len(items) == 2 * len(dataset.clips)
    names = [items[number].name for number in range(len(items))]
    assert len(set(names)) == len(names)
    for number in range(len(items)):
        assert classes[items[number].contaminant] != items[number].clip.category


def test_mixtures_draw_from_the_pool(dataset) -> None:
    items = Items(dataset.folds(4), RATE, "mixtures", pool=dataset.folds(5))
    pool = {clip.filename for clip in dataset.folds(5).clips}
    assert {items[number].contaminant for number in range(len(items))} <= pool


@pytest.mark.parametrize("setting", ["id", "mixtures", "white-noise", "speech"])
def test_items_follow_from_seed_and_number(dataset, speech, setting) -> None:
    sounds = speech if setting == "speech" else None
    one, same, other = (Items(dataset, RATE, setting, seed=seed, sounds=sounds) for seed in (0, 0, 1))
    backwards = [same[number].waveform for number in reversed(range(6))][::-1]
    assert all(np.array_equal(one[number].waveform, backwards[number]) for number in range(6))
    assert not np.array_equal(one[0].waveform, other[0].waveform)
    assert not np.array_equal(one[0].waveform, one[1].waveform)


def test_clips_are_cut_and_padded(dataset) -> None:
    short, long = Items(dataset, RATE, duration_s=0.25), Items(dataset, RATE, duration_s=0.75)
    assert short[0].waveform.shape == short[0].foreground.shape == (4000,)
    assert long[0].waveform.shape == (12000,)
    assert not long[0].waveform[8000:].any()


def test_noise_comes_from_a_folder_where_one_is_given(dataset, speech) -> None:
    assert Items(dataset, RATE, "id", sounds=speech)[0].contaminant.startswith("LJ001")
    assert Items(dataset, RATE, "id")[0].contaminant == "coloured noise"


def test_what_cannot_be_used_is_said(dataset, tmp_path) -> None:
    cases = [
        (
            lambda: Items(dataset, RATE, "noisy"),
            "the setting is 'noisy'; expected one of clean, id",
        ),
        (
            lambda: Items(dataset, RATE, "id", snr="loud"),
            "snr is 'loud'; expected paper, official or a number",
        ),
        (lambda: Items(dataset, RATE, "id", snr=float("nan")), "snr is nan dB; expected a number of dB"),
        (lambda: Items(dataset, RATE, duration_s=0.0), "the length of clips is 0 s; expected more than 0 s"),
        (lambda: Items(dataset, RATE, "speech"), "the setting speech needs a folder of speech recordings"),
        (lambda: Items(dataset.select([]), RATE), "no clips to evaluate"),
        (
            lambda: Items(dataset.select(dataset.clips[:5]), RATE, "mixtures")[0],
            f"no clip of another class than {dataset.clips[0].category!r} to mix with",
        ),
        (lambda: sound_files(tmp_path), "no sound files in this folder"),
    ]
    for make, sentence in cases:
        with pytest.raises(ConfigError) as caught:
            make()
        assert sentence in str(caught.value)
    with pytest.raises(FileNotFoundError):
        sound_files(tmp_path / "missing")


def test_a_silent_clip_is_named(tmp_path) -> None:
    (tmp_path / "audio").mkdir()
    (tmp_path / "meta").mkdir()
    write_audio(tmp_path / "audio" / "still.wav", np.zeros(8000, dtype=np.float32), RATE)
    (tmp_path / "meta" / "esc50.csv").write_text("filename,fold,target,category\nstill.wav,1,0,a\n")
    with pytest.raises(ConfigError, match=r"still\.wav: the clip is silent; leave it out of the data set"):
        Items(Dataset.load(tmp_path), RATE)[0]


@pytest.fixture
def late(dataset, tmp_path) -> Dataset:
    """Four clips of 0.5 s; the second begins after 0.3 s of digital silence."""
    clips = [replace(clip, path=tmp_path / clip.filename) for clip in dataset.clips[:4]]
    for number, (clip, old) in enumerate(zip(clips, dataset.clips, strict=False)):
        sound = dataset.read(old, RATE)
        write_audio(clip.path, np.where(np.arange(8000) < 4800 * (number == 1), 0.0, sound), RATE, "FLOAT")
    return replace(dataset, root=tmp_path, clips=tuple(clips))


@pytest.mark.parametrize(("setting", "per_clip"), [("clean", 1), ("white-noise", 2)])
def test_clips_that_are_silent_after_cutting_are_passed_over(late, setting, per_clip) -> None:
    """The items of the others are what they are without them."""
    items, whole = (Items(late, RATE, setting, duration_s=seconds) for seconds in (0.2, 0.5))
    assert [clip.filename for clip in items.passed_over] == [late.clips[1].filename]
    assert (len(items), len(whole)) == (3 * per_clip, 4 * per_clip)
    assert whole.passed_over == ()
    kept = replace(late, clips=(late.clips[0], late.clips[0], *late.clips[2:]))
    expected = list(Items(kept, RATE, setting, duration_s=0.2))
    del expected[per_clip : 2 * per_clip]
    for one, other in zip(items, expected, strict=True):
        assert one.name == other.name
        assert np.array_equal(one.waveform, other.waveform)


def test_nothing_but_silence_after_cutting_is_said(late) -> None:
    items = Items(late.select(late.clips[1:2]), RATE, duration_s=0.2)
    with pytest.raises(
        ConfigError, match=r"every clip is silent in its first 0\.2 s; expected a sound there"
    ):
        len(items)


def test_silent_parts_of_a_recording_are_drawn_again(dataset, tmp_path) -> None:
    """A recording that is mostly digital silence, and one that is nothing else."""
    sound = np.zeros(80000, dtype=np.float32)
    sound[:8000] = 0.1 * np.random.default_rng(0).standard_normal(8000)
    write_audio(tmp_path / "mostly.wav", sound, RATE, "FLOAT")
    items = Items(dataset, RATE, "speech", sounds=tmp_path)
    assert all(item.contaminant == "mostly.wav" for item in items)
    write_audio(tmp_path / "mostly.wav", np.zeros(8000, dtype=np.float32), RATE)
    with pytest.raises(
        ConfigError, match=r"100 contaminants in a row were silent, mostly\.wav the last; expected"
    ):
        items[0]


def test_a_clip_that_is_missing_or_unreadable_is_named(tmp_path) -> None:
    (tmp_path / "audio").mkdir()
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta" / "esc50.csv").write_text("filename,fold,target,category\nbad.wav,1,0,a\n")
    with pytest.raises(FileNotFoundError, match="No such sound file"):
        _ = Items(Dataset.load(tmp_path), RATE).length_s
    (tmp_path / "audio" / "bad.wav").write_text("this is no sound")
    with pytest.raises(ConfigError, match=r"bad\.wav: not a readable sound file"):
        _ = Items(Dataset.load(tmp_path), RATE).length_s
