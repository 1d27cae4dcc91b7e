"""The communities: whole blocks, each with the nearest seed on its own side of river and railway."""

from __future__ import annotations

import shapely
from shapely import LineString, Point, Polygon

from sample_beilun.grid import Nodes, area, side_of
from sample_beilun.ground import FACTS, GRID_M, Ground, Line, placed, rounded


def _faces(pieces: list[Line], crossings: Nodes, ground: Ground) -> list[Polygon]:
    """The whole district cut along its streets, its river and its railway."""
    district = area(crossings)
    last_i, last_j = max(i for i, _ in crossings), max(j for _, j in crossings)
    paths = [LineString([crossings[i, j] for j in range(last_j + 1)]) for i in range(last_i + 1)]
    paths += [LineString([crossings[i, j] for i in range(last_i + 1)]) for j in range(last_j + 1)]
    corridors = shapely.union_all([ground.river_corridor, ground.rail_corridor])
    across = [path.intersection(corridors) for path in paths]
    lines = [piece.shape for piece in pieces] + across + [ground.river_line, ground.rail_line, district.exterior]
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(lines, grid_size=GRID_M)]))
    return [face for face in faces if district.contains(face.representative_point())]


def communities(pieces: list[Line], crossings: Nodes, ground: Ground) -> list[tuple[str, str, Polygon]]:
    """Name, street and ground of every community; together they fill the district without overlap."""
    seeds = [(unit, Point(placed(*unit["at"]))) for unit in FACTS["communities"]]
    grounds: dict[str, list[Polygon]] = {unit["name"]: [] for unit, _ in seeds}
    for face in _faces(pieces, crossings, ground):
        middle = face.representative_point()
        side = side_of(middle, ground)
        near = min((pair for pair in seeds if pair[0]["side"] == side), key=lambda pair: pair[1].distance(middle))
        grounds[near[0]["name"]].append(face)
    out = []
    for unit, _ in seeds:
        whole = shapely.union_all(grounds[unit["name"]], grid_size=GRID_M)
        out.append((unit["name"], unit["street"], rounded(whole).normalize()))
    return out


def community_at(point: Point, found: list[tuple[str, str, Polygon]]) -> str:
    """The name of the community that holds `point`, else of the nearest."""
    return min(found, key=lambda unit: unit[2].distance(point))[0]
