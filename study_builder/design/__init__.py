"""Who hears what, and in which order: the plan of each session, balanced over the listeners."""

from __future__ import annotations

from study_builder.design.orders import trial_pages
from study_builder.design.planned_pages import PlannedPage
from study_builder.design.sessions import SessionPlan, next_slot, planned_ids, session_plan

__all__ = ["PlannedPage", "SessionPlan", "next_slot", "planned_ids", "session_plan", "trial_pages"]
