"""Ways that nobody drew: straight links through a compound between its gates, and from a gate to the nearest street."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from livingcircle.network import plazas
from livingcircle.network.cutting import TOUCH_M, cut, fresh_nodes
from livingcircle.network.graph import PUBLIC

PLACE = ["compound", "node", "x", "y"]


def street_m(edges: gpd.GeoDataFrame) -> np.ndarray:
    """Metres of drawn street of every edge; links across a plaza and assumed ways count 0.

    `edges` has lines in metres and `assumed`, and may have `plaza_link`.
    """
    link = edges["assumed"].to_numpy(dtype=bool)
    if "plaza_link" in edges:
        link = link | edges["plaza_link"].to_numpy(dtype=bool)
    return np.where(link, 0.0, edges.geometry.length)


def assume(
    edges: gpd.GeoDataFrame, regions: np.ndarray, *, doors: pd.DataFrame, bare: pd.DataFrame, told: Mapping[str, Any]
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """The edges with the links that compounds need, and the gates that a street could be joined to.

    `edges` has `compound` and `assumed`; `regions` are the areas of the compounds. `doors` (`compound`, `node`, `x`, `y`) are
    the places where streets pass their borders, `bare` (the same without `node`) gates on a border that no street passes;
    `told` is the table `assumed` of the data file, in metres. A bare gate is joined to the nearest public street within
    `reach_m` by a public link, and to the nearest street of its compound. A compound with less than `least_inner_m` of
    street gets links between its gates, its doors and a point in its middle instead. Links run straight where the area lets
    them. The second table is `bare` with `node`, without the gates that found no public street.
    """
    inner = edges["compound"].to_numpy() >= 0
    inner_m = np.bincount(edges["compound"].to_numpy()[inner], street_m(edges)[inner], len(regions))
    sparse = inner_m < told["least_inner_m"]
    edges, bare, feet = _joined(edges, bare, sparse, told["reach_m"])
    known = pd.concat([frame[PLACE] for frame in (doors, bare, feet)], ignore_index=True)
    links = []
    for gate, foot in feet[~feet["public"] & ~feet["touching"]].groupby("gate"):
        ends = np.vstack([bare.loc[gate, ["x", "y"]].to_numpy(dtype=float), foot[["x", "y"]].to_numpy()])
        links.append((bare.loc[gate, "compound"], _between(regions[bare.loc[gate, "compound"]], ends, told["points"])))
    places = pd.concat([doors[PLACE], bare[PLACE]])
    for compound, group in places[sparse[places["compound"].to_numpy(dtype=int)]].groupby("compound"):
        for part in shapely.get_parts(regions[compound]):
            ends = group[["x", "y"]].to_numpy()
            ends = ends[shapely.distance(part, shapely.points(ends)) <= told["along_m"] + TOUCH_M]
            if len(ends):
                middle = shapely.get_coordinates(shapely.point_on_surface(part))
                links.append((compound, _between(part, np.vstack([ends, middle]), told["points"])))
    found = [_approaches(bare, feet), _numbered(links, known)]
    found = [frame for frame in found if len(frame)]
    if not found:
        return edges, bare
    added = pd.concat(found, ignore_index=True).assign(
        highway=told["highway"], name="", layer=0, source_id="", assumed=True,
        **{column: False for column in ("plaza_link", "private") if column in edges},
    )
    added = gpd.GeoDataFrame(added, geometry="geometry", crs=edges.crs)
    return pd.concat([edges, added], ignore_index=True), bare


def _joined(
    edges: gpd.GeoDataFrame, bare: pd.DataFrame, sparse: np.ndarray, reach_m: float
) -> tuple[gpd.GeoDataFrame, pd.DataFrame, pd.DataFrame]:
    """The edges cut at the feet of bare gates, those gates with their nodes, and the feet."""
    compound, lines = edges["compound"].to_numpy(), edges.geometry.to_numpy()
    public = np.flatnonzero(compound == PUBLIC)
    spots = shapely.points(bare[["x", "y"]].to_numpy(dtype=float))
    # GEOS leaves out what lies exactly at the limit; the limit is inclusive here.
    gate, hit = shapely.STRtree(lines[public]).query_nearest(
        spots, max_distance=np.nextafter(reach_m, np.inf), all_matches=False
    )
    bare, spots = bare.iloc[gate].reset_index(drop=True), spots[gate]
    owner = bare["compound"].to_numpy(dtype=int)
    deep = np.flatnonzero(~sparse[owner])
    inside = [np.flatnonzero(compound == owner[number]) for number in deep]
    nearest = [rows[np.argmin(shapely.distance(lines[rows], spots[k]))] for k, rows in zip(deep, inside, strict=True)]
    row = np.concatenate([public[hit], np.array(nearest, dtype=int)])
    of = np.concatenate([np.arange(len(bare)), deep])
    offset = shapely.line_locate_point(lines[row], spots[of])
    place = shapely.line_interpolate_point(lines[row], offset)
    edges, node = cut(edges, row, offset)
    x, y = shapely.get_coordinates(place).T
    feet = pd.DataFrame({"compound": owner[of], "node": node, "x": x, "y": y, "gate": of})
    feet["public"] = np.arange(len(of)) < len(bare)
    feet["touching"] = shapely.distance(place, spots[of]) <= TOUCH_M
    own = fresh_nodes(edges) + np.arange(len(bare))
    outer, inner = (feet[(feet["public"] == side) & feet["touching"]] for side in (True, False))
    own[outer["gate"]] = outer["node"]
    # Where a street within and one without end at the same gate without a joint, their two nodes become one.
    both = inner["gate"].isin(outer["gate"])
    own[inner["gate"][~both]] = inner["node"][~both]
    one = dict(zip(inner["node"][both], own[inner["gate"][both]], strict=True))
    edges = edges.assign(**{column: edges[column].replace(one) for column in ("from_node", "to_node")})
    feet["node"] = feet["node"].replace(one)
    return edges, bare.assign(node=own), feet


def _approaches(bare: pd.DataFrame, feet: pd.DataFrame) -> pd.DataFrame:
    """The links from public streets to bare gates that lie off them."""
    feet = feet[feet["public"] & ~feet["touching"]]
    gates = bare.loc[feet["gate"]]
    ends = np.stack([feet[["x", "y"]].to_numpy(), gates[["x", "y"]].to_numpy(dtype=float)], axis=1)
    told = {"from_node": feet["node"].to_numpy(), "to_node": gates["node"].to_numpy(), "compound": PUBLIC}
    return pd.DataFrame({**told, "geometry": shapely.linestrings(ends)}, index=range(len(feet)))


def _numbered(links: list[tuple[int, np.ndarray]], known: pd.DataFrame) -> pd.DataFrame:
    """The links as edges: their ends take the nodes of the places `known`, or new ones."""
    segments = np.concatenate([np.empty((0, 2, 2)), *(part for _, part in links)])
    owner = np.repeat(np.array([compound for compound, _ in links], dtype=int), [len(part) for _, part in links])
    ends = np.column_stack([np.repeat(owner, 2), segments.reshape(-1, 2)])
    ends = np.vstack([ends, known[["compound", "x", "y"]].to_numpy(dtype=float)])
    _, code = np.unique(ends, axis=0, return_inverse=True)
    code = code.reshape(-1)
    node = known["node"].max() + 1 + np.arange(code.max() + 1) if len(code) else np.empty(0, dtype=int)
    node[code[2 * len(owner) :]] = known["node"]
    start, end = node[code[: 2 * len(owner)]].reshape(-1, 2).T
    return pd.DataFrame({"from_node": start, "to_node": end, "compound": owner, "geometry": shapely.linestrings(segments)})


def _between(area: shapely.Geometry, ends: np.ndarray, most: int) -> np.ndarray:
    """The straight pieces of the shortest ways through `area` between every two of `ends`, as an (m, 2, 2) array."""
    part = min(shapely.get_parts(area), key=lambda part: shapely.distance(part, shapely.Point(ends[0])))
    off = shapely.distance(part, shapely.points(ends)).max()
    # A street's end may lie a little outside the border that it runs along.
    roomy = shapely.buffer(part, 1.5 * off, join_style="mitre") if off > TOUCH_M else part
    segments = plazas.crossings(roomy, entries=ends, most=most)
    points, code = np.unique(segments.reshape(-1, 2), axis=0, return_inverse=True)
    a, b = code.reshape(-1, 2).T
    metres = np.hypot(*(segments[:, 1] - segments[:, 0]).T)
    graph = csr_array((metres, (a, b)), shape=(len(points), len(points)))
    wanted = np.flatnonzero((points[:, None] == ends[None]).all(axis=2).any(axis=1))
    if not len(wanted):
        return segments
    _, before = dijkstra(graph, directed=False, indices=wanted, return_predecessors=True)
    used = set()
    for row in range(len(wanted)):
        for stop in wanted:
            while before[row, stop] >= 0:
                used.add((min(stop, before[row, stop]), max(stop, before[row, stop])))
                stop = before[row, stop]
    keep = [(min(p, q), max(p, q)) in used for p, q in zip(a.tolist(), b.tolist(), strict=True)]
    return segments[np.array(keep, dtype=bool)]
