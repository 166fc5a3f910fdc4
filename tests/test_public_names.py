"""The public face of each package: every name exists, is not a module, and nothing is loaded too early."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.warm import run_script

PACKAGES = ("listenable", "stimuli", "interpreter", "study_builder", "mushra_server", "analysis")

# Asked before and after all submodules are imported: a submodule becomes an attribute of its package, and
# would stand in for a function of the same name.
ASK = f"""
import importlib, pkgutil, sys, types
for name in [name for name in sys.modules if name.split(".")[0] in {PACKAGES!r}]:
    del sys.modules[name]  # what others need stays: to load that again would take ten seconds
packages = [importlib.import_module(name) for name in {PACKAGES!r}]
def ask():
    found = [(package, name, getattr(package, name)) for package in packages for name in package.__all__]
    return [(package.__name__, name) for package, name, value in found if isinstance(value, types.ModuleType)]
first = ask()
for package in packages:
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith(("__main__", ".wsgi")):
            importlib.import_module(module.name)
print(first, ask(), [name for package in packages for name in package.__all__ if name not in dir(package)])
"""


def test_public_names_are_neither_missing_nor_modules(tmp_path: Path) -> None:
    script = tmp_path / "ask.py"
    script.write_text(ASK)
    done = run_script(script, [], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[] [] []"


@pytest.mark.parametrize("package", PACKAGES)
def test_unknown_names_are_refused(package: str) -> None:
    module = __import__(package)
    with pytest.raises(AttributeError, match=rf"^module '{package}' has no attribute 'nothing'$"):
        _ = module.nothing


def test_the_door_shows_each_package_under_its_own_name() -> None:
    import listenable

    for name, home in listenable._HOMES.items():
        assert getattr(listenable, name) is getattr(__import__(home, fromlist=[name]), name)


@pytest.mark.parametrize("package", PACKAGES)
def test_each_public_name_has_a_home(package: str) -> None:
    module = __import__(package)
    assert sorted(module.__all__) == sorted(module._HOMES) == dir(module)


@pytest.mark.parametrize(
    ("use", "absent"),
    [
        ("import listenable", ("numpy", "torch", "pandas", "flask", "typer")),
        (
            "import listenable; listenable.load_ratings, listenable.mos, listenable.build_study",
            ("torch", "flask"),
        ),
        ("import listenable; listenable.create_app", ("torch",)),
        ("import stimuli", ("numpy", "soundfile", "pydantic")),
    ],
)
def test_a_name_loads_only_what_it_needs(use: str, absent: tuple[str, ...]) -> None:
    code = f"import sys; {use}; print([name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
