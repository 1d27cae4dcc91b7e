"""The walk itself: the tree of one search with the step before every state, and the stretches that a walk is made of."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from livingcircle.layers import Positions
from livingcircle.network import StreetNetwork
from livingcircle.search import predecessors
from livingcircle.walk_time import Way, arcs_of

NO_END = -1


class Tree(NamedTuple):
    """One search from all doors, arrays over the states, and the edges in the order of the states that they join.

    `cost` is what the search sums up, the door's leg included, `next` the neighboring state on the side of the doors (-1 at
    a door's own), `door` the row of the door and `side` the end of its edge (0 start, 1 end) by which it is reached.
    """

    cost: np.ndarray
    next: np.ndarray
    door: np.ndarray
    side: np.ndarray
    keys: np.ndarray
    order: np.ndarray


class Stretches(NamedTuple):
    """What a walk is made of, in walking order: off-street legs (`edge` -1), and street from `from_m` to `to_m` of an edge.

    `before` and `after` are flat metres paid where the stretch begins and ends, `rate` flat metres a metre in between.
    """

    edge: np.ndarray
    from_m: np.ndarray
    to_m: np.ndarray
    before: np.ndarray
    rate: np.ndarray
    after: np.ndarray

    @property
    def metres(self) -> np.ndarray:
        """Metres of every stretch."""
        return np.abs(self.to_m - self.from_m)

    @property
    def flat(self) -> np.ndarray:
        """Flat metres of every stretch."""
        return self.before + self.rate * self.metres + self.after


def tree(network: StreetNetwork, doors: Positions, *, way: Way) -> Tree:
    """The tree of the walks between every state and its nearest door, from one search without a limit.

    Walks end at `doors` (`layers.POSITIONS`), or begin there with `way.outward`; rows off the network take no part.
    Source: Dijkstra (1959), one search for all doors together, with predecessors.
    """
    row = np.flatnonzero(doors["edge"].to_numpy() >= 0)
    edge, offset = doors["edge"].to_numpy()[row], doors["offset_m"].to_numpy()[row]
    steps = network.leaving if way.outward else network.entering
    states, flat, metres = (part.T.ravel() for part in steps(edge, offset))
    begun = np.tile(doors["leg_m"].to_numpy()[row], 2) + (metres if way.shortest else flat)
    cost, number, _, before = predecessors(arcs_of(network, way), states, begun, engine=way.engine)
    door = np.where(number >= 0, np.append(np.tile(row, 2), -1)[number], -1)
    return Tree(cost, before, door, np.where(number >= len(row), 1, 0), *network.steps_by_ends)


def stretches(
    network: StreetNetwork, found: Tree, origin: tuple[int, float, float], *, doors: Positions, way: Way
) -> tuple[Stretches, int]:
    """The walk between a position on a street and its nearest door in walking order, and the row of the door.

    `origin` is an edge row, metres along it and the leg in metres. The walk begins and ends with a leg, and goes from the
    origin to the door, or outward from the door. No stretch and -1 when no door is joined to the origin.
    """
    edge, offset, leg = origin
    states, flat, metres = (
        part[0] for part in (network.entering if way.outward else network.leaving)(np.array([edge]), np.array([offset]))
    )
    total = found.cost[states] + (metres if way.shortest else flat)
    side = 0 if total[0] <= total[1] else 1
    door, straight = _straight(network, (edge, offset), doors, way)
    if straight < total[side]:
        street = [(edge, offset, doors["offset_m"].iat[door], NO_END, NO_END)]
    elif np.isfinite(total[side]):
        chain = [int(states[side])]
        while found.next[chain[-1]] >= 0:
            chain.append(int(found.next[chain[-1]]))
        door = int(found.door[chain[-1]])
        into = int(found.side[chain[-1]])
        ends = [(edge, offset, side), (int(doors["edge"].iat[door]), float(doors["offset_m"].iat[door]), into)]
        if way.outward:
            chain, ends = chain[::-1], ends[::-1]
        (e, at, out), (last, to, into) = ends
        length = network.length_m
        street = [(e, at, length[e] * out, NO_END, out)]
        street += _walked(network, *between(network, found, np.array(chain[:-1]), np.array(chain[1:]), shortest=way.shortest))
        street += [(last, length[last] * into, to, into, NO_END)]
    else:
        return Stretches(*np.empty((6, 0))), -1
    legs = [leg, float(doors["leg_m"].iat[door])]
    if len(street) == 1 and way.outward:
        (e, a, b, *ends) = street[0]
        street = [(e, b, a, *ends)]
    return _costed(network, street, legs[::-1] if way.outward else legs), door


def _straight(network: StreetNetwork, origin: tuple[int, float], doors: Positions, way: Way) -> tuple[int, float]:
    """The nearest door on the origin's own edge past no node, and what the walk costs; -1 and infinite for none."""
    edge, offset = origin
    rows = np.flatnonzero(doors["edge"].to_numpy() == edge)
    if not len(rows):
        return -1, np.inf
    there, here = doors["offset_m"].to_numpy()[rows], np.full(len(rows), offset)
    ends = (there, here) if way.outward else (here, there)
    cost = np.abs(there - here) if way.shortest else network.along(np.full(len(rows), edge), *ends)
    cost = cost + doors["leg_m"].to_numpy()[rows]
    best = int(np.argmin(cost))
    return int(rows[best]), float(cost[best])


