"""`--fork`: every test is run once and reported, a process that dies is named, and nothing passes by it."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT

pytest_plugins = ["pytester"]

ORDINARY = """
import os
import pytest

@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    yield folder
    assert folder.is_dir()

def test_shares(made): (made / "first").touch()
def test_finds(made): assert (made / "first").exists()
def test_is_skipped(): pytest.skip("for a reason")
@pytest.mark.parametrize("n", range(3))
def test_many(n): print("said", os.getpid())
"""
WRONG = (
    ORDINARY
    + """
def test_is_wrong():
    print("what was printed")
    assert 1 == 2
"""
)
DYING = (
    ORDINARY
    + """
def test_dies(): os._exit(7)
"""
)


def run(pytester: pytest.Pytester, files: dict[str, str], *options: str) -> pytest.RunResult:
    pytester.makepyprojecttoml(f"[tool.pytest.ini_options]\npythonpath = [{str(ROOT)!r}]\n")
    pytester.makepyfile(**files)
    pytester.syspathinsert(ROOT)
    return pytester.runpytest_subprocess("-p", "tests.forked", "--import-mode=importlib", "-q", *options)


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_every_test_is_run_and_reported_once(pytester: pytest.Pytester, processes: int) -> None:
    files = {f"test_{n}": ORDINARY for n in range(3)} | {"test_wrong": WRONG}
    done = run(pytester, files, "--fork", str(processes))
    done.assert_outcomes(passed=20, skipped=4, failed=1)
    done.stdout.fnmatch_lines(["*what was printed*", "FAILED test_wrong.py::test_is_wrong - assert 1 == 2"])
    assert done.ret == 1 and "a process of tests ended" not in done.stdout.str()


def test_a_process_that_dies_is_named(pytester: pytest.Pytester) -> None:
    done = run(pytester, {"test_a": DYING, "test_b": ORDINARY}, "--fork", "2")
    done.stdout.fnmatch_lines(["*a process of tests ended with 7 in test_a.py::test_dies*"])
    assert done.ret != 0


def test_the_first_failure_can_end_all(pytester: pytest.Pytester) -> None:
    slow = {f"test_slow{n}": "import time\ndef test_sleeps(): time.sleep(60)" for n in range(2)}
    done = run(pytester, {"test_a": WRONG, **slow}, "--fork", "3", "-x")
    done.assert_outcomes(passed=5, skipped=1, failed=1)
    assert done.ret == 1
    assert done.duration < 30
