"""The streets between the blocks: a bent grid that goes round river, railway, hill and old town."""

from __future__ import annotations

from random import Random

import shapely
from shapely import LineString, Point, Polygon

from sample_beilun.ground import FACTS, Ground, Line, placed, zone_of

SHORTEST_M = 20.0
LOCAL = ("residential",)
Nodes = dict[tuple[int, int], tuple[float, float]]


def nodes(dice: Random) -> Nodes:
    """The crossings of the grid by (column, row), shifted unevenly except on the border."""
    columns, rows, jitter = FACTS["grid"]["columns"], FACTS["grid"]["rows"], FACTS["grid"]["jitter_m"] / 1000.0
    out = {}
    for i, column in enumerate(columns):
        for j, row in enumerate(rows):
            dx, dy = dice.uniform(-jitter, jitter), dice.uniform(-jitter, jitter)
            dx = 0.0 if i in (0, len(columns) - 1) else dx
            dy = 0.0 if j in (0, len(rows) - 1) else dy
            out[i, j] = placed(column["x"] + dx, row["y"] + dy)
    return out


def area(crossings: Nodes) -> Polygon:
    """The district: all that lies inside the outermost streets."""
    last_i, last_j = max(i for i, _ in crossings), max(j for _, j in crossings)
    ring = [crossings[i, 0] for i in range(last_i)] + [crossings[last_i, j] for j in range(last_j)]
    ring += [crossings[i, last_j] for i in range(last_i, 0, -1)] + [crossings[0, j] for j in range(last_j, 0, -1)]
    return Polygon(ring)


def _kept(a: tuple, b: tuple, tags: dict, border: bool, dice: Random) -> bool:
    """Whether a segment is built: all but some of the local streets."""
    chance = dice.random()
    if border or tags["highway"] not in LOCAL:
        return True
    middle = Point((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    rural = zone_of(middle)["id"] == "rural"
    return chance >= FACTS["grid"]["drop_rural" if rural else "drop_local"]


def _runs(path: list, tags: dict, border: bool, dice: Random) -> list[LineString]:
    """The unbroken stretches of one street of the grid."""
    runs, now = [], [path[0]]
    for a, b in zip(path, path[1:], strict=False):
        if _kept(a, b, tags, border, dice):
            now.append(b)
        else:
            runs.append(now)
            now = [b]
    return [LineString(run) for run in [*runs, now] if len(run) > 1]


def _tags(street: dict) -> dict:
    return {key: street[key] for key in ("highway", "name", "oneway") if key in street}


def _streets(crossings: Nodes, dice: Random) -> list[tuple[str, int, dict, list[LineString], LineString]]:
    columns, rows = FACTS["grid"]["columns"], FACTS["grid"]["rows"]
    out = []
    for i, column in enumerate(columns):
        path, tags = [crossings[i, j] for j in range(len(rows))], _tags(column)
        out.append(("column", i, tags, _runs(path, tags, i in (0, len(columns) - 1), dice), LineString(path)))
    for j, row in enumerate(rows):
        path, tags = [crossings[i, j] for i in range(len(columns))], _tags(row)
        out.append(("row", j, tags, _runs(path, tags, j in (0, len(rows) - 1), dice), LineString(path)))
    return out


def _around(ground: Ground, district: Polygon) -> list[Line]:
    """The roads along the river, along the railway, round the hill and round the old town."""
    river, rail = FACTS["river"], FACTS["rail"]
    # The corridor that goes round holds the ground; the hill and the old town touch neither.
    banks = district.intersection(ground.river_corridor.boundary)
    lines = []
    for part in shapely.get_parts(shapely.line_merge(banks)):
        west = _is_west(part.interpolate(0.5, normalized=True), ground.river_line)
        name = river["west_road"] if west else river["east_road"]
        lines.append(Line(part, {"highway": "tertiary", "name": name}))
    for part in shapely.get_parts(shapely.line_merge(district.intersection(ground.rail_corridor.boundary))):
        lines.append(Line(part, {"highway": "unclassified", "name": rail["road"]}))
    lines.append(Line(LineString(ground.hill.exterior), {"highway": "residential", "name": FACTS["hill"]["road"]}))
    lines.append(Line(LineString(ground.old_town.exterior), {"highway": "tertiary", "name": FACTS["old_town"]["roads"]}))
    return lines


def _is_west(point: Point, river_line: LineString) -> bool:
    """Whether `point` lies west of the river, whose line is drawn from south to north."""
    along = river_line.project(point)
    (ax, ay), (bx, by) = (river_line.interpolate(max(along + step, 0.0)).coords[0] for step in (-5.0, 5.0))
    return (bx - ax) * (point.y - ay) - (by - ay) * (point.x - ax) > 0


def side_of(point: Point, ground: Ground) -> str:
    """"west" of the river, "southeast" of the railway, or "east" between the two."""
    if _is_west(point, ground.river_line):
        return "west"
    rail = ground.rail_line
    along = rail.project(point)
    (ax, ay), (bx, by) = (rail.interpolate(max(along + step, 0.0)).coords[0] for step in (-5.0, 5.0))
    return "east" if (bx - ax) * (point.y - ay) - (by - ay) * (point.x - ax) > 0 else "southeast"


def streets(ground: Ground, crossings: Nodes, dice: Random) -> tuple[list[Line], list[Line]]:
    """The ground-level streets, to be cut at their meetings, and the bridges, the underpass and the unbuilt street."""
    district = area(crossings)
    closed = shapely.union_all([ground.river_corridor, ground.rail_corridor, ground.hill, ground.old_town])
    bridges = {bridge["row"]: bridge["name"] for bridge in FACTS["river"]["bridges"]}
    below = FACTS["rail"]["underpass"]
    level, other = _around(ground, district), []
    for kind, number, tags, runs, whole in _streets(crossings, dice):
        for run in runs:
            parts = shapely.get_parts(shapely.difference(run, closed))
            level += [Line(part, tags) for part in parts if part.length > SHORTEST_M]
        if kind == "row" and number in bridges:
            for part in shapely.get_parts(whole.intersection(ground.river_corridor)):
                other.append(Line(part, {**tags, "name": bridges[number], "layer": 1, "bridge": "yes"}))
        if kind == "column" and number == below["column"]:
            for part in shapely.get_parts(whole.intersection(ground.rail_corridor)):
                other.append(Line(part, {**tags, "name": below["name"], "layer": -1, "tunnel": "yes"}))
    return level, other
