"""The demo: each stage is a real command, none is run twice, and the whole way ends in a MOS table."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pytest

from listenable import demo as listenable_demo
from listenable.cli import COMMANDS, main
from listenable.demo import DemoError, Progress, Stage, refuse_busy_port, run_stage, stages
from tests.warm import run_listenable


def test_stages_are_commands_in_order(tmp_path: Path) -> None:
    names = [stage.name for stage in stages(tmp_path, None, 3)]
    assert names == [
        "dataset", "classifier", "lmac-td", "lmac", "evaluation", "stimuli", "study", "listeners", "report",
    ]  # fmt: skip
    for stage in stages(tmp_path, None, 3):
        assert stage.arguments[0] in COMMANDS
    assert "dataset" not in [stage.name for stage in stages(tmp_path, tmp_path / "esc", 3)]


def test_it_resumes_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def record(stage: Stage) -> float:
        if stage.name == "lmac" and "lmac" not in ran:
            ran.append("lmac")
            raise DemoError("stopped")
        ran.append(stage.name)
        return 1.0

    monkeypatch.setattr(listenable_demo, "run_stage", record)
    arguments = ["demo", "--out", str(tmp_path / "demo"), "--no-serve"]
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert ran == ["dataset", "classifier", "lmac-td", "lmac"]
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 0
    assert ran[4:] == ["lmac", "evaluation", "stimuli", "study", "listeners", "report"]
    seconds = json.loads((tmp_path / "demo" / "demo.json").read_text())["seconds"]
    assert list(seconds) == [stage.name for stage in stages(tmp_path, None, 0)]


def test_quick_shortens_the_sounds_and_the_explainers(tmp_path: Path) -> None:
    changed = [
        stage.name
        for stage, usual in zip(stages(tmp_path, None, 3, quick=True), stages(tmp_path, None, 3), strict=True)
        if stage.arguments != usual.arguments
    ]
    assert changed == ["dataset", "lmac-td", "lmac"]


def test_a_quick_demo_is_not_resumed_as_a_full_one(tmp_path: Path) -> None:
    Progress(tmp_path, {"data": "soundscapes", "seed": "0", "trainings": "quick"}).finish("dataset", 1.0)
    with pytest.raises(DemoError, match=r"a demo with data soundscapes, seed 0, trainings quick; choose"):
        Progress(tmp_path, {"data": "soundscapes", "seed": "0"})


def test_a_folder_of_another_demo_is_refused(tmp_path: Path) -> None:
    Progress(tmp_path, {"data": "soundscapes", "seed": "0"}).finish("dataset", 1.0)
    with pytest.raises(DemoError) as error:
        Progress(tmp_path, {"data": "soundscapes", "seed": "1"})
    assert str(error.value) == (
        f"{tmp_path / 'demo.json'}: this folder contains a demo with data soundscapes, seed 0; "
        "choose another --out"
    )


def test_a_failed_stage_is_named(tmp_path: Path) -> None:
    assert run_stage(Stage("version", "", ["--version"])) > 0
    broken = Stage("dataset", "", ["data", "soundscapes", str(tmp_path / "out"), "--classes", "1"])
    with pytest.raises(DemoError, match=r"the stage 'dataset' ended with exit code 2; run the demo again"):
        run_stage(broken)
    assert not (tmp_path / "out").exists()


def test_a_busy_port_is_said_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            DemoError, match=f"port {port} of 127.0.0.1 is in use; choose another with --port"
        ):
            refuse_busy_port("127.0.0.1", port)
        with pytest.raises(SystemExit) as stop:
            main(["demo", "--out", str(tmp_path / "demo"), "--port", str(port)])
    assert stop.value.code == 2
    assert not (tmp_path / "demo").exists()
    assert "or skip the server with --no-serve" in capsys.readouterr().err


def test_a_missing_data_set_is_said_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["demo", "--out", str(tmp_path / "demo"), "--data", str(tmp_path / "none"), "--no-serve"])
    assert stop.value.code == 2
    assert "none: No such file or directory" in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()


def make_demo(
    out: Path, monkeypatch: pytest.MonkeyPatch, added: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Run a quick demo, with options that are `added` to stages."""

    def run_warm(stage: Stage) -> float:
        more = (added or {}).get(stage.name, ())
        done = run_listenable([*stage.arguments, *more], out.parent, figures=added is None)
        assert done.returncode == 0, f"{stage.name}: {done.stdout}{done.stderr}"
        return 1.0

    monkeypatch.setattr(listenable_demo, "run_stage", run_warm)
    with pytest.raises(SystemExit) as stop:
        main(["demo", "--out", str(out), "--no-serve", "--quick"])
    assert not stop.value.code


@pytest.mark.slow
def test_each_stage_takes_what_the_one_before_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "demo"
    training = ["--set", "epochs=1", "--set", "steps_per_epoch=2", "--set", "batch_size=4"]
    added = {
        "dataset": ["--clips", "10", "--seconds", "1"],
        **dict.fromkeys(("classifier", "lmac-td", "lmac"), training),
        "evaluation": ["--limit", "4"],
        "stimuli": ["--any"],
        "listeners": ["--listeners", "4"],
    }
    make_demo(out, monkeypatch, added)
    mos = pd.read_csv(out / "report" / "mos.csv")
    assert len(mos) == 7
    assert set(mos["n_listeners"]) <= {3, 4}  # one may be left out
    assert set(mos["n_items"]) == {9}
    scores = pd.read_csv(out / "evaluation" / "faithfulness.csv")
    assert {"lmac-td", "lmac", "gradcam", "saliency", "floor-zeros"} <= set(scores["method"])


@pytest.mark.slow
@pytest.mark.release
def test_the_whole_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "demo"
    make_demo(out, monkeypatch)
    mos = pd.read_csv(out / "report" / "mos.csv")
    assert list(mos.columns[:8]) == [
        "condition", "n_listeners", "n_items", "n_ratings", "mos", "ci_low", "ci_high", "interval",
    ]  # fmt: skip
    assert len(mos) == 7
    assert mos["condition"].is_unique
    assert (mos["ci_low"] <= mos["mos"]).all()
    assert (mos["mos"] <= mos["ci_high"]).all()
    scores = pd.read_csv(out / "evaluation" / "faithfulness.csv").set_index("method")
    lmac_td = next(name for name in scores.index if name.startswith("lmac-td"))
    # One epoch explains little; `python -m benchmarks.demo` checks the scores of the full demo.
    assert scores.loc[lmac_td, "accuracy"] >= 40
    assert scores.loc[lmac_td, "sum_error"] < 1e-3
    assert scores.loc[lmac_td, "fid_in"] > scores.loc["floor-zeros", "fid_in"]
    assert "--quick: the explainers are barely trained" in capsys.readouterr().out
    report = (out / "report" / "index.html").read_text(encoding="utf-8")
    assert "SIMULATED" in report
    for suffix in ("png", "svg", "pdf"):
        assert (out / "report" / f"mos.{suffix}").stat().st_size > 1000
    assert "SIMULATED" in (out / "report" / "mos.svg").read_text(encoding="utf-8")
