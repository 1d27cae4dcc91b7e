"""Places as the page draws them: areas, streets, facilities and residences as short text in longitude and latitude."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from livingcircle.outputs.page import packing
from livingcircle.outputs.page.names import Order, named, number, text

if TYPE_CHECKING:
    from livingcircle.analysis import Result

DEGREES = "EPSG:4326"
WATER = "water"
MILLION = 1_000_000

Content = dict[str, Any]


def origin_of(result: Result) -> tuple[int, int]:
    """The middle of the study, in millionths of a degree of longitude and latitude: shapes start from it."""
    for layer in (result.network.streets, result.residences, result.facilities):
        if len(layer):
            west, south, east, north = layer.geometry.to_crs(DEGREES).total_bounds
            return packing.millionths((west + east) / 2), packing.millionths((south + north) / 2)
    return 0, 0


def streets(result: Result) -> gpd.GeoSeries:
    """The streets that are there; links across a plaza are ways to walk, not things to draw."""
    lines = result.network.streets
    return lines.geometry[~lines["plaza_link"]] if "plaza_link" in lines else lines.geometry


def drawn(shapes: gpd.GeoSeries, tolerance_m: float) -> np.ndarray:
    """Shapes in degrees for display, outlines moved by at most `tolerance_m`."""
    simple = shapes.simplify(tolerance_m, preserve_topology=True) if tolerance_m else shapes
    return simple.to_crs(DEGREES).to_numpy()


def shapes_of(shapes: gpd.GeoSeries, origin: tuple[int, int], tolerance_m: float) -> list[str]:
    """The packed text of every shape, simplified by `tolerance_m`."""
    return [packing.shape(g, origin=origin) for g in drawn(shapes, tolerance_m)]


def areas(layer: gpd.GeoDataFrame | None, origin: tuple[int, int], names: str = "") -> list[Content]:
    """A named shape for every row of a layer of polygons; none without the layer."""
    if layer is None:
        return []
    labels = map(text, layer[names]) if names else [""] * len(layer)
    shapes = shapes_of(layer.geometry, origin, 1.0)
    return [{"name": n, "shape": s} for n, s in zip(labels, shapes, strict=True)]


def water(result: Result, origin: tuple[int, int], tolerance_m: float) -> list[str]:
    """The packed shapes of the barriers that are water, for the ground of the map."""
    layer = result.barriers
    if layer is None or not len(layer):
        return []
    wet = layer.geometry[(layer["kind"] == WATER).to_numpy()]
    return [shape for shape in shapes_of(wet, origin, tolerance_m) if shape]


def facilities(result: Result, order: Order, origin: tuple[int, int]) -> Content:
    """Columns of the facilities of a result, their doors included; `id` is the file's name and what follows its `#`."""
    places = result.facilities
    serves = [[i for i in order.category(c) if i >= 0] for c in places["categories"]]
    inside = shapely.point_on_surface(places.geometry.to_numpy())
    points = gpd.GeoSeries(inside, crs=places.crs).to_crs(DEGREES)
    whole = places.geometry.where(~places.geometry.geom_type.isin(["Point", "MultiPoint"]), None)
    at = {f: i for i, f in enumerate(places["facility_id"])}
    doors = result.entrances
    files, own = zip(*(text(f).rpartition("#")[::2] for f in places["facility_id"]), strict=True) if len(places) else ((), ())
    files, file = named(files)
    columns: Content = {
        "id": {"names": files, "rows": packing.packed(file), "own": list(own)},
        "name": [text(v) for v in places["name"]],
        "categories": serves,
        "open": "".join("1" if v else "0" for v in places["open"]),
        "year": [number(v) for v in places["open_year"]],
        "capacity": [number(v) for v in places["capacity"]],
        "at": _points(points, origin),
        # A scenario that leaves a facility within a centimetre of its place does not move it.
        "rest": packing.packed(rest for point in points for rest in _rests(point)),
        "shape": shapes_of(gpd.GeoSeries(whole, crs=places.crs), origin, 0.5),
    }
    for key in ("status", "entrance_source", "source", "confidence"):
        names, rows = named(places[key])
        columns[key] = {"names": names, "rows": packing.packed(rows)}
    columns["doors"] = {
        "facility": packing.packed(at.get(f, -1) for f in doors["facility_id"]),
        "at": _points(doors.geometry.to_crs(DEGREES), origin),
    }
    return columns


def _rests(point: shapely.Point | None) -> tuple[int, int]:
    """What the millionths of a degree leave of a point, in hundred-millionths; nothing of a missing one."""
    if point is None or point.is_empty or not math.isfinite(point.x + point.y):
        return 0, 0
    east, north = (round(degrees * 100 * MILLION) - 100 * packing.millionths(degrees) for degrees in (point.x, point.y))
    return east, north


def _points(points: gpd.GeoSeries, origin: tuple[int, int]) -> str:
    """Text of one point for each row, as differences from the row before; a missing point repeats it."""
    numbers: list[int] = []
    x, y = origin
    for point in points:
        if point is not None and not point.is_empty and math.isfinite(point.x + point.y):
            to = packing.millionths(point.x), packing.millionths(point.y)
            numbers += [to[0] - x, to[1] - y]
            x, y = to
        else:
            numbers += [0, 0]
    return packing.packed(numbers)


def residences(result: Result, outlines: np.ndarray, origin: tuple[int, int]) -> Content:
    """Columns of the residences judged; `outlines` are their shapes as `drawn`."""
    homes = result.residences
    units, unit = named(homes["unit"])
    return {
        "name": [text(n) or text(i) for n, i in zip(homes["name"], homes["residence_id"], strict=True)],
        "unit": {"names": units, "rows": packing.packed(unit)},
        "people": [
            packing.packed_or_none(homes[g.people] if g.people in homes else [math.nan] * len(homes), scale=10)
            for g in result.settings.groups
        ],
        "shape": [packing.shape(g, origin=origin) for g in outlines],
        "land_ha": packing.packed_or_none(homes.geometry.area / 10_000, scale=100),
    }
