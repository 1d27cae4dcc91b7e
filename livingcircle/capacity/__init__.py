"""Places, beds, berths and guns against the people who ask for them: who finds one within the limit, who does not, and why."""

from livingcircle.capacity.access import Access, balanced, spatial_availability, two_step
from livingcircle.capacity.asked import NOT_TOLD, SHARED, TOLD, Asked, asked, demand, demanding, missing, supply
from livingcircle.capacity.assigning import ALL_FULL, NONE_WITHIN, NOT_KNOWN, Assignment, assign, by_unit, together
from livingcircle.capacity.cases import (
    FACILITIES, HOMES, KEYS, MEASURES, NO_FACILITY, PARTS, UNITS, Capacity, Case, amounts, cases, competing, facility_rows, home_rows, missing_rows, nothing,
    principal, residence_rows, unit_rows,
)  # fmt: skip
from livingcircle.capacity.reach import decay, decays, within

__all__ = [
    "ALL_FULL", "FACILITIES", "HOMES", "KEYS", "MEASURES", "NONE_WITHIN", "NOT_KNOWN", "NOT_TOLD", "NO_FACILITY", "PARTS", "SHARED", "TOLD", "UNITS", "Access",
    "Asked", "Assignment", "Capacity", "Case", "amounts", "asked", "assign", "balanced", "by_unit", "cases", "competing", "decay", "decays", "demand",
    "demanding", "facility_rows", "home_rows", "missing", "missing_rows", "nothing", "principal", "residence_rows", "spatial_availability", "supply", "together",
    "two_step", "unit_rows", "within",
]  # fmt: skip
