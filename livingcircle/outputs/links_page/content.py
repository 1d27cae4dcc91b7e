"""What the page of links shows, as plain values: the town once, and for every link its line, the way round today, and who gains how much."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

import livingcircle
from livingcircle import residences as homes
from livingcircle.facilities import is_open
from livingcircle.links import Answer
from livingcircle.messages import LANGUAGES
from livingcircle.outputs.links_words import barriers, judged_as, measure, places as places_of, reasons, table_of
from livingcircle.outputs.page import packing, places
from livingcircle.outputs.page.names import in_both, named, number, positions, text

Content = dict[str, Any]


def links_content(answer: Answer, *, words: Mapping[str, Mapping[str, str]], style: Mapping[str, Any]) -> Content:
    """The values of the page, ready for JSON; shapes in longitude and latitude, walks in the measure of the rule. The answer is not changed."""
    town, draw = _town(answer), style["draw"]
    origin = places.origin_of(town)
    gains = answer.ranking.by_requirement
    kinds = list(dict.fromkeys(zip(gains["category"], gains["level"], strict=True)))
    categories = [id for id in answer.standard.categories if id in set(gains["category"])]
    levels = [id for id in answer.standard.levels if id in set(gains["level"])]
    return {
        "words": {own: dict(known) for own, known in words.items()},
        "backgrounds": {},
        "style": {key: value for key, value in style.items() if key != "draw"},
        "origin": list(origin),
        "study": _study(answer),
        "themes": [],
        "groups": [],
        "categories": [{"names": in_both(answer.standard.categories[id].name)} for id in categories],
        "levels": [{"names": in_both(answer.standard.levels[id].name)} for id in levels],
        "kinds": [[categories.index(category), levels.index(level)] for category, level in kinds],
        "units": places.areas(answer.inputs.units, origin, names="unit"),
        "area": places.areas(answer.inputs.area, origin),
        "water": places.water(town, origin, draw["water_m"]),
        "streets": packing.lines(places.drawn(places.streets(town), draw["street_m"]), origin=origin),
        "residences": _residences(town, origin, draw["residence_m"], answer),
        "facilities": _facilities(answer, categories, origin),
        "links": _links(answer, (kinds, town), origin),
        "together": _together(answer),
    }


def _town(answer: Answer) -> SimpleNamespace:
    """The layers that the page draws, as `page.places` asks for them."""
    inputs = answer.inputs
    lived = homes.in_year(inputs.residences, year=answer.settings.year).reset_index(drop=True)
    return SimpleNamespace(network=inputs.network, residences=lived, facilities=inputs.facilities, barriers=inputs.barriers)


def _study(answer: Answer) -> Content:
    settings, standard = answer.settings, answer.standard
    crs = answer.inputs.network.crs
    authority = crs.to_authority()
    judged = {language: judged_as(answer, language) for language in LANGUAGES}
    sources = dict.fromkeys(text(source) for source in answer.inputs.facilities["source"])
    return {
        "names": in_both(settings.name if any(settings.name.values()) else {settings.language: settings.study_id}),
        "notes": in_both(settings.note),
        "standard": text(standard.number),
        "standard_names": in_both(standard.name),
        "hows": {language: text(told["how"]) for language, told in judged.items()},
        "walkers": {language: text(told["group"]) for language, told in judged.items()},
        "language": settings.language,
        "rule": settings.rule,
        "year": settings.year,
        "scenarios": in_both(answer.scenario),
        "crs": f"{crs.name} ({':'.join(authority)})" if authority else text(crs.name),
        "osm": answer.osm,
        "sources": [source for source in sources if source],
        "warnings_by_language": {language: [] for language in LANGUAGES},
        "version": livingcircle.__version__,
    }


def _residences(town: SimpleNamespace, origin: tuple[int, int], tolerance_m: float, answer: Answer) -> Content:
    table = town.residences
    units, unit = named(table["unit"])
    people = table[answer.group.people] if answer.group.people in table else np.full(len(table), np.nan)
    return {
        "name": [text(name) or text(id) for name, id in zip(table["name"], table["residence_id"], strict=True)],
        "unit": {"names": units, "rows": packing.packed(unit)},
        "people": packing.packed_or_none(people, scale=10),
        "shape": places.shapes_of(table.geometry, origin, tolerance_m),
    }


def _facilities(answer: Answer, categories: list[str], origin: tuple[int, int]) -> Content:
    """Facilities that are open and serve a category in which anybody gains."""
    table = answer.inputs.facilities
    serves = [[categories.index(one) for one in own if one in categories] for own in table["categories"]]
    shown = is_open(table, year=answer.settings.year, certainty=answer.settings.certainty) & np.array([bool(own) for own in serves], dtype=bool)
    inside = gpd.GeoSeries(shapely.point_on_surface(table.geometry.to_numpy()[shown]), crs=table.crs).to_crs(places.DEGREES)
    at = np.array([origin, *((packing.millionths(x), packing.millionths(y)) for x, y in zip(inside.x, inside.y, strict=True))], dtype=np.int64)
    return {
        "name": [text(name) for name in table["name"][shown]],
        "categories": [own for own, there in zip(serves, shown, strict=True) if there],
        "at": packing.packed(np.diff(at, axis=0).ravel()),
    }


def _links(answer: Answer, known: tuple[list[tuple[str, str]], SimpleNamespace], origin: tuple[int, int]) -> list[Content]:
    kinds, town = known
    table, crs = table_of(answer), answer.inputs.network.crs
    lines = table.geometry.to_crs(places.DEGREES)
    ways = gpd.GeoSeries([None if way is None else shapely.LineString(way) for way in answer.ways], crs=crs).simplify(1.0).to_crs(places.DEGREES)
    words = {language: (places_of(answer, language), reasons(answer, language)) for language in LANGUAGES}
    at = {(category, level): row for row, (category, level) in enumerate(kinds)}
    out = []
    for number_, row in enumerate(table.to_dict("records")):
        out.append({
            "kind": row["kind"],
            "how": row["how"],
            "places": {language: text(told[0][number_]) for language, told in words.items()},
            "whys": {language: text(told[1][number_]) for language, told in words.items()},
            "barriers": {language: barriers(row["barrier"], language) for language in LANGUAGES},
            # A gate may be a line without length, which reads as its one point.
            "shape": packing.shape(lines.iloc[number_], origin=origin),
            "way": packing.shape(ways.iloc[number_], origin=origin),
            **{key: number(row[key], 3) for key in ("length_m", "walk_m", "people_gained", "people_distinct", "people_in_sequence", "people_per_m")},
            "land_ha": number(row["land_distinct_ha"], 2),
            "saved": number(measure(row["saved_m"], answer), 1),
            "cost": number(row["cost"]),
            "alternatives": int(row["alternatives"]),
            "gains": _gains(answer, row["link_id"], at, town),
        })
    return out


def _gains(answer: Answer, link: str, at: Mapping[tuple[str, str], int], town: SimpleNamespace) -> Content:
    """Columns over residences x kinds of requirement (-1: all together, everybody once): people newly covered, and their mean walk before and after."""
    rows = answer.ranking.by_home
    rows = rows[(rows["link_id"] == link) & ((rows["people"] > 0) | (rows["land_ha"] > 0))]
    walks = {key: [number(measure(metres, answer), 1) for metres in rows[column]] for key, column in (("before", "walk_m"), ("after", "walk_after_m"))}
    return {
        "home": packing.packed(positions(rows["residence_id"], town.residences["residence_id"])),
        "kind": packing.packed(at.get(kind, -1) for kind in zip(rows["category"], rows["level"], strict=True)),
        "people": packing.packed(round(people * 10) for people in rows["people"]),
        "before": packing.packed_or_none([np.nan if one is None else one for one in walks["before"]], scale=10),
        "after": packing.packed_or_none([np.nan if one is None else one for one in walks["after"]], scale=10),
    }


def _together(answer: Answer) -> Content:
    joint, table = answer.package.joint, answer.ranking.table[answer.package.built]
    cost = table["cost"].sum(skipna=False) if len(table) else np.nan
    return {
        "count": len(table),
        "people": number(joint.people.sum(), 3),
        "people_distinct": number(joint.distinct_people[0], 3),
        "land_ha": number(joint.distinct_land_ha[0], 2),
        "length_m": number(table["length_m"].sum(), 1),
        "cost": number(cost),
        "cost_unit": text(answer.cost_unit),
        "counts": {key: int(answer.ranking.counts[key]) for key in ("candidates", "shut", "helpful", "looked_into")},
    }
