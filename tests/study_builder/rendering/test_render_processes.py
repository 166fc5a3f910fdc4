"""`listenable render` in two processes, as torchrun starts them: they render what one process renders."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="rendering needs the extra [interpreter]")

from interpreter.training.request import Request
from interpreter.training.train import train
from listenable.cli import main
from stimuli import Dataset, Manifest, sha256_of
from stimuli.soundscapes import make_soundscapes, write_soundscapes
from study_builder.rendering.item_selection import balance_order
from tests.warm import run_under_torchrun

SMALL = ("epochs=1", "steps_per_epoch=2", "batch_size=2", "duration_s=0.6", "validation_share=0.2")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of six clips of 0.6 s."""
    folder = tmp_path_factory.mktemp("data") / "soundscapes"
    write_soundscapes(folder, make_soundscapes(classes=2, clips=6, duration_s=0.6, seed=0))
    return folder


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of a small classifier, two steps old."""
    folder = tmp_path_factory.mktemp("runs") / "classifier"
    train(Request("classifier", data, folder, overrides=(*SMALL, "embedding_dim=32")))
    return folder


def render(run: Path, data: Path, out: Path, processes: int, *more: str) -> tuple[list[int], str, str]:
    """Render with a method without training; one thread a process, as sums depend on how many add up.

    Returns the exit code of each process and what all of them said, as a terminal shows it.
    """
    words = ["render", "--run", run, "--method", "gradcam", "--data", data, "--out", out, *more]
    done = run_under_torchrun([str(one) for one in words], data, {"OMP_NUM_THREADS": "1"}, processes)
    return [one.returncode for one in done], *(
        "".join(getattr(one, at) for one in done) for at in ("stdout", "stderr")
    )


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json")
    return {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}


def test_two_processes_write_the_bytes_of_one_also_when_interrupted(
    run: Path, data: Path, tmp_path: Path
) -> None:
    """Something is in the way of the fifth item; when it is gone, the four others are kept as they are."""
    order = list(balance_order(Dataset.load(data).clips, 0))
    out, chosen = tmp_path / "set", ("--any", "--items", "5")
    obstacle = out / f"05-{order[4].path.stem}"
    out.mkdir()
    obstacle.touch()
    codes, _, told = render(run, data, out, 2, *chosen)
    assert codes[0] == 2  # the others end without a word
    # Both processes end, and the first alone says why.
    assert told.count("Error: ") == 1
    assert f"Error: {obstacle}: File exists" in told
    assert not (out / "manifest.json").exists()
    assert len(list((out / ".rendered").glob("*.item.json"))) == 4
    written = {path: path.stat().st_mtime_ns for path in out.rglob("*.wav")}
    assert len(written) == 4 * 3
    obstacle.unlink()
    codes, said_by_two, told = render(run, data, out, 2, *chosen)
    assert codes == [0, 0], told
    assert {path: path.stat().st_mtime_ns for path in written} == written
    codes, said_by_one, told = render(run, data, tmp_path / "whole", 1, *chosen)
    assert codes == [0], told
    # The first process alone says what was made.
    assert [said.count("5 items x 2 conditions") for said in (said_by_two, said_by_one)] == [1, 1]
    assert len(hashes(out)) == 5 * (2 + 1)
    assert hashes(out) == hashes(tmp_path / "whole")
    of_two, of_one = (Manifest.load(folder) for folder in (out, tmp_path / "whole"))
    assert of_two.model_copy(update={"name": "whole", "command": of_one.command}) == of_one
    assert not (out / ".rendered").exists()


def test_a_damaged_clip_ends_both_processes_with_one_sentence(run: Path, data: Path, tmp_path: Path) -> None:
    """Only one of the processes meets it; the other does not wait for it for ever."""
    order = list(balance_order(Dataset.load(data).clips, 0))
    sound = order[3].path.read_bytes()
    order[3].path.write_bytes(b"no sound")
    try:
        codes, _, told = render(run, data, tmp_path / "set", 2, "--any", "--items", "5")
    finally:
        order[3].path.write_bytes(sound)
    assert codes[0] == 2  # the others end without a word
    assert told.count("Error: ") == 1
    assert f"Error: {order[3].path}: not a readable sound file" in told
    assert not (tmp_path / "set").exists()


def test_more_gpus_than_there_are_is_one_sentence(
    run: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["render", "--run", run, "--method", "gradcam", "--data", data, "--out", tmp_path / "set"]
    with pytest.raises(SystemExit, match="2"):
        main([str(word) for word in (*words, "--devices", 99, "--device", "cuda")])
    assert "Error: 99 GPUs are asked for and " in capsys.readouterr().err
    assert not (tmp_path / "set").exists()
