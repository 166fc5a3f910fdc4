"""The two anchors of BS.1534-3: how they are chosen, what they are called, and where they cut off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stimuli import LOW_ANCHOR_HZ, MID_ANCHOR_HZ
from study_builder.config.roles import LOW_ANCHOR, MID_ANCHOR, Role

AnchorChoice = Literal["low", "mid"]


@dataclass(frozen=True)
class Anchor:
    """One anchor.

    Attributes:
        name: of the condition.
        role: of the condition.
        cutoff_hz: end of the pass band.
        label: as people read it.
    """

    name: str
    role: Role
    cutoff_hz: float
    label: str


ANCHORS: dict[AnchorChoice, Anchor] = {
    "low": Anchor(LOW_ANCHOR, "low_anchor", LOW_ANCHOR_HZ, "Low anchor (3.5 kHz)"),
    "mid": Anchor(MID_ANCHOR, "mid_anchor", MID_ANCHOR_HZ, "Mid anchor (7 kHz)"),
}
ANCHORS_BY_NAME = {anchor.name: anchor for anchor in ANCHORS.values()}
ANCHORS_BY_ROLE = {anchor.role: anchor for anchor in ANCHORS.values()}
