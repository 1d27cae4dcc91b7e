"""The questions of a download: an area cut into tiles, and what is asked for each."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pyproj
import shapely

from livingcircle.errors import DataError, Fault, said
from livingcircle.sources.overpass.manners import rules

# West, south, east, north in degrees.
Box = tuple[float, float, float, float]
AREAL = ("Polygon", "MultiPolygon")


def checked(area: shapely.Geometry) -> shapely.Geometry:
    """The `area` itself when it is a valid polygon in longitude and latitude; raises `DataError` otherwise."""
    problem = None
    if not isinstance(area, shapely.Geometry) or area.geom_type not in AREAL or area.is_empty:
        problem = said("is no polygon")
    elif not np.isfinite(area.bounds).all() or not shapely.box(-180, -90, 180, 90).covers(shapely.box(*area.bounds)):
        problem = said("is not in degrees of WGS-84 (bounds {bounds})", bounds=tuple(round(number, 3) for number in area.bounds))
    elif not area.is_valid:
        problem = said("is no valid polygon ({reason})", reason=shapely.is_valid_reason(area))
    if problem:
        raise DataError(Fault(said("area to download"), problem, "give a valid polygon, longitude before latitude"))
    return area


def boxes(area: shapely.Geometry) -> list[Box]:
    """The boxes (degrees) that cover `area`, none wider or higher than the side in `overpass.toml`, from the south-west on.

    A box is cut back to the part of the area within it; where none of it lies there is no box. Raises `DataError` when the
    area is no polygon in degrees of WGS-84 or needs more boxes than a public server should be asked for.

    >>> len(boxes(shapely.box(121.70, 29.90, 121.75, 29.94))), len(boxes(shapely.box(121.70, 29.90, 121.80, 29.94)))
    (1, 2)
    """
    west, south, east, north = checked(area).bounds
    told = rules()["tiles"]
    earth = pyproj.Geod(ellps="WGS84")
    # A parallel is longest where it lies nearest to the equator.
    widest = 0.0 if south < 0 < north else min(south, north, key=abs)
    wide_m = earth.line_length(np.linspace(west, east, 17), np.full(17, widest))
    high_m = earth.line_length([west, west], [south, north])
    columns, rows = (max(1, math.ceil(length / told["side_m"])) for length in (wide_m, high_m))
    if columns * rows > told["most"]:
        numbers = {"wide_km": wide_m / 1000, "high_km": high_m / 1000, "tiles": columns * rows, "most": told["most"]}
        problem = said("{wide_km:.0f} x {high_km:.0f} km are {tiles} tiles; at most {most} are asked for", **numbers)
        raise DataError(Fault(said("area to download"), problem, "give a smaller area, or an extract file of the province"))
    lines, shelves = np.linspace(west, east, columns + 1), np.linspace(south, north, rows + 1)
    shapely.prepare(area)
    found = []
    for row in range(rows):
        for column in range(columns):
            cell = shapely.box(lines[column], shelves[row], lines[column + 1], shelves[row + 1])
            # A mere touch is covered by the neighbor.
            if area.intersects(cell) and (part := area.intersection(cell)).area > 0:
                found.append(tuple(float(number) for number in part.bounds))
    return found


def query(box: Box, keys: Iterable[str]) -> str:
    """The question in Overpass QL for all streets and all places tagged with one of `keys` in `box`, areas complete.

    Nodes, ways and relations that are areas; of ways and relations every member way and node, also outside the box.

    >>> print(query((121.70, 29.90, 121.75, 29.94), ["shop"]).splitlines()[0])
    [out:xml][timeout:180][maxsize:536870912][bbox:29.9000000,121.7000000,29.9400000,121.7500000];
    """
    told = rules()["query"]
    west, south, east, north = box
    # Rounded outward, so that neighbors leave no gap.
    low, high = ([turn(number * 1e7) / 1e7 for number in pair] for turn, pair in ((math.floor, (south, west)), (math.ceil, (north, east))))
    frame = ",".join(f"{number:.7f}" for number in (*low, *high))
    relations = "|".join(told["area_relations"])
    asked = [
        part
        for key in sorted({told["streets"], *keys})
        for part in (f'node["{key}"];', f'way["{key}"];', f'relation["{key}"]["type"~"^({relations})$"];')
    ]
    head = f"[out:xml][timeout:{told['work_s']}][maxsize:{told['memory_bytes']}][bbox:{frame}];"
    return "\n".join([head, "(", *asked, ");", "(._;>;);", "out body;", ""])
