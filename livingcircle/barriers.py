"""Barriers that no off-street leg may cross: water, railways, motorways, walls."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from livingcircle.layers import Barriers

TOUCH_M = 1e-6
COMPOUND = "compound"


@cache
def _told() -> Mapping[str, Any]:
    return tomllib.loads((files("livingcircle") / "walking" / "barriers.toml").read_text(encoding="utf-8"))


def rules() -> tuple[Mapping[str, Any], ...]:
    """The shipped rules, as `walking/barriers.toml` states them."""
    return tuple(_told()["rules"])


def frontage_m() -> float:
    """Metres from a compound's wall within which a facility may have its door on the street outside."""
    return float(_told()["compounds"]["frontage_m"])


def keys() -> tuple[str, ...]:
    """The OSM keys to read an extract by."""
    return tuple(sorted({key for rule in rules() for key in rule["tags"]}))


def kind(tags: Mapping[str, str], *, area: bool) -> str:
    """The kind of barrier that a place with these OSM tags is; empty when it is none.

    >>> kind({"railway": "rail"}, area=False)
    'railway'
    >>> kind({"railway": "rail", "tunnel": "yes"}, area=False)
    ''
    """
    for rule in rules():
        wanted = all(_has(tags, key, values) for key, values in rule["tags"].items())
        excused = any(_has(tags, key, values) for key, values in rule.get("unless", {}).items())
        if wanted and not excused and (rule["shape"] == "area") == area:
            return rule["id"]
    return ""


def _has(tags: Mapping[str, str], key: str, values: Any) -> bool:
    return key in tags and (tags[key] in values if values is not True else tags[key] != "no")


def from_places(places: gpd.GeoDataFrame) -> Barriers:
    """The barriers among raw OSM places (`tags`, `source_id`; lines and areas), as `layers.BARRIERS` in their CRS."""
    area = places.geom_type.isin(["Polygon", "MultiPolygon"]).to_numpy()
    kinds = np.array([kind(tags, area=a) for tags, a in zip(places["tags"], area, strict=True)], dtype=object)
    kept = kinds != ""
    return gpd.GeoDataFrame(
        {"kind": kinds[kept], "source_id": places["source_id"].to_numpy()[kept]},
        geometry=places.geometry.to_numpy()[kept],
        crs=places.crs,
    )


def walls(outlines: gpd.GeoDataFrame) -> Barriers:
    """The walls of compounds (polygons with `name`) as `layers.BARRIERS`: lines, so that their ground stays open."""
    return gpd.GeoDataFrame(
        {"kind": COMPOUND, "source_id": outlines["name"].to_numpy()},
        geometry=shapely.boundary(outlines.geometry.to_numpy()),
        crs=outlines.crs,
    )


def without_walls(barriers: Barriers) -> Barriers:
    """The barriers that are no walls of compounds."""
    return barriers[barriers["kind"] != COMPOUND]


def on_frontage(points: np.ndarray, barriers: Barriers) -> np.ndarray:
    """Whether each of (n, 2) `points` lies so near to a compound's wall that its door may open to the street outside.

    Shops on the ground floor along a street stand within the outline of many a compound.
    """
    own = barriers[barriers["kind"] == COMPOUND].geometry.to_numpy()
    near, _ = shapely.STRtree(own).query(shapely.points(points), predicate="dwithin", distance=frontage_m())
    return np.isin(np.arange(len(points)), near)


@dataclass(frozen=True)
class Obstacles:
    """Barriers made ready for many questions: the straight pieces of their lines and edges, and their areas."""

    pieces: shapely.STRtree
    areas: shapely.STRtree


def obstacles(barriers: Barriers) -> Obstacles:
    """The barriers (`layers.BARRIERS`) made ready; make them once, ask often."""
    shapes = barriers.geometry.to_numpy()
    area = barriers.geom_type.isin(["Polygon", "MultiPolygon"]).to_numpy()
    lines = shapely.get_parts(np.concatenate([shapes[~area], shapely.boundary(shapes[area])]))
    points, owner = shapely.get_coordinates(lines, return_index=True)
    inner = owner[1:] == owner[:-1]
    # Short pieces keep the tree selective: a railway's own box would cover half a district.
    pieces = shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1)[inner])
    return Obstacles(shapely.STRtree(pieces), shapely.STRtree(shapely.get_parts(shapes[area])))


def inside(points: np.ndarray, barriers: Obstacles) -> np.ndarray:
    """Whether each of (n, 2) `points` lies within a barrier that is an area; on its edge does not count."""
    out = np.zeros(len(points), dtype=bool)
    if len(barriers.areas):
        candidates, area = barriers.areas.query(shapely.points(points))
        shapes = barriers.areas.geometries
        shapely.prepare(shapes)
        held = shapely.contains_properly(shapes[area], shapely.points(points[candidates]))
        out[candidates[held]] = True
    return out


def crossed(legs: np.ndarray, barriers: Obstacles) -> np.ndarray:
    """Whether each straight leg crosses a barrier. `legs` is (n, 2, 2): from, to.

    Touching a barrier with an end is no crossing, so a house on the bank and a street along it stay usable.
    """
    out = np.zeros(len(legs), dtype=bool)
    if len(legs) and len(barriers.pieces):
        leg, piece = barriers.pieces.query(shapely.linestrings(legs), predicate="intersects")
        met = barriers.pieces.geometries[piece]
        ends = [shapely.distance(shapely.points(legs[leg, end]), met) for end in (0, 1)]
        out[leg[np.minimum(*ends) > TOUCH_M]] = True
    return out
