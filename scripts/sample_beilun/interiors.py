"""Ways inside the blocks: private paths behind gates, lanes, village tracks, park paths and the hill."""

from __future__ import annotations

import math
from random import Random

import shapely
from shapely import LineString, Point, Polygon

from sample_beilun.blocks import Block, Lot, heading, largest
from sample_beilun.ground import FACTS, Line, pick, placed

INSIDE_M = 14.0       # from the edge of an estate to its ring path
AWAY_M = 36.0         # from any other lot, whose doors must not open on a private path
GATE_LINK_M = 90.0
REACH_M = 3000.0
PRIVATE = {"access": "private"}


def _chord(shape: Polygon, through: Point, angle: float) -> LineString | None:
    """The stretch of the straight line `through` a point in direction `angle` that lies in `shape`, by that point."""
    dx, dy = math.cos(angle) * REACH_M, math.sin(angle) * REACH_M
    line = LineString([(through.x - dx, through.y - dy), (through.x + dx, through.y + dy)])
    parts = [part for part in shapely.get_parts(line.intersection(shape)) if part.length > 25.0]
    return min(parts, key=lambda part: part.distance(through), default=None)


def _others(block: Block, lot: Lot) -> Polygon:
    return shapely.union_all([other.shape for other in block.lots if other is not lot])


def _ring(block: Block, lot: Lot) -> Polygon:
    inner = lot.shape.buffer(-INSIDE_M, join_style="mitre", mitre_limit=2.0)
    return largest(inner.difference(_others(block, lot).buffer(AWAY_M, quad_segs=2)).buffer(-4.0).buffer(4.0).simplify(1.0))


def _gate(block: Block, lot: Lot, ring: Polygon, angle: float) -> LineString | None:
    """The path from the ring to the street in direction `angle`; none where another lot is in the way."""
    middle = ring.representative_point()
    far = Point(middle.x + math.cos(angle) * REACH_M, middle.y + math.sin(angle) * REACH_M)
    ray = LineString([middle, far])
    starts = [Point(c) for c in shapely.get_coordinates(ray.intersection(ring.exterior))]
    ends = [Point(c) for c in shapely.get_coordinates(ray.intersection(block.face.exterior))]
    if not starts or not ends:
        return None
    start = max(starts, key=middle.distance)
    end = min((end for end in ends if middle.distance(end) >= middle.distance(start)), key=middle.distance, default=None)
    if end is None or start.distance(end) > GATE_LINK_M:
        return None
    link = LineString([start, end])
    return None if link.intersects(_others(block, lot)) else link


def _gated(block: Block, lot: Lot, dice: Random) -> list[Line]:
    """A ring path, paths across it, and one to four gates on the streets around."""
    ring = _ring(block, lot)
    if ring.area < 2500.0:
        return []
    sides = {"east": 0, "north": 1, "west": 2, "south": 3}
    if "side" in lot.facts:
        order, wanted = [heading(sides[lot.facts["side"]], dice.uniform(-6.0, 6.0))], 1
    else:
        order = [heading(step, dice.uniform(-24.0, 24.0)) for step in range(8)]
        wanted = pick(dice, [1, 2, 2, 3, 3, 4])
        first = pick(dice, range(4))
        order = order[first:] + order[:first]
    gates: list[LineString] = []
    for angle in order:
        link = _gate(block, lot, ring, angle) if len(gates) < wanted else None
        if link is not None and all(link.distance(gate) > 40.0 for gate in gates):
            gates.append(link)
    lot.facts["gates"] = len(gates)
    if not gates:
        return []
    lines = [Line(LineString(ring.exterior), {"highway": "service", **PRIVATE})]
    for step in (0, 1):
        path = _chord(ring, ring.representative_point(), heading(step, dice.uniform(-9.0, 9.0)))
        lines += [Line(path, {"highway": "footway", **PRIVATE})] if path is not None else []
    return lines + [Line(gate, {"highway": "service", "name": f"{lot.name}出入口", **PRIVATE}) for gate in gates]


def _lanes(block: Block, lot: Lot, tags: dict, apart_m: float, dice: Random) -> list[Line]:
    """Public ways across a lot, about `apart_m` from one another; they end on the streets beside it."""
    reach = block.face.intersection(lot.shape.buffer(18.0)).difference(_others(block, lot).buffer(6.0))
    ground = largest(reach)
    middle = lot.shape.centroid
    lines = []
    for step in (0, 1):
        across = heading(step + 1)
        half = 0.5 * math.sqrt(lot.shape.area)
        count = max(1, round(2.0 * half / apart_m))
        for number in range(count):
            shift = (2.0 * half) * ((number + 0.5) / count - 0.5) + dice.uniform(-0.14, 0.14) * apart_m
            through = Point(middle.x + shift * math.cos(across), middle.y + shift * math.sin(across))
            if ground.contains(through):
                lane = _chord(ground, through, heading(step, dice.uniform(-7.0, 7.0)))
                lines += [Line(lane, tags)] if lane is not None else []
    return lines


