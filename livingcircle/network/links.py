"""Links that a scenario adds to the streets: footpaths, bridges, crossings and gates, which meet streets at their two ends alone.

::

    ──────┬──────      the edge is cut where the link is joined; a leg leads from the street to the line as it was drawn
          │ leg
          ╱
    link ╱             public, level, open to every walker
        ╱
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.ops import substring

from livingcircle.network.graph import PUBLIC, StreetNetwork
from livingcircle.network.line_ends import line_ends
from livingcircle.network.states import Costs

GATE = "gate"
# Places this near on an edge are one: less than any drawing tells, more than sums are rounded by.
SAME_M = 1e-6


@cache
def rules() -> Mapping[str, Any]:
    """The shipped rules, as `walking/links.toml` states them."""
    return tomllib.loads((files("livingcircle") / "walking" / "links.toml").read_text(encoding="utf-8"))


class Foot(NamedTuple):
    """Where an end of a link meets a street: edge row, metres along it, and the straight metres from the end to there."""

    edge: int
    offset_m: float
    leg_m: float


class Link(NamedTuple):
    """A link as it was drawn, a (k, 2) array in metres, with its two feet on the streets, its kind and its name."""

    line: np.ndarray
    feet: tuple[Foot, Foot]
    kind: str
    name: str = ""

    @property
    def length_m(self) -> float:
        """Metres of the line and of both legs; a leg of up to `touch_m` is none."""
        legs = [foot.leg_m for foot in self.feet if foot.leg_m > rules()["touch_m"]]
        return float(np.hypot(*np.diff(self.line, axis=0).T).sum() + sum(legs))


def foot(network: StreetNetwork, point: np.ndarray, *, among: np.ndarray | None = None) -> Foot:
    """The place on any street, or on the edges that the mask `among` chooses, that is nearest to `point`.

    Of equals, to a nanometre, the first edge. A place within `touch_m` of an edge's end is that end, so that what is drawn to a junction joins all
    streets there. The edge is -1, with the metres to the nearest street (infinite without one), where none lies within `reach_m`.
    """
    ends, owner, before, tree = network.segments
    place = shapely.Point(point)
    hit = tree.query(place, predicate="dwithin", distance=np.nextafter(rules()["reach_m"], np.inf))
    hit = hit if among is None else hit[among[owner[hit]]]
    if not len(hit):
        near = tree.geometries if among is None else tree.geometries[among[owner]]
        return Foot(-1, 0.0, float(shapely.distance(place, near).min(initial=np.inf)))
    a, b = ends[hit, :2], ends[hit, 2:]
    square = ((b - a) ** 2).sum(axis=1)
    t = np.clip(((point - a) * (b - a)).sum(axis=1) / np.where(square > 0, square, 1), 0, 1)
    far = np.hypot(*(a + (b - a) * t[:, None] - point).T)
    best = np.lexsort([before[hit], owner[hit], far.round(9)])[0]
    edge = int(owner[hit[best]])
    length = float(network.length_m[edge])
    offset = min(float(before[hit[best]] + t[best] * np.sqrt(square[best])), length)
    end = 0.0 if offset <= length / 2 else length
    return Foot(edge, end if abs(offset - end) <= rules()["touch_m"] else offset, float(far[best]))


def gate_node(network: StreetNetwork, point: np.ndarray) -> tuple[int, int] | None:
    """The node and the compound of the gate nearest to `point`, of those that `gates` lists within `gate_m`; None without one."""
    if network.gates is None or not len(network.gates):
        return None
    far = shapely.distance(network.gates.geometry.to_numpy(), shapely.Point(point))
    nearest = int(np.argmin(far.round(9)))
    if far[nearest] > rules()["gate_m"]:
        return None
    compound = int(network.gates["compound"].iloc[nearest])
    own = np.flatnonzero(network.compound == compound)
    others = np.flatnonzero(network.compound != compound)
    # A gate is a node that other streets share; a dead end may lie as near.
    inner = np.intersect1d(np.concatenate([network.start[own], network.end[own]]), np.concatenate([network.start[others], network.end[others]]))
    if not len(inner):
        return None
    first, last = line_ends(network.streets.geometry.to_numpy()[own])
    rows, places = np.concatenate([network.start[own], network.end[own]]), np.vstack([first, last])
    shared = np.isin(rows, inner)
    gate = shapely.get_coordinates(network.gates.geometry.iloc[nearest])[0]
    return int(network.nodes[rows[shared][np.argmin(np.hypot(*(places[shared] - gate).T))]]), compound


@dataclass(frozen=True)
class Linked:
    """A network with links: the edges that were there keep their rows (cut ones as their first piece), pieces and links follow.

    `cuts` has a row for every cut, by `edge` and `offset_m`, with the row of the `piece` that begins there; `added` are the rows of the links.
    """

    network: StreetNetwork
    cuts: pd.DataFrame
    added: np.ndarray

    def moved(self, edge: np.ndarray, offset_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where places on the streets as they were lie on the network with links: edge rows and metres along them."""
        rows, offsets = edge.copy(), offset_m.copy()
        for cut in self.cuts.itertuples():
            beyond = (edge == cut.edge) & (offset_m > cut.offset_m)
            rows[beyond], offsets[beyond] = cut.piece, offset_m[beyond] - cut.offset_m
        return rows, offsets

    @cached_property
    def alone(self) -> StreetNetwork:
        """The network of the links alone; its edges are `added`, in their order."""
        mask = np.zeros(len(self.network.length_m), dtype=bool)
        mask[self.added] = True
        return self.network.only(mask)


