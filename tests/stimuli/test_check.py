"""Checking a data set: every fault is found, and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from listenable.cli import main
from stimuli import Dataset, write_audio
from stimuli.check import check_dataset, longest_clipped_run


def faulty(folder: Path) -> Path:
    """A set with one clip of each fault, and three that are as they should be."""
    rng = np.random.default_rng(0)
    (folder / "audio").mkdir(parents=True)
    (folder / "meta").mkdir()
    for name in ("good1", "good2", "good3", "leak1", "leak2", "twice1"):
        write_audio(folder / "audio" / f"{name}.wav", 0.1 * rng.standard_normal(800).clip(-5, 5), 8000)
    shutil.copy(folder / "audio" / "twice1.wav", folder / "audio" / "twice2.wav")
    write_audio(folder / "audio" / "silent.wav", np.zeros(800), 8000)
    write_audio(
        folder / "audio" / "clipped.wav", np.clip(3 * np.sin(np.arange(800) / 20), -1, 1), 8000, dither=False
    )
    (folder / "audio" / "corrupt.wav").write_bytes(b"RIFFnothing")
    rows = "good1,1,a good2,1,b good3,2,c leak1,1,d leak2,4,d twice1,2,e twice2,2,f"
    rows += " silent,3,g clipped,3,h corrupt,1,i gone,1,j"
    lines = ["{}.wav,{},0,dog,{}".format(*row.split(",")) for row in rows.split()]
    (folder / "meta" / "esc50.csv").write_text(
        "filename,fold,target,category,src_file\n" + "\n".join(lines) + "\n"
    )
    return folder


def test_each_fault_is_found_once(tmp_path: Path) -> None:
    findings = [f for _, found in check_dataset(Dataset.load(faulty(tmp_path))) for f in found]
    assert {(f.fault, f.filename) for f in findings} == {
        ("silent", "silent.wav"),
        ("clipped", "clipped.wav"),
        ("corrupt", "corrupt.wav"),
        ("missing", "gone.wav"),
        ("duplicated", "twice2.wav"),
        ("leaked", "leak1.wav"),
        ("leaked", "leak2.wav"),
    }
    assert len(findings) == 7
    told = {f.filename: f.detail for f in findings}
    assert told["leak1.wav"] == "recording d has clips in the folds 1, 4"
    assert told["twice2.wav"] == "equal bytes to twice1.wav, in fold 2"
    assert told["silent.wav"] == "its peak is digital silence; expected more than -80 dBFS"


def test_equal_bytes_across_folds_are_a_leak(tmp_path: Path) -> None:
    faulty(tmp_path)
    index = tmp_path / "meta" / "esc50.csv"
    index.write_text(index.read_text().replace("twice2.wav,2", "twice2.wav,5"))
    findings = [f for _, found in check_dataset(Dataset.load(tmp_path)) for f in found]
    assert [f.detail for f in findings if f.filename == "twice2.wav"] == [
        "equal bytes to twice1.wav, in fold 2 and fold 5"
    ]


def slow_run(values: list[float]) -> int:
    best = run = 0
    for before, value in zip([None, *values], values, strict=False):
        run = (run + 1 if value == before else 1) if abs(value) >= 0.99 else 0
        best = max(best, run)
    return best


@pytest.mark.parametrize("seed", range(20))
def test_the_longest_run_agrees_with_counting(seed: int) -> None:
    values = np.random.default_rng(seed).choice([0.0, 1.0, -1.0], 40, p=[0.2, 0.6, 0.2]).astype(np.float32)
    assert longest_clipped_run(values) == slow_run(values.tolist())


def test_the_command_ends_with_a_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = faulty(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(["data", "check", str(folder), "--json"])
    assert stop.value.code == 2
    assert len(json.loads(capsys.readouterr().out)["findings"]) == 7
    index = folder / "meta" / "esc50.csv"
    lines = index.read_text().splitlines()
    for wanted, code in ((("good1", "good2"), 0), (("good1", "clipped"), 1)):
        index.write_text(
            "\n".join([lines[0], *(line for line in lines if line.split(".")[0] in wanted)]) + "\n"
        )
        with pytest.raises(SystemExit) as stop:
            main(["data", "check", str(folder)])
        assert stop.value.code == code


def test_real_recordings_are_sound(shared: Path) -> None:
    findings = [f for _, found in check_dataset(Dataset.load(shared / "data" / "esc10")) for f in found]
    assert not [f for f in findings if f.fault in ("missing", "corrupt", "silent", "leaked")]
