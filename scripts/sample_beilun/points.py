"""Places along the streets: where a shop front, a stop or an office can be, and which of these places are taken."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import shapely
from shapely import Point

from sample_beilun.blocks import Lot
from sample_beilun.ground import FACTS, Line, pick, placed
from sample_beilun.units import community_at

STEP_M = 24.0
FRONT_M = {"primary": 11.0, "secondary": 10.0, "tertiary": 9.0}
OTHER_FRONT_M = 6.0
PUBLIC = ("primary", "secondary", "tertiary", "residential", "living_street", "pedestrian", "unclassified")
TAKEN_M = 14.0
EVEN = 22.0  # the larger, the less the places crowd where most people live
TELLING = ("东", "西", "南", "北", "中")


@dataclass(frozen=True)
class Front:
    """A place beside a public street: its point, the point on the street, street class and name, community, weight."""

    point: Point
    street_point: Point
    highway: str
    street: str
    community: str
    weight: float


@dataclass
class Place:
    """One facility of the map service's list."""

    name: str
    code: str
    type: str
    point: Point
    address: str
    entrance: Point | None = None
    parent: str = ""


@dataclass
class Town:
    """What the places know of the district: fronts, communities, homes, and the points already taken."""

    fronts: list[Front]
    units: list
    homes: list[Lot]
    lots: dict[str, Lot]
    taken: list[Point] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


def fronts(streets: list[Line], units: list, people_at: Callable[[Point], float], dice: Random) -> list[Front]:
    """Places on both sides of the public streets, with the people who live near each."""
    out = []
    for line in streets:
        highway = line.tags["highway"]
        if highway not in PUBLIC or "access" in line.tags or not line.tags.get("name"):
            continue
        reach = FRONT_M.get(highway, OTHER_FRONT_M)
        steps = int(line.shape.length / STEP_M)
        for number in range(steps):
            along = (number + dice.uniform(0.2, 0.8)) * STEP_M
            a, b = line.shape.interpolate(along - 0.5), line.shape.interpolate(along + 0.5)
            side = pick(dice, (-1.0, 1.0))
            angle = math.atan2(b.y - a.y, b.x - a.x) + side * 0.5 * math.pi
            x, y = 0.5 * (a.x + b.x), 0.5 * (a.y + b.y)
            point = Point(round(x + reach * math.cos(angle), 2), round(y + reach * math.sin(angle), 2))
            unit = community_at(point, units)
            out.append(Front(point, Point(x, y), highway, line.tags["name"], unit, people_at(point)))
    return out


def nearest_front(town: Town, near: list[float]) -> Front:
    """The free front nearest to a design point."""
    spot = Point(placed(*near))
    for front in sorted(town.fronts, key=lambda front: front.point.distance(spot)):
        if all(front.point.distance(other) > TAKEN_M for other in town.taken):
            town.taken.append(front.point)
            return front
    raise LookupError(f"no free front near {near}")


def _named(town: Town, told: dict, front: Front, number: int) -> str:
    """A name of its own after the patterns of the facts."""
    village = front.community.endswith("村")
    patterns = told["village_names"] if village and "village_names" in told else told["names"]
    estate = min(town.homes, key=lambda lot: lot.shape.distance(front.point)).name
    words = {"e": estate, "c": front.community.removesuffix("社区").removesuffix("村"), "s": front.street}
    for shift in range(len(patterns)):
        name = patterns[(number + shift) % len(patterns)].format(n=number + 1, **words)
        if name not in town.names:
            break
    head, mark, tail = name.partition("(")
    apart = iter([*TELLING, *(f"{first}{last}" for first in TELLING for last in TELLING)])
    while name in town.names:
        name = f"{head}{next(apart)}{mark}{tail}"
    town.names.add(name)
    return name


def _chosen(town: Town, told: dict, dice: Random) -> list[Front]:
    """Fronts for one kind of place: many people near, far enough from one another, none where it is to be lacking."""
    classes = told.get("streets", PUBLIC)
    free = [f for f in town.fronts if f.highway in classes and f.community not in told["lacks"]]
    ranked = sorted(free, key=lambda front: -(front.weight**0.5 + EVEN) * dice.uniform(0.3, 1.0))
    chosen: list[Front] = []
    for front in ranked:
        if told.get("each"):
            fits = all(front.community != other.community for other in chosen)
        else:
            fits = len(chosen) < told["count"] and all(front.point.distance(o.point) >= told["apart_m"] for o in chosen)
        if fits and all(front.point.distance(other) > TAKEN_M for other in town.taken):
            chosen.append(front)
            town.taken.append(front.point)
    return chosen


def _place(name: str, told: dict, front: Front, entrance: bool) -> Place:
    address = told.get("address", "{s}旁").format(s=front.street)
    return Place(name, told["code"], told["type"], front.point, address, front.street_point if entrance else None)


def service_points(town: Town, dice: Random) -> list[Place]:
    """The first rows of the map service's list, traps and one exact repeat included."""
    out = _listed(town, FACTS, dice)
    # The service cuts its answers into boxes, so that a place on the edge is listed twice.
    return [*out, next(place for place in out if place.code == "060200")]


def later_points(town: Town, dice: Random) -> list[Place]:
    """The rows that follow, drawn when all other places of the town are taken."""
    return _listed(town, FACTS["later"], dice)


def _listed(town: Town, told_of: dict, dice: Random) -> list[Place]:
    """The places of `fixed`, `points` and `traps`, in that order."""
    out = []
    for told in told_of["fixed"]:
        if "lot" in told:
            point = town.lots[told["lot"]].shape.representative_point()
            spot = Point(round(point.x, 2), round(point.y, 2))
            out.append(Place(told["name"], told["code"], told["type"], spot, "小港街道（示意）"))
        else:
            out.append(_place(told["name"], told, nearest_front(town, told["near"]), False))
        town.names.add(told["name"])
    for told in told_of["points"]:
        for number, front in enumerate(_chosen(town, told, dice)):
            entrance = told.get("entrance", False) and pick(dice, (True, False))
            out.append(_place(_named(town, told, front, number), told, front, entrance))
    for told in told_of["traps"]:
        place = _place(told["name"], told, nearest_front(town, told["near"]), False)
        place.parent = told.get("parent", "")
        out.append(place)
    return out


def people_weight(homes: list[Lot], reach_m: float) -> Callable[[Point], float]:
    """A function of a point: today's and planned residents whose estate lies within `reach_m` of it."""
    tree = shapely.STRtree([lot.shape for lot in homes])
    return lambda point: float(
        sum(homes[i].facts["people"] for i in tree.query(point, predicate="dwithin", distance=reach_m))
    )
