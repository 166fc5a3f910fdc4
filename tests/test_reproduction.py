"""The commands of docs/reproduce-the-paper.md, on small sounds in the layouts of the real data."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.loading.ports import find_free_port
from interpreter.training.request import Request
from interpreter.training.train import train
from listenable.cli import main
from stimuli import write_audio
from stimuli.soundscapes import make_soundscapes, write_soundscapes
from tests.conftest import ROOT
from tests.interpreter.stand_ins import panns_file
from tests.warm import run_listenable, run_under_torchrun

PAGE = (ROOT / "docs" / "reproduce-the-paper.md").read_text(encoding="utf-8")
SMALL = ["epochs=1", "steps_per_epoch=1", "batch_size=2", "validation_share=0.2", "embedding_dim=32"]


def _command(begin: str, *ends: str) -> list[str]:
    """Return the page's command that begins and ends so, of tiny networks on processors."""
    lines = PAGE.replace("\\\n", " ").splitlines()
    line = next(one for one in lines if one.startswith(begin) and one.endswith(ends or ("",)))
    line = line.replace("--preset paper", "--preset tiny").replace("--device cuda", "--device cpu")
    return shlex.split(re.sub(r"--set \S+|--workers \d+|--nodes \d+", "", line))


def _small(*skipped: str) -> list[str]:
    return [word for one in SMALL if one.split("=")[0] not in skipped for word in ("--set", one)]


@pytest.fixture
def ground(tmp_path: Path) -> Path:
    """ESC-50, WHAM! and LJSpeech as they unpack, with three classes of half a second."""
    write_soundscapes(tmp_path / "ESC-50", make_soundscapes(classes=3, clips=5, duration_s=0.5, seed=0))
    rng = np.random.default_rng(0)
    noise = lambda seconds: 0.1 * rng.standard_normal(int(16000 * seconds)).clip(-3, 3)  # noqa: E731
    (tmp_path / "LJSpeech-1.1" / "wavs").mkdir(parents=True)
    for part in ("tr", "cv", "tt"):
        (tmp_path / "wham_noise" / part).mkdir(parents=True)
        write_audio(tmp_path / "wham_noise" / part / "01aa010b_0.97482_209a010p.wav", noise(2), 16000)
    write_audio(tmp_path / "LJSpeech-1.1" / "wavs" / "LJ001-0001.wav", noise(1), 22050)
    (tmp_path / "LJSpeech-1.1" / "metadata.csv").write_text("LJ001-0001|Printing|Printing\n")
    return tmp_path


def _train_classifier(ground: Path, out: str) -> None:
    settings = [one for one in _small() if one != "--set"]
    train(Request("classifier", ground / "ESC-50", ground / out, overrides=settings, noise="none"))


