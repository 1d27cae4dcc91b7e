"""What if: facilities opened, closed, moved or resized, links and gates, other limits and speeds, laid over a study."""

from livingcircle.scenario.adding import changes_nothing, only_adds
from livingcircle.scenario.laying import Plan, laid, on_streets
from livingcircle.scenario.model import FacilityChange, GateChange, LimitChange, LinkChange, Scenario, Walking

__all__ = ["FacilityChange", "GateChange", "LimitChange", "LinkChange", "Plan", "Scenario", "Walking", "changes_nothing", "laid", "on_streets", "only_adds"]
