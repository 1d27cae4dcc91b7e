"""From ways or drawn lines to street edges: cut where they meet, and told apart where they only cross."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.ops
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from livingcircle.network import plazas
from livingcircle.network.walkable import is_area, rules

PRIVATE = "private"
# Of the ways' tags those that walking costs ask for.
COST_TAGS = ("crossing", "opening_hours")
ATTRIBUTES = ("highway", "name", "layer", "source_id", *COST_TAGS, PRIVATE)


def _attributes(ways: gpd.GeoDataFrame) -> pd.DataFrame:
    tags = ways["tags"]
    layer = pd.to_numeric(pd.Series([t.get("layer") for t in tags], dtype=object), errors="coerce").fillna(0)
    return pd.DataFrame(
        {
            "highway": [t.get("highway", "") for t in tags],
            "name": [t.get("name", "") for t in tags],
            "layer": layer.astype(int).to_numpy(),
            "source_id": ways["source_id"].to_numpy(),
            **{key: [t.get(key, "") for t in tags] for key in COST_TAGS},
            **({PRIVATE: ways[PRIVATE].to_numpy()} if PRIVATE in ways else {}),
        }
    )


def split_ways(ways: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Street edges of OSM ways, cut at every node that two ways share.

    `ways` has `tags`, `node_ids` (ids of the vertices), `ring` and lines in a metric CRS. Ways meet only in shared
    nodes, so a bridge never joins what it crosses. Areas that walkers may cross get straight links between the points
    where other ways meet them. Result: lines in the same CRS with `from_node`, `to_node` (int64) and the columns of
    `layers.STREETS`.
    """
    counts = np.array([len(ids) for ids in ways["node_ids"]])
    ids = np.concatenate(list(ways["node_ids"]))
    points = shapely.get_coordinates(ways.geometry)
    way = np.repeat(np.arange(len(ways)), counts)
    known, code, uses = np.unique(ids, return_inverse=True, return_counts=True)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    last = first + counts - 1
    cut = uses[code] > 1
    cut[first] = cut[last] = True
    start = np.flatnonzero(cut & ~np.isin(np.arange(len(ids)), last))
    stops = np.flatnonzero(cut)
    end = stops[np.searchsorted(stops, start, side="right")]
    length = end - start + 1
    take = np.repeat(start - np.concatenate([[0], np.cumsum(length)[:-1]]), length) + np.arange(length.sum())
    lines = shapely.linestrings(points[take], indices=np.repeat(np.arange(len(start)), length))
    edges = _attributes(ways).iloc[way[start]].reset_index(drop=True)
    edges.insert(0, "from_node", ids[start])
    edges.insert(1, "to_node", ids[end])
    frame = gpd.GeoDataFrame(edges, geometry=lines, crs=ways.crs)
    links = _area_links(ways, shared=known[uses > 1])
    frame["plaza_link"] = False
    return pd.concat([frame, links], ignore_index=True) if len(links) else frame


def _area_links(ways: gpd.GeoDataFrame, *, shared: np.ndarray) -> gpd.GeoDataFrame:
    """Straight links across the areas among the ways, between the nodes `shared` with other ways and round their bends."""
    rings = _area_rings(ways)
    most, owners, pairs, segments = rules()["areas"]["crossing_points"], [], [], []
    shapes, ids = rings.geometry.to_numpy(), rings["node_ids"].tolist()
    corners, ring = shapely.get_coordinates(shapes, return_index=True)
    nodes = np.concatenate([np.empty(0, dtype=np.int64), *ids])
    stops = np.searchsorted(ring, np.arange(len(rings) + 1))
    meets = np.isin(nodes, shared)
    for rows in rings.groupby("source_id", sort=False).indices.values():
        polygons = _polygons(shapes[rows], [ids[row] for row in rows])
        if not len(polygons):
            continue
        own = np.concatenate([np.arange(stops[row], stops[row + 1]) for row in rows])
        at = list(map(tuple, corners[own].tolist()))
        node_of = dict(zip(at, nodes[own].tolist(), strict=True))
        met = dict(zip(at, meets[own].tolist(), strict=True))
        doors = {point for point in met if met[point]}
        for polygon in polygons:
            entries = np.array(sorted(doors.intersection(map(tuple, shapely.get_coordinates(polygon).tolist())))).reshape(-1, 2)
            found = plazas.crossings(polygon, entries=entries, most=most)
            ends = [tuple(node_of.get(tuple(point)) for point in segment) for segment in found.tolist()]
            kept = [row for row, pair in enumerate(ends) if None not in pair]
            pairs += [ends[row] for row in kept]
            segments.append(found[kept])
            owners += [rows[0]] * len(kept)
    if not pairs:
        return gpd.GeoDataFrame({"from_node": []}, geometry=[], crs=ways.crs)
    frame = _attributes(rings).iloc[owners].reset_index(drop=True)
    frame.insert(0, "from_node", [pair[0] for pair in pairs])
    frame.insert(1, "to_node", [pair[1] for pair in pairs])
    frame["plaza_link"] = True
    return gpd.GeoDataFrame(frame, geometry=shapely.linestrings(np.concatenate(segments)), crs=ways.crs)


