"""Places on streets where a link may begin: every end of a street, and a place every so many metres between."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from shapely.ops import substring

from livingcircle.layers import Positions
from livingcircle.network import StreetNetwork
from livingcircle.snapping import as_positions


class Places(NamedTuple):
    """Places on streets: edge rows, metres along them, and coordinates."""

    edge: np.ndarray
    offset_m: np.ndarray
    points: np.ndarray

    def positions(self, network: StreetNetwork) -> Positions:
        """The places as `layers.POSITIONS`, without legs."""
        return positions(network, self.edge, self.offset_m)

    def windows(self, network: StreetNetwork, *, reach_m: float) -> np.ndarray:
        """The pieces of street within `reach_m` of each place, along its own edge."""
        lines, length = network.streets.geometry.to_numpy(), network.length_m
        low, high = np.maximum(self.offset_m - reach_m, 0), np.minimum(self.offset_m + reach_m, length[self.edge])
        whole = (low <= 0) & (high >= length[self.edge])
        out = lines[self.edge].copy()
        for row in np.flatnonzero(~whole):
            out[row] = substring(out[row], low[row], high[row])
        return out


def positions(network: StreetNetwork, edge: np.ndarray, offset_m: np.ndarray) -> Positions:
    """Places on edges as `layers.POSITIONS`, without legs."""
    nothing = np.zeros(len(edge))
    return as_positions(network, np.asarray(edge, dtype=int), np.asarray(offset_m, dtype=float), nothing, nothing)


def places(network: StreetNetwork, *, spacing_m: float) -> Places:
    """Every node of the streets, and places at most `spacing_m` apart between, on edges at ground level.

    Where public streets and those of a compound meet, the place is on the public one, and where
    getting on a road takes a wait, on the road. Bridges and tunnels hold no place: nobody leaves them midway.
    """
    ground = np.flatnonzero((network.streets["layer"] == 0).to_numpy())
    owner, last = np.repeat(ground, 2), np.tile([0, 1], len(ground))
    paid = np.zeros(len(owner)) if network.costs is None else np.where(last == 0, network.costs.start_m[owner], network.costs.end_m[owner])
    order = np.lexsort([paid, network.compound[owner] >= 0])
    _, first = np.unique(np.where(last == 0, network.start[owner], network.end[owner])[order], return_index=True)
    edge, last = owner[order][first], last[order][first]
    offset = np.where(last == 1, network.length_m[edge], 0.0)
    between = np.maximum(np.ceil(network.length_m[ground] / spacing_m).astype(int) - 1, 0)
    owner = np.repeat(ground, between)
    turn = np.arange(len(owner)) - np.repeat(np.cumsum(between) - between, between) + 1
    along = network.length_m[owner] * turn / (np.repeat(between, between) + 1)
    edge, offset = np.concatenate([edge, owner]), np.concatenate([offset, along])
    lines = network.streets.geometry.to_numpy()[edge]
    return Places(edge, offset, shapely.get_coordinates(shapely.line_interpolate_point(lines, offset)))
