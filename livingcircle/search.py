"""The searches behind every walk time: to every state from the nearest start, and from each of many doors on its own.

Two engines give the same answer: `scipy` (compiled) and `networkx` (plain, the judge of the other). A faster kernel
replaces SciPy in this file alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import networkx as nx
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from livingcircle.errors import Fault, StudyError
from livingcircle.network import Arcs

# A tile as wide as this many limits balances cutting tiles against searches that carry too wide a tile.
TILE_LIMITS = 4.0
WIDER = 1.5
LEAST_REACH_M = 1.0
# Numbers in one dense block of a search: some megabytes, which stay in the processor's cache.
BLOCK = 1_000_000
CELLS_A_LIMIT, MOST_CELLS = 8, 30_000


class Found(NamedTuple):
    """What a search found, arrays over the states: the sum searched for, the start (-1 for none), and the other measure.

    `cost` and `other` are infinite where no start is within the limit. Where every metre is a metre both are equal.
    """

    cost: np.ndarray
    start: np.ndarray
    other: np.ndarray


def nearest_start(
    arcs: Arcs,
    states: np.ndarray,
    costs: np.ndarray,
    *,
    others: np.ndarray | None = None,
    limit: float = np.inf,
    engine: str = "scipy",
) -> Found:
    """The walk along `arcs` to every state from the start nearest to it.

    `states` are the rows of the starts (repeats allowed), `costs` what was already walked there in the measure of
    `arcs.matrix`, `others` the same in the other measure (by default `costs`). To search where walks end, give the arcs
    walked backward. Raises `StudyError` for an unknown engine.
    Source: Dijkstra (1959), one search for all starts together.
    """
    if engine not in ENGINES:
        raise StudyError(Fault("[walking] engine", f"unknown engine {engine!r}", f"choose one of {sorted(ENGINES)}"))
    size = arcs.matrix.shape[0]
    if not len(states):
        return Found(np.full(size, np.inf), np.full(size, -1), np.full(size, np.inf))
    order = np.lexsort([np.arange(len(states)), costs, states])
    first = np.ones(len(order), dtype=bool)
    first[1:] = states[order][1:] != states[order][:-1]
    best = order[first]
    cost, start, before = ENGINES[engine](arcs, states[best], costs[best], limit)
    label = np.where(start >= 0, best[start], -1)
    if arcs.level:
        return Found(cost, label, cost)
    begun = (costs if others is None else others)[best]
    return Found(cost, label, _carried(arcs, states[best], begun, np.isfinite(cost), before))


def predecessors(
    arcs: Arcs, states: np.ndarray, costs: np.ndarray, *, engine: str = "scipy"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same search with its tree: what it sums up, the start, and the state before every state (-1 for none).

    `states` are the rows of the starts, each once.
    """
    size = arcs.matrix.shape[0]
    if not len(states):
        return np.full(size, np.inf), np.full(size, -1), np.full(size, -1)
    cost, start, before = ENGINES[engine](arcs, states, costs, np.inf)
    return cost, start, np.where((before >= 0) & (before < size), before, -1)


