"""What would train wrongly, or end in a traceback, is refused in a sentence, or simply works."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from interpreter.distributed import adopt_launcher
from interpreter.errors import CheckpointError, ConfigError, RunError
from interpreter.loading import load_classifier
from interpreter.runs.folder import CHECKPOINT, RUN, difference, read_config, read_run, write_description
from interpreter.training.clips import load_waveforms
from interpreter.training.lightning_module import WholeFiles
from interpreter.training.request import STATE, Request
from interpreter.training.train import train
from stimuli import AudioFileError, Dataset, read_audio, write_audio
from tests.interpreter.conftest import SMALL_CLASSIFIER

SETTINGS = ("epochs=1", "steps_per_epoch=1", "batch_size=2", "duration_s=0.6", "embedding_dim=32")


def _request(data: Path, out: Path, **options: Any) -> Request:
    return Request("classifier", data, out, "tiny", SETTINGS, **options)


@pytest.mark.parametrize(
    ("asked", "world", "local", "expected"),
    [((1, 1), 4, 2, (2, 2)), ((2, 2), 4, 2, (2, 2)), ((1, 1), 2, 2, (2, 1)), ((1, 1), 1, 1, (1, 1))],
)
def test_torchruns_processes_are_adopted(
    asked: tuple[int, int],
    world: int,
    local: int,
    expected: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("WORLD_SIZE", str(world))
    monkeypatch.setenv("LOCAL_WORLD_SIZE", str(local))
    assert adopt_launcher(*asked) == expected


def test_another_number_than_torchruns_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    with pytest.raises(ConfigError, match=r"3 processes .* started 4; expected --devices 2 --nodes 2"):
        adopt_launcher(3, 1)


def _cut_off(content: bytearray) -> None:
    del content[-2000:]


def _flip_a_bit(content: bytearray) -> None:
    content[len(content) // 2] ^= 1


@pytest.mark.parametrize("damage", [_cut_off, _flip_a_bit])
def test_a_damaged_state_to_resume_from_is_a_sentence(
    damage: Callable[[bytearray], None], classifier_run: Path, soundscapes: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    shutil.copytree(classifier_run, out)
    (out / STATE).mkdir()
    shutil.move(out / RUN, out / STATE / RUN)
    shutil.copy(out / "config.yaml", out / STATE)
    content = bytearray((out / CHECKPOINT).read_bytes())
    damage(content)
    (out / STATE / "last.ckpt").write_bytes(content)
    with pytest.raises(RunError, match=r"last\.ckpt: the state to resume from is damaged; remove the folder"):
        train(Request("classifier", soundscapes, out, overrides=SMALL_CLASSIFIER), resume=True)


def test_other_samples_under_the_same_names_are_noticed(soundscapes: Path, tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "run"
    shutil.copytree(soundscapes, data)
    train(_request(data, out))
    assert train(_request(data, out))[1] is False
    clip = Dataset.load(data).folds(1).clips[0].path
    audio, rate = read_audio(clip)
    write_audio(clip, audio[::-1], rate)
    with pytest.raises(RunError, match="the sound files have other content than when it was trained"):
        train(_request(data, out))
    # runs of before it was recorded are accepted
    run = replace(read_run(out), samples_sha256=None)
    assert difference(run, read_run(out), out, read_config(out)) is None
    write_description(out, run)
    assert train(_request(data, out))[1] is False


def test_one_class_is_nothing_to_learn(soundscapes: Path, tmp_path: Path) -> None:
    dataset = Dataset.load(soundscapes)
    index = tmp_path / "one.csv"
    label = dataset.labels[0]
    rows = [f"{clip.path},{label},{clip.fold}" for clip in dataset.clips if clip.category == label]
    index.write_text("\n".join(["path,label,fold", *rows]) + "\n")
    with pytest.raises(ConfigError, match=rf"the only class .* is '{label}'; expected two or more"):
        train(_request(index, tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_a_full_disk_is_that_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "there is no such folder"))
    WholeFiles().save_checkpoint({"weights": torch.arange(3)}, tmp_path / "last.ckpt")
    assert torch.load(tmp_path / "last.ckpt", weights_only=True)["weights"].tolist() == [0, 1, 2]

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stimuli.files.move_into_place", fail)
    with pytest.raises(OSError, match="No space left") as full:
        WholeFiles().save_checkpoint({}, tmp_path / "last.ckpt")
    assert full.value.filename == str(tmp_path / "last.ckpt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["last.ckpt"]


def test_a_clip_that_begins_silent_is_read_from_its_first_sound_on(tmp_path: Path) -> None:
    sound = np.zeros(16000, np.float32)
    sound[12000:] = np.linspace(0.1, 0.5, 4000)
    write_audio(tmp_path / "late.wav", sound, 16000, "FLOAT")
    write_audio(tmp_path / "early.wav", sound[::-1], 16000, "FLOAT")
    (tmp_path / "a.csv").write_text("path,label,fold\nlate.wav,late,1\nearly.wav,early,1\n")
    late, early = load_waveforms(Dataset.load(tmp_path / "a.csv"), 16000, 0.5, "none")
    np.testing.assert_allclose(late[:4000], sound[12000:], atol=1e-4)
    assert not late[4000:].any() and len(late) == 8000
    np.testing.assert_allclose(early, sound[:7999:-1], atol=1e-4)


def test_enormous_samples_are_refused(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", np.full(100, 1e9, np.float32), 16000, "FLOAT")
    assert read_audio(tmp_path / "a.wav")[0].max() == 1e9
    write_audio(tmp_path / "a.wav", np.full(100, 1e30, np.float32), 16000, "FLOAT")
    with pytest.raises(AudioFileError, match=r"samples of up to 1e\+30; expected samples in \[-1, 1\]"):
        read_audio(tmp_path / "a.wav")


def test_a_flipped_bit_in_a_checkpoint_is_found(classifier_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(classifier_run, run)
    content = bytearray((run / CHECKPOINT).read_bytes())
    content[len(content) // 2] ^= 1
    (run / CHECKPOINT).write_bytes(content)
    with pytest.raises(CheckpointError, match=r"checkpoint\.pt: not the weights that run\.json was written"):
        load_classifier(run)
    # runs of before it was recorded are read without the check
    values = json.loads((run / RUN).read_text())
    del values["checkpoint_sha256"], values["samples_sha256"]
    (run / RUN).write_text(json.dumps(values))
    assert load_classifier(run).labels