def _hill(block: Block, dice: Random) -> list[Line]:
    """Five ways to the top, paths below and steps above a path around the hill."""
    face, top = block.face, block.face.centroid
    loop = shapely.affinity.scale(face.simplify(25.0), 0.52, 0.48, origin=top)
    lines = [Line(LineString(loop.exterior), {"highway": "path", "name": "山腰步道"})]
    for number in range(5):
        angle = heading(0, 72.0 * number + dice.uniform(-15.0, 15.0))
        ray = LineString([top, (top.x + math.cos(angle) * REACH_M, top.y + math.sin(angle) * REACH_M)])
        foot = Point(shapely.get_coordinates(ray.intersection(face.exterior))[0])
        bend = Point(shapely.get_coordinates(ray.intersection(loop.exterior))[0])
        middle = ((foot.x + bend.x) / 2 + dice.uniform(-30.0, 30.0), (foot.y + bend.y) / 2 + dice.uniform(-30.0, 30.0))
        lines.append(Line(LineString([foot, middle, bend]), {"highway": "path", "name": "登山步道"}))
        lines.append(Line(LineString([bend, top]), {"highway": "steps", "name": "登山石阶"}))
    return lines


def old_lanes(face: Polygon, dice: Random) -> list[Line]:
    """The narrow lanes of the old town: an uneven mesh with gaps, a main street, and joints to the streets around."""
    told = FACTS["old_town"]
    step, shake = told["spacing_m"], told["jitter_m"]
    east, north = placed(*told["middle"])
    turn = heading(0, 13.0)
    inside, points = face.buffer(-14.0), {}
    for i in range(-14, 15):
        for j in range(-14, 15):
            a, b = i * step + dice.uniform(-shake, shake), j * step + dice.uniform(-shake, shake)
            points[i, j] = (east + a * math.cos(turn) - b * math.sin(turn), north + a * math.sin(turn) + b * math.cos(turn))
    held = {key for key in sorted(points) if inside.contains(Point(points[key]))}
    lines = []
    for across in (0, 1):
        for number in range(-14, 15):
            main = across == 0 and number == 0
            tags = {"highway": "pedestrian", "name": told["main"]} if main else {
                "highway": "living_street" if number % 4 == 0 else "footway",
                "name": told["lanes"][(number + 15 * across) % len(told["lanes"])],
            }  # fmt: skip
            keys = [(k, number) if across == 0 else (number, k) for k in range(-14, 15)]
            lines += [Line(run, tags) for run in _mesh_runs(keys, points, held, face, 1.0 if main else told["keep"], dice)]
    return lines


def _mesh_runs(keys: list, points: dict, held: set, face: Polygon, keep: float, dice: Random) -> list[LineString]:
    """The unbroken stretches of one lane; one that leaves the old town ends on the street around it."""
    runs, now = [], []
    for a, b in zip(keys, keys[1:], strict=False):
        chance, inside = dice.random(), (a in held) + (b in held)
        if not inside or chance > keep:
            runs, now = [*runs, now], []
            continue
        piece = [points[a], points[b]]
        if inside == 1:
            held_end, other = (points[a], points[b]) if a in held else (points[b], points[a])
            out = LineString([held_end, (2 * other[0] - held_end[0], 2 * other[1] - held_end[1])])
            door = shapely.get_coordinates(out.intersection(face.exterior))
            if not len(door):
                runs, now = [*runs, now], []
                continue
            piece = [held_end, tuple(door[0])] if a in held else [tuple(door[0]), held_end]
        now = [*(now or piece[:1]), piece[1]]
    return [LineString(run) for run in [*runs, now] if len(run) > 1]


def greenway(ground, district: Polygon, dice: Random) -> list[Line]:
    """The path by the water on both banks, below the bridges, with a link to the road about every 400 m."""
    strip = ground.river.buffer(FACTS["river"]["greenway_m"], quad_segs=4).simplify(2.0)
    lines = []
    inside = district.buffer(-60.0)
    for part in shapely.get_parts(shapely.line_merge(strip.exterior.intersection(inside))):
        part = part.segmentize(60.0)
        lines.append(Line(part, {"highway": "footway", "name": "小浃江绿道"}))
        for number in range(max(2, round(part.length / 400.0))):
            at = Point(part.coords[min(1 + round(number * 400.0 / 60.0) + pick(dice, range(2)), len(part.coords) - 2)])
            road = ground.river_corridor.exterior
            lines.append(Line(LineString([at, road.interpolate(road.project(at))]), {"highway": "footway"}))
    return lines


def ways(block: Block, *, hill: bool, old_town: bool, dice: Random) -> list[Line]:
    """All ways inside one block."""
    if hill:
        return _hill(block, dice)
    if old_town:
        return old_lanes(block.face, dice)
    lines = []
    for lot in block.lots:
        behind = _gated(block, lot, dice) if lot.facts.get("gated") else []
        told = next((told for told in FACTS["ways"] if lot.code.startswith(tuple(told["starts_with"]))), None)
        lines += behind or (_lanes(block, lot, told["tags"], told["apart_m"], dice) if told else [])
    return lines
