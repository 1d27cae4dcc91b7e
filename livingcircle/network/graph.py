"""The walking street network: a networkx graph, and its compiled form that carries the searches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from livingcircle.coordinates import require_metric
from livingcircle.errors import DataError, Fault


@dataclass(frozen=True)
class StreetNetwork:
    """A walking network in projected metres: the networkx graph and arrays compiled from it.

    `graph` is an undirected `networkx.MultiGraph`: nodes carry `x`, `y`; edges carry `length_m`, `geometry` (drawn from
    `from_node` to `to_node`), `edge` (the row below) and the columns of `layers.STREETS`. `nodes` lists the graph's node
    ids in row order; `start`, `end` give the node rows of every edge; `dropped` tells which ways were not walkable.
    """

    graph: nx.MultiGraph
    nodes: np.ndarray
    start: np.ndarray
    end: np.ndarray
    length_m: np.ndarray
    streets: gpd.GeoDataFrame
    dropped: pd.DataFrame

    @property
    def crs(self):
        """The metric CRS of the network."""
        return self.streets.crs

    @cached_property
    def matrix(self) -> csr_array:
        """Symmetric lengths in metres between node rows; of parallel edges the shortest, no loops."""
        a = np.concatenate([self.start, self.end])
        b = np.concatenate([self.end, self.start])
        weight = np.concatenate([self.length_m, self.length_m])
        keep = a != b
        a, b, weight = a[keep], b[keep], weight[keep]
        order = np.lexsort([weight, b, a])
        a, b, weight = a[order], b[order], weight[order]
        first = np.ones(len(a), dtype=bool)
        first[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
        size = len(self.nodes)
        indptr = np.concatenate([[0], np.cumsum(np.bincount(a[first], minlength=size))])
        return csr_array((weight[first], b[first], indptr), shape=(size, size))

    @cached_property
    def street_m(self) -> np.ndarray:
        """Metres of real street of every edge: links across a plaza are ways to walk, but no street, and count 0."""
        link = self.streets["plaza_link"].to_numpy() if "plaza_link" in self.streets else np.zeros(len(self.length_m), bool)
        return np.where(link, 0.0, self.length_m)

    @cached_property
    def component(self) -> np.ndarray:
        """Component of every edge; 0 is the longest by street length."""
        _, label = connected_components(self.matrix, directed=False)
        total = np.bincount(label[self.start], weights=self.street_m, minlength=label.max() + 1)
        rank = np.empty(len(total), dtype=int)
        rank[np.argsort(-total, kind="stable")] = np.arange(len(total))
        return rank[label[self.start]]

    @cached_property
    def components(self) -> pd.DataFrame:
        """Every component with `component`, `edges` and `length_m`, longest first."""
        frame = pd.DataFrame({"component": self.component, "length_m": self.street_m})
        return frame.groupby("component", as_index=False).agg(edges=("length_m", "size"), length_m=("length_m", "sum"))

    @cached_property
    def segments(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, shapely.STRtree]:
        """Straight pieces of the edges: end points (k, 4), edge row, metres from the edge's start, and their tree."""
        points, edge = shapely.get_coordinates(self.streets.geometry.to_numpy(), return_index=True)
        inner = edge[1:] == edge[:-1]
        ends = np.hstack([points[:-1], points[1:]])[inner]
        owner = edge[:-1][inner]
        step = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
        before = np.cumsum(step) - step
        first = np.searchsorted(owner, np.arange(len(self.length_m)))
        before -= before[first[owner]]
        tree = shapely.STRtree(shapely.linestrings(ends.reshape(-1, 2, 2)))
        return ends, owner, before, tree


