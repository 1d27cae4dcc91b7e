"""The one search behind every walk time: from every state of the street network to the nearest start.

Two engines give the same answer: `scipy` (compiled) and `networkx` (plain, the judge of the other). A faster kernel
replaces SciPy in this file alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import networkx as nx
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from livingcircle.errors import Fault, StudyError
from livingcircle.network import Arcs


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
    total[reached] = 0
    root = np.arange(size)
    inner = np.flatnonzero(reached & (before >= 0) & (before < size))
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