def _scipy(
    arcs: Arcs, states: np.ndarray, costs: np.ndarray, limit: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    matrix, size = arcs.matrix, arcs.matrix.shape[0]
    count = len(states)
    # Every start gets a node of its own before its state, so that SciPy tells which start it was.
    graph = csr_array(
        (
            np.concatenate([matrix.data, costs]),
            np.concatenate([matrix.indices, states.astype(matrix.indices.dtype)]),
            np.concatenate([matrix.indptr, matrix.nnz + np.arange(1, count + 1, dtype=matrix.indptr.dtype)]),
        ),
        shape=(size + count, size + count),
    )
    cost, before, start = dijkstra(
        graph, indices=np.arange(size, size + count), limit=limit, min_only=True, return_predecessors=True
    )
    start = start[:size]
    return cost[:size], np.where(start >= size, start - size, -1), before[:size]


def _networkx(
    arcs: Arcs, states: np.ndarray, costs: np.ndarray, limit: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    size = arcs.matrix.shape[0]
    graph = nx.DiGraph()
    graph.add_nodes_from(range(size + 1))
    source = np.repeat(np.arange(size), np.diff(arcs.matrix.indptr))
    graph.add_weighted_edges_from(
        zip(source.tolist(), arcs.matrix.indices.tolist(), arcs.matrix.data.tolist(), strict=True)
    )
    graph.add_weighted_edges_from((size, int(state), float(cost)) for state, cost in zip(states, costs, strict=True))
    cutoff = None if np.isinf(limit) else limit
    found, paths = nx.single_source_dijkstra(graph, size, cutoff=cutoff)
    number = {int(state): row for row, state in enumerate(states)}
    cost, start, before = np.full(size, np.inf), np.full(size, -1), np.full(size, -9999)
    for state, metres in found.items():
        if state != size:
            cost[state], start[state] = metres, number[paths[state][1]]
            before[state] = paths[state][-2]
    return cost, start, before


ENGINES: dict[str, Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]] = {"scipy": _scipy, "networkx": _networkx}


def _carried(
    arcs: Arcs, states: np.ndarray, begun: np.ndarray, reached: np.ndarray, before: np.ndarray
) -> np.ndarray:
    """The other measure of every walk found: what its start had, and every arc of its path."""
    size = len(reached)
    total = np.full(size, np.inf)
    root = np.arange(size)
    inner = np.flatnonzero(reached & (before >= 0) & (before < size))
    above = before[inner].astype(np.int64)
    root[inner] = above
    total[inner] = _arc_values(arcs, above, inner)
    first = np.flatnonzero(reached & (root == np.arange(size)))
    held = np.full(size, np.inf)
    held[states] = begun
    total[first] = held[first]
    return _summed(total, root)


def _summed(total: np.ndarray, root: np.ndarray) -> np.ndarray:
    """Every row's own value and those of all rows above it; `root` is the row above, of the topmost its own."""
    total, root = total.copy(), root.copy()
    inner = np.flatnonzero(root != np.arange(len(root)))
    # Pointer jumping: every state learns the sum of its whole path in log2(path length) rounds.
    while len(inner):
        up = root[inner]
        done = root[up] == up
        total[inner] = total[inner] + total[up]
        root[inner[~done]] = root[up[~done]]
        # What is summed up to its start ends the paths that come to it.
        root[inner[done]] = inner[done]
        inner = inner[~done]
    return total


def _arc_values(arcs: Arcs, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    size = arcs.matrix.shape[0]
    rows = np.repeat(np.arange(size, dtype=np.int64), np.diff(arcs.matrix.indptr))
    keys = rows * size + arcs.matrix.indices
    return arcs.metres[np.searchsorted(keys, source * size + target)]


class Doors(NamedTuple):
    """Where searches begin: (n, 2) states by the start and by the end of each door's edge, and what was walked to them.

    `costs` in the measure of `arcs.matrix`, `others` in the other one (None: the same).
    """

    states: np.ndarray
    costs: np.ndarray
    others: np.ndarray | None = None


class Catchments(NamedTuple):
    """The states within the limit of each door: door `d` owns rows `indptr[d]` to `indptr[d + 1]` of the other arrays.

    No state stands twice with a door. `cost` is the measure searched for, `other` the other one of the same walk (the
    very array of `cost` where every metre is a metre).
    """

    indptr: np.ndarray
    state: np.ndarray
    cost: np.ndarray
    other: np.ndarray


def within(arcs: Arcs, doors: Doors, *, limit: float, places: np.ndarray, engine: str = "scipy") -> Catchments:
    """The walks along `arcs` to every state from each of `doors` on its own, up to `limit` (inclusive).

    `places` are the (states, 2) coordinates of the states in metres (`StreetNetwork.places`). Doors close together are
    searched on a tile of the network, so that the work follows the catchments and not the city. To search where
    walks end, give the arcs walked backward. Raises `StudyError` for an unknown engine.
    Source: Dijkstra (1959), one search a door.
    """
    if engine not in ENGINES:
        raise StudyError(Fault("[walking] engine", f"unknown engine {engine!r}", f"choose one of {sorted(ENGINES)}"))
    doors = doors if doors.others is not None else doors._replace(others=doors.costs)
    if engine == "networkx":
        parts = [(np.array([row]), *_single(arcs, doors, row, limit)) for row in range(len(doors.states))]
    else:
        parts = list(_on_tiles(arcs, doors, limit=limit, places=places))
    return _in_door_order(parts, len(doors.states), arcs.level)


def _single(arcs: Arcs, doors: Doors, row: int, limit: float) -> tuple[np.ndarray, ...]:
    begun = doors.costs[row], doors.others[row]
    found = nearest_start(arcs, doors.states[row], begun[0], others=begun[1], limit=limit, engine="networkx")
    state = np.flatnonzero(np.isfinite(found.cost))
    return np.array([len(state)]), state, found.cost[state], found.other[state]


def _in_door_order(parts: list[tuple[np.ndarray, ...]], count: int, level: bool) -> Catchments:
    nothing = np.empty(0)
    if not parts:
        return Catchments(np.zeros(count + 1, dtype=np.int64), nothing.astype(np.int64), nothing, nothing)
    door, size, state, cost, other = (np.concatenate(column) for column in zip(*parts, strict=True))
    begin = np.empty(count, dtype=np.int64)
    begin[door] = np.cumsum(size) - size
    held = np.empty(count, dtype=np.int64)
    held[door] = size
    indptr = np.concatenate([[0], np.cumsum(held)])
    rows = np.repeat(begin - indptr[:-1], held) + np.arange(indptr[-1])
    cost = cost[rows]
    return Catchments(indptr, state[rows], cost, cost if level else other[rows])


def _on_tiles(
    arcs: Arcs, doors: Doors, *, limit: float, places: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """The catchments of the doors of one tile after another: door, states of each door, state, cost, other."""
    cells = _Cells.of(places, limit)
    other = None if arcs.level else csr_array((arcs.metres, arcs.matrix.indices, arcs.matrix.indptr), arcs.matrix.shape)
    local = np.zeros(len(places), dtype=np.int32)
    wide = 1.0
    for group in _groups(doors, places, limit):
        part = Doors(*(values[group] for values in doors))
        begun = part.costs <= limit
        if not begun.any():
            yield group, np.zeros(len(group), dtype=np.int64), *(np.empty(0, dtype=t) for t in (int, float, float))
            continue
        spots = places[part.states[begun]]
        reach = max(limit - part.costs[begun].min(), LEAST_REACH_M)
        found = None
        while found is None:
            rows = cells.box(spots.min(axis=0) - reach * wide, spots.max(axis=0) + reach * wide)
            local[rows] = np.arange(1, len(rows) + 1)
            inner = arcs.matrix[rows]
            tile = _Tile(inner.indptr, local[inner.indices], inner.data, None if other is None else other[rows].data)
            found = _searched(tile, part._replace(states=local[part.states]), limit)
            local[rows] = 0
            # Metres downhill may cost less than straight ones; a walk that left this tile leaves the next ones, too.
            wide = wide if found else wide * WIDER
        yield group, found[0], rows[found[1]], *found[2:]


class _Cells(NamedTuple):
    """States by small square cells, row by row from the south-west, so that a box is cut without a look at the city."""

    order: np.ndarray
    cell: np.ndarray
    south_west: np.ndarray
    side: float
    columns: int

    @classmethod
    def of(cls, places: np.ndarray, limit: float) -> _Cells:
        x, y = places.T
        south_west = np.array([x.min(initial=np.inf), y.min(initial=np.inf)])
        extent = max(x.max(initial=-np.inf) - south_west[0], y.max(initial=-np.inf) - south_west[1], 0.0)
        side = max(min(limit, extent) / CELLS_A_LIMIT, extent / MOST_CELLS, 1.0)
        # Short integers are sorted by counting, in a time that follows their number.
        column, row = (((part - low) / side).astype(np.int16) for part, low in zip((x, y), south_west, strict=True))
        order = np.argsort(column, kind="stable")
        order = order[np.argsort(row[order], kind="stable")]
        columns = int(column.max(initial=0)) + 1
        return cls(order, row[order].astype(np.int64) * columns + column[order], south_west, side, columns)

    def box(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """The states of all cells that touch a box, from its south-western to its north-eastern corner."""
        corners = np.clip((np.stack([low, high]) - self.south_west) / self.side, 0, MOST_CELLS).astype(np.int64)
        (west, south), (east, north) = np.minimum(corners, [self.columns - 1, MOST_CELLS])
        begin = np.arange(south, north + 1) * self.columns
        first = np.searchsorted(self.cell, begin + west)
        count = np.searchsorted(self.cell, begin + east, side="right") - first
        return self.order[np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())]


def _groups(doors: Doors, places: np.ndarray, limit: float) -> list[np.ndarray]:
    """The rows of doors whose searches share a tile."""
    if not len(doors.states):
        return []
    if not np.isfinite(limit) or limit <= 0:
        return [np.arange(len(doors.states))]
    nearer = np.argmin(doors.costs, axis=1)
    cell = np.floor(places[doors.states[np.arange(len(nearer)), nearer]] / (limit * TILE_LIMITS)).astype(np.int64)
    order = np.lexsort([cell[:, 0], cell[:, 1]])
    cuts = np.flatnonzero((np.diff(cell[order], axis=0) != 0).any(axis=1)) + 1
    return np.split(order, cuts)


class _Tile(NamedTuple):
    """The arcs of some states, numbered from 1; state 0 stands for all that lie outside."""

    indptr: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    metres: np.ndarray | None


def _searched(
    tile: _Tile, doors: Doors, limit: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
    """The catchments of doors on a tile: states of each door, state, cost, other; None if a walk may leave the tile."""
    size, count = len(tile.indptr), len(doors.states)
    begun = doors.costs <= limit
    # The first node is all that lies outside; after the tile's states every door gets a node before its two states.
    graph = csr_array(
        (
            np.concatenate([tile.weight, doors.costs[begun]]),
            np.concatenate([tile.target, doors.states[begun]]),
            np.concatenate([[0], tile.indptr, tile.indptr[-1] + np.cumsum(begun.sum(axis=1))]).astype(np.int32),
        ),
        shape=(size + count, size + count),
    )
    parts = []
    step = max(1, BLOCK // (size + count))
    for low in range(0, count, step):
        own = np.arange(low, min(low + step, count))
        got = dijkstra(graph, indices=size + own, limit=limit, return_predecessors=tile.metres is not None)
        cost = got if tile.metres is None else got[0]
        if np.isfinite(cost[:, 0]).any():
            return None
        reached = np.flatnonzero(np.isfinite(cost[:, 1:size]))
        door, state = np.divmod(reached, size - 1)
        values = cost[door, state + 1]
        other = values if tile.metres is None else _others(tile, doors, own, (door, state + 1, got[1]))
        parts.append((np.bincount(door, minlength=len(own)), state, values, other))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _others(tile: _Tile, doors: Doors, own: np.ndarray, found: tuple[np.ndarray, ...]) -> np.ndarray:
    """The other measure of every walk found from the doors `own`: door, state, and the states before."""
    door, state, before = found
    size = len(tile.indptr)
    above = before[door, state].astype(np.int64)
    first = above >= size
    total = np.empty(len(door))
    states, costs, others = (part[own[door[first]]] for part in (doors.states, doors.costs, doors.others))
    side = np.argmin(np.where(states == state[first][:, None], costs, np.inf), axis=1)
    total[first] = others[np.arange(len(side)), side]
    keys = np.repeat(np.arange(1, size), np.diff(tile.indptr)) * size + tile.target
    order = np.argsort(keys)
    total[~first] = tile.metres[order[np.searchsorted(keys, above[~first] * size + state[~first], sorter=order)]]
    number = np.empty(before.shape, dtype=np.int64)
    number[door, state] = np.arange(len(door))
    root = np.arange(len(door))
    root[~first] = number[door[~first], above[~first]]
    return _summed(total, root)
