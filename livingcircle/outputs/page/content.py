"""What the interactive map shows, as plain values: names once, rows as numbers, shapes as short text.

Everything that comes from data leaves this module as a JSON value; no markup is built here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import livingcircle
from livingcircle.coverage import OUTSIDE, WHOLE_AREA
from livingcircle.layers import OFF_NETWORK, REACHED, UNREACHABLE
from livingcircle.outputs.page import packing
from livingcircle.outputs.page.judging import judging
from livingcircle.outputs.page.packing import text
from livingcircle.outputs.page.walking import walking_content
from livingcircle.outputs.walking_words import walking_words

if TYPE_CHECKING:
    from livingcircle.analysis import Result
    from livingcircle.standards import Category

DEGREES = "EPSG:4326"
WALK_STATUS = (REACHED, UNREACHABLE, OFF_NETWORK)
SAME_LAND = 0.999

Content = dict[str, Any]


def page_content(result: Result, *, words: Mapping[str, str], style: Mapping[str, Any]) -> Content:
    """The values of the page for `result`, ready for JSON; shapes in longitude and latitude.

    `words` are the page's words in the study's language, `style` the colours and class breaks. The result is not
    changed. Columns of numbers are text of `packing`; rows refer to names, categories and residences by position.
    """
    order = _Order(result)
    origin = _origin(result)
    draw = style["draw"]
    homes = _drawn(result.residences.geometry, draw["residence_m"])
    return {
        "words": dict(words),
        "style": {key: value for key, value in style.items() if key != "draw"},
        "origin": list(origin),
        "study": _study(result),
        "themes": _themes(result, order),
        "categories": [
            {
                "name": order.name(result.standard.categories[c]),
                "theme": order.themes.index(order.theme(c)),
                "asked": _asked(result.standard.categories[c], order),
            }
            for c in order.categories
        ],
        "levels": [{"id": level, "name": order.name(result.standard.levels[level])} for level in order.levels],
        "groups": [
            {"id": text(g.id), "speed_kmh": float(g.speed_kmh), "walks": order.groups.index(result.walked_as[g.id]), "how": how}
            for g, how in zip(result.settings.groups, walking_words(result.settings), strict=True)
        ],
        "units": _areas(result.units, origin, names="unit"),
        "area": _areas(result.area, origin),
        "walking": walking_content(result),
        "judging": judging(result, categories=order.categories, levels=order.levels),
        "facilities": _facilities(result, order, origin),
        "residences": _residences(result, homes, origin),
        "walks": _walks(result, order),
        "coverage": _coverage(result, order),
        "gaps": _gaps(result, order, homes, origin=origin),
        "gap_areas": _gap_areas(result, order, origin, draw["gap_m"]),
        "isochrones": _isochrones(result, order, origin, draw["isochrone_m"]),
    }


def number(value: object, digits: int = 2) -> float | int | None:
    """A finite number rounded to `digits`, None for what is missing or infinite.

    >>> number(float("inf")), number(2.0), number(0.12345)
    (None, 2, 0.12)
    """
    if value is None or pd.isna(value) or not math.isfinite(float(value)):
        return None
    rounded = round(float(value), digits)
    return int(rounded) if rounded == int(rounded) else rounded


class _Order:
    """The positions that rows refer to: categories grouped by theme, levels, groups."""

    def __init__(self, result: Result) -> None:
        self.language = result.settings.language
        standard = result.standard
        known = {*result.coverage["category"], *result.residence_walks["category"]}
        self._theme = {c: standard.categories[c].theme for c in standard.categories if c in known}
        self.themes = [t for t in standard.themes if t in self._theme.values()]
        self.categories = [c for t in self.themes for c in self._theme if self._theme[c] == t]
        self.levels = [level for level in standard.levels if level in set(result.coverage["level"])]
        self.groups = [g.id for g in result.settings.groups]

    def theme(self, category: str) -> str:
        return self._theme[category]

    def name(self, named: Any) -> str:
        return text(named.name.get(self.language))

    def category(self, values: Iterable[str]) -> list[int]:
        return _positions(values, self.categories)

    def level(self, values: Iterable[str]) -> list[int]:
        return _positions(values, self.levels)

    def group(self, values: Iterable[str]) -> list[int]:
        return _positions(values, self.groups)


def _positions(values: Iterable[object], names: list) -> list[int]:
    at = {name: i for i, name in enumerate(names)}
    return [at.get(value, -1) for value in values]


def _named(values: Iterable[object]) -> tuple[list[str], list[int]]:
    """Distinct texts in order of appearance, and the position of every value among them."""
    texts = [text(v) for v in values]
    names = list(dict.fromkeys(texts))
    return names, _positions(texts, names)


def _study(result: Result) -> Content:
    settings, standard, crs = result.settings, result.standard, result.network.crs
    authority = crs.to_authority()
    sources = result.facilities["source"]
    return {
        "name": text(settings.name.get(settings.language)) or text(settings.study_id),
        "note": text(settings.note.get(settings.language)),
        "standard": text(standard.number),
        "standard_name": text(standard.name.get(settings.language)),
        "language": settings.language,
        "year": settings.year,
        "speed_kmh": float(settings.speed_kmh),
        "rule": text(settings.rule),
        "minutes": [float(m) for m in settings.isochrone_minutes],
        "crs": f"{crs.name} ({':'.join(authority)})" if authority else text(crs.name),
        "osm": bool(result.counts.get("osm")),
        "sources": [s for s in dict.fromkeys(map(text, sources)) if s],
        "warnings": [text(w) for w in result.warnings],
        "version": livingcircle.__version__,
    }


def _asked(category: Category, order: _Order) -> list[Content]:
    """What the standard asks of a category: for each level how binding, by which clause, on what evidence."""
    return [
        {"level": level, "flag": text(r.flag), "clause": text(r.clause), "evidence": text(r.evidence)}
        for r, level in zip(category.requirements, order.level(r.level for r in category.requirements), strict=True)
    ]


def _themes(result: Result, order: _Order) -> list[Content]:
    themes = result.standard.themes
    return [{"name": order.name(themes[t]), "color": text(themes[t].color)} for t in order.themes]


def _origin(result: Result) -> tuple[int, int]:
    for layer in (result.network.streets, result.residences, result.facilities):
        if len(layer):
            west, south, east, north = layer.geometry.to_crs(DEGREES).total_bounds
            return packing.millionths((west + east) / 2), packing.millionths((south + north) / 2)
    return 0, 0


def _drawn(shapes: gpd.GeoSeries, tolerance_m: float) -> np.ndarray:
    """Shapes in degrees for display, outlines moved by at most `tolerance_m`."""
    simple = shapes.simplify(tolerance_m, preserve_topology=True) if tolerance_m else shapes
    return simple.to_crs(DEGREES).to_numpy()


def _shapes(shapes: gpd.GeoSeries, origin: tuple[int, int], tolerance_m: float, *, step: int = 1) -> list[str]:
    return [packing.shape(g, origin=origin, step=step) for g in _drawn(shapes, tolerance_m)]


def _areas(layer: gpd.GeoDataFrame | None, origin: tuple[int, int], names: str = "") -> list[Content]:
    if layer is None:
        return []
    labels = map(text, layer[names]) if names else [""] * len(layer)
    shapes = _shapes(layer.geometry, origin, 1.0)
    return [{"name": n, "shape": s} for n, s in zip(labels, shapes, strict=True)]


def _facilities(result: Result, order: _Order, origin: tuple[int, int]) -> Content:
    places = result.facilities
    serves = [[i for i in order.category(c) if i >= 0] for c in places["categories"]]
    inside = shapely.point_on_surface(places.geometry.to_numpy())
    points = gpd.GeoSeries(inside, crs=places.crs).to_crs(DEGREES)
    whole = places.geometry.where(~places.geometry.geom_type.isin(["Point", "MultiPoint"]), None)
    at = {f: i for i, f in enumerate(places["facility_id"])}
    doors = result.entrances
    columns: Content = {
        "name": [text(v) for v in places["name"]],
        "categories": serves,
        "open": "".join("1" if v else "0" for v in places["open"]),
        "year": [number(v) for v in places["open_year"]],
        "capacity": [number(v) for v in places["capacity"]],
        "at": _points(points, origin),
        "shape": _shapes(gpd.GeoSeries(whole, crs=places.crs), origin, 0.5),
    }
    for key in ("status", "entrance_source", "source", "confidence"):
        names, rows = _named(places[key])
        columns[key] = {"names": names, "rows": packing.packed(rows)}
    columns["doors"] = {
        "facility": packing.packed(at.get(f, -1) for f in doors["facility_id"]),
        "at": _points(doors.geometry.to_crs(DEGREES), origin),
    }
    return columns


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


def _residences(result: Result, drawn: np.ndarray, origin: tuple[int, int]) -> Content:
    homes = result.residences
    units, unit = _named(homes["unit"])
    return {
        "name": [text(n) or text(i) for n, i in zip(homes["name"], homes["residence_id"], strict=True)],
        "unit": {"names": units, "rows": packing.packed(unit)},
        "people": [
            packing.packed_or_none(homes[g.people] if g.people in homes else [math.nan] * len(homes), scale=10)
            for g in result.settings.groups
        ],
        "shape": [packing.shape(g, origin=origin) for g in drawn],
    }


def _walks(result: Result, order: _Order) -> Content:
    """For each category, and each group that walks in a way of its own, the columns of every residence."""
    walks = result.residence_walks
    names, nearest = _named(walks["nearest_facility"])
    walks = walks.assign(nearest=nearest)
    homes = result.residences["residence_id"]
    told = dict(tuple(walks.groupby(["category", "group"], sort=False)))
    return {
        "names": names,
        "columns": [
            {at: _of_homes(told[category, group], homes) for at, group in enumerate(order.groups) if (category, group) in told}
            for category in order.categories
        ],
    }


def _of_homes(walks: pd.DataFrame, homes: pd.Series) -> Content:
    rows = walks.drop_duplicates("residence_id").set_index("residence_id").reindex(homes)
    status = _positions(rows["status"], list(WALK_STATUS))
    return {
        "walk_m": packing.packed_or_none(rows["walk_m"]),
        "walk_min": packing.minutes(rows["walk_min"]),
        "straight_m": packing.packed_or_none(rows["straight_m"]),
        "nearest": packing.packed_or_none(rows["nearest"]),
        "status": "".join(str(s) if s >= 0 else "-" for s in status),
    }


def _coverage(result: Result, order: _Order) -> Content:
    """Rows of coverage; the fifth value is 1 for the whole area, 2 for what lies outside every unit, 0 for a unit."""
    rows = result.coverage[result.coverage["category"].isin(order.categories)]
    names, unit = _named(rows["unit"].replace({WHOLE_AREA: "", OUTSIDE: ""}))
    kinds = rows["unit"].map({WHOLE_AREA: 1, OUTSIDE: 2}).fillna(0).astype(int).to_list()
    return {
        "units": names,
        "rows": [
            [
                *(unit[i], category[i], level[i], group[i], kinds[i]),
                *(number(row.limit_m), number(row.limit_min), number(row.land_ha), number(row.land_covered_ha)),
                *(number(row.land_share, 5), number(row.people, 0), number(row.people_covered, 0)),
                *(number(row.people_share, 5), number(row.facilities)),
            ]
            for category, level, group in [
                (order.category(rows["category"]), order.level(rows["level"]), order.group(rows["group"]))
            ]
            for i, row in enumerate(rows.itertuples())
        ],
    }


def _listed(result: Result, order: _Order) -> pd.DataFrame:
    """The gaps of the page, worst first; rows of the page refer to them by this order."""
    return result.gaps[result.gaps["category"].isin(order.categories)].sort_values("rank", kind="stable")


def _gaps(result: Result, order: _Order, homes: np.ndarray, *, origin: tuple[int, int]) -> Content:
    """The gap list. Limits are those of the coverage, the unit is that of the residence; what many rows share is said
    once: `kinds` (category, level, group) and `reasons` (cause, remedy, confidence, clause, what it is fragile to, year that
    closes it)."""
    gaps = _listed(result, order)
    residence = _positions(gaps["residence_id"], list(result.residences["residence_id"]))
    places = list(zip(order.category(gaps["category"]), order.level(gaps["level"]), order.group(gaps["group"]), strict=True))
    closes = [number(v) for v in gaps["closes_in"]]
    said = [[text(v) for v in gaps[key]] for key in ("cause", "remedy", "confidence", "clause", "fragile_to")]
    why = list(zip(*said, closes, strict=True))
    shared = (places, why, gaps["nearest_facility"].map(text), gaps["limit_street"].map(text))
    kinds, reasons, nearest, streets = (list(dict.fromkeys(rows)) for rows in shared)
    return {
        "gap_id": " ".join(text(v).replace(" ", "_") for v in gaps["gap_id"]),
        "kinds": kinds,
        "kind": packing.packed(_positions(places, kinds)),
        "reasons": reasons,
        "reason": packing.packed(_positions(why, reasons)),
        "residence": packing.packed(residence),
        "rank": packing.packed(np.diff(gaps["rank"].to_numpy(dtype=int), prepend=0)),
        "people": packing.packed_or_none(gaps["people"], scale=10),
        "land_ha": packing.packed_or_none(gaps["land_ha"], scale=100),
        "walk_m": packing.packed_or_none(gaps["walk_m"]),
        "walk_min": packing.minutes(gaps["walk_min"]),
        "straight_m": packing.packed_or_none(gaps["straight_m"]),
        "low": _from_people(gaps, "people_low"),
        "high": _from_people(gaps, "people_high"),
        "uncertain": packing.packed_or_none(gaps["uncertain_share"], scale=100),
        "leg_m": packing.packed_or_none(gaps["from_leg_m"]),
        "streets": streets,
        "street": packing.packed(_positions(gaps["limit_street"].map(text), streets)),
        "names": nearest,
        "nearest": packing.packed(_positions(gaps["nearest_facility"].map(text), nearest)),
        "at": _from_homes(gaps, residence, homes, origin),
    }


def _from_people(gaps: pd.DataFrame, column: str) -> str:
    """Text of tenths of people more or less than `people` of each gap, mostly none; what is missing says the same as `people`."""
    tenths = [(gaps[one] * 10).round().fillna(0).to_numpy(dtype=np.int64) for one in (column, "people")]
    return packing.packed(np.where(gaps[column].isna(), 0, tenths[0] - tenths[1]))


def _from_homes(gaps: pd.DataFrame, residence: list[int], homes: np.ndarray, origin: tuple[int, int]) -> str:
    """Text of each gap's point as the difference from the first point drawn of its residence, or from the origin."""
    starts = [shapely.get_coordinates(g)[:1] for g in homes]
    numbers: list[int] = []
    for x, y, row in zip(gaps["lon"], gaps["lat"], residence, strict=True):
        first = origin
        if row >= 0 and len(starts[row]):
            first = tuple(map(packing.millionths, starts[row][0]))
        numbers += [packing.millionths(x) - first[0], packing.millionths(y) - first[1]]
    return packing.packed(numbers)