def from_edges(edges: gpd.GeoDataFrame, *, dropped: pd.DataFrame | None = None) -> StreetNetwork:
    """The street network of cut edges (`from_node`, `to_node`, the columns of `layers.STREETS`, lines in metres).

    Raises `DataError` when no edge has a length, or the CRS does not measure in true metres.
    """
    require_metric(edges.crs, where="streets")
    length = edges.geometry.length.to_numpy()
    faults = ~np.isfinite(length)
    if faults.any():
        rows = list(edges.index[faults][:5])
        raise DataError(Fault("streets", f"coordinates that are not numbers in rows {rows}", "correct these lines"))
    edges = edges[length > 0].reset_index(drop=True)
    if edges.empty:
        raise DataError(Fault("streets", "no walkable street", "give a street layer with walkable ways"))
    length = edges.geometry.length.to_numpy()
    nodes, codes = np.unique(edges[["from_node", "to_node"]].to_numpy(), return_inverse=True)
    codes = codes.reshape(-1, 2)
    start, end = codes[:, 0], codes[:, 1]
    place = np.empty((len(nodes), 2))
    place[end] = shapely.get_coordinates(shapely.get_point(edges.geometry.to_numpy(), -1))
    place[start] = shapely.get_coordinates(shapely.get_point(edges.geometry.to_numpy(), 0))
    graph = nx.MultiGraph(crs=edges.crs)
    graph.add_nodes_from((node, {"x": x, "y": y}) for node, (x, y) in zip(nodes.tolist(), place.tolist(), strict=True))
    columns = [c for c in edges.columns if c not in ("from_node", "to_node", "geometry")]
    records = edges[columns].to_dict("records")
    graph.add_edges_from(
        (a, b, {**record, "edge": row, "length_m": metres, "geometry": line})
        for row, (a, b, record, metres, line) in enumerate(
            zip(nodes[start].tolist(), nodes[end].tolist(), records, length.tolist(), edges.geometry, strict=True)
        )
    )
    none = pd.DataFrame({"highway": [], "rule": [], "ways": [], "length_m": []})
    return StreetNetwork(graph, nodes, start, end, length, edges, none if dropped is None else dropped)


def from_osmnx(graph: nx.MultiDiGraph, *, crs) -> StreetNetwork:
    """The street network of an OSMnx graph, walkable ways only, in the metric `crs`; one-way does not bind walkers.

    `graph` has `crs` among its attributes, `x` and `y` on nodes, and `osmid`, `highway`, `geometry` on edges as OSMnx
    writes them. Raises `DataError` when it has no CRS.
    """
    from livingcircle.network.walkable import walkable

    if "crs" not in graph.graph:
        raise DataError(Fault("streets", "the graph states no CRS", "save it with OSMnx, which writes the CRS"))
    rows, seen = [], set()
    for a, b, data in graph.edges(data=True):
        line = data.get("geometry")
        if line is None:
            line = shapely.LineString([(graph.nodes[n]["x"], graph.nodes[n]["y"]) for n in (a, b)])
        # A two-way street stands twice in a directed graph; both drawings are the same line.
        key = (min(a, b), max(a, b), shapely.normalize(shapely.set_precision(line, 1e-9)).wkb)
        if key in seen:
            continue
        seen.add(key)
        tags = {k: str(v[0] if isinstance(v, list) else v) for k, v in data.items() if k != "geometry"}
        rows.append((a, b, tags, line))
    ways = gpd.GeoDataFrame(
        {"from_node": [r[0] for r in rows], "to_node": [r[1] for r in rows], "tags": [r[2] for r in rows]},
        geometry=[r[3] for r in rows],
        crs=graph.graph["crs"],
    ).to_crs(crs)
    kept, dropped = walkable(ways)
    layer = pd.to_numeric(pd.Series([t.get("layer", "0") for t in kept["tags"]]), errors="coerce").fillna(0)
    edges = gpd.GeoDataFrame(
        {
            "from_node": kept["from_node"].to_numpy(),
            "to_node": kept["to_node"].to_numpy(),
            "highway": [t.get("highway", "") for t in kept["tags"]],
            "name": [t.get("name", "") for t in kept["tags"]],
            "layer": layer.astype(int).to_numpy(),
            "source_id": [t.get("osmid", "") for t in kept["tags"]],
        },
        geometry=kept.geometry.to_numpy(),
        crs=crs,
    )
    return from_edges(edges, dropped=dropped)
