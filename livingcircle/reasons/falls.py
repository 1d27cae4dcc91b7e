"""On which street the limit of many walks is used up."""

from __future__ import annotations

import numpy as np
from numba import njit

from livingcircle.layers import Positions
from livingcircle.network import StreetNetwork
from livingcircle.reasons.walks import Tree, between
from livingcircle.walk_time import Way, along_one_edge


def falls(
    network: StreetNetwork, found: Tree, origins: Positions, doors: Positions, *, limit_m: float | np.ndarray, way: Way
) -> np.ndarray:
    """The edge on which each walk from `origins` to its nearest door uses up `limit_m`, -1 where it is on no street.

    That is where the walk keeps the limit, where there is no walk, and where an off-street leg uses the limit up. `found` is
    the tree of `doors` (`reasons.walks.tree`); `limit_m`, one for all or one each, is in its measure, legs included. Walks go toward the doors.
    """
    at, leg = origins["edge"].to_numpy(), origins["leg_m"].to_numpy()
    limit = np.broadcast_to(limit_m, len(at))
    out = np.full(len(at), -1)
    on = np.flatnonzero((at >= 0) & (leg <= limit))
    place = at[on], origins["offset_m"].to_numpy()[on]
    states, flat, metres = network.leaving(*place)
    total = found.cost[states] + (metres if way.shortest else flat)
    side = np.where(total[:, 0] <= total[:, 1], 0, 1)
    row = np.arange(len(on))
    walk, state = total[row, side] + leg[on], states[row, side]
    edges, offsets, legs = (doors[name].to_numpy() for name in ("edge", "offset_m", "leg_m"))
    door = np.flatnonzero(edges >= 0)
    same, by, direct, _ = along_one_edge(network, place, (door, edges[door], offsets[door], legs[door]), way)
    near = direct + leg[on][same] < walk[same]
    walk[same[near]] = direct[near] + leg[on][same[near]]
    straight = np.full(len(on), -1)
    straight[same[near]] = by[near]
    # What is left to walk where the limit is used up.
    rest = walk - limit[on]
    far = np.isfinite(walk) & (rest > 0)
    on, state, rest, straight = on[far], state[far], rest[far], straight[far]
    out[on], before, after = _followed((found.cost, found.next, found.door), (at[on], state, rest, straight), edges, legs)
    inner = np.flatnonzero(before >= 0)
    step, edge, _ = between(network, found, before[inner], after[inner], shortest=way.shortest)
    out[on[inner[step]]] = edge
    return out


@njit(cache=True, nogil=True)
def _followed(found, walks, edges, legs):
    """The edge where `rest` is left of each walk from its `edge`: -1 on a door's leg, and between two states, which are told."""
    cost, ahead, door = found
    edge, begun, rest, straight = walks
    out, before, after = np.full(len(edge), -1), np.full(len(edge), -1), np.full(len(edge), -1)
    for row in range(len(edge)):
        state, left = begun[row], rest[row]
        if straight[row] >= 0:
            # Walks past no node end on the edge where they begin.
            if left >= legs[straight[row]]:
                out[row] = edge[row]
            continue
        if left >= cost[state]:
            out[row] = edge[row]
            continue
        while ahead[state] >= 0 and left < cost[ahead[state]]:
            state = ahead[state]
        if ahead[state] >= 0:
            before[row], after[row] = state, ahead[state]
        elif left >= legs[door[state]]:
            out[row] = edges[door[state]]
    return out, before, after
