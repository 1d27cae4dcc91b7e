"""The other engines on the same streets: raw SciPy, plain networkx, and, where installed, pandana and igraph."""

from __future__ import annotations

from importlib.util import find_spec

import networkx as nx
import numpy as np
import pandas as pd
from scipy.sparse.csgraph import dijkstra

from livingcircle.network import StreetNetwork

# pandana sums whole millimeters, rounded edge by edge.
EXACT_M, PANDANA_M = 1e-6, 0.05


def installed(name: str) -> bool:
    """Whether a peer can be imported."""
    return find_spec(name) is not None


def simple(network: StreetNetwork) -> nx.Graph:
    """The streets as a plain weighted networkx graph of node rows; of parallel streets the shortest."""
    graph = nx.Graph()
    graph.add_nodes_from(range(len(network.nodes)))
    order = np.argsort(-network.length_m, kind="stable")
    graph.add_weighted_edges_from(
        zip(network.start[order].tolist(), network.end[order].tolist(), network.length_m[order].tolist(), strict=True), weight="length_m"
    )
    return graph


def nearest_scipy(network: StreetNetwork, doors: np.ndarray, limit: float) -> np.ndarray:
    """Metres from every node to the nearest door; SciPy as its manual says."""
    return dijkstra(network.matrix, indices=doors, limit=limit, min_only=True)


def nearest_networkx(graph: nx.Graph, doors: np.ndarray, limit: float) -> np.ndarray:
    """The same by `multi_source_dijkstra_path_length`."""
    found = nx.multi_source_dijkstra_path_length(graph, set(doors.tolist()), cutoff=limit, weight="length_m")
    out = np.full(graph.number_of_nodes(), np.inf)
    out[list(found)] = list(found.values())
    return out


def super_source(network: StreetNetwork, doors: np.ndarray):
    """An igraph graph with one node more, joined to all doors at no cost, and its weights."""
    import igraph

    size = len(network.nodes)
    ends = np.concatenate([np.stack([network.start, network.end], axis=1), np.stack([np.full(len(doors), size), doors], axis=1)])
    return igraph.Graph(size + 1, ends.tolist()), np.concatenate([network.length_m, np.zeros(len(doors))]).tolist()


def nearest_igraph(graph, weights: list[float], limit: float) -> np.ndarray:
    """The same by igraph, which knows no limit and no several sources."""
    size = graph.vcount() - 1
    found = np.array(graph.distances(source=[size], weights=weights)[0])[:size]
    return np.where(found <= limit, found, np.inf)


def pandana_network(network: StreetNetwork, categories: list[np.ndarray], limit: float):
    """pandana's network with its index built and the doors of all categories (numbered) put on it."""
    import pandana

    places = network.places[: len(network.nodes)]
    built = pandana.Network(
        pd.Series(places[:, 0]), pd.Series(places[:, 1]), pd.Series(network.start), pd.Series(network.end),
        pd.DataFrame({"length_m": network.length_m}),
    )
    built.precompute(limit)
    for number, doors in enumerate(categories):
        built.set_pois(str(number), limit, 1, pd.Series(places[doors, 0]), pd.Series(places[doors, 1]))
    return built


def nearest_pandana(built, category: int, limit: float) -> np.ndarray:
    """The same by pandana, which answers the limit itself where nothing lies within it."""
    found = built.nearest_pois(limit, str(category), num_pois=1)[1].to_numpy()
    return np.where(found < limit, found, np.inf)


def catchment_ego(graph: nx.Graph, door: int, limit: float) -> nx.Graph:
    """The streets between the nodes within the limit of one node, as the isochrone example of OSMnx cuts them."""
    return nx.ego_graph(graph, door, radius=limit, distance="length_m")


def metres_within(graph: nx.Graph, door: int, limit: float) -> dict[int, float]:
    """The nodes within the limit of one node, and their metres."""
    return nx.single_source_dijkstra_path_length(graph, door, cutoff=limit, weight="length_m")


def agree(ours: np.ndarray, theirs: np.ndarray, *, within_m: float = EXACT_M, limit: float = np.inf) -> bool:
    """Whether two answers are the same up to `within_m`; so close to the limit one may have what the other has not."""
    both = np.isfinite(ours) & np.isfinite(theirs)
    only = np.isfinite(ours) != np.isfinite(theirs)
    edge = np.minimum(ours, theirs)[only] >= limit - within_m
    return bool(np.allclose(ours[both], theirs[both], rtol=0, atol=within_m) and edge.all())
