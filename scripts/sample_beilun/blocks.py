"""Blocks between streets, and lots cut out of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely import Point, Polygon

from sample_beilun.ground import FACTS, Line, placed, rounded, zone_of

SETBACK_M = 12.0  # from the middle of a street to the land beside it
LEAST_HA = 0.35
GAP_M = 4.0
FAR_M = 20_000.0


@dataclass
class Lot:
    """A piece of land with one use."""

    shape: Polygon
    code: str
    use: str
    name: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class Block:
    """The ground between streets (`face`), what of it is still free, and the lots cut from it."""

    face: Polygon
    free: Polygon
    zone: dict[str, Any]
    lots: list[Lot] = field(default_factory=list)


def largest(shape) -> Polygon:
    """The largest polygon of `shape`; an empty one where there is none."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return max(parts, key=lambda part: part.area, default=Polygon())


def blocks(pieces: list[Line]) -> list[Block]:
    """Every block between the street `pieces` that is large enough to hold land, from south-west to north-east."""
    faces = shapely.get_parts(shapely.polygonize([piece.shape for piece in pieces]))
    out = []
    for face in sorted(faces, key=lambda face: (round(face.centroid.y), round(face.centroid.x))):
        free = largest(face.buffer(-SETBACK_M, join_style="mitre", mitre_limit=3.0))
        if free.area >= LEAST_HA * 10_000.0:
            out.append(Block(face, rounded(free), zone_of(face.representative_point())))
    return out


def nearest(found: list[Block], near: list[float]) -> Block:
    """The block nearest to the design point `near` that still has free land."""
    point = Point(placed(*near))
    return min((block for block in found if not block.free.is_empty), key=lambda block: block.face.distance(point))


def _half_plane(angle: float, reach: float) -> Polygon:
    """All ground beyond `reach` metres from the middle of the district in the direction `angle`."""
    east, north = FACTS["middle_m"]
    ux, uy = math.cos(angle), math.sin(angle)
    x, y = east + ux * reach, north + uy * reach
    far = [(0.0, -FAR_M), (FAR_M, -FAR_M), (FAR_M, FAR_M), (0.0, FAR_M)]
    return Polygon([(x + a * ux - b * uy, y + a * uy + b * ux) for a, b in far])


def beyond(shape: Polygon, angle: float, area_m2: float) -> Polygon:
    """The part of `shape` of `area_m2` that lies furthest in the direction `angle` (radians from east)."""
    east, north = FACTS["middle_m"]
    along = [(x - east) * math.cos(angle) + (y - north) * math.sin(angle) for x, y in shape.exterior.coords]
    low, high = min(along), max(along)
    for _ in range(40):
        middle = 0.5 * (low + high)
        if shape.intersection(_half_plane(angle, middle)).area > area_m2:
            low = middle
        else:
            high = middle
    return largest(shape.intersection(_half_plane(angle, high)))


def corner(shape: Polygon, angle: float, area_m2: float) -> Polygon:
    """A compact part of `shape` of about `area_m2`, in the corner towards `angle` and then to its left."""
    east, north = FACTS["middle_m"]
    depth = math.sqrt(area_m2)
    top = max((x - east) * math.cos(angle) + (y - north) * math.sin(angle) for x, y in shape.exterior.coords)
    strip = largest(shape.intersection(_half_plane(angle, top - 1.15 * depth)))
    if strip.area <= area_m2:
        return beyond(shape, angle, area_m2)
    return beyond(strip, angle + 0.5 * math.pi, area_m2)


def take(block: Block, part: Polygon, lot: dict[str, Any]) -> Lot:
    """The lot `part` of `block`, with the code, use, name and facts of `lot`; the rest stays free, a gap apart."""
    part = rounded(part)
    left = block.free.difference(part.buffer(GAP_M, join_style="mitre")).buffer(-6.0).buffer(6.0, join_style="mitre")
    left = largest(left.intersection(block.free).simplify(0.5))
    block.free = rounded(left) if left.area > LEAST_HA * 10_000.0 else Polygon()
    made = Lot(part, lot["code"], lot["use"], lot.get("name", ""), lot.get("facts", {}))
    block.lots.append(made)
    return made


def heading(step: int, turn: float = 0.0) -> float:
    """The direction, in radians from east, of side `step` (0 east, 1 north, ...) of a block, turned by `turn` degrees."""
    return math.radians(FACTS["turn_deg"] + 90.0 * step + turn)


def long_way(shape: Polygon) -> float:
    """The side of the block's frame, in radians from east, along which `shape` is longer."""
    east, north = FACTS["middle_m"]

    def extent(angle: float) -> float:
        along = [(x - east) * math.cos(angle) + (y - north) * math.sin(angle) for x, y in shape.exterior.coords]
        return max(along) - min(along)

    return max(heading(0), heading(1), key=extent)
