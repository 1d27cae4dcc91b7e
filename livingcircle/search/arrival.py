"""From the states at the ends of edges to positions on them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from livingcircle.search.found import Found
from livingcircle.search.threads import in_threads

# Fewer positions than this are done before a second thread has begun.
POSITIONS_A_THREAD = 200_000


class Ends(NamedTuple):
    """What walks between an edge's ends and positions on it cost: (edges, 2) states, paid at the ends, by metre by start and end."""

    states: np.ndarray
    paid: tuple[np.ndarray, np.ndarray]
    by_start: np.ndarray
    by_end: np.ndarray


def at_positions(
    found: Found, length_m: np.ndarray, ends: tuple[Ends, Ends] | np.ndarray, positions: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The cheaper of the two ways to each position: the measure searched for, the other one, and the start (-1 for none).

    `ends` are those of the measure searched for and of the other one, or the (edges, 2) states alone where every metre is
    a metre; `positions` edge rows (-1 is infinitely far) and metres along them. At equal cost the way by the edge's start
    is taken.
    """
    edge, offset = (np.ascontiguousarray(part, dtype=kind) for part, kind in zip(positions, (np.int64, float), strict=True))
    start = np.ascontiguousarray(found.start)
    walk, rest, by = np.full(len(edge), np.inf), np.full(len(edge), np.inf), np.full(len(edge), -1)
    level = isinstance(ends, np.ndarray)

    def some(rows: slice) -> None:
        told = edge[rows], offset[rows], walk[rows], rest[rows], by[rows]
        if level:
            _level(found.cost, start, length_m, ends, told)
        else:
            _costly((found.cost, start, found.other), length_m, ends, told)

    in_threads(some, len(edge), least=POSITIONS_A_THREAD)
    return walk, rest, by


@njit(cache=True, nogil=True)
def _level(cost, start, length_m, states, told):
    edge, offset, walk, rest, by = told
    for row in range(len(edge)):
        own = edge[row]
        if own < 0:
            continue
        first, last = states[own, 0], states[own, 1]
        ahead, back = cost[first] + offset[row], cost[last] + (length_m[own] - offset[row])
        walk[row] = rest[row] = min(ahead, back)
        by[row] = start[first] if ahead <= back else start[last]


@njit(cache=True, nogil=True)
def _costly(found, length_m, ends, told):
    cost, start, other = found
    edge, offset, walk, rest, by = told
    states, (paid_start, paid_end), by_start, by_end = ends[0]
    _, (other_start, other_end), other_by_start, other_by_end = ends[1]
    for row in range(len(edge)):
        own = edge[row]
        if own < 0:
            continue
        first, last = states[own, 0], states[own, 1]
        metres, left = offset[row], length_m[own] - offset[row]
        ahead = cost[first] + (metres * by_start[own] + paid_start[own])
        back = cost[last] + (left * by_end[own] + paid_end[own])
        if ahead <= back:
            walk[row], by[row] = ahead, start[first]
            rest[row] = other[first] + (metres * other_by_start[own] + other_start[own])
        else:
            walk[row], by[row] = back, start[last]
            rest[row] = other[last] + (left * other_by_end[own] + other_end[own])
