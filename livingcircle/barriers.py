"""Barriers that no off-street leg may cross: water, railways, motorways, walls."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from livingcircle.layers import Barriers


@cache
def rules() -> tuple[Mapping[str, Any], ...]:
    """The shipped rules, as `walking/barriers.toml` states them."""
    told = tomllib.loads((files("livingcircle") / "walking" / "barriers.toml").read_text(encoding="utf-8"))
    return tuple(told["rules"])


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


def inside(points: np.ndarray, barriers: Barriers) -> np.ndarray:
    """Whether each of (n, 2) `points` lies within a barrier that is an area; on its edge does not count."""
    out = np.zeros(len(points), dtype=bool)
    areas = barriers.geometry.to_numpy()[barriers.geom_type.isin(["Polygon", "MultiPolygon"]).to_numpy()]
    if len(areas):
        out[shapely.STRtree(areas).query(shapely.points(points), predicate="within")[0]] = True
    return out


def crossed(legs: np.ndarray, barriers: Barriers) -> np.ndarray:
    """The row of a barrier that each straight leg crosses, -1 for none. `legs` is (n, 2, 2): from, to.

    Touching a barrier at an end is no crossing, so a house on the bank and a street along it stay usable.
    """
    out = np.full(len(legs), -1)
    if len(legs) and len(barriers):
        leg, barrier = shapely.STRtree(barriers.geometry.to_numpy()).query(shapely.linestrings(legs), predicate="crosses")
        out[leg[::-1]] = barrier[::-1]
    return out
