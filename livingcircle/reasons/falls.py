"""On which street the limit of many walks is used up."""

from __future__ import annotations

import numpy as np

from livingcircle.layers import Positions
from livingcircle.network import StreetNetwork
from livingcircle.reasons.walks import Tree, between
from livingcircle.walk_time import Way, along_one_edge


def falls(
    network: StreetNetwork, found: Tree, origins: Positions, doors: Positions, *, limit_m: float, way: Way
) -> np.ndarray:
    """The edge on which each walk from `origins` to its nearest door uses up `limit_m`, -1 where it is on no street.

    That is where the walk keeps the limit, where there is no walk, and where an off-street leg uses the limit up. `found` is
    the tree of `doors` (`reasons.walks.tree`); `limit_m` is in its measure, legs included. Walks go toward the doors.
    """
    at, leg = origins["edge"].to_numpy(), origins["leg_m"].to_numpy()
    out = np.full(len(at), -1)
    on = np.flatnonzero((at >= 0) & (leg <= limit_m))
    states, flat, metres = network.leaving(at[on], origins["offset_m"].to_numpy()[on])
    total = found.cost[states] + (metres if way.shortest else flat)
    side = np.where(total[:, 0] <= total[:, 1], 0, 1)
    row = np.arange(len(on))
    walk, state = total[row, side] + leg[on], states[row, side]
    door = np.flatnonzero(doors["edge"].to_numpy() >= 0)
    told = (doors[name].to_numpy()[door] for name in ("edge", "offset_m", "leg_m"))
    place = (at[on], origins["offset_m"].to_numpy()[on])
    same, by, direct, _ = along_one_edge(network, place, (door, *told), way)
    near = direct + leg[on][same] < walk[same]
    walk[same[near]] = direct[near] + leg[on][same[near]]
    straight = np.full(len(on), -1)
    straight[same[near]] = by[near]
    # What is left to walk where the limit is used up.
    rest = walk - limit_m
    far = np.isfinite(walk) & (rest > 0)
    on, state, rest, straight = on[far], state[far], rest[far], straight[far]
    before = np.full(len(on), -1)
    past = straight >= 0
    open_ = np.flatnonzero((rest < found.cost[state]) & ~past)
    out[on] = at[on]
    out[on[past & (rest < np.append(doors["leg_m"].to_numpy(), 0)[straight])]] = -1
    while len(open_):
        ahead = found.next[state[open_]]
        ended = ahead < 0
        last = open_[ended]
        out[on[last]] = _at_the_door(found, doors, state[last], rest[last])
        open_, ahead = open_[~ended], ahead[~ended]
        before[open_], state[open_] = state[open_], ahead
        passed = rest[open_] >= found.cost[ahead]
        out[on[open_[passed]]] = -2
        open_ = open_[~passed]
    inner = np.flatnonzero(out[on] == -2)
    step, edge, _ = between(network, found, before[inner], state[inner], shortest=way.shortest)
    out[on[inner]] = -1
    out[on[inner[step]]] = edge
    return out


def _at_the_door(found: Tree, doors: Positions, state: np.ndarray, rest: np.ndarray) -> np.ndarray:
    door = found.door[state]
    edge, leg = doors["edge"].to_numpy()[door], doors["leg_m"].to_numpy()[door]
    return np.where(rest < leg, -1, edge)
