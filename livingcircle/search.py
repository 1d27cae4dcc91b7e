"""The one search behind every walk time: metres to the nearest start, from every node of the street network.

Two engines give the same answer: `scipy` (compiled) and `networkx` (plain, the judge of the other).
"""

from __future__ import annotations

from collections.abc import Callable

import networkx as nx
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from livingcircle.errors import Fault, StudyError
from livingcircle.network import StreetNetwork


def nearest_start(
    network: StreetNetwork,
    starts: np.ndarray,
    costs: np.ndarray,
    *,
    limit_m: float = np.inf,
    engine: str = "scipy",
) -> tuple[np.ndarray, np.ndarray]:
    """Metres from every node to its nearest start, and which start that is.

    `starts` are node rows (repeats allowed) and `costs` the metres already walked there. Result: two arrays over the
    nodes, infinite and -1 where no start is within `limit_m`. Raises `StudyError` for an unknown engine.
    Source: Dijkstra (1959), one search for all starts together through a super-source.
    """
    if engine not in ENGINES:
        raise StudyError(Fault("[walking] engine", f"unknown engine {engine!r}", f"choose one of {sorted(ENGINES)}"))
    size = len(network.nodes)
    if not len(starts):
        return np.full(size, np.inf), np.full(size, -1)
    order = np.lexsort([np.arange(len(starts)), costs, starts])
    first = np.ones(len(order), dtype=bool)
    first[1:] = starts[order][1:] != starts[order][:-1]
    best = order[first]
    metres, root = ENGINES[engine](network, starts[best], costs[best], limit_m)
    label = np.full(size, -1)
    start_of_node = np.full(size, -1)
    start_of_node[starts[best]] = best
    reached = np.isfinite(metres)
    label[reached] = start_of_node[root[reached]]
    return metres, label


def _scipy(
    network: StreetNetwork, nodes: np.ndarray, costs: np.ndarray, limit_m: float
) -> tuple[np.ndarray, np.ndarray]:
    matrix, size = network.matrix, len(network.nodes)
    graph = csr_array(
        (
            np.concatenate([matrix.data, costs]),
            np.concatenate([matrix.indices, nodes]),
            np.append(matrix.indptr, matrix.nnz + len(nodes)),
        ),
        shape=(size + 1, size + 1),
    )
    metres, before = dijkstra(graph, indices=size, limit=limit_m, return_predecessors=True)
    before = before[:size].astype(np.int64)
    root = np.where((before == size) | (before < 0), np.arange(size), before)
    # Pointer jumping: every node learns the first node of its shortest path in log2(path length) rounds.
    while True:
        above = root[root]
        if np.array_equal(above, root):
            return metres[:size], root
        root = above


def _networkx(
    network: StreetNetwork, nodes: np.ndarray, costs: np.ndarray, limit_m: float
) -> tuple[np.ndarray, np.ndarray]:
    size = len(network.nodes)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(size + 1))
    row = {node: number for number, node in enumerate(network.nodes.tolist())}
    for a, b, metres in network.graph.edges(data="length_m"):
        a, b = row[a], row[b]
        if a != b and metres < graph.get_edge_data(a, b, {"weight": np.inf})["weight"]:
            graph.add_edge(a, b, weight=metres)
            graph.add_edge(b, a, weight=metres)
    graph.add_weighted_edges_from((size, int(node), float(cost)) for node, cost in zip(nodes, costs, strict=True))
    cutoff = None if np.isinf(limit_m) else limit_m
    found, paths = nx.single_source_dijkstra(graph, size, cutoff=cutoff)
    metres, root = np.full(size, np.inf), np.arange(size)
    for node, cost in found.items():
        if node != size:
            metres[node], root[node] = cost, paths[node][1]
    return metres, root


ENGINES: dict[str, Callable[..., tuple[np.ndarray, np.ndarray]]] = {"scipy": _scipy, "networkx": _networkx}
