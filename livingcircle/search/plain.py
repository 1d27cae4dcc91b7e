"""The searches of SciPy and of plain networkx: judges of the compiled one, and what a machine without a compiler runs."""

from __future__ import annotations

import networkx as nx
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from livingcircle.network import Arcs
from livingcircle.search.found import Found


def by_scipy(arcs: Arcs, starts: tuple[np.ndarray, ...], *, limit: float, tree: bool) -> Found:
    """The search by `scipy.sparse.csgraph.dijkstra`; arguments and result as in `kernel.spread`."""
    matrix, size = arcs.matrix, arcs.matrix.shape[0]
    states, names, *begun = starts
    count = len(states)
    # Every start gets a node of its own before its state, so that SciPy tells which start it was.
    graph = csr_array(
        (
            np.concatenate([matrix.data, begun[0]]),
            np.concatenate([matrix.indices, states.astype(matrix.indices.dtype)]),
            np.concatenate([matrix.indptr, matrix.nnz + np.arange(1, count + 1, dtype=matrix.indptr.dtype)]),
        ),
        shape=(size + count, size + count),
    )
    cost, before, start = dijkstra(
        graph, indices=np.arange(size, size + count), limit=limit, min_only=True, return_predecessors=True
    )
    start = np.where(start[:size] >= size, start[:size] - size, -1)
    return _told(arcs, (states, begun[1]), (cost[:size], np.append(names, -1)[start], before[:size]), tree)


def by_networkx(
    arcs: Arcs, starts: tuple[np.ndarray, ...], *, limit: float, tree: bool
) -> Found:
    """The search by `networkx.single_source_dijkstra`; arguments and result as in `kernel.spread`."""
    size = arcs.matrix.shape[0]
    states, names, *begun = starts
    graph = nx.DiGraph()
    graph.add_nodes_from(range(size + 1))
    source = np.repeat(np.arange(size), np.diff(arcs.matrix.indptr))
    graph.add_weighted_edges_from(
        zip(source.tolist(), arcs.matrix.indices.tolist(), arcs.matrix.data.tolist(), strict=True)
    )
    graph.add_weighted_edges_from((size, int(state), float(cost)) for state, cost in zip(states, begun[0], strict=True))
    cutoff = None if np.isinf(limit) else limit
    found, paths = nx.single_source_dijkstra(graph, size, cutoff=cutoff)
    number = {int(state): row for row, state in enumerate(states)}
    cost, start, before = np.full(size, np.inf), np.full(size, -1), np.full(size, -1)
    for state, metres in found.items():
        if state != size:
            cost[state], start[state] = metres, number[paths[state][1]]
            before[state] = paths[state][-2]
    return _told(arcs, (states, begun[1]), (cost, np.append(names, -1)[start], before), tree)


def _told(arcs: Arcs, starts: tuple[np.ndarray, np.ndarray], found: tuple[np.ndarray, ...], tree: bool) -> Found:
    cost, start, before = found
    before = np.where((before >= 0) & (before < len(before)), before, -1)
    other = cost if arcs.level else _carried(arcs, *starts, np.isfinite(cost), before)
    return Found(cost, start, other, before if tree else before[:0])


def _carried(
    arcs: Arcs, states: np.ndarray, begun: np.ndarray, reached: np.ndarray, before: np.ndarray
) -> np.ndarray:
    """The other measure of every walk found: what its start had, and every arc of its path."""
    size = len(reached)
    total = np.full(size, np.inf)
    root = np.arange(size)
    inner = np.flatnonzero(reached & (before >= 0))
    above = before[inner].astype(np.int64)
    root[inner] = above
    total[inner] = _arc_values(arcs, above, inner)
    first = np.flatnonzero(reached & (root == np.arange(size)))
    held = np.full(size, np.inf)
    held[states] = begun
    total[first] = held[first]
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
