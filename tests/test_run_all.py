"""`make bench`: what it runs, and what it leaves of the page of benchmarks."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import run_all


def test_tables_are_measured_again_and_notes_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "benchmarks.md"
    monkeypatch.setattr(run_all, "PAGE", page)
    monkeypatch.setattr(
        run_all, "measure", lambda script: f"## {script.stem}\n\n1 s\n\n*2026-01-01, here.*\n\n"
    )
    assert run_all.main(["server", "render"]) == 0
    written = page.read_text(encoding="utf-8")
    assert written.index("## render") < written.index("## server")
    page.write_text(written.replace("1 s", "9 s") + "\nWhy it is so.\n", encoding="utf-8")
    assert run_all.main(["server"]) == 0
    again = page.read_text(encoding="utf-8")
    assert again == written.replace("1 s", "9 s", 1) + "\nWhy it is so.\n"
    assert run_all.main(["servers"]) == 2
    assert "no benchmark 'servers'; expected one of active_pairs, " in capsys.readouterr().err


def test_what_takes_hours_or_measures_nothing_is_not_among_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_all, "PAGE", tmp_path / "benchmarks.md")
    ran = []
    monkeypatch.setattr(run_all, "measure", lambda script: ran.append(script.stem) or "## A table")
    assert run_all.main([]) == 0
    assert {"server", "workers", "coverage"} <= set(ran)
    assert not {"mutate", "mutations", "equivalent_mutants", "kills", "demo", "run_all"} & set(ran)
