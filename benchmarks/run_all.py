"""Run every benchmark and gather the tables into docs/benchmarks.md.

    python benchmarks/run_all.py [NAME ...]

Each script prints one Markdown section; a script that fails leaves its section as it was, and what was
written below a section's date stays. All of them take about two hours on two cores, which should have nothing
else to do.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
ELSEWHERE = {"run_all", "kills", "demo", "mutate"}  # tables of docs/reliability.md and docs/results.md
TABLES = {"mutations", "equivalent_mutants"}  # what `mutate` reads
STAMP = re.compile(r"^\*[0-9]{4}-[0-9]{2}-[0-9]{2}, .*\*$", re.MULTILINE)
INTRODUCTION = """# Benchmarks

Medians on the machine named below each table; peers in the same run. `make bench` repeats all measurements.
Two days of the same machine differ by up to a factor of two, so compare within a table.
"""


def sections(text: str) -> dict[str, str]:
    """Return the page's sections by the benchmark's name."""
    found = re.split(r"^<!-- benchmark: (\S+) -->\n", text, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def keep_notes(before: str, measured: str) -> str:
    """Return a section as measured, with the notes that stood below the date of the one before."""
    dated = STAMP.search(before)
    notes = before[dated.end() :].strip() if dated else ""
    return f"{measured.strip()}\n\n{notes}"


def measure(script: Path) -> str:
    """Run a benchmark and return its section."""
    # As a module: a script's own folder would come first on the path, and one of them is called interpreter.
    command = [sys.executable, "-m", f"benchmarks.{script.stem}"]
    done = subprocess.run(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True, check=True)
    cores = os.cpu_count()
    machine = f"{platform.system()} {platform.machine()}, {cores} cores, Python {platform.python_version()}"
    stamp = f"*{datetime.now(UTC):%Y-%m-%d}, {machine}, listenable {version('listenable')}.*"
    return f"{done.stdout.strip()}\n\n{stamp}\n\n"


def main(names: list[str]) -> int:
    """Measure the benchmarks `names`, or all of them."""
    scripts = {path.stem: path for path in sorted(HERE.glob("*.py")) if path.stem not in ELSEWHERE | TABLES}
    unknown = [name for name in names if name not in scripts]
    if unknown:
        print(f"no benchmark {unknown[0]!r}; expected one of {', '.join(scripts)}", file=sys.stderr)
        return 2
    kept = sections(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    failed = []
    for name in names or scripts:
        print(f"{name} ...", file=sys.stderr, flush=True)
        begin = time.perf_counter()
        try:
            kept[name] = keep_notes(kept.get(name, ""), measure(scripts[name]))
            print(f"{name}: {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
        except subprocess.CalledProcessError as error:
            failed.append(f"{name} ended with exit code {error.returncode}")
        parts = [f"<!-- benchmark: {key} -->\n{text.strip()}\n" for key, text in sorted(kept.items())]
        PAGE.write_text("\n".join([INTRODUCTION, *parts]), encoding="utf-8")
    for sentence in failed:
        print(sentence, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
