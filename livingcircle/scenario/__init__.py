"""What if: homes and facilities that come, go and change, links and gates, other limits, speeds and standards, laid over a study."""

from livingcircle.scenario.laying import Plan, is_there, laid, on_streets
from livingcircle.scenario.model import FacilityChange, GateChange, HomeChange, LimitChange, LinkChange, Scenario, Walking

__all__ = ["FacilityChange", "GateChange", "HomeChange", "LimitChange", "LinkChange", "Plan", "Scenario", "Walking", "is_there", "laid", "on_streets"]
