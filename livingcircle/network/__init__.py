"""The walkable street network: a networkx graph in projected metres, and its compiled form."""

from livingcircle.network.build import from_lines, from_ways
from livingcircle.network.graph import StreetNetwork, from_edges, from_osmnx

__all__ = ["StreetNetwork", "from_edges", "from_lines", "from_osmnx", "from_ways"]
