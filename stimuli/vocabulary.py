"""Words that several file formats share: roles of conditions, kinds of ratings, names of a study's files.

This module imports nothing heavy, so that whoever reads one of the formats can import it.
"""

from __future__ import annotations

from typing import Literal, get_args

Role = Literal["reference", "hidden_reference", "method", "mid_anchor", "low_anchor"]
"""What a condition is for."""

RatingKind = Literal["trial", "training", "attention", "repeat"]
"""What a rating is for; only those of trials are scores of the study."""

ROLES: tuple[Role, ...] = get_args(Role)
"""All roles, in the order of tables and figures."""

REFERENCE_ROLES: tuple[Role, ...] = ("reference", "hidden_reference")

RATING_KINDS: tuple[RatingKind, ...] = get_args(RatingKind)

CONFIG_NAME = "config.yaml"
RATINGS_NAME = "ratings.sqlite3"
"""Of the files in a study folder."""