def _area_rings(ways: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The ways that are areas to be crossed in any direction, or rings of one."""
    areas = [is_area(tags, relation=ring >= 0) for tags, ring in zip(ways["tags"], ways["ring"].tolist(), strict=True)]
    return ways[np.array(areas, dtype=bool)].reset_index(drop=True)


def _polygons(rings: np.ndarray, node_ids: list[np.ndarray]) -> np.ndarray:
    closed = [ring for ring, ids in zip(rings, node_ids, strict=True) if ids[0] == ids[-1] and len(ids) > 3]
    if not closed:
        return np.empty(0, dtype=object)
    return shapely.get_parts(shapely.make_valid(shapely.build_area(shapely.GeometryCollection(closed))))


def join_lines(lines: gpd.GeoDataFrame, *, tolerance_m: float, at_crossings: bool = False) -> gpd.GeoDataFrame:
    """Street edges of drawn lines, joined where they touch.

    `lines` has the columns of `layers.STREETS` and LineStrings in a metric CRS. Two lines are joined where an end of one
    comes within `tolerance_m` of the other, whatever their `layer` (a bridge has ends), and where a vertex of one comes
    within `tolerance_m` of another on the same `layer`. Lines that merely cross are joined only with `at_crossings`, and
    only on the same `layer`. Result as for `split_ways`.

    >>> cross = gpd.GeoDataFrame({"highway": "", "name": "", "layer": [0, 1], "source_id": ["a", "b"]},
    ...     geometry=[shapely.LineString([(0, 0), (10, 0)]), shapely.LineString([(5, -5), (5, 5)])], crs="EPSG:4550")
    >>> len(join_lines(cross, tolerance_m=0.5))
    2
    """
    shapes = lines.geometry.to_numpy()
    length = shapely.length(shapes)
    pairs = _touching(shapes, lines["layer"].to_numpy(), tolerance_m)
    if at_crossings:
        pairs = np.vstack([pairs, mere_crossings(lines, tolerance_m=tolerance_m)])
    line = np.concatenate([np.arange(len(lines)), np.arange(len(lines)), pairs[:, 0], pairs[:, 2]]).astype(int)
    offset = np.concatenate([np.zeros(len(lines)), length, pairs[:, 1], pairs[:, 3]])
    point, stop_line, stop_offset = _stops(line, np.clip(offset, 0, length[line]), length, tolerance_m)
    n, m = len(lines), len(pairs)
    a, b = point[2 * n : 2 * n + m], point[2 * n + m :]
    size = len(stop_line)
    _, node = connected_components(coo_array((np.ones(m), (a, b)), shape=(size, size)), directed=False)
    return _cut(lines, stop_line, stop_offset, node)


def _touching(shapes: np.ndarray, layer: np.ndarray, tolerance_m: float) -> np.ndarray:
    """Rows (line, offset, other line, other offset) where a vertex of one line touches another, or its own line again."""
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    edge = np.flatnonzero(np.diff(owner, prepend=-1, append=owner[-1] + 1 if len(owner) else 0))
    is_end = np.zeros(len(points), dtype=bool)
    is_end[edge[:-1]] = is_end[edge[1:] - 1] = True
    step = np.hypot(*np.diff(points, axis=0, prepend=points[:1]).T)
    step[edge[:-1]] = 0
    along = np.cumsum(step)
    along -= np.repeat(along[edge[:-1]], np.diff(edge))
    vertices = shapely.points(points)
    vertex, other = shapely.STRtree(shapes).query(vertices, predicate="dwithin", distance=tolerance_m)
    keep = (other != owner[vertex]) & (is_end[vertex] | (layer[other] == layer[owner[vertex]]))
    vertex, other = vertex[keep], other[keep]
    there = shapely.line_locate_point(shapes[other], vertices[vertex])
    rows = np.column_stack([owner[vertex], along[vertex], other, there])
    return np.vstack([rows, _own_touches(points, owner, along, is_end, tolerance_m)])


def _own_touches(
    points: np.ndarray, owner: np.ndarray, along: np.ndarray, is_end: np.ndarray, tolerance_m: float
) -> np.ndarray:
    """The same rows where the end of a line comes back to a vertex of the line itself."""
    rows = [np.empty((0, 4))]
    tree = shapely.STRtree(shapely.points(points))
    ends = np.flatnonzero(is_end)
    end, vertex = tree.query(shapely.points(points[ends]), predicate="dwithin", distance=tolerance_m)
    end = ends[end]
    same = (owner[end] == owner[vertex]) & (np.abs(along[end] - along[vertex]) > 2 * tolerance_m)
    end, vertex = end[same], vertex[same]
    rows.append(np.column_stack([owner[end], along[end], owner[vertex], along[vertex]]))
    return np.vstack(rows)


def mere_crossings(lines: gpd.GeoDataFrame, *, tolerance_m: float) -> np.ndarray:
    """Rows (line, offset, other line, other offset) where two lines on one `layer` cross without a joint."""
    shapes, layer = lines.geometry.to_numpy(), lines["layer"].to_numpy()
    a, b = shapely.STRtree(shapes).query(shapes, predicate="crosses")
    keep = (a < b) & (layer[a] == layer[b])
    a, b = a[keep], b[keep]
    meeting, which = shapely.get_parts(shapely.intersection(shapes[a], shapes[b]), return_index=True)
    spot = shapely.get_type_id(meeting) == 0
    meeting, a, b = meeting[spot], a[which[spot]], b[which[spot]]
    bare = np.ones(len(a), dtype=bool)
    for side in (a, b):
        vertices = np.array([shapely.MultiPoint(shapely.get_coordinates(shape)) for shape in shapes[side]], dtype=object)
        bare &= shapely.distance(vertices, meeting) > tolerance_m
    a, b, meeting = a[bare], b[bare], meeting[bare]
    return np.column_stack(
        [a, shapely.line_locate_point(shapes[a], meeting), b, shapely.line_locate_point(shapes[b], meeting)]
    )


def _stops(
    line: np.ndarray, offset: np.ndarray, length: np.ndarray, tolerance_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stop number of every (line, offset), and line and offset of every stop; offsets within tolerance are one stop."""
    offset = np.where(offset < tolerance_m, 0, offset)
    near_end = (length[line] - offset < tolerance_m) & (offset > 0)
    offset = np.where(near_end, length[line], offset)
    order = np.lexsort([offset, line])
    new = np.diff(line[order], prepend=-1) != 0
    new |= np.diff(offset[order], prepend=-np.inf) > tolerance_m
    new |= (offset[order] == length[line[order]]) & (np.diff(offset[order], prepend=-np.inf) > 0)
    number = np.empty(len(line), dtype=int)
    number[order] = np.cumsum(new) - 1
    return number, line[order][new], offset[order][new]


def _cut(lines: gpd.GeoDataFrame, line: np.ndarray, offset: np.ndarray, node: np.ndarray) -> gpd.GeoDataFrame:
    shapes = lines.geometry.to_numpy()
    where = shapely.get_coordinates(shapely.line_interpolate_point(shapes[line], offset))
    place = np.full((node.max() + 1, 2), np.nan)
    place[node[::-1]] = where[::-1]
    start = np.flatnonzero(line[:-1] == line[1:])
    pieces = []
    for row in start:
        piece = shapely.ops.substring(shapes[line[row]], offset[row], offset[row + 1])
        points = shapely.get_coordinates(piece)
        points[0], points[-1] = place[node[row]], place[node[row + 1]]
        pieces.append(points)
    columns = [column for column in ATTRIBUTES if column in lines]
    edges = pd.DataFrame(lines[columns]).iloc[line[start]].reset_index(drop=True)
    edges.insert(0, "from_node", node[start].astype(np.int64))
    edges.insert(1, "to_node", node[start + 1].astype(np.int64))
    return gpd.GeoDataFrame(edges, geometry=[shapely.linestrings(p) for p in pieces], crs=lines.crs)
