"""Metres of street within catchments, edges cut where the limit falls."""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.sparse import coo_array, csr_array

from livingcircle.network import StreetNetwork
from livingcircle.search import Catchments


def incident(network: StreetNetwork) -> tuple[csr_array, csr_array]:
    """Which edges start, and which end, at every node: once for a network."""
    size, number = len(network.length_m), np.arange(len(network.length_m))
    shape = (len(network.nodes), size)
    return tuple(coo_array((number, (ends, number)), shape=shape).tocsr() for ends in (network.start, network.end))


def reached_metres(
    network: StreetNetwork,
    doors: tuple[np.ndarray, np.ndarray, np.ndarray],
    found: Catchments,
    limit: float,
    *,
    ends: tuple[csr_array, csr_array],
) -> np.ndarray:
    """Metres of street within the limit of each door on level streets that are open to all; a stretch counts once."""
    edges = tuple((side.indptr, side.indices) for side in ends)
    streets = network.length_m, network.start, network.end
    return _reached(streets, doors, (found.indptr, found.state, found.cost), float(limit), edges)


@njit(cache=True)
def _reached(streets, doors, found, limit, ends):
    length, start, end = streets
    indptr, state, cost = found
    (begin_first, begins), (stop_first, stops) = ends
    held = np.full(len(begin_first) - 1, np.inf)
    total = np.zeros(len(indptr) - 1)
    for door in range(len(total)):
        for row in range(indptr[door], indptr[door + 1]):
            held[state[row]] = cost[row]
        for row in range(indptr[door], indptr[door + 1]):
            node = state[row]
            for at in range(begin_first[node], begin_first[node + 1]):
                edge = begins[at]
                total[door] += min(length[edge], limit - cost[row] + max(limit - held[end[edge]], 0.0))
            for at in range(stop_first[node], stop_first[node + 1]):
                edge = stops[at]
                if held[start[edge]] == np.inf:
                    total[door] += min(length[edge], limit - cost[row])
        edge = doors[0][door]
        ends_cost = held[start[edge]], held[end[edge]]
        total[door] += _own(length[edge], ends_cost, (doors[1][door], doors[2][door]), limit)
        for row in range(indptr[door], indptr[door + 1]):
            held[state[row]] = np.inf
    return total


@njit(cache=True)
def _own(whole, nodes, door, limit):
    """What the direct way along the door's own edge adds to what is reached from its ends."""
    offset, leg = door
    if leg > limit:
        return 0.0
    left, right = min(max(limit - nodes[0], 0.0), whole), min(max(limit - nodes[1], 0.0), whole)
    low, high = max(offset - (limit - leg), 0.0), min(offset + limit - leg, whole)
    had = min(left + right, whole)
    # Three stretches: from the start up to left, from low to high, from whole - right to the end.
    reached = whole if left + right >= whole else (high - low) + min(left, low) + min(right, whole - high)
    return max(reached, had) - had
