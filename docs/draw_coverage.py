"""Draw how often each test's interval covers the truth, from the table in benchmarks.md.

python docs/draw_coverage.py        writes docs/img/coverage.png
"""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from benchmarks.coverage_choices import LEAST, MOST

HERE = Path(__file__).resolve().parent
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([\d.]+) % ?(?:\(!\))? ?\| ([\d.]+) \|$", re.MULTILINE)


def read_rows(text: str) -> list[tuple[str, str, float]]:
    """Return test, what is estimated, and percent covered of each row of the section."""
    section = text.split("<!-- benchmark: coverage_choices -->")[1].split("<!-- benchmark:")[0]
    return [(test, what, float(covered)) for test, what, covered, _ in ROW.findall(section)]


def draw(rows: list[tuple[str, str, float]], path: Path) -> None:
    """Write the figure."""
    figure, axes = plt.subplots(figsize=(7.2, 0.36 * len(rows) + 1.1), layout="constrained")
    axes.axvspan(100 * LEAST, 100 * MOST, color="#dbe5ff", label="band, 92 to 98 %")
    axes.axvline(95, color="#5b6270", linewidth=1, label="nominal, 95 %")
    axes.plot([covered for _, _, covered in rows], range(len(rows)), "o", color="#2552d4")
    axes.set_yticks(range(len(rows)), [f"{test}: {what}" for test, what, _ in rows])
    axes.invert_yaxis()
    axes.set_xlim(90, 100)
    axes.set_xlabel("intervals that cover the truth, %")
    figure.legend(loc="outside upper center", ncols=2, fontsize="small", frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    found = read_rows((HERE / "benchmarks.md").read_text(encoding="utf-8"))
    draw(found, HERE / "img" / "coverage.png")
    print(f"{len(found)} rows in {HERE / 'img' / 'coverage.png'}")