def _gap_areas(result: Result, order: _Order, origin: tuple[int, int], tolerance_m: float) -> Content:
    """The land of the gaps; a residence that lies beyond the limit as a whole is referred to, not drawn again."""
    areas = result.gap_areas[result.gap_areas["category"].isin(order.categories)]
    gaps = _listed(result, order)
    homes = result.residences
    residence = _positions(areas["residence_id"], list(homes["residence_id"]))
    land = homes.geometry.area.to_numpy()
    whole = [r >= 0 and land[r] > 0 and a >= SAME_LAND * land[r] for r, a in zip(residence, areas.area, strict=True)]
    shapes = _shapes(areas.geometry.where(~np.array(whole, dtype=bool), None), origin, tolerance_m, step=packing.COARSE)
    return {
        "category": packing.packed(order.category(areas["category"])),
        "level": packing.packed(order.level(areas["level"])),
        "gap": packing.packed(_positions(areas["gap_id"], list(gaps["gap_id"]))),
        "residence": packing.packed(residence),
        "shape": shapes,
    }


def _isochrones(result: Result, order: _Order, origin: tuple[int, int], tolerance_m: float) -> list[Content]:
    areas = result.isochrones[result.isochrones["category"].isin(order.categories)]
    shapes = _shapes(areas.geometry, origin, tolerance_m, step=packing.COARSE)
    return [
        {"category": category, "minutes": number(row.minutes), "limit_m": number(row.limit_m), "level": level, "shape": drawn}
        for row, category, level, drawn in zip(
            areas.itertuples(), order.category(areas["category"]), order.level(areas["level"]), shapes, strict=True
        )
    ]
