"""The walking street network: a networkx graph, and its compiled form that carries the searches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from livingcircle.coordinates import require_metric
from livingcircle.errors import DataError, Fault, said
from livingcircle.network.line_ends import line_ends
from livingcircle.network.order import along_curve
from livingcircle.network.states import OPEN, Arcs, Costs, States, compiled

PUBLIC = -1


@dataclass(frozen=True)
class StreetNetwork:
    """A walking network in projected metres, as one kind of walker meets it: the networkx graph and compiled arrays.

    `nodes` lists the node ids in row order; `start`, `end` give the node rows of every edge; `streets` holds the edges'
    lines and the columns of `layers.STREETS`; `dropped` tells which ways were not walkable. `costs` says what an edge costs
    beyond its metres (None: level, every metre a metre); `permeability` who may enter the edges of compounds
    (`streets["compound"]`; -1 is public). See `network.states`. `compounds` and `gates` list the compounds and where their
    streets meet others, as `network.compounds.Enclosed` does; None where there are none. `unused_gates` counts gates given
    near no outline. `closed_gates` are gates by which nobody passes any more, as node id and compound.
    """

    nodes: np.ndarray
    start: np.ndarray
    end: np.ndarray
    length_m: np.ndarray
    streets: gpd.GeoDataFrame
    dropped: pd.DataFrame
    costs: Costs | None = None
    permeability: str = OPEN
    compounds: pd.DataFrame | None = None
    unused_gates: int = 0
    gates: gpd.GeoDataFrame | None = None
    closed_gates: tuple[tuple[int, int], ...] = ()

    @property
    def crs(self):
        """The metric CRS of the network."""
        return self.streets.crs

    @cached_property
    def graph(self) -> nx.MultiGraph:
        """The undirected `networkx.MultiGraph`: nodes with `x`, `y`; edges with `length_m`, `geometry` (drawn from
        `from_node` to `to_node`), `edge` (the row) and the columns of `layers.STREETS`."""
        lines = self.streets.geometry.to_numpy()
        place = np.empty((len(self.nodes), 2))
        first, last = line_ends(lines)
        place[self.end], place[self.start] = last, first
        graph = nx.MultiGraph(crs=self.crs)
        names = self.nodes.tolist()
        graph.add_nodes_from((node, {"x": x, "y": y}) for node, (x, y) in zip(names, place.tolist(), strict=True))
        columns = [c for c in self.streets.columns if c not in ("from_node", "to_node", "geometry")]
        records = self.streets[columns].to_dict("records")
        ends = zip(self.nodes[self.start].tolist(), self.nodes[self.end].tolist(), strict=True)
        graph.add_edges_from(
            (a, b, {**record, "edge": row, "length_m": metres, "geometry": line})
            for row, ((a, b), record, metres, line) in enumerate(
                zip(ends, records, self.length_m.tolist(), lines, strict=True)
            )
        )
        return graph

    @cached_property
    def compound(self) -> np.ndarray:
        """The compound of every edge, -1 for public streets."""
        told = self.streets.get("compound")
        return np.full(len(self.length_m), PUBLIC) if told is None else told.to_numpy(dtype=int)

    @cached_property
    def states(self) -> States:
        """Where a walker can be: node rows, and copies of them within compounds that are not open to everybody."""
        shut = [(row, whose) for node, whose in self.closed_gates for row in np.flatnonzero(self.nodes == node).tolist()]
        return States.of(self.start, self.end, self.compound, size=len(self.nodes), permeability=self.permeability, closed=shut)

    @cached_property
    def places(self) -> np.ndarray:
        """The (states, 2) coordinates of all states; copies within compounds lie at their node."""
        first, last = line_ends(self.streets.geometry.to_numpy())
        place = np.empty((self.states.size, 2))
        for ends in (self.states.entering, self.states.leaving, np.column_stack([self.start, self.end])):
            place[ends[:, 1]], place[ends[:, 0]] = last, first
        return place

    @cached_property
    def arcs(self) -> Arcs:
        """The quickest arcs between states: flat metres (metres of level street that take as long) and metres."""
        return compiled(self.states, self.length_m, self.costs, quickest=True)

    @cached_property
    def shortest_arcs(self) -> Arcs:
        """The shortest arcs between states; those of `arcs` where every metre is a metre."""
        return self.arcs if self.costs is None else compiled(self.states, self.length_m, self.costs, quickest=False)

    @cached_property
    def arcs_back(self) -> Arcs:
        """`arcs` walked backward, for searches that start where walks end."""
        return self.arcs.reversed() if self.costs is not None or len(self.states.free) else self.arcs

    @cached_property
    def shortest_arcs_back(self) -> Arcs:
        """`shortest_arcs` walked backward."""
        if self.costs is None:
            return self.arcs_back
        # Metres are the same both ways, but the flat metres carried along are not.
        return self.shortest_arcs.reversed()

    @property
    def least_pace(self) -> float:
        """The least flat metres a metre of any edge: below 1 where a walk downhill reaches farther than on level ground."""
        if self.costs is None:
            return 1.0
        return float(min(1.0, self.costs.forward.min(), self.costs.backward.min()))

    @property
    def matrix(self) -> csr_array:
        """Flat metres from state (row) to state (column); of parallel edges the quickest, no loops."""
        return self.arcs.matrix

    def with_costs(self, costs: Costs | None) -> StreetNetwork:
        """The same streets at other walking costs."""
        return self._sharing(replace(self, costs=costs))

    def with_permeability(self, permeability: str) -> StreetNetwork:
        """The same streets with compounds open to everybody, to visitors, or to residents only."""
        return self._sharing(replace(self, permeability=permeability))

    def with_closed_gates(self, closed: tuple[tuple[int, int], ...]) -> StreetNetwork:
        """The same streets with more gates closed, given as node id and compound."""
        return self._sharing(replace(self, closed_gates=(*self.closed_gates, *closed)))

    def with_open_gates(self, opened: tuple[tuple[int, int], ...]) -> StreetNetwork:
        """The same streets without these of the gates closed."""
        return self._sharing(replace(self, closed_gates=tuple(gate for gate in self.closed_gates if gate not in opened)))

    def _sharing(self, other: StreetNetwork) -> StreetNetwork:
        # Neither costs nor permeability touch geometry and pieces: what was worked out of them stays.
        for name in ("segments", "component", "components", "street_m", "compound", "graph"):
            if name in self.__dict__:
                other.__dict__[name] = self.__dict__[name]
        return other

    def only(self, kept: np.ndarray) -> StreetNetwork:
        """The network of the edges that the mask `kept` leaves; raises `DataError` when none is left."""
        if not kept.any():
            raise DataError(Fault("streets", "no walkable street is left", "close fewer ways"))
        nodes, codes = np.unique(np.concatenate([self.start[kept], self.end[kept]]), return_inverse=True)
        count = int(kept.sum())
        return replace(
            self,
            nodes=self.nodes[nodes],
            start=codes[:count],
            end=codes[count:],
            length_m=self.length_m[kept],
            streets=self.streets[kept].reset_index(drop=True),
            costs=None if self.costs is None else self.costs.only(kept),
        )

    @cached_property
    def street_m(self) -> np.ndarray:
        """Metres of real street of every edge: links across a plaza and ways assumed
        within compounds are walked, but no street, and count 0."""
        drawn = np.ones(len(self.length_m), dtype=bool)
        for column in ("plaza_link", "assumed"):
            if column in self.streets:
                drawn &= ~self.streets[column].to_numpy(dtype=bool)
        return np.where(drawn, self.length_m, 0.0)

    @cached_property
    def names(self) -> np.ndarray:
        """The name of every edge, empty where it has none; at the end that of no edge, empty."""
        return np.append(self.streets["name"].fillna("").astype(str).to_numpy(dtype=object), "")

    @cached_property
    def labels(self) -> np.ndarray:
        """The name of every edge, its class in brackets where it has none; at the end that of no edge, empty."""
        name, kind = (self.streets[column].to_numpy(dtype=object) for column in ("name", "highway"))
        return np.append(np.where(name == "", "(" + kind + ")", name), "")

    @cached_property
    def steps_by_ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The steps along edges (`states.edge_steps`) sorted by the two states they join, and a number for the two (see `ends_of_step`)."""
        keys = self.ends_of_step(*self.states.edge_steps[:, :2].T)
        order = np.argsort(keys, kind="stable")
        return keys[order], order

    def ends_of_step(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """One number for each pair of states, whichever comes first."""
        return np.minimum(a, b).astype(np.int64) * self.states.size + np.maximum(a, b)

    @cached_property
    def component(self) -> np.ndarray:
        """Component of every edge; 0 is the longest by street length."""
        size = len(self.nodes)
        joined = csr_array((np.ones(len(self.start), dtype=np.int8), (self.start, self.end)), shape=(size, size))
        _, label = connected_components(joined, directed=False)
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

    def leaving(self, edge: np.ndarray, offset_m: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How a walk leaves street positions by the start and by the end of their edge.

        Three (n, 2) arrays: the state come to, flat metres, metres. `edge` rows must not be -1.
        """
        return self._to_ends(edge, offset_m, self.ends_left(False))

    def entering(self, edge: np.ndarray, offset_m: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How a walk enters street positions from the start and from the end of their edge; arrays as in `leaving`."""
        return self._to_ends(edge, offset_m, self.ends_reached(False))

    def ends_left(self, shortest: bool) -> tuple[np.ndarray, tuple, np.ndarray, np.ndarray]:
        """For walks that leave edges: states of their ends, flat metres paid at start and at end, and flat metres a
        metre toward the start and toward the end; with `shortest`, metres."""
        if self.costs is None or shortest:
            return self.states.leaving, *self._level
        return self.states.leaving, (self.costs.start_m, self.costs.end_m), self.costs.backward, self.costs.forward

    def ends_reached(self, shortest: bool) -> tuple[np.ndarray, tuple, np.ndarray, np.ndarray]:
        """The same for walks that enter edges: flat metres a metre from the start and from the end."""
        if self.costs is None or shortest:
            return self.states.entering, *self._level
        return self.states.entering, (self.costs.start_m, self.costs.end_m), self.costs.forward, self.costs.backward

    @cached_property
    def _level(self) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, np.ndarray]:
        nothing, one = np.zeros(len(self.length_m)), np.ones(len(self.length_m))
        return (nothing, nothing), one, one

    def _to_ends(self, edge: np.ndarray, offset_m: np.ndarray, ends: tuple) -> tuple[np.ndarray, ...]:
        states, extra, by_start, by_end = ends
        metres = np.stack([offset_m, self.length_m[edge] - offset_m], axis=1)
        if self.costs is None:
            return states[edge], metres, metres
        paid = np.stack([extra[0][edge], extra[1][edge]], axis=1)
        return states[edge], metres * np.stack([by_start[edge], by_end[edge]], axis=1) + paid, metres

    def along(self, edge: np.ndarray, from_m: np.ndarray, to_m: np.ndarray) -> np.ndarray:
        """Flat metres straight along edges, from one position to another on the same edge."""
        metres = np.abs(to_m - from_m)
        if self.costs is None:
            return metres
        return metres * np.where(to_m >= from_m, self.costs.forward[edge], self.costs.backward[edge])


def from_edges(edges: gpd.GeoDataFrame, *, dropped: pd.DataFrame | None = None) -> StreetNetwork:
    """The street network of cut edges (`from_node`, `to_node`, the columns of `layers.STREETS`, lines in metres).

    Raises `DataError` when no edge has a length, or the CRS does not measure in true metres.
    """
    require_metric(edges.crs, where="streets")
    length = edges.geometry.length.to_numpy()
    faults = ~np.isfinite(length)
    if faults.any():
        rows = list(edges.index[faults][:5])
        raise DataError(Fault("streets", said("coordinates that are not numbers in rows {rows}", rows=rows), "correct these lines"))
    edges = edges[length > 0].reset_index(drop=True)
    if edges.empty:
        raise DataError(Fault("streets", "no walkable street", "give a street layer with walkable ways"))
    nodes, codes = np.unique(edges[["from_node", "to_node"]].to_numpy(), return_inverse=True)
    codes = codes.reshape(-1, 2)
    places = np.empty((len(nodes), 2))
    places[codes[:, 0]], places[codes[:, 1]] = line_ends(edges.geometry.to_numpy())
    order = along_curve(places)
    rank = np.empty(len(order), dtype=codes.dtype)
    rank[order] = np.arange(len(order))
    nodes, codes = nodes[order], rank[codes]
    none = pd.DataFrame({"highway": [], "rule": [], "ways": [], "length_m": []})
    length = edges.geometry.length.to_numpy()
    return StreetNetwork(nodes, codes[:, 0], codes[:, 1], length, edges, none if dropped is None else dropped)
