"""Metres of street within catchments, edges cut where the limit falls."""

from __future__ import annotations

import numpy as np
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
    begins, stops = ends
    length, start, end = network.length_m, network.start, network.end
    held = np.full(len(network.nodes), np.inf)
    total = np.zeros(len(found.indptr) - 1)
    for door, (low, high) in enumerate(zip(found.indptr[:-1], found.indptr[1:], strict=True)):
        states = found.state[low:high]
        held[states] = found.cost[low:high]
        out = begins.indices[_ranges(begins.indptr, states)]
        left, right = limit - held[start[out]], np.maximum(limit - held[end[out]], 0)
        into = stops.indices[_ranges(stops.indptr, states)]
        into = into[np.isinf(held[start[into]])]
        total[door] = np.minimum(length[out], left + right).sum() + np.minimum(length[into], limit - held[end[into]]).sum()
        total[door] += _own(length, held[[start[doors[0][door]], end[doors[0][door]]]], [part[door] for part in doors], limit)
        held[states] = np.inf
    return total


def _ranges(indptr: np.ndarray, rows: np.ndarray) -> np.ndarray:
    low = indptr[rows]
    many = indptr[rows + 1] - low
    before = np.cumsum(many) - many
    return np.repeat(low - before, many) + np.arange(many.sum())


def _own(length: np.ndarray, nodes: np.ndarray, door: list, limit: float) -> float:
    """What the direct way along the door's own edge adds to what is reached from its ends."""
    edge, offset, leg = door
    if leg > limit:
        return 0.0
    whole = length[edge]
    left, right = np.clip(limit - nodes, 0, whole)
    low, high = max(offset - (limit - leg), 0.0), min(offset + limit - leg, whole)
    had = min(left + right, whole)
    # Three stretches: from the start up to left, from low to high, from whole - right to the end.
    reached = whole if left + right >= whole else (high - low) + min(left, low) + min(right, whole - high)
    return max(reached, had) - had
