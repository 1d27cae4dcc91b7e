"""The compiled search: Dijkstra's with buckets, to every state at once or over the catchment of one door after another.

States that wait stand in linked lists, one a bucket of `WIDTH_M`. The bucket that is due is emptied state by state; one that
is improved meanwhile is looked at again, so that the sums are those of Dijkstra's algorithm to the last bit. A search of the
whole network takes a stretch of `STRIDE_M` in one part of the states (neighbors in memory and on the ground) after another,
so that what it touches stays in the processor's cache.
Source: Dial (1969), "Algorithm 360: Shortest-path forest with topological ordering"; Meyer and Sanders (2003), "Delta-stepping".
"""

from __future__ import annotations

import numpy as np
from numba import njit

from livingcircle.network import Arcs
from livingcircle.search.found import Found
from livingcircle.search.threads import in_threads

WIDTH_M, STRIDE_M = 20.0, 2000.0
# States in one part of a search of the whole network: two to the power of this.
PART_BITS = 14
MOST_BUCKETS = 2**16
# Fewer doors than this are not worth a thread of their own, which lays out the whole network once.
DOORS_A_THREAD = 50
NOT_WAITING = -1
NEVER = np.int64(2) ** 62


def spread(
    arcs: Arcs, starts: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], *, limit: float, tree: bool
) -> Found:
    """The walk to every state from the nearest start: `starts` are their states, numbers, and what was walked to them in both measures.

    No state stands twice among the starts; `start` of the result is a number of theirs. The limit is inclusive.
    """
    size = arcs.matrix.shape[0]
    width, buckets = _buckets(arcs, np.ptp(starts[2]) + STRIDE_M)
    found = Found(
        np.full(size, np.inf),
        np.full(size, -1, dtype=np.int32),
        np.full(0 if arcs.level else size, np.inf),
        np.full(size if tree else 0, -1, dtype=np.int32),
    )
    parts = (size - 1 >> PART_BITS) + 1
    waiting = np.empty(size, dtype=np.int32), np.full(size, NOT_WAITING, dtype=np.int32)
    heads, due = np.full(parts * buckets, -1, dtype=np.int32), np.full(parts, NEVER)
    kinds = np.int64, np.int32, float, float
    told = tuple(np.ascontiguousarray(part, dtype=kind) for part, kind in zip(starts, kinds, strict=True))
    _spread(_arrays(arcs), told, found, (waiting, heads, due), (float(limit), 1 / width, int(STRIDE_M / width) or 1))
    return found._replace(other=found.cost) if arcs.level else found


def _arrays(arcs: Arcs) -> tuple[np.ndarray, ...]:
    matrix = arcs.matrix
    return matrix.indptr, matrix.indices, matrix.data, arcs.metres[:0] if arcs.level else arcs.metres


def _buckets(arcs: Arcs, ahead: float) -> tuple[float, int]:
    """Metres of a bucket and how many there are: a power of two that holds all that can wait at one time."""
    span = arcs.longest + ahead
    width = max(WIDTH_M, span / (MOST_BUCKETS - 3))
    return width, 1 << int(np.ceil(np.log2(span / width + 3)))


@njit(cache=True, nogil=True)
def _wait(state, slot, waiting, heads):
    after, ahead = waiting
    if ahead[state] != NOT_WAITING:
        _leave(state, waiting, heads)
    first = heads[slot]
    after[state] = first
    # Below -1 it names the bucket whose first state this is.
    ahead[state] = -2 - slot
    if first >= 0:
        ahead[first] = state
    heads[slot] = state


@njit(cache=True, nogil=True)
def _leave(state, waiting, heads):
    after, ahead = waiting
    back, forth = ahead[state], after[state]
    if back < NOT_WAITING:
        heads[-2 - back] = forth
    else:
        after[back] = forth
    if forth >= 0:
        ahead[forth] = back
    ahead[state] = NOT_WAITING


@njit(cache=True, nogil=True)
def _spread(arcs, starts, found, queue, terms):
    indptr, target, weight, metres = arcs
    states, names, costs, others = starts
    cost, start, other, before = found
    waiting, heads, due = queue
    ahead = waiting[1]
    limit, by_width, stride = terms
    buckets = len(heads) // len(due)
    mask = buckets - 1
    count = 0
    bound = NEVER
    for number in range(len(states)):
        state, so_far = states[number], costs[number]
        if so_far <= limit and so_far < cost[state]:
            count += ahead[state] == NOT_WAITING
            cost[state], start[state] = so_far, names[number]
            if len(other):
                other[state] = others[number]
            bucket, part = np.int64(so_far * by_width), state >> PART_BITS
            _wait(state, part * buckets + (bucket & mask), waiting, heads)
            due[part] = min(due[part], bucket)
            bound = min(bound, bucket)
    while count:
        bound += stride
        again = True
        while again:
            again = False
            for part in range(len(due)):
                bucket = due[part]
                again |= bucket < bound
                while bucket < bound:
                    slot = part * buckets + (bucket & mask)
                    while heads[slot] >= 0:
                        state = heads[slot]
                        _leave(state, waiting, heads)
                        count -= 1
                        for arc in range(indptr[state], indptr[state + 1]):
                            next_state, so_far = target[arc], cost[state] + weight[arc]
                            if so_far < cost[next_state] and so_far <= limit:
                                count += ahead[next_state] == NOT_WAITING
                                cost[next_state], start[next_state] = so_far, start[state]
                                if len(other):
                                    other[next_state] = other[state] + metres[arc]
                                if len(before):
                                    before[next_state] = state
                                later, there = np.int64(so_far * by_width), next_state >> PART_BITS
                                _wait(next_state, there * buckets + (later & mask), waiting, heads)
                                if there != part:
                                    due[there] = min(due[there], later)
                    bucket += 1
                    due[part] = bucket


