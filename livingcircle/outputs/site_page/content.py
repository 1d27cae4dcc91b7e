"""What the page of a siting shows, as plain values: places packed, numbers of the sites, the curve, and who stays uncovered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

import livingcircle
from livingcircle.messages import LANGUAGES
from livingcircle.outputs.page import packing, places
from livingcircle.outputs.page.names import in_both, number, positions, text
from livingcircle.outputs.site_tables import curve_table, home_people, sites_table, uncovered_table
from livingcircle.outputs.site_words import Report, sentences

Content = dict[str, Any]
Origin = tuple[int, int]
TENTHS = 10


def site_content(report: Report, *, words: Mapping[str, Mapping[str, str]], style: Mapping[str, Any], language: str) -> Content:
    """The values of the page, ready for JSON; shapes in longitude and latitude. The report is not changed."""
    case, draw = report.answer.case, style["draw"]
    origin = _origin(report)
    return {
        "words": {own: dict(known) for own, known in words.items()},
        "backgrounds": {},
        "style": {key: value for key, value in style.items() if key != "draw"},
        "origin": list(origin),
        "study": _study(report, language),
        "sentences": {own: [text(line) for line in sentences(report, language=own)] for own in LANGUAGES},
        "themes": [],
        "levels": [],
        "groups": [],
        "categories": [_category(report, row) for row in report.answer.coverage.to_dict("records")],
        "area": places.areas(case.inputs.area, origin),
        "streets": packing.lines(places.drawn(_streets(report), draw["street_m"]), origin=origin),
        "parcels": [] if report.parcels is None else _parcels(report.parcels, origin),
        "candidates": _candidates(report, origin),
        "existing": _existing(report, origin),
        "homes": _homes(report, origin, draw["residence_m"]),
        "gained": _gained(report, origin, draw["points"]),
        "chosen": [_chosen(row, report) for row in sites_table(report).to_dict("records")],
        "curve": _curve(report),
        "left": _left(report, draw["rows"]),
    }


def _origin(report: Report) -> Origin:
    west, south, east, north = report.answer.case.inputs.network.streets.geometry.to_crs(places.DEGREES).total_bounds
    return packing.millionths((west + east) / 2), packing.millionths((south + north) / 2)


def _study(report: Report, language: str) -> Content:
    settings, case = report.settings, report.answer.case
    crs = case.inputs.network.crs
    authority = crs.to_authority()
    sources = dict.fromkeys(text(source) for source in case.facilities["source"])
    return {
        "names": in_both(settings.name if any(settings.name.values()) else {settings.language: settings.study_id}),
        "notes": in_both(settings.note),
        "standard": text(report.standard.number),
        "standard_names": in_both(report.standard.name),
        "site_names": {own: text(report.categories(own)) for own in LANGUAGES},
        "language": language,
        "year": settings.year,
        "cost_unit": text(report.cost_unit),
        "crs": f"{crs.name} ({':'.join(authority)})" if authority else text(crs.name),
        "osm": report.osm,
        "sources": [source for source in sources if source],
        "warnings_by_language": {own: [] for own in LANGUAGES},
        "version": livingcircle.__version__,
    }


def _category(report: Report, row: Mapping[str, Any]) -> Content:
    names = {own: text(report.category(row["category"], own)) for own in LANGUAGES}
    return {"names": names, "people": number(row["people"]), "before": number(row["before"]), "after": number(row["after"])}


def _streets(report: Report) -> gpd.GeoSeries:
    lines = report.answer.case.inputs.network.streets
    return lines.geometry[~lines["plaza_link"]] if "plaza_link" in lines else lines.geometry


def _parcels(parcels: gpd.GeoDataFrame, origin: Origin) -> list[Content]:
    shapes = places.shapes_of(parcels.geometry, origin, 1.0)
    return [
        {"name": text(name) or text(id), "area_m2": number(area, 0), "cost": number(cost), "shape": shape}
        for id, name, area, cost, shape in zip(parcels["parcel"], parcels["name"], parcels["area_m2"], parcels["cost"], shapes, strict=True)
    ]


def _points(shapes: np.ndarray, crs: object, origin: Origin) -> str:
    """Text of points, each the difference from the one before."""
    degrees = shapely.get_coordinates(gpd.GeoSeries(shapes, crs=crs).to_crs(places.DEGREES).to_numpy())
    at = np.vstack([np.array(origin, dtype=np.int64), np.rint(degrees * packing.PER_DEGREE).astype(np.int64)])
    return packing.packed(np.diff(at, axis=0).ravel())


def _candidates(report: Report, origin: Origin) -> Content:
    own = report.answer.case.candidates
    return {
        "id": [text(id) for id in own["site_id"]],
        "allowed": "".join("1" if allowed else "0" for allowed in own["allowed"]),
        "at": _points(own.geometry.to_numpy(), own.crs, origin),
    }


def _existing(report: Report, origin: Origin) -> Content:
    case = report.answer.case
    rows = np.unique(np.concatenate(case.standing)).astype(int)
    own = case.facilities.iloc[rows]
    points = shapely.point_on_surface(own.geometry.to_numpy())
    return {
        "name": [text(name) for name in own["name"]],
        "capacity": [number(value) for value in own["capacity"]],
        "categories": [[n for n, standing in enumerate(case.standing) if row in standing] for row in rows],
        "at": _points(points, own.crs, origin),
    }


def _homes(report: Report, origin: Origin, tolerance_m: float) -> Content:
    table = home_people(report)
    homes = report.answer.case.inputs.residences.set_index("residence_id").loc[table.index]
    return {
        "name": [text(name) or text(id) for name, id in zip(homes["name"], homes.index, strict=True)],
        "unit": [text(unit) for unit in homes["unit"]],
        "shape": [packing.shape(shape, origin=origin) for shape in places.drawn(homes.geometry, tolerance_m)],
        **{column: packing.packed_or_none(table[column], scale=TENTHS) for column in ("covered", "gained", "uncovered")},
    }


def _gained(report: Report, origin: Origin, most: int) -> str:
    """Points that stand for homes newly covered, thinned evenly to `most`."""
    answer = report.answer
    rows = np.flatnonzero((answer.after & ~answer.before).any(axis=0) & (answer.case.people > 0))
    rows = rows[:: max(1, -(-len(rows) // most))]
    samples = answer.case.samples
    return _points(samples.geometry.to_numpy()[rows], samples.crs, origin)


def _chosen(row: Mapping[str, Any], report: Report) -> Content:
    plain = {key: number(row[key]) for key in ("turn", "people_served", "people_gained", "people_alone", "people_only", "farthest_m", "area_m2", "cost", "capacity", "next_people")}
    words_ = {key: text(row[key]) for key in ("site_id", "name", "parcel", "street", "next_id", "next_status")}
    return {**plain, **words_, "at": [round(row["lat"], 7), round(row["lon"], 7)]}


def _curve(report: Report) -> Content:
    answer, table = report.answer, curve_table(report)
    demand = float(answer.case.covering[0].people.sum())
    rows = [
        {"sites": int(row["sites"]), "people": number(row["people_covered"]), "share": number(row["people_share"], 6), "bound": number(row["bound"] / demand if demand else 0, 6),
         "proven": row["status"] == "optimal"}
        for row in table.to_dict("records")
    ]  # fmt: skip
    here = answer.siting.people_served / demand if answer.case.terms.covering and demand else answer.people_after / answer.people if answer.people else 0
    return {"rows": rows, "here": {"sites": len(answer.sites), "share": number(here, 6)}}


def _left(report: Report, most: int) -> Content:
    table, case = uncovered_table(report), report.answer.case
    homes = home_people(report).index
    at = {term.category: n for n, term in enumerate(case.terms.each)}
    rows = [
        {"home": home, "category": at[row["category"]], "people": number(row["people"], 3), "walk_m": number(row["walk_m"], 0), "reason": text(row["reason"]), "at": [row["lat"], row["lon"]]}
        for home, row in zip(positions(table["residence_id"].head(most), homes), table.head(most).to_dict("records"), strict=True)
    ]
    return {"rows": rows, "more": max(len(table) - most, 0)}
