"""The ground of the sample district: where a design point lies, and the river, railway, hill and old town on it."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import shapely
from shapely import LineString, Point, Polygon

FACTS: dict[str, Any] = tomllib.loads((Path(__file__).parent / "facts.toml").read_text(encoding="utf-8"))
GRID_M = 0.01  # every coordinate is a whole centimetre, so that another machine's sine does not move it


@dataclass(frozen=True)
class Line:
    """A drawn line and the tags a street layer would carry."""

    shape: LineString
    tags: dict[str, Any] = field(default_factory=dict)


def placed(x: float, y: float) -> tuple[float, float]:
    """EPSG:4550 metres (east, north) of the design point `x`, `y` in kilometres."""
    x, y = 1000.0 * x, 1000.0 * y
    shift = {"x": 0.0, "y": 0.0}
    for bend in FACTS["bends"]:
        turns = sum(value / bend[wave] for value, wave in ((x, "wave_x"), (y, "wave_y")) if bend[wave])
        shift[bend["along"]] += bend["metres"] * math.sin(2.0 * math.pi * turns + bend["phase"])
    x, y = x + shift["x"], y + shift["y"]
    angle = math.radians(FACTS["turn_deg"])
    east, north = FACTS["middle_m"]
    return (
        round(east + x * math.cos(angle) - y * math.sin(angle), 2),
        round(north + x * math.sin(angle) + y * math.cos(angle), 2),
    )


def rounded(shape):
    """`shape` with whole centimetres."""
    return shapely.transform(shape, lambda points: points.round(2))


def pick(dice: Random, items):
    """One of `items`; drawn with `random()` alone, whose sequence is promised to stay."""
    return items[int(dice.random() * len(items))]


def smooth(points: list, rounds: int = 3) -> list[tuple[float, float]]:
    """`points` with their corners cut off `rounds` times (Chaikin), both ends kept."""
    for _ in range(rounds):
        cut = [tuple(points[0])]
        for (ax, ay), (bx, by) in zip(points, points[1:], strict=False):
            cut += [(0.75 * ax + 0.25 * bx, 0.75 * ay + 0.25 * by), (0.25 * ax + 0.75 * bx, 0.25 * ay + 0.75 * by)]
        points = [*cut, tuple(points[-1])]
    return points


def course(points: list) -> LineString:
    """The smooth placed line through design `points`."""
    return LineString([placed(*point) for point in smooth(points)])


def outline(points: list) -> Polygon:
    """The placed polygon with design corners `points`."""
    return Polygon([placed(*point) for point in points])


def blob(middle: list, radii: list, dice: Random) -> Polygon:
    """An uneven placed oval, radii in kilometres."""
    points = []
    for step in range(18):
        angle, reach = 2.0 * math.pi * step / 18, dice.uniform(0.90, 1.09)
        points.append((middle[0] + radii[0] * reach * math.cos(angle), middle[1] + radii[1] * reach * math.sin(angle)))
    return Polygon([placed(*point) for point in smooth([*points, points[0]], rounds=2)])


def ribbon(line: LineString, widths: list) -> Polygon:
    """The strip along `line` whose width in metres runs from the first to the second of `widths`."""
    left, right = [], []
    points = list(line.coords)
    for number, (x, y) in enumerate(points):
        (ax, ay), (bx, by) = points[max(number - 1, 0)], points[min(number + 1, len(points) - 1)]
        length = math.hypot(bx - ax, by - ay)
        half = 0.5 * (widths[0] + (widths[1] - widths[0]) * number / (len(points) - 1))
        nx, ny = -(by - ay) / length * half, (bx - ax) / length * half
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
    return Polygon([*left, *reversed(right)])


@dataclass(frozen=True)
class Ground:
    """The shapes that streets have to go round, all in EPSG:4550 metres."""

    river_line: LineString
    river: Polygon
    river_corridor: Polygon
    rail_line: LineString
    rail_corridor: Polygon
    hill: Polygon
    old_town: Polygon
    expressway: LineString


def ground(dice: Random) -> Ground:
    """The ground of the district; `dice` decides the uneven edges."""
    river, rail, hill, old = FACTS["river"], FACTS["rail"], FACTS["hill"], FACTS["old_town"]
    water_line, rail_line = course(river["course"]), course(rail["course"])
    water = ribbon(water_line, river["width_m"])
    return Ground(
        river_line=rounded(water_line),
        river=rounded(water),
        river_corridor=rounded(water.buffer(river["corridor_m"], quad_segs=4).simplify(1.5)),
        rail_line=rounded(rail_line),
        rail_corridor=rounded(rail_line.buffer(rail["corridor_m"], quad_segs=4).simplify(1.0)),
        hill=rounded(blob(hill["middle"], hill["radii"], dice)),
        old_town=rounded(blob(old["middle"], old["radii"], dice)),
        expressway=rounded(course(FACTS["expressway"]["course"])),
    )


ZONES = [(zone, outline(zone["outline"])) for zone in FACTS["zones"]]


def zone_of(point: Point) -> dict[str, Any]:
    """The first zone of the facts that holds `point`."""
    return next(zone for zone, shape in ZONES if shape.contains(point))
