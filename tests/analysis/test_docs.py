"""The examples of docs/analysis.md give what the page says."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from analysis.commands.analyze import analyze

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "analysis.md"


def test_the_examples_of_the_documentation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.attempted > 20 and found.failed == 0


def test_the_table_under_the_first_command_is_what_it_prints(tmp_path: Path) -> None:
    shown = re.search(
        r"\$ listenable analyze (\S+) --out report\n(.*?)\.\.\.\n", PAGE.read_text("utf-8"), re.DOTALL
    )
    assert shown is not None
    app = typer.Typer()
    app.command()(analyze)
    result = CliRunner().invoke(app, [str(ROOT / shown[1]), "--out", str(tmp_path / "report")])
    assert result.exit_code == 0 and shown[2] in result.stdout
