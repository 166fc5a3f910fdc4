"""What a condition is for, and the names that say so by convention."""

from __future__ import annotations

from stimuli.vocabulary import REFERENCE_ROLES, ROLES, Role

__all__ = [
    "CONVENTIONAL_ROLES",
    "LOW_ANCHOR",
    "MID_ANCHOR",
    "REFERENCE",
    "REFERENCE_ROLES",
    "ROLES",
    "Role",
]

REFERENCE = "reference"
LOW_ANCHOR = "anchor35"
MID_ANCHOR = "anchor70"

CONVENTIONAL_ROLES: dict[str, Role] = {
    REFERENCE: "hidden_reference",
    LOW_ANCHOR: "low_anchor",
    MID_ANCHOR: "mid_anchor",
}
"""Roles of webMUSHRA's own names, in a config that lists no conditions."""