@pytest.mark.parametrize(
    ("preset", "given", "sentence"),
    [
        ("paper", (), "--preset paper needs --noise FOLDER"),
        ("tiny", ("--set", "epoch=1"), "--set epoch=1: no training has such a setting"),
    ],
)
def test_the_script_refuses_what_no_training_takes(
    preset: str,
    given: tuple[str, ...],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["--data", "ESC-50", "--out", str(tmp_path / "out"), "--settings", "id", "--preset", preset]
    monkeypatch.setattr(sys, "argv", ["paper_tables.py", *words, *given])
    with pytest.raises(SystemExit, match="2"):
        runpy.run_path(str(ROOT / "examples" / "paper_tables.py"), run_name="__main__")
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_papers_preset_without_noise_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    with pytest.raises(SystemExit, match="2"):
        main(["train", "classifier", "--data", "ESC-50", "--preset", "paper", "--out", str(out)])
    assert "the preset paper trains with recorded noise and none was given" in capsys.readouterr().err
    assert not out.exists()


def _run_step(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
    """Run a command of the script in this process: another one would import torch again."""
    assert command[1:3] == ["-m", "listenable"]
    with pytest.raises(SystemExit) as end:
        main(command[3:])
    return subprocess.CompletedProcess(command, int(end.value.code or 0))


@pytest.mark.slow
@pytest.mark.release
def test_the_tables_are_made_from_a_start_with_recorded_noise(
    ground: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ground)
    fetch = _command("listenable import Cnn14_16k_mAP=0.438.pth")
    torch.save(panns_file(32, 64), fetch[2])
    _run_step([sys.executable, "-m", *fetch])
    monkeypatch.setattr(subprocess, "run", _run_step)
    command = _command("python examples/paper_tables.py", "cuda")
    command += ["--explainers", "lmac-td-0.75", "--seeds", "0", "1", "--settings", "id", "speech", *_small()]
    monkeypatch.setattr(sys, "argv", command[1:])
    runpy.run_path(str(ROOT / command[1]), run_name="__main__")
    tables = (ground / "paper" / "tables.md").read_text(encoding="utf-8")
    assert re.findall("^### ([a-z]+)", tables, re.MULTILINE) == ["id", "speech"]
    assert tables.startswith("### id (3 items, the classifiers get ")
    rows = [line.split(" | ") for line in tables.splitlines() if line.startswith("| ")]
    ours = next(row for row in rows if row[0] == "| LMAC-TD (alpha 0.75)")
    assert ours[1] == "2"
    assert re.fullmatch(r"-?\d+\.\d ± \d+\.\d \[-?\d+\.\d, -?\d+\.\d\]", ours[2]), ours
    assert {"| GradCAM", "| Floor: all"} <= {row[0] for row in rows}
    run = json.loads((ground / "paper" / "seed-0" / "lmac-td-0.75" / "run.json").read_text())
    assert run["noise"] == "wham_noise/tr"
    scored = json.loads((ground / "paper" / "seed-0" / "id.json").read_text())
    assert Path(scored["sounds_used"]).as_posix() == "wham_noise/tt"
    assert scored["second_classifier"] == "paper/seed-1/classifier"
    settings = (ground / "paper" / "seed-1" / "classifier" / "config.yaml").read_text()
    assert "start: runs/start" in settings
    # what is there is not made again
    (ground / "paper" / "tables.md").unlink()
    capsys.readouterr()
    monkeypatch.setattr(sys, "argv", command[1:])
    runpy.run_path(str(ROOT / command[1]), run_name="__main__")
    assert capsys.readouterr().out == "paper/tables.md\n"
    assert (ground / "paper" / "tables.md").read_text(encoding="utf-8") == tables


@pytest.mark.slow
@pytest.mark.release
def test_every_step_of_a_table_is_given_the_devices(ground: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes train in torchrun's and srun's tests, and evaluate in `interpreter/evaluation`."""
    monkeypatch.chdir(ground)
    for out in ("paper/seed-0/classifier", "paper/second-classifier"):
        _train_classifier(ground, out)
    given = []

    def run_alone(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        at = command.index("--devices")
        given.append((command[3], command[at + 1]))
        return _run_step([*command[:at], *command[at + 2 :]])

    monkeypatch.setattr(subprocess, "run", run_alone)
    command = _command("python examples/paper_tables.py", "--devices 4")
    command += ["--explainers", "lmac-td-0.75", "--seeds", "0", "--settings", "id", *_small("embedding_dim")]
    monkeypatch.setattr(sys, "argv", command[1:])
    runpy.run_path(str(ROOT / command[1]), run_name="__main__")
    assert given == [("train", "4"), ("evaluate", "4")]
    minutes = json.loads((ground / "paper" / "minutes.json").read_text())
    assert list(minutes) == ["seed-0/lmac-td-0.75", "seed-0/id.csv"]
    assert "| LMAC-TD (alpha 0.75) | 1 |" in (ground / "paper" / "tables.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_processes_that_torchrun_tells_of_one_another_train_once(
    ground: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The classifier in two processes, what explains it in one, as in two under srun below.

    `torchrun` itself would import torch three times over; what it tells its processes is what counts here.
    """
    words = {}
    for kind in ("classifier", "lmac-td"):
        line = _command(f"torchrun --nproc-per-node 4 -m listenable train {kind}")
        words[kind] = [*line[line.index("listenable") + 1 :], "--accelerator", "cpu", "--no-progress"]
    done = run_under_torchrun([*words["classifier"], *_small()], ground, {"OMP_NUM_THREADS": "1"})
    assert [one.returncode for one in done] == [0, 0], done
    monkeypatch.chdir(ground)
    with pytest.raises(SystemExit) as end:
        main([*words["lmac-td"], *_small("embedding_dim")])
    assert not end.value.code
    said = {"classifier": "".join(one.stdout for one in done), "lmac-td": capsys.readouterr().out}
    for kind, text in said.items():
        assert text.count("trained.") == 1
        assert json.loads((ground / "runs" / kind / "run.json").read_text())["finished"]


@pytest.mark.slow
def test_the_batch_script_trains_under_a_stand_in_of_srun(ground: Path) -> None:
    _train_classifier(ground, "runs/classifier")
    command = _command("srun listenable train lmac-td")[1:]
    command[command.index("--devices") + 1] = "2"
    words = [*command[1:], "--accelerator", "cpu", *_small("embedding_dim")]
    shared = {"SLURM_NTASKS": "2", "SLURM_NTASKS_PER_NODE": "2", "SLURM_JOB_ID": "1", "SLURM_NODEID": "0"}
    shared |= {
        "MASTER_PORT": str(find_free_port()),
        "SLURM_NNODES": "1",
        "SLURM_JOB_NAME": "lmac-td",
        "SLURM_NODELIST": "localhost",
    }

    def run_task(task: str) -> subprocess.CompletedProcess[str]:
        own = {"SLURM_PROCID": task, "SLURM_LOCALID": task, "MASTER_ADDR": "127.0.0.1"}
        return run_listenable(
            words, ground, {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), **shared, **own}
        )

    with ThreadPoolExecutor(2) as tasks:
        done = list(tasks.map(run_task, ("0", "1")))
    assert [one.returncode for one in done] == [0, 0], done
    assert "".join(one.stdout for one in done).count("trained.") == 1
    assert json.loads((ground / "runs" / "lmac-td" / "run.json").read_text())["finished"]