def linked(network: StreetNetwork, links: Sequence[Link], *, kept: np.ndarray | None = None) -> Linked:
    """The network with links joined to it; `kept` is the mask by which it was chosen (`only`) out of the one the links' feet lie on.

    Every edge is cut where a link meets it. Pieces keep what a metre costs, and what is paid at an end only at the ends that were
    there; links cost a flat metre a metre. A foot on a street that this walker may not use joins nothing.
    """
    rows = np.arange(len(network.length_m)) if kept is None else np.where(kept, np.cumsum(kept) - 1, -1)
    feet = pd.DataFrame([(rows[foot.edge], foot.offset_m) for link in links for foot in link.feet], columns=["edge", "offset_m"])
    feet = feet.astype({"edge": int, "offset_m": float})
    size = len(network.length_m)
    cuts, node = _cut(network, feet)
    pieces = np.concatenate([np.arange(size), cuts["edge"].to_numpy(dtype=int)])
    start, end = network.start[pieces], network.end[pieces]
    low, high = np.zeros(len(pieces)), network.length_m[pieces]
    last = np.arange(size)
    for cut in cuts.itertuples():
        before = last[cut.edge]
        high[before] = low[cut.piece] = cut.offset_m
        end[before] = start[cut.piece] = cut.node
        last[cut.edge] = cut.piece
    lines = network.streets.geometry.to_numpy()[pieces]
    for row in np.flatnonzero((low > 0) | (high < network.length_m[pieces])):
        lines[row] = substring(lines[row], low[row], high[row])
    names = np.concatenate([network.nodes, network.nodes.max(initial=0) + 1 + np.arange(max(int(node.max(initial=-1)) + 1 - len(network.nodes), 0))])
    start, end = np.concatenate([start, node[::2]]), np.concatenate([end, node[1::2]])
    old = network.streets.iloc[pieces].reset_index(drop=True).set_geometry(gpd.GeoSeries(lines, crs=network.crs))
    streets = pd.concat([old, _rows(network, links, feet)], ignore_index=True).assign(from_node=names[start], to_node=names[end])
    costs = network.costs and _costs(network.costs, (pieces, low > 0, last, size), len(links))
    length = np.concatenate([high - low, [link.length_m for link in links]])
    out = replace(network, nodes=names, start=start, end=end, length_m=length, streets=streets.astype(network.streets.dtypes), costs=costs)
    return Linked(replace(out, compounds=_entered(out, len(pieces))), cuts, np.arange(len(pieces), len(length)))


