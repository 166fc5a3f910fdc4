"""One colour per condition, the same in every figure of a report and of every report on the same methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

# Okabe & Ito (2008). A method never has a role's colour: its own are blue, violet or pink, and keep apart
# from these and from each other under protanopia and deuteranopia.
ROLES = {
    "reference": "#009e73",
    "hidden_reference": "#009e73",
    "mid_anchor": "#e69f00",
    "low_anchor": "#d55e00",
}
METHODS = ("#0072b2", "#cc79a7", "#4c4260", "#56b4e9", "#385ee6", "#ac8afe", "#1b2c91")
# On a page in the dark scheme two of them could hardly be seen (WCAG 2.2, 1.4.11, asks for 3:1).
ON_DARK = {"#4c4260": "#c3c3c3", "#1b2c91": "#a5d2f0"}

# For grey print, and for more methods than colours: seven colours and eight markers make 56 looks.
_ROLE_MARKERS = {"reference": "D", "hidden_reference": "D", "mid_anchor": "s", "low_anchor": "s"}
_METHOD_MARKERS = "o^vPX*ph"


@dataclass(frozen=True)
class Look:
    """How a condition is drawn: methods solid (dashed once the colours are used up), others dotted."""

    colour: str
    marker: str
    line: str
    filled: bool

    def as_line(self) -> dict[str, Any]:
        """Return the keywords of matplotlib's `plot` for a line with a marker at each value."""
        return {
            "color": self.colour, "marker": self.marker, "linestyle": self.line, "markersize": 4.5,
            "linewidth": 1.2, "markerfacecolor": self.colour if self.filled else "none",
        }  # fmt: skip


def assign_looks(frame: pd.DataFrame) -> dict[str, Look]:
    """Return the look of each condition.

    Methods take their colours in the order of their names, which no score, screening or choice of order
    changes.

    Args:
        frame: Any table with the columns `condition` and `role`.
    """
    listed = frame.drop_duplicates("condition").sort_values("condition")
    found, place = {}, 0
    for name, role in zip(listed["condition"], listed["role"], strict=True):
        if role == "method":
            colour, marker = METHODS[place % len(METHODS)], _METHOD_MARKERS[place % len(_METHOD_MARKERS)]
            found[str(name)] = Look(colour, marker, "-" if place < len(METHODS) else "--", True)
            place += 1
        else:
            found[str(name)] = Look(ROLES[role], _ROLE_MARKERS[role], ":", role != "mid_anchor")
    return found
