"""Lines cut where they meet, put together again street by street, so that every joint is a shared vertex."""

from __future__ import annotations

from collections import Counter

import shapely
from shapely import LineString

from sample_beilun.ground import GRID_M, Line, rounded

SAME_M = 0.05
TINY_M = 0.1


def _ends(shape: LineString) -> tuple[tuple[float, float], tuple[float, float]]:
    return shape.coords[0], shape.coords[-1]


def _upright(shape: LineString) -> LineString:
    """`shape` drawn from its smaller end, so that its direction does not depend on the library."""
    points = list(shape.coords)
    return shape if points[0] <= points[-1] else LineString(points[::-1])


def _with_ends(shapes: list[LineString]) -> list[LineString]:
    """`shapes` with a vertex wherever another line ends on them: rounding may have moved that end beside the line."""
    ends = shapely.points([end for shape in shapes for end in _ends(shape)])
    tree = shapely.STRtree(ends)
    out = []
    for shape in shapes:
        points = list(shape.coords)
        near = {ends[i].coords[0] for i in tree.query(shape, predicate="dwithin", distance=SAME_M)} - set(points)
        if near:
            along = [shape.project(shapely.Point(point)) for point in points[:-1]] + [shape.length]
            along[0] = 0.0
            added = [(shape.project(shapely.Point(point)), point) for point in near]
            points = [point for _, point in sorted([*zip(along, points, strict=True), *added])]
        out.append(LineString(points))
    return out


def cut(lines: list[Line]) -> list[Line]:
    """The pieces of ground-level `lines` between their meetings, each with the tags of its line."""
    shapes = _with_ends([rounded(line.shape) for line in lines])
    whole = shapely.union_all(shapes, grid_size=GRID_M)
    tree = shapely.STRtree(shapes)
    pieces = []
    for piece in shapely.get_parts(shapely.node(rounded(whole))):
        middle = piece.interpolate(0.5, normalized=True)
        near = [i for i in tree.query(middle.buffer(1.0)) if shapes[i].distance(middle) < SAME_M]
        # Where two lines run over each other the first drawn keeps the ground.
        pieces.append((min(near), rounded(_upright(piece))))
    pieces = _closed_up(pieces)
    pieces.sort(key=lambda pair: (pair[0], list(pair[1].coords)))
    return [Line(shape, {**lines[number].tags, "drawn": number}) for number, shape in pieces]


def _closed_up(pieces: list[tuple[int, LineString]]) -> list[tuple[int, LineString]]:
    """`pieces` without those that rounding made a few centimetres long; their two ends become one."""
    moved: dict[tuple, tuple] = {}

    def settled(end: tuple) -> tuple:
        while end in moved:
            end = moved[end]
        return end

    for _, piece in pieces:
        a, b = (settled(end) for end in _ends(piece))
        if piece.length < TINY_M and a != b:
            moved[max(a, b)] = min(a, b)
    out = []
    for number, piece in pieces:
        if piece.length >= TINY_M:
            points = list(piece.coords)
            points[0], points[-1] = settled(points[0]), settled(points[-1])
            out.append((number, _upright(LineString(points))))
    return out


def pruned(pieces: list[Line], classes: tuple[str, ...]) -> list[Line]:
    """`pieces` without the blind alleys of `classes`."""
    while True:
        degree = Counter(end for piece in pieces for end in _ends(piece.shape))
        kept = [p for p in pieces if p.tags["highway"] not in classes or all(degree[end] > 1 for end in _ends(p.shape))]
        if len(kept) == len(pieces):
            return pieces
        pieces = kept


def merged(pieces: list[Line]) -> list[Line]:
    """`pieces` of one drawn line put together again; all vertices stay."""
    groups: dict[int, list[Line]] = {}
    for piece in pieces:
        groups.setdefault(piece.tags["drawn"], []).append(piece)
    out = []
    for number in sorted(groups):
        tags = {key: value for key, value in groups[number][0].tags.items() if key != "drawn"}
        whole = shapely.line_merge(shapely.MultiLineString([piece.shape for piece in groups[number]]))
        parts = sorted((_upright(part) for part in shapely.get_parts(whole)), key=lambda part: list(part.coords))
        out += [Line(part, tags) for part in parts]
    return out


def connected(pieces: list[Line], least_m: float) -> list[Line]:
    """`pieces` without groups that touch nothing else and are shorter than `least_m` in all."""
    root: dict[tuple, tuple] = {}

    def find(end: tuple) -> tuple:
        while root.setdefault(end, end) != end:
            root[end] = end = root[root[end]]
        return end

    for piece in pieces:
        a, b = _ends(piece.shape)
        root[find(a)] = find(b)
    length: Counter = Counter()
    for piece in pieces:
        length[find(_ends(piece.shape)[0])] += piece.shape.length
    return [piece for piece in pieces if length[find(_ends(piece.shape)[0])] >= least_m]


def joined(lines: list[Line], streets: list[Line]) -> list[Line]:
    """`lines` above or below ground, their ends put on the vertices of the `streets` they start from."""
    corners = shapely.points(shapely.get_coordinates([street.shape for street in streets]))
    tree = shapely.STRtree(corners)
    out = []
    for line in lines:
        points = list(rounded(line.shape).coords)
        for at in (0, -1):
            near = corners[tree.nearest(shapely.Point(points[at]))]
            if near.distance(shapely.Point(points[at])) > SAME_M:
                raise ValueError(f"{line.tags['name']} ends beside the streets, at {points[at]}")
            points[at] = near.coords[0]
        out.append(Line(LineString(points), line.tags))
    return out