def _cut(network: StreetNetwork, feet: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """The cuts of edges, sorted, with their new nodes and pieces; and the node row of every foot. A foot at an edge's end needs no cut."""
    edge, offset = feet["edge"].to_numpy(), feet["offset_m"].to_numpy()
    node = np.where(offset <= SAME_M, network.start[edge], -1)
    node = np.where((node < 0) & (offset >= network.length_m[edge] - SAME_M), network.end[edge], node)
    fresh = len(network.nodes)
    loose = np.flatnonzero(edge < 0)
    node[loose] = fresh + np.arange(len(loose))
    found = []
    for foot in np.lexsort([offset, edge]):
        if node[foot] >= 0:
            continue
        if not (found and found[-1][0] == edge[foot] and offset[foot] - found[-1][1] <= SAME_M):
            number = len(found)
            found.append((edge[foot], offset[foot], fresh + len(loose) + number, len(network.length_m) + number))
        node[foot] = found[-1][2]
    cuts = pd.DataFrame(found, columns=["edge", "offset_m", "node", "piece"])
    return cuts.astype({"edge": int, "offset_m": float, "node": int, "piece": int}), node


def _rows(network: StreetNetwork, links: Sequence[Link], feet: pd.DataFrame) -> gpd.GeoDataFrame:
    """The links as rows of streets: what a layer tells beside their kind and name is blank."""
    streets = network.streets
    kinds = [rules()["kinds"][link.kind] for link in links]
    blank = {
        column: False if dtype.kind == "b" else 0 if dtype.kind in "iuf" else ""
        for column, dtype in streets.drop(columns=streets.geometry.name).dtypes.items()
    }
    told = {"highway": [kind["highway"] for kind in kinds], "layer": [kind["layer"] for kind in kinds], "name": [link.name for link in links]}
    if "compound" in streets:
        told["compound"] = PUBLIC
    edge, offset = feet["edge"].to_numpy(), feet["offset_m"].to_numpy()
    places = shapely.get_coordinates(shapely.line_interpolate_point(streets.geometry.to_numpy()[edge], offset)).reshape(-1, 2, 2)
    lines = []
    for link, (first, last), (there, too) in zip(links, places, edge.reshape(-1, 2) >= 0, strict=True):
        parts = ([first] if there else [], link.line, [last] if too else [])
        lines.append(shapely.LineString(_apart(np.vstack([part for part in parts if len(part)]))))
    return gpd.GeoDataFrame({**blank, **told}, geometry=lines, index=range(len(links)), crs=network.crs)


def _apart(points: np.ndarray) -> np.ndarray:
    """The points without repeats, but never fewer than two."""
    fresh = np.append(True, np.hypot(*np.diff(points, axis=0).T) > 0)
    return points[fresh] if fresh.sum() > 1 else points[[0, -1]]


def _costs(costs: Costs, cut: tuple[np.ndarray, np.ndarray, np.ndarray, int], links: int) -> Costs:
    pieces, begun, last, size = cut
    ended = np.zeros(len(pieces), dtype=bool)
    ended[last] = True
    ones, nothing = np.ones(links), np.zeros(links)
    return Costs(
        np.concatenate([costs.forward[pieces], ones]),
        np.concatenate([costs.backward[pieces], ones]),
        np.concatenate([np.where(begun, 0.0, costs.start_m[pieces]), nothing]),
        np.concatenate([np.where(ended, costs.end_m[pieces], 0.0), nothing]),
    )


def _entered(network: StreetNetwork, first: int) -> pd.DataFrame | None:
    """The list of compounds, those that a link (rows from `first`) leads into no longer without a gate."""
    listed = network.compounds
    if listed is None:
        return None
    met = np.concatenate([network.start[first:], network.end[first:]])
    touched = np.isin(network.start[:first], met) | np.isin(network.end[:first], met)
    inner = np.unique(network.compound[:first][touched])
    return listed.assign(without_gate=listed["without_gate"] & ~listed.index.isin(inner))
