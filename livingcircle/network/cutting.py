"""Street edges cut at given places, and told apart by the outlines they lie in."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
import shapely.ops

from livingcircle.network.graph import PUBLIC

TOUCH_M = 1e-6


def cut(edges: gpd.GeoDataFrame, row: np.ndarray, offset_m: np.ndarray) -> tuple[gpd.GeoDataFrame, np.ndarray]:
    """The edges cut `offset_m` metres along those numbered `row`, and the node at each of these places.

    `edges` has `from_node`, `to_node` and lines in metres; pieces keep its order and columns, and new nodes take the numbers
    after the largest. A place at the end of an edge is the node there and cuts nothing; equal places are one node.

    >>> street = gpd.GeoDataFrame({"from_node": [1], "to_node": [2]}, geometry=[shapely.LineString([(0, 0), (9, 0)])])
    >>> pieces, node = cut(street, np.array([0, 0]), np.array([4.0, 9.0]))
    >>> pieces.length.tolist(), node.tolist()
    ([4.0, 5.0], [3, 2])
    """
    lines = edges.geometry.to_numpy()
    ends = edges[["from_node", "to_node"]].to_numpy(dtype=np.int64)
    length = shapely.length(lines)
    row, offset = np.asarray(row, dtype=int), np.clip(offset_m, 0, length[row])
    late = length[row] - offset <= TOUCH_M
    node = np.where(late, ends[row, 1], ends[row, 0])
    inner = np.flatnonzero((offset > TOUCH_M) & ~late)
    order = inner[np.lexsort([offset[inner], row[inner]])]
    new = (np.diff(row[order], prepend=-1) != 0) | (np.diff(offset[order], prepend=-np.inf) > TOUCH_M)
    node[order] = fresh_nodes(edges) + np.cumsum(new) - 1
    stops = order[new]
    origin = np.concatenate([np.arange(len(edges)), row[stops]])
    start = np.concatenate([np.zeros(len(edges)), offset[stops]])
    first = np.concatenate([ends[:, 0], node[stops]])
    order = np.lexsort([start, origin])
    origin, start, first = origin[order], start[order], first[order]
    more = np.append(origin[1:] == origin[:-1], False)
    stop = np.where(more, np.roll(start, -1), length[origin])
    whole = ~more & (start == 0)
    shapes = lines[origin]
    spans = zip(lines[origin[~whole]], start[~whole], stop[~whole], strict=True)
    shapes[~whole] = [shapely.ops.substring(line, a, b) for line, a, b in spans]
    pieces = edges.iloc[origin].reset_index(drop=True)
    pieces["from_node"], pieces["to_node"] = first, np.where(more, np.roll(first, -1), ends[origin, 1])
    return pieces.set_geometry(gpd.GeoSeries(shapes, crs=edges.crs)), node


def fresh_nodes(edges: gpd.GeoDataFrame) -> int:
    """The first node number that no edge uses."""
    return int(edges[["from_node", "to_node"]].to_numpy().max()) + 1


def straight_pieces(lines: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The straight pieces of lines: their end points (k, 2, 2), the line of each, and the metres along it to the piece."""
    points, owner = shapely.get_coordinates(lines, return_index=True)
    inner = owner[1:] == owner[:-1]
    ends, owner = np.stack([points[:-1], points[1:]], axis=1)[inner], owner[:-1][inner]
    step = np.hypot(*(ends[:, 1] - ends[:, 0]).T)
    before = np.cumsum(step) - step
    return ends, owner, before - before[np.searchsorted(owner, owner)]


