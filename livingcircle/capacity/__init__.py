"""Places, beds, berths and guns against the people who ask for them: who finds one within the limit, who does not, and why."""

from livingcircle.capacity.access import Access, balanced, spatial_availability, two_step
from livingcircle.capacity.asked import NOT_TOLD, SHARED, TOLD, Asked, asked, demand, demanding, missing, supply
from livingcircle.capacity.assigning import ALL_FULL, NONE_WITHIN, NOT_KNOWN, Assignment, assign, by_unit, together
from livingcircle.capacity.reach import decay, decays, within

__all__ = [
    "ALL_FULL", "NONE_WITHIN", "NOT_KNOWN", "NOT_TOLD", "SHARED", "TOLD", "Access", "Asked", "Assignment", "asked", "assign", "balanced",
    "by_unit", "decay", "decays", "demand", "demanding", "missing", "spatial_availability", "supply", "together", "two_step", "within",
]  # fmt: skip
