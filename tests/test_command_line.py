"""The command line: it answers at once, and a failure of a user's making is one sentence and exit code 2."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

import listenable.cli as listenable
from listenable.cli import COMMANDS, build_app, explain_failure, main


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, listenable.cli\n"
        "try: listenable.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = ('numpy', 'pandas', 'torch', 'flask', 'scipy', 'rich')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip().endswith("[]")
    assert all(name in out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_exists_and_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([name, "--help"])
    assert stop.value.code == 0
    assert "Usage:" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.startswith("listenable 0.")


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["listne"])
    assert stop.value.code == 2
    assert "listne" in capsys.readouterr().err


def test_a_missing_folder_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["data", "soundscapes", str(tmp_path), "--classes", "99"])
    captured = capsys.readouterr()
    assert stop.value.code == 2
    assert captured.err == "Error: --classes is 99; expected 2 to 10\n"
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_one_sentence() -> None:
    error = OSError(errno.ENOSPC, "No space left on device", "out/manifest.json")
    assert explain_failure(error) == (
        "out/manifest.json: no space is left on the disk; free some and run the command again"
    )
    copying = OSError(errno.ENOSPC, "No space left on device", "study/a.wav", None, "out/a.wav")
    assert str(explain_failure(copying)).startswith("out/a.wav: no space is left")


def test_no_error_has_what_a_terminal_obeys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It may quote a key, or the name of a sound, of a file that a stranger sent."""
    (tmp_path / "choices.yaml").write_text('"\\e]52;c;eA==\\aß": 1\n')
    with pytest.raises(SystemExit):
        main(["study", "build", "sounds", "--choices", str(tmp_path / "choices.yaml"), "--out", "study"])
    assert "the key '\ufffd]52;c;eA==\ufffdß' is unknown" in capsys.readouterr().err


def test_a_missing_extra_names_what_to_install() -> None:
    error = ModuleNotFoundError("No module named 'torch'", name="torch")
    assert (
        explain_failure(error)
        == 'This command needs torch: install it with pip install "listenable[interpreter]".'
    )


def test_a_defect_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    assert explain_failure(KeyError("x")) is None

    def broken(called: str | None) -> None:
        raise KeyError(called)

    monkeypatch.setattr(listenable, "build_app", broken)
    with pytest.raises(KeyError):
        main(["data"])


def test_only_the_called_command_is_imported() -> None:
    assert build_app(None) is not None
    code = (
        "import sys, listenable.cli; listenable.cli.build_app('data');"
        "print('analysis.commands' in sys.modules, 'stimuli.cli' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.split() == ["False", "True"]