def enclosed(
    edges: gpd.GeoDataFrame, regions: np.ndarray, *, whole: np.ndarray, along_m: float
) -> tuple[gpd.GeoDataFrame, np.ndarray]:
    """The edges cut exactly where they pass the border of a region, and the region of every piece, -1 outside.

    `regions` are polygons that do not overlap. What strays from a border no further than `along_m` runs along it: there is
    no cut, and an edge that does nothing else lies outside. Edges of the mask `whole` are never cut: they lie in a region
    that covers them.
    """
    lines = edges.geometry.to_numpy()
    tree = shapely.STRtree(regions)
    covered, inside = tree.query(lines[whole], predicate="covered_by")
    region = np.full(len(edges), PUBLIC)
    region[np.flatnonzero(whole)[covered]] = inside
    near = np.unique(tree.query(lines, predicate="intersects")[0])
    near = near[~whole[near]]
    if not len(near):
        return edges.copy(), region
    walls = shapely.get_parts(shapely.boundary(regions))
    edge, offset = _met(lines[near], walls)
    edge, start, stop = _spans(shapely.length(lines[near]), edge, offset)
    lies = _lies(lines[near][edge], start, stop, regions, along_m=along_m)
    lies = _carried_along(edge, lies)
    new = (np.diff(edge, prepend=-1) != 0) | (np.diff(lies, prepend=-2) != 0)
    pieces, _ = cut(edges, near[edge[new]], start[new])
    counts = np.ones(len(edges), dtype=int)
    counts[near] = np.bincount(edge[new], minlength=len(near))
    origin = np.repeat(np.arange(len(edges)), counts)
    told = region[origin]
    told[np.isin(origin, near)] = lies[new]
    return pieces, told


def _met(lines: np.ndarray, walls: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where lines meet walls: the line's row, and metres along it."""
    ends, owner, before = straight_pieces(lines)
    pieces, bricks = shapely.linestrings(ends), shapely.linestrings(straight_pieces(walls)[0])
    piece, brick = shapely.STRtree(bricks).query(pieces, predicate="intersects")
    spots, which = shapely.get_coordinates(shapely.intersection(pieces[piece], bricks[brick]), return_index=True)
    piece = piece[which]
    return owner[piece], before[piece] + np.hypot(*(spots - ends[piece, 0]).T)


def _spans(length: np.ndarray, line: np.ndarray, offset: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The stretches of lines between their ends and the offsets: line row, start and stop in metres."""
    inner = (offset > TOUCH_M) & (length[line] - offset > TOUCH_M)
    line = np.concatenate([np.arange(len(length)), line[inner]])
    start = np.concatenate([np.zeros(len(length)), offset[inner]])
    order = np.lexsort([start, line])
    line, start = line[order], start[order]
    new = (np.diff(line, prepend=-1) != 0) | (np.diff(start, prepend=-np.inf) > TOUCH_M)
    line, start = line[new], start[new]
    more = np.append(line[1:] == line[:-1], False)
    return line, start, np.where(more, np.roll(start, -1), length[line])


def _lies(
    lines: np.ndarray, start: np.ndarray, stop: np.ndarray, regions: np.ndarray, *, along_m: float
) -> np.ndarray:
    """The region of every stretch, -1 outside, -2 where it only runs along a border."""
    middle = shapely.line_interpolate_point(lines, (start + stop) / 2)
    at, region = shapely.STRtree(regions).query(middle, predicate="within")
    lies = np.full(len(lines), PUBLIC)
    lies[at] = region
    parts = lines.copy()
    for row in np.flatnonzero((start > 0) | (shapely.length(lines) - stop > TOUCH_M)):
        parts[row] = shapely.ops.substring(lines[row], start[row], stop[row])
    borders = shapely.STRtree(shapely.buffer(shapely.boundary(regions), along_m))
    lies[borders.query(parts, predicate="covered_by")[0]] = -2
    return lies


def _carried_along(line: np.ndarray, lies: np.ndarray) -> np.ndarray:
    """What runs along a border lies where the stretch before it on the same line does, else where the one after does."""
    lies, number = lies.copy(), np.arange(len(line))
    for order in (number, number[::-1]):
        last = np.maximum.accumulate(np.where(lies[order] != -2, number, -1))
        same = (last >= 0) & (line[order][last] == line[order])
        lies[order[same]] = lies[order][last[same]]
    return np.where(lies == -2, PUBLIC, lies)
