"""What if: facilities opened, closed, moved or resized, links and gates, other limits and speeds, laid over a study."""

from livingcircle.scenario.laying import Plan, laid, on_streets, without_closing
from livingcircle.scenario.model import FacilityChange, GateChange, LimitChange, LinkChange, Scenario, Walking
from livingcircle.scenario.writing import toml_text

__all__ = ["FacilityChange", "GateChange", "LimitChange", "LinkChange", "Plan", "Scenario", "Walking", "laid", "on_streets", "toml_text", "without_closing"]
