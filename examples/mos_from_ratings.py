"""From a table of ratings to scores, comparisons and a figure, in Python.

python examples/mos_from_ratings.py examples/analyse_webmushra/mushra.csv mos.svg
"""

from __future__ import annotations

import sys
from pathlib import Path

from analysis import compare, kept, load_ratings, mos, plot_mos, screen


def analyse(ratings: Path, figure: Path) -> None:
    """Print the scores and the comparisons of those who pass screening; draw the scores."""
    frame = load_ratings(ratings)
    screening = screen(frame)
    screened = kept(frame, screening)
    print(f"{int((~screening['kept']).sum())} of {len(screening)} listeners are left out.")
    print(mos(screened)[["condition", "mos", "ci_low", "ci_high"]].round(1).to_string(index=False))
    print("\n".join(compare(screened)["sentence"]))
    plot_mos(screened).get_figure().savefig(figure)


if __name__ == "__main__":
    analyse(Path(sys.argv[1]), Path(sys.argv[2]))
