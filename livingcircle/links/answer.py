"""All that a search for links found, as it is handed to what writes it down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from livingcircle.analysis import Inputs, Settings
from livingcircle.coverage import Group
from livingcircle.links.package import Package
from livingcircle.links.ranking import Ranking
from livingcircle.links.terms import Terms
from livingcircle.standards import Standard


@dataclass(frozen=True)
class Answer:
    """The best links of a study, what they bring one after another, and the ways round today (`package.ways_round`), with what they were judged by.

    `cost_unit` is what a planner counts costs in; `scenario` names the one laid over the study, by language, empty for the study as it is;
    `osm` whether any layer is from OpenStreetMap, whose license asks to be named.
    """

    ranking: Ranking
    package: Package
    ways: list[np.ndarray | None]
    terms: Terms
    standard: Standard
    cost_unit: str
    scenario: Mapping[str, str]
    osm: bool = False

    @property
    def inputs(self) -> Inputs:
        """The layers judged, the scenario's among them."""
        return self.ranking.start.case.inputs

    @property
    def settings(self) -> Settings:
        """The settings judged by."""
        return self.ranking.start.case.settings

    @property
    def group(self) -> Group:
        """Who walks."""
        return self.ranking.start.case.group