def catchments(
    arcs: Arcs, doors: tuple[np.ndarray, np.ndarray, np.ndarray], *, limit: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The states within `limit` of each door: where each door's begin, states, sums, the other measure (or none of it).

    `doors` are (n, 2) states, and what was walked to them in both measures. The work follows the catchments; only the
    state of the search, some bytes a state of the network, is laid out once a thread.
    """
    states, costs, others = (np.ascontiguousarray(part, dtype=kind) for part, kind in zip(doors, (np.int64, float, float), strict=True))
    width, buckets = _buckets(arcs, np.abs(np.diff(costs[(costs <= limit).all(axis=1)], axis=1)).max(initial=0.0))
    size = arcs.matrix.shape[0]

    def some(rows: slice) -> tuple[np.ndarray, ...]:
        own = states[rows], costs[rows], others[rows]
        return _catchments(_arrays(arcs), own, size, (float(limit), 1 / width, buckets, arcs.level))

    parts = in_threads(some, len(states), least=DOORS_A_THREAD)
    begun = np.cumsum([0] + [part[0][-1] for part in parts])
    indptr = np.concatenate([[0], *(part[0][1:] + low for part, low in zip(parts, begun[:-1], strict=True))])
    return indptr, *(np.concatenate([part[n] for part in parts]) for n in (1, 2, 3))


@njit(cache=True, nogil=True)
def _larger(values, needed):
    if needed <= len(values):
        return values
    out = np.empty(2 * needed, dtype=values.dtype)
    out[: len(values)] = values
    return out


@njit(cache=True, nogil=True)
def _catchments(arcs, doors, size, terms):
    level = terms[3]
    heads = np.full(terms[2], -1, dtype=np.int32)
    cost, other = np.full(size, np.inf), np.empty(0 if level else size)
    waiting = np.empty(size, dtype=np.int32), np.full(size, NOT_WAITING, dtype=np.int32)
    indptr = np.zeros(len(doors[0]) + 1, dtype=np.int64)
    reached, sums, others = np.empty(1024, dtype=np.int32), np.empty(1024), np.empty(0 if level else 1024)
    for door in range(len(doors[0])):
        low = indptr[door]
        reached, high = _catchment(arcs, (doors[0][door], doors[1][door], doors[2][door]), (cost, other, waiting, heads), terms, (reached, low))
        sums = _larger(sums, high)
        if not level:
            others = _larger(others, high)
        for row in range(low, high):
            sums[row] = cost[reached[row]]
            if not level:
                others[row] = other[reached[row]]
            cost[reached[row]] = np.inf
        indptr[door + 1] = high
    return indptr, reached[: indptr[-1]].copy(), sums[: indptr[-1]].copy(), others[: indptr[-1]].copy()


@njit(cache=True, nogil=True)
def _catchment(arcs, door, search, terms, out):
    indptr, target, weight, metres = arcs
    states, costs, others = door
    cost, other, waiting, heads = search
    reached, filled = out
    limit, by_width, buckets, level = terms
    ahead, mask = waiting[1], buckets - 1
    count, bucket = 0, NEVER
    for side in range(2):
        state, so_far = states[side], costs[side]
        if so_far <= limit and so_far < cost[state]:
            if cost[state] == np.inf:
                reached = _larger(reached, filled + 1)
                reached[filled] = state
                filled += 1
            count += ahead[state] == NOT_WAITING
            cost[state] = so_far
            if not level:
                other[state] = others[side]
            own = np.int64(so_far * by_width)
            bucket = min(bucket, own)
            _wait(state, own & mask, waiting, heads)
    while count:
        while heads[bucket & mask] >= 0:
            state = heads[bucket & mask]
            _leave(state, waiting, heads)
            count -= 1
            for arc in range(indptr[state], indptr[state + 1]):
                next_state, so_far = target[arc], cost[state] + weight[arc]
                if so_far < cost[next_state] and so_far <= limit:
                    if cost[next_state] == np.inf:
                        reached = _larger(reached, filled + 1)
                        reached[filled] = next_state
                        filled += 1
                    count += ahead[next_state] == NOT_WAITING
                    cost[next_state] = so_far
                    if not level:
                        other[next_state] = other[state] + metres[arc]
                    _wait(next_state, np.int64(so_far * by_width) & mask, waiting, heads)
        bucket += 1
    return reached, filled