def _walked(network: StreetNetwork, step: np.ndarray, edge: np.ndarray, ahead: np.ndarray) -> list[tuple]:
    length = network.length_m[edge]
    return [
        (e, m * (1 - on), m * on, 1 - on, on)
        for e, m, on in zip(edge.tolist(), length.tolist(), ahead.tolist(), strict=True)
    ]


def between(
    network: StreetNetwork, found: Tree, first: np.ndarray, second: np.ndarray, *, shortest: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The edges walked from states `first` to neighboring states `second`, of parallel ones the one that the search took.

    Three arrays: the step, the edge row, and 1 where it is walked from start to end; steps in place have no edge.
    """
    key = network.ends_of_step(first, second)
    low = np.searchsorted(found.keys, key, side="left")
    count = np.searchsorted(found.keys, key, side="right") - low
    step = np.repeat(np.arange(len(key)), count)
    pick = np.repeat(low - (np.cumsum(count) - count), count) + np.arange(count.sum())
    a, _, edge = network.states.edge_steps[found.order[pick]].T
    ahead = (a == first[step]).astype(int)
    length = network.length_m[edge]
    flat = length
    if network.costs is not None:
        costs = network.costs
        rate = np.where(ahead, costs.forward[edge], costs.backward[edge])
        flat = length * rate + (costs.start_m[edge] + costs.end_m[edge])
    weight, other = (length, flat) if shortest else (flat, length)
    order = np.lexsort([other, weight, step])
    least = np.ones(len(order), dtype=bool)
    least[1:] = step[order][1:] != step[order][:-1]
    best = order[least]
    return step[best], edge[best], ahead[best]


def _costed(network: StreetNetwork, street: list[tuple], legs: list[float]) -> Stretches:
    edge, from_m, to_m, came, left = (np.array(part) for part in zip(*street, strict=True))
    before, rate, after = np.zeros(len(edge)), np.ones(len(edge)), np.zeros(len(edge))
    if network.costs is not None:
        costs = network.costs
        paid = np.stack([costs.start_m[edge], costs.end_m[edge], np.zeros(len(edge))])
        row = np.arange(len(edge))
        before, after = paid[came, row], paid[left, row]
        rate = np.where(to_m >= from_m, costs.forward[edge], costs.backward[edge])
    return Stretches(
        *(
            np.concatenate([[first], values, [last]])
            for values, first, last in (
                (edge, -1, -1), (from_m, 0, 0), (to_m, *legs), (before, 0, 0), (rate, 1, 1), (after, 0, 0)
            )
        )
    )
