"""Data sets: the index is read as written, and what is wrong in it is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimuli import Dataset, DatasetError, fit_length, read_audio, write_audio

HEADER = "filename,fold,target,category,src_file\n"


def layout(folder: Path, rows: str, header: str = HEADER) -> Path:
    (folder / "meta").mkdir()
    (folder / "audio").mkdir()
    (folder / "meta" / "esc50.csv").write_text(header + rows)
    return folder


def test_esc50_layout(tmp_path: Path) -> None:
    rows = "b.wav,2,10,rain,77\na.wav,1,0,dog,78\nc.wav,5,10,rain,79\n"
    dataset = Dataset.load(layout(tmp_path, rows))
    write_audio(tmp_path / "audio" / "b.wav", np.full(8000, 0.25), 8000)
    assert dataset.labels == ("dog", "rain")
    assert dataset.fold_numbers == (1, 2, 5)
    clip = dataset.folds(2).clips[0]
    assert (clip.filename, clip.src_file, dataset.label_index(clip)) == ("b.wav", "77", 1)
    assert dataset.folds(2).labels == dataset.labels
    assert dataset.read(clip, 8000, 0.5).shape == (4000,)
    assert dataset.stem(clip, 8000) is None
    assert dataset.sha256 != dataset.folds(1).sha256


def test_manifest_csv(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text("path,label,fold\nx/a.wav,horn,1\nx/b.wav,bell,2\n")
    dataset = Dataset.load(tmp_path / "index.csv")
    assert dataset.labels == ("bell", "horn")
    assert dataset.clips[0].path == tmp_path / "x" / "a.wav"


def test_a_clip_with_an_absolute_path_is_not_its_own_stem(tmp_path: Path) -> None:
    sound = tmp_path / "elsewhere" / "a.wav"
    sound.parent.mkdir()
    write_audio(sound, np.full(80, 0.25), 8000)
    (tmp_path / "index.csv").write_text(f"path,label,fold\n{sound},horn,1\n")
    dataset = Dataset.load(tmp_path / "index.csv")
    assert dataset.read(dataset.clips[0], 8000).any()
    assert dataset.stem(dataset.clips[0], 8000) is None


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        ("", HEADER, "the index has no clips; expected a header and at least one row"),
        (
            "a.wav,1,dog\n",
            "filename,fold,category\n",
            "the column 'target' is missing; found filename, fold, category;",
        ),
        ("a.wav,one,0,dog,1\n", HEADER, "line 2: fold is 'one'; expected an integer"),
        ("a.wav,1,0,dog,1\n,1,0,dog,2\n", HEADER, "line 3 has no value in the column 'filename'"),
        (
            "a.wav,1,0,dog,1\nb.wav,1,0,cat,2\n",
            HEADER,
            "target 0 is called both 'dog' and 'cat'; expected one name",
        ),
        (
            "a.wav,1,0,dog,1\nb.wav,1,3,dog,2\n",
            HEADER,
            "'dog' has the targets 0 and 3; expected one target",
        ),
    ],
)
def test_a_bad_index_is_named(tmp_path: Path, rows: str, header: str, message: str) -> None:
    with pytest.raises(DatasetError) as error:
        Dataset.load(layout(tmp_path, rows, header))
    assert message in str(error.value)
    assert "esc50.csv" in str(error.value)


def test_missing_things_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No such data set"):
        Dataset.load(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match=r"No index meta/esc50\.csv of a data set here"):
        Dataset.load(tmp_path)
    dataset = Dataset.load(layout(tmp_path, "a.wav,1,0,dog,1\nb.wav,3,0,dog,2\n"))
    with pytest.raises(DatasetError, match=r"no clip in fold 4, 5; the folds are 1, 3"):
        dataset.folds(4, 5)


def test_not_a_text_file(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(DatasetError, match="not a text file in UTF-8"):
        Dataset.load(tmp_path / "index.csv")


def test_lengths_are_fitted_at_the_end() -> None:
    audio = np.arange(1, 5, dtype=np.float32)
    assert fit_length(audio, 2, 1.0).tolist() == [1, 2]
    assert fit_length(audio, 2, 3.0).tolist() == [1, 2, 3, 4, 0, 0]
    assert fit_length(audio, 2, None) is audio


@given(
    have=st.integers(1, 500),
    want=st.integers(1, 1000),
    rate=st.sampled_from([8000, 11025, 16000, 22050, 44100, 48000]),
    seed=st.integers(0, 2**31),
)
def test_a_fitted_sound_has_the_length_the_beginning_and_silence(
    have: int, want: int, rate: int, seed: int
) -> None:
    audio = np.random.default_rng(seed).uniform(-1, 1, have).astype(np.float32)
    fitted = fit_length(audio, rate, want / rate)
    kept = min(have, want)
    assert fitted.shape == (want,)
    assert fitted.dtype == np.float32
    assert np.array_equal(fitted[:kept], audio[:kept])
    assert not fitted[kept:].any()


def test_real_recordings(shared: Path) -> None:
    dataset = Dataset.load(shared / "data" / "esc10")
    assert len(dataset.clips) == 320
    assert len(dataset.labels) == 10
    assert dataset.fold_numbers == (1, 2, 3, 4)
    clip = dataset.clips[0]
    assert dataset.read(clip, 16_000, 5.0).shape == (80_000,)
    whole, rate = read_audio(clip.path)
    assert rate == 44_100
    assert whole.ndim == 1
