"""`links.csv` and `links.geojson`: the links worth building, ranked, for programs and for maps."""

from __future__ import annotations

import json
import math
from pathlib import Path

import geopandas as gpd
import shapely

from livingcircle.links import Answer
from livingcircle.outputs import tables
from livingcircle.outputs.links_words import places, reasons, table_of, units_of

COLUMNS = (
    "rank", "link_id", "kind", "how", "place", "name", "length_m", "people_gained", "people_distinct", "people_in_sequence", "people_per_m", "categories",
    "category_names", "walk_m", "detour", "saved_m", "land_gained_ha", "land_distinct_ha", "cost", "cost_unit", "people_per_cost", "alternatives", "barrier",
    "from_street", "to_street", "residences", "units", "lon", "lat", "from_lon", "from_lat", "to_lon", "to_lat", "reason",
)  # fmt: skip
DECIMALS = {
    "length_m": 1, "people_gained": 2, "people_distinct": 2, "people_in_sequence": 2, "people_per_m": 3, "walk_m": 1, "detour": 2, "saved_m": 1,
    "land_gained_ha": 4, "land_distinct_ha": 4, "cost": 2, "people_per_cost": 4,
}  # fmt: skip
DEGREES = 7
# A line shorter than this is written as a point: map programs refuse lines without length.
POINT_M = 0.01


def write_csv(answer: Answer, path: Path) -> None:
    """Write the table; text that a spreadsheet would run as a formula gets a leading apostrophe."""
    tables.write_csv(links_table(answer).drop(columns="geometry"), path)


def write_geojson(answer: Answer, path: Path) -> None:
    """Write the links in longitude and latitude (EPSG:4326) with the columns of the table; what is unknown or infinite is null."""
    table = links_table(answer)
    features = [
        {"type": "Feature", "geometry": shapely.geometry.mapping(shape), "properties": {key: _plain(value) for key, value in row.items()}}
        for row, shape in zip(table.drop(columns="geometry").to_dict("records"), _shapes(table), strict=True)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, allow_nan=False), encoding="utf-8")


def links_table(answer: Answer) -> gpd.GeoDataFrame:
    """A row a link, best first: `COLUMNS`, words in the language of the settings, and lines in longitude and latitude; `lon`, `lat` is the middle."""
    language, told = answer.settings.language, table_of(answer)
    names = {id: category.name.get(language) for id, category in answer.standard.categories.items()}
    lines = told.geometry.to_crs("EPSG:4326")
    middle = told.geometry.interpolate(0.5, normalized=True).to_crs("EPSG:4326")
    ends = [shapely.get_coordinates(shapely.get_point(lines.to_numpy(), at)).reshape(-1, 2).round(DEGREES) for at in (0, -1)]
    out = told.assign(
        place=places(answer, language),
        reason=reasons(answer, language),
        units=[";".join(own) for own in units_of(answer)],
        category_names=[";".join(names[own] for own in served.split(";") if own) for served in told["categories"]],
        cost_unit=answer.cost_unit,
        lon=middle.x.to_numpy().round(DEGREES),
        lat=middle.y.to_numpy().round(DEGREES),
        from_lon=ends[0][:, 0],
        from_lat=ends[0][:, 1],
        to_lon=ends[1][:, 0],
        to_lat=ends[1][:, 1],
    ).round(DECIMALS)
    return gpd.GeoDataFrame(out[list(COLUMNS)], geometry=lines.to_numpy(), crs="EPSG:4326")


def _shapes(table: gpd.GeoDataFrame) -> list[shapely.Geometry]:
    short = (table["from_lon"] == table["to_lon"]) & (table["from_lat"] == table["to_lat"]) & (table["length_m"] <= POINT_M)
    return [shapely.Point(line.coords[0]) if own else line for line, own in zip(table.geometry, short, strict=True)]


def _plain(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
