"""The whole sample district, from the ground up to the files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

from shapely import LineString, Polygon

from sample_beilun import blocks, grid, interiors, junctions, land, people, points, tables, units, writing
from sample_beilun.blocks import Block
from sample_beilun.ground import FACTS, Ground, Line, course, ground, placed, rounded


@dataclass(frozen=True)
class District:
    """Everything drawn: ground, streets (cut and whole), blocks with their lots, and communities."""

    under: Ground
    outline: Polygon
    streets: list[Line]
    blocks: list[Block]
    units: list


def _unwalked(under: Ground) -> list[Line]:
    """The expressway above the grid, a ramp, and a street not yet built: all closed to walkers."""
    told, coming = FACTS["expressway"], FACTS["grid"]["not_built"]
    ramp = LineString([placed(*point) for point in told["ramp_at"]])
    high = {"layer": 2, "bridge": "yes", "foot": "no"}
    return [
        Line(under.expressway, {"highway": "motorway", "name": told["name"], **high}),
        Line(ramp, {"highway": "motorway_link", "name": "匝道（示意）", "oneway": "yes", **high}),
        Line(rounded(course(coming["course"])), {"highway": "construction", "name": coming["name"]}),
    ]


def draw() -> District:
    """The district of the facts; the same on every call."""
    dice = Random(FACTS["seed"])
    under, crossings = ground(dice), grid.nodes(dice)
    outline = grid.area(crossings)
    level, others = grid.streets(under, crossings, dice)
    frame = junctions.pruned(junctions.cut(level), grid.LOCAL)
    found = blocks.blocks(frame)
    hill = blocks.nearest(found, FACTS["hill"]["middle"])
    old_town = blocks.nearest(found, FACTS["old_town"]["middle"])
    land.settle(found, hill=hill, old_town=old_town, dice=dice)
    people.name_homes(found, dice)
    inner = [way for block in found for way in interiors.ways(block, hill=block is hill, old_town=block is old_town, dice=dice)]
    inner += interiors.greenway(under, outline, dice)
    pieces = junctions.cut(junctions.merged(frame) + inner)
    streets = junctions.merged(junctions.connected(pieces, FACTS["grid"]["least_group_m"]))
    found_units = units.communities(frame, crossings, under)
    people.settle_people(found, found_units, dice)
    people.split_ages(found, Random(FACTS["seed"] + 3))
    whole = streets + junctions.joined(others, streets) + _unwalked(under)
    return District(under, outline, whole, found, found_units)


def town_of(district: District, dice: Random) -> points.Town:
    """The fronts and names that places are found by."""
    homes = [lot for _, lot in people.homes(district.blocks)]
    weight = points.people_weight(homes, 250.0)
    ground_streets = [line for line in district.streets if not line.tags.get("layer")]
    fronts = points.fronts(ground_streets, district.units, weight, dice)
    return points.Town(fronts, district.units, homes, tables.named_lots(district.blocks))


def generate(folder: Path) -> list[Path]:
    """The files written into `folder`: streets, ground, land, units, study area and five files of facilities."""
    folder.mkdir(parents=True, exist_ok=True)
    district = draw()
    dice = Random(FACTS["seed"] + 1)
    town = town_of(district, dice)
    heading, care = tables.care(town)
    projects = tables.projects(town)
    # What was added later has a stream of its own, so that the rows before it stay as they were.
    places = points.service_points(town, dice) + points.later_points(town, Random(FACTS["seed"] + 2))
    services = tables.service_list(places)
    return [
        writing.geopackage(folder / "路网.gpkg", {"路网": tables.streets(district.streets)}),
        writing.geopackage(folder / "地物.gpkg", tables.natural(district.under, district.outline)),
        writing.geopackage(folder / "用地.gpkg", {"用地": tables.land(district.blocks)}),
        writing.geojson(folder / "社区.geojson", tables.communities(district.units)),
        writing.geojson(folder / "研究范围.geojson", tables.study_area(district.units)),
        writing.csv(folder / "高德POI.csv", services),
        *writing.shapefile(folder / "教育设施.shp", tables.schools(district.blocks)),
        writing.workbook(folder / "医疗养老.xlsx", FACTS["care"]["title"], heading, care),
        writing.geojson(folder / "规划项目.geojson", projects),
    ]
