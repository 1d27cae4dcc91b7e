"""What if: homes and facilities that come, go and change, links and gates, other limits, speeds and standards, laid over a study."""

from livingcircle.scenario.adding import changes_nothing, only_adds
from livingcircle.scenario.laying import Plan, is_there, laid, on_streets, without_closing
from livingcircle.scenario.model import FacilityChange, GateChange, HomeChange, LimitChange, LinkChange, Scenario, Walking
from livingcircle.scenario.writing import toml_text

__all__ = [
    "FacilityChange", "GateChange", "HomeChange", "LimitChange", "LinkChange", "Plan", "Scenario", "Walking",
    "changes_nothing", "is_there", "laid", "on_streets", "only_adds", "toml_text", "without_closing",
]  # fmt: skip
