"""Which conditions are references and anchors: by option, by name, and by how they were rated."""

from __future__ import annotations

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.tidy import scale_of
from stimuli.vocabulary import ROLES

_MEDIAN, _SHARE, _HIGH = 0.97, 0.8, 0.9  # of the scale's width, and of the ratings


def parse_roles(
    reference: list[str] | None, anchor: list[str] | None, role: dict[str, str] | None
) -> dict[str, str]:
    """Return the role of each condition that an option names.

    Raises:
        RatingsError: A role is unknown, or a condition has two.
    """
    pairs = [(name, "hidden_reference") for name in reference or []]
    pairs += [(name, "low_anchor") for name in anchor or []]
    pairs += [(name, value.strip().lower().replace("-", "_")) for name, value in (role or {}).items()]
    asked: dict[str, str] = {}
    for name, value in pairs:
        if value not in ROLES:
            raise RatingsError(f"--role {name}={value} names no role; expected one of {', '.join(ROLES)}")
        if asked.setdefault(name, value) != value:
            raise RatingsError(
                f"the condition {name!r} has the roles {asked[name]} and {value}; expected one"
            )
    return asked


def apply_roles(frame: pd.DataFrame, asked: dict[str, str]) -> pd.DataFrame:
    """Give conditions the roles that were asked for; their names may be spelled in any case.

    Raises:
        RatingsError: No rating has such a condition.
    """
    role = frame["role"].copy()
    names = list(frame["condition"].dropna().unique())
    for name, value in asked.items():
        exact = [known for known in names if known == name]
        meant = exact or [known for known in names if known.casefold() == name.strip().casefold()]
        if not meant:
            raise RatingsError(
                f"no rating has the condition {name!r} for the role {value}; found "
                f"{', '.join(map(repr, names))} (--reference, --anchor, --role)"
            )
        role[frame["condition"].isin(meant)] = value
    return frame.assign(role=role)


def find_lookalikes(frame: pd.DataFrame) -> list[str]:
    """Name a method that nearly everybody rates at the top while no condition is a hidden reference."""
    rows = frame[(frame["kind"] == "trial") & frame["score"].notna()]
    if rows.empty or (rows["role"] == "hidden_reference").any() or rows["condition"].nunique() < 2:
        return []
    notes = []
    for _, ratings in rows.groupby("attribute", sort=False):
        low, high = scale_of(ratings)
        if high - low < 20:  # on five or seven points, a good method is often at the top
            continue
        for name, scores in ratings[ratings["role"] == "method"].groupby("condition", sort=False)["score"]:
            share = (scores - low) / (high - low)
            if len(scores) >= 3 and share.median() >= _MEDIAN and (share >= _HIGH).mean() >= _SHARE:
                notes.append(
                    f"{name!r} counts as a method, but is rated like a hidden reference (median "
                    f"{scores.median():g}); if it is one, say --reference {name!r}."
                )
    return notes
