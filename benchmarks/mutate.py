"""Change one operator, number or call of a module at a time, and see whether the module's tests notice.

    python -m benchmarks.mutate stimuli.loudness [MODULE ...] [--mutants 20] [--seed 0]

Without a module, the modules of docs/reliability.md. The checkout is never edited: each mutant is written
into a copy of its package in a temporary folder, which comes first on the path of the module's tests. Those
are in the file of its name (`tests/PACKAGE/ROOM/test_MODULE.py`), or all of its room, and what `TESTS` names.
A mutant on a line that no test reaches counts as a survivor; one that changes nothing that could be seen is
listed with a reason in `benchmarks/equivalent_mutants.py`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from benchmarks.equivalent_mutants import EQUIVALENT
from benchmarks.mutations import Mutant, sample

ROOT = Path(__file__).resolve().parents[1]
SIDE_BY_SIDE = 2
FORKS = multiprocessing.get_context("forkserver")
# What takes long to import and is not ours: imported once, before the tests' processes are forked.
BASE = ("numpy", "pandas", "scipy.signal", "scipy.stats", "pyloudnorm", "soxr", "soundfile")
PRELOADED = {
    "stimuli": BASE,
    "study_builder": (*BASE, "pydantic", "yaml"),
    "analysis": (*BASE, "matplotlib.pyplot", "seaborn", "statsmodels.formula.api"),
    "mushra_server": (*BASE, "flask", "sqlalchemy", "pydantic", "yaml"),
    "interpreter": (*BASE, "torch", "torchaudio", "lightning", "captum.attr"),
}
BROKEN = "raise RuntimeError('the tests import this copy')\n"

# The modules of docs/reliability.md, by room, and the tests that are not in the file of a module's name.
MODULES: dict[str, tuple[str, ...]] = {
    "stimuli": ("loudness", "anchors", "mixing", "audio", "files"),
    "analysis.statistics": (
        "intervals", "bootstrap", "effect_sizes", "corrections", "permutation", "variance", "crossed",
        "moderation", "jackknife",
    ),
    "analysis.models": ("screening", "mos", "compare", "anova", "likelihood.reml", "power", "reliability"),
    "analysis.ratings": ("tidy", "readers.webmushra"),
    "study_builder.design": ("williams", "incomplete_blocks", "sessions", "balance", "attention_checks"),
    "study_builder.sounds": ("anchor_mask", "outliers"),
    "mushra_server": (
        "answers.checks", "database.submissions", "database.slots", "export.erasure",
        "participant.admission", "web.security",
    ),
    "interpreter": (
        "kinds.losses", "faithfulness.functional", "faithfulness.bootstrap", "faithfulness.scores",
        "faithfulness.streaming", "classifier.front_end", "explainers.lmac_td",
        "explainers.lmac_td_settings", "explainers.lmac_td_network", "networks.filter_bank",
        "evaluation.ground_truth", "evaluation.trivial_masks", "evaluation.mask_statistics",
    ),
}  # fmt: skip
TESTS: dict[str, tuple[str, ...]] = {
    "analysis.models.likelihood.reml": ("analysis/models/test_mixed.py",),
    "analysis.ratings.readers.webmushra": ("analysis/ratings",),
    "analysis.ratings.tidy": ("analysis/ratings/test_scales.py", "analysis/ratings/test_named_columns.py"),
    "mushra_server.database.submissions": (
        "mushra_server/database/test_storage.py",
        "mushra_server/participant/test_session.py",
    ),
    "mushra_server.export.erasure": ("mushra_server/webmushra/test_refused_posts.py",),
    "mushra_server.web.security": (
        "mushra_server/web/test_bodies.py",
        "mushra_server/web/test_rate_limiter.py",
    ),
    "interpreter.explainers.lmac_td": ("interpreter/explainers/test_lmac_td_task.py",),
    "interpreter.explainers.lmac_td_network": ("interpreter/explainers/test_lmac_td.py",),
    "interpreter.faithfulness.functional": ("interpreter/faithfulness/test_faithfulness.py",),
}


@dataclass
class Result:
    """What became of a module's mutants."""

    module: str
    mutants: list[Mutant] = field(default_factory=list)
    survivors: list[Mutant] = field(default_factory=list)
    equivalent: list[Mutant] = field(default_factory=list)

    @property
    def row(self) -> str:
        """A line of the table."""
        killed = len(self.mutants) - len(self.survivors) - len(self.equivalent)
        return (
            f"| `{self.module}` | {len(self.mutants)} | {killed} | {len(self.equivalent)} "
            f"| {len(self.survivors)} |"
        )


def find_tests(module: str) -> list[str]:
    """Return the paths of a module's tests: the file of its name, or its room; then what `TESTS` names."""
    *rooms, name = module.split(".")
    folder = Path("tests", *rooms)
    own = folder / f"test_{name}.py"
    found = [own] if (ROOT / own).is_file() else []
    found += [Path("tests", more) for more in TESTS.get(module, ())]
    return [str(path) for path in found or [folder]]


