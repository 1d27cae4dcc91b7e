"""The cheapest flow from origins to facilities of limited capacity, compiled: as many people as can be, then as few metres as can be.

The network simplex: every origin sends its people to facilities, or past them all at the cost of having no place; every facility
passes on what it holds. A tree of arcs carries the flow. An arc outside it that would make the flow cheaper comes in, and one
that is used up goes out, chosen so that trees without progress never come round again. At the end the prices that hang on the tree
prove that nothing cheaper exists.
Source: Dantzig (1951), the simplex on transportation problems; Cunningham (1976), the rule of the arc that goes out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

# A part of the cost of having no place that rounding may feign.
TOLERANCE = 1e-13
ALMOST = 1e-9
LOWER, IN_TREE, UPPER = 1, 0, -1


class Flow(NamedTuple):
    """People on every pair (`amount`), people without a place by origin (`left`), and the `price` of every facility in metres."""

    amount: np.ndarray
    left: np.ndarray
    price: np.ndarray


def cheapest(
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray], people: np.ndarray, room: np.ndarray, *, unserved_m: float
) -> Flow:
    """The flow that leaves the fewest people without a place and, of those, walks the fewest metres.

    `pairs` are origin, facility and metres of every pair; `unserved_m` are the metres that one without a place counts for, more
    than any chain of moves can cost. A facility that holds nothing gets nobody.

    >>> cheapest((np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([10.0, 90.0, 40.0])), np.ones(2), np.ones(2), unserved_m=999.0).amount.tolist()
    [0.0, 1.0, 1.0]
    """
    origin, facility, metres = pairs
    usable = np.flatnonzero((room > 0)[facility] & (people > 0)[origin])
    busy, own = np.unique(origin[usable], return_inverse=True)
    asking, place, walk = people[busy].astype(float), facility[usable].astype(np.int64), metres[usable].astype(float)
    origins, count = len(busy), len(usable)
    root = origins + len(room)
    ends = np.arange(root)
    arcs = (
        np.concatenate([own, ends]),
        np.concatenate([origins + place, np.full(root, root)]),
        np.concatenate([walk, np.full(origins, unserved_m), np.zeros(len(room))]),
        np.concatenate([np.full(count + origins, np.inf), room]).astype(float),
    )
    near = _nearest(own, place, walk, asking, room)
    settled = own[near]
    amount, left = np.zeros(count), asking.copy()
    amount[near], left[settled] = asking[settled], 0.0
    flow = np.concatenate([amount, left, np.bincount(place[near], asking[settled], minlength=len(room))])
    state = np.concatenate([np.full(count, LOWER), np.full(root, IN_TREE)]).astype(np.int8)
    state[near], state[count + settled] = IN_TREE, LOWER
    tree = _planted(origins, root, count)
    tree[0][settled], tree[1][settled] = origins + place[near], near
    potential, depth = np.zeros(root + 1), np.append(np.ones(root, dtype=np.int64), 0)
    _improve(arcs, flow, state, tree, (potential, depth, origins), TOLERANCE * unserved_m)
    moved, without = np.zeros(len(origin)), people.astype(float)
    moved[usable], without[busy] = flow[:count], flow[count : count + origins]
    # Nobody pays for a facility that holds nothing: its price keeps everybody away.
    return Flow(moved, without, np.where(room > 0, np.maximum(-potential[origins:root], 0.0), unserved_m))


def _nearest(own: np.ndarray, place: np.ndarray, walk: np.ndarray, asking: np.ndarray, room: np.ndarray) -> np.ndarray:
    """The pairs to begin with: everybody at the nearest facility, from near to far while it is not yet full."""
    order = np.lexsort([place, walk, own])
    best = order[np.diff(own[order], prepend=-1) > 0]
    best = best[np.lexsort([walk[best], place[best]])]
    held = np.cumsum(asking[own[best]])
    begin = np.searchsorted(place[best], place[best])
    load = held - np.concatenate([[0.0], held])[begin]
    # Sums may be off by their last digits; a facility has to keep room, or trees without progress could come round.
    return best[load < room[place[best]] * (1 - ALMOST)]


def _planted(origins: int, root: int, count: int) -> tuple[np.ndarray, ...]:
    """The first tree, everything on its root. Of every node: its parent, the arc there, its first child, the children beside it, whether listed.

    Children are listed where anything may hang on them: facilities always, an origin only while a facility hangs on it. The others,
    nearly all, take their depth and price from their parent, so that no work is done on them when a branch moves.
    """
    ends = np.arange(root + 1)
    place = (ends >= origins) & (ends < root)
    parent, arc = np.where(ends < root, root, -1), np.where(ends < root, count + ends, -1)
    first = np.full(root + 1, -1)
    first[root] = root - 1 if root > origins else -1
    after = np.where(place & (ends > origins), ends - 1, -1)
    before = np.where(place & (ends + 1 < root), ends + 1, -1)
    return parent, arc, first, after, before, place


@njit(cache=True, nogil=True)
def _improve(arcs, flow, state, tree, heights, tolerance):
    tail, head, cost, capacity = arcs
    parent, pred = tree[0], tree[1]
    potential, depth, origins = heights
    size = len(tail)
    block = int(np.sqrt(size)) + 10
    at, looked = 0, 0
    while looked < size:
        least, entering = -tolerance, -1
        for _ in range(min(block, size)):
            node = tail[at]
            own = potential[node] if node >= origins else potential[parent[node]] - cost[pred[node]]
            reduced = state[at] * (cost[at] + own - potential[head[at]])
            if reduced < least:
                least, entering = reduced, at
            at += 1
            if at == size:
                at = 0
        looked += block
        if entering >= 0:
            looked = 0
            _pivot(entering, arcs, flow, state, tree, heights)


@njit(cache=True, nogil=True)
def _deep(node, tree, heights):
    potential, depth, origins = heights
    return depth[node] if node >= origins else depth[tree[0][node]] + 1


@njit(cache=True, nogil=True)
def _pivot(entering, arcs, flow, state, tree, heights):
    """More flow on the arc that comes in (less, where it is full) all around its cycle, until an arc of the cycle is used up."""
    tail, head, cost, capacity = arcs
    parent, pred = tree[0], tree[1]
    way = state[entering]
    start, stop = (tail[entering], head[entering]) if way == LOWER else (head[entering], tail[entering])
    least, out, side = capacity[entering], -1, 0
    one, two = start, stop
    # Of arcs equally used up, the last one on the cycle from its top goes out.
    while one != two:
        if _deep(one, tree, heights) >= _deep(two, tree, heights):
            arc = pred[one]
            room = flow[arc] if tail[arc] == one else capacity[arc] - flow[arc]
            if max(room, 0.0) < least:
                least, out, side = max(room, 0.0), one, 1
            one = parent[one]
        else:
            arc = pred[two]
            room = capacity[arc] - flow[arc] if tail[arc] == two else flow[arc]
            if max(room, 0.0) <= least:
                least, out, side = max(room, 0.0), two, 2
            two = parent[two]
    top = one
    flow[entering] += way * least
    for node, sign in ((start, -1), (stop, 1)):
        while node != top:
            arc = pred[node]
            flow[arc] += sign * least if tail[arc] == node else -sign * least
            node = parent[node]
    if out < 0:
        state[entering] = -way
        return
    arc = pred[out]
    full = (tail[arc] == out) == (side == 2)
    flow[arc] = capacity[arc] if full else 0.0
    state[arc], state[entering] = UPPER if full else LOWER, IN_TREE
    inside, outside = (start, stop) if side == 1 else (stop, start)
    _hang(entering, inside, outside, out, tree, heights[2])
    _settle(inside, arcs, tree, heights)


@njit(cache=True, nogil=True)
def _hang(entering, inside, outside, out, tree, origins):
    """Hang the part below `out` on the arc that came in: what leads from `inside` up to `out` is turned around."""
    parent, pred, first = tree[0], tree[1], tree[2]
    node, above, by = inside, outside, entering
    while True:
        old, link = parent[node], pred[node]
        _unlist(node, tree)
        if old < origins and first[old] < 0:
            _unlist(old, tree)
        parent[node], pred[node] = above, by
        if node >= origins or first[node] >= 0:
            _list(node, tree)
        if above < origins:
            _list(above, tree)
        if node == out:
            return
        node, above, by = old, node, link


@njit(cache=True, nogil=True)
def _list(node, tree):
    parent, pred, first, after, before, listed = tree
    if listed[node]:
        return
    beside = first[parent[node]]
    after[node], before[node], listed[node] = beside, -1, True
    if beside >= 0:
        before[beside] = node
    first[parent[node]] = node


@njit(cache=True, nogil=True)
def _unlist(node, tree):
    parent, pred, first, after, before, listed = tree
    if not listed[node]:
        return
    if before[node] >= 0:
        after[before[node]] = after[node]
    else:
        first[parent[node]] = after[node]
    if after[node] >= 0:
        before[after[node]] = before[node]
    listed[node] = False


@njit(cache=True, nogil=True)
def _settle(top, arcs, tree, heights):
    """Depths and prices of the facilities that hang on `top`, each from the origin above it."""
    tail, head, cost, capacity = arcs
    parent, pred, first, after, before, listed = tree
    potential, depth, origins = heights
    node = top
    while True:
        if node >= origins:
            above = parent[node]
            if above < origins:
                higher = parent[above]
                depth[node] = depth[higher] + 2
                potential[node] = potential[higher] - cost[pred[above]] + cost[pred[node]]
            else:
                depth[node], potential[node] = depth[above] + 1, potential[above]
        if first[node] >= 0:
            node = first[node]
            continue
        while node != top and after[node] < 0:
            node = parent[node]
        if node == top:
            return
        node = after[node]
