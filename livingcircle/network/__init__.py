"""The walkable street network: a networkx graph in projected metres, and its compiled form."""

from livingcircle.network.build import from_lines, from_osmnx, from_ways
from livingcircle.network.graph import StreetNetwork, from_edges
from livingcircle.network.joining import join_lines, mere_crossings
from livingcircle.network.states import OPEN, PERMEABILITIES, RESIDENTS, VISIT, Arcs, Costs
from livingcircle.network.walkable import if_doubts_were_walked

__all__ = [
    "OPEN", "PERMEABILITIES", "RESIDENTS", "VISIT", "Arcs", "Costs", "StreetNetwork",
    "from_edges", "from_lines", "from_osmnx", "from_ways", "if_doubts_were_walked", "join_lines", "mere_crossings",
]