class Overlay:
    """A copy of a package in which one module is replaced."""

    def __init__(self, folder: Path, module: str) -> None:
        package = module.split(".")[0]
        shutil.copytree(ROOT / package, folder / package)
        self.folder = folder
        self.path = folder.joinpath(*module.split(".")).with_suffix(".py")
        self.tests = find_tests(module)

    @property
    def output(self) -> str:
        """The end of what the last tests printed."""
        return (self.folder / "output.txt").read_text(encoding="utf-8")[-3000:]

    def passes(self, source: str, limit_s: float | None = None) -> bool:
        """Whether the tests pass, within a time, with `source` in the module's place."""
        self.path.write_text(source, encoding="utf-8")
        # A compiled file is trusted by its second and its size, which two mutants may share.
        for compiled in (self.path.parent / "__pycache__").glob(f"{self.path.stem}.*.pyc"):
            compiled.unlink()
        process = FORKS.Process(target=_test, args=(self.folder, self.tests))
        process.start()
        process.join(limit_s)
        if process.is_alive():
            os.killpg(process.pid or 0, signal.SIGKILL)
            process.join()
        return process.exitcode == 0


def _test(folder: Path, tests: list[str]) -> None:
    """Run tests in this process, a fork, with a folder first on the path; exit as pytest does."""
    os.setsid()
    os.chdir(ROOT)
    path = os.pathsep.join([str(folder), str(ROOT)])
    os.environ.update(PYTHONPATH=path, PYTHONDONTWRITEBYTECODE="1", OMP_NUM_THREADS="1")
    sys.dont_write_bytecode = True
    sys.path[:0] = [str(folder)]
    with (folder / "output.txt").open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    import pytest

    # Plain: pytest would warn that plugins among what was preloaded come too late to be rewritten.
    options = ["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "--hypothesis-profile=ci"]
    options += ["-k", "not postgresql"]
    os._exit(pytest.main([*options, "-o", f"pythonpath={folder}", *tests]))


def run(module: str, count: int, seed: int) -> Result:
    """Return what became of `count` mutants of a module.

    Raises:
        SystemExit: its tests fail without a change, or do not import the changed copy.
    """
    source = ROOT.joinpath(*module.split(".")).with_suffix(".py").read_text(encoding="utf-8")
    result = Result(module, sample(source, count, random.Random(f"{seed} {module}")))
    harmless = EQUIVALENT.get(module, {})
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        overlays: SimpleQueue[Overlay] = SimpleQueue()
        for number in range(SIDE_BY_SIDE):
            overlays.put(Overlay(Path(folder, str(number)), module))
        limit_s = _time_unchanged(overlays, source, module)

        def survives(mutant: Mutant) -> bool:
            overlay = overlays.get()
            try:
                return overlay.passes(mutant.source, limit_s)
            finally:
                overlays.put(overlay)

        result.equivalent = [one for one in result.mutants if f"{one.text} | {one.change}" in harmless]
        others = [one for one in result.mutants if one not in result.equivalent]
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            alive = list(pool.map(survives, others))
    result.survivors = [one for one, survived in zip(others, alive, strict=True) if survived]
    return result


def _time_unchanged(overlays: SimpleQueue[Overlay], source: str, module: str) -> float:
    """Check that the tests pass as they are and fail when the copy is broken; return a limit in seconds."""
    overlay = overlays.get()
    began = time.perf_counter()
    if not overlay.passes(source):
        raise SystemExit(f"{module}: the tests fail without a change:\n{overlay.output}")
    limit_s = 5 * (time.perf_counter() - began) + 20
    if overlay.passes(BROKEN):
        raise SystemExit(f"{module}: the tests do not import the changed copy; expected other tests in TESTS")
    overlays.put(overlay)
    return limit_s


def main() -> None:
    """Print the table and the survivors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", help="by default all of MODULES")
    parser.add_argument("--mutants", type=int, default=12, help="per module")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    names = chosen.modules or [f"{room}.{name}" for room, found in MODULES.items() for name in found]
    packages = {module.split(".")[0] for module in names}
    FORKS.set_forkserver_preload(sorted({name for package in packages for name in PRELOADED[package]}))
    print("| module | mutants | killed | equivalent | survivors |\n|---|---|---|---|---|")
    results = []
    for module in names:
        results.append(run(module, chosen.mutants, chosen.seed))
        print(results[-1].row, flush=True)
    drawn = sum(len(one.mutants) - len(one.equivalent) for one in results)
    alive = sum(len(one.survivors) for one in results)
    print(f"\n{drawn - alive} of {drawn} killed ({100 * (drawn - alive) / max(drawn, 1):.0f} %).\n")
    for result in results:
        for mutant in result.survivors:
            print(f"- `{result.module}`:{mutant.line}:{mutant.column}: `{mutant.text} | {mutant.change}`")


if __name__ == "__main__":
    main()
