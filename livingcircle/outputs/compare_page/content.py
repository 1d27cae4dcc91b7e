"""What the page of a comparison shows, as plain values: places once, and for every state columns that refer to them by position."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import livingcircle
from livingcircle.analysis import Result
from livingcircle.comparison import Comparison, State, compare, pairs
from livingcircle.comparison.gap_changes import CHANGES
from livingcircle.comparison.homes import ARRIVING, MOVES, summed
from livingcircle.coverage import OUTSIDE, WHOLE_AREA
from livingcircle.facilities import CLOSED, STATUSES
from livingcircle.layers import OFF_NETWORK, REACHED, UNREACHABLE
from livingcircle.messages import LANGUAGES
from livingcircle.outputs.page import packing, places
from livingcircle.outputs.page.names import Order, in_both, named, number, positions, text
from livingcircle.outputs.walking_words import group_name, walking_words

Content = dict[str, Any]
Kind = tuple[str, str, str]
# Codes of a walk that is no number of minutes; the page's script knows them, and that hundredths of minutes begin after them.
NO_HOME, CODES = 0, {OFF_NETWORK: 1, UNREACHABLE: 2}
FIRST = 3
# People covered and moved are told in hundredths, land in square metres; people of gaps in tenths.
SCALE = {"people": 100, "land": 10_000}
TENTHS = 10
FACILITY_CHANGES = ("opened", "closed", "moved", "resized")
HOME_CHANGES = ("arrived", "left", "resized")
KNOWN = (*STATUSES, CLOSED)


def compare_content(states: Sequence[State], *, words: Mapping[str, Mapping[str, str]], style: Mapping[str, Any], language: str) -> Content:
    """The values of the page for two states or more, ready for JSON; shapes in longitude and latitude.

    Residences and facilities of all states stand once; a column that several states share is told once (`columns`). `pairs` holds what
    every two states differ in, the earlier one before. No state is changed.
    """
    order, town = _order(states), _Town(states)
    origin = places.origin_of(states[0].result)
    kinds = _kinds(states, order)
    first, draw = states[0].result, style["draw"]
    columns = _Columns()
    return {
        "words": {own: dict(known) for own, known in words.items()},
        "backgrounds": {},
        "style": {key: value for key, value in style.items() if key != "draw"},
        "origin": list(origin),
        "study": _study(states, language),
        "themes": [{"names": order.name(first.standard.themes[t])} for t in order.themes],
        "categories": [{"names": order.name(first.standard.categories[c]), "theme": order.themes.index(order.theme(c))} for c in order.categories],
        "levels": [{"names": order.name(first.standard.levels[level])} for level in order.levels],
        "groups": _groups(first, order),
        "kinds": [[*order.category([c]), *order.level([level]), *order.group([g])] for c, level, g in kinds],
        "unit_names": [{WHOLE_AREA: 1, OUTSIDE: 2}.get(unit, text(unit)) for unit in town.units],
        "units": places.areas(first.units, origin, names="unit"),
        "area": places.areas(first.area, origin),
        "streets": packing.lines(places.drawn(places.streets(first), draw["street_m"]), origin=origin),
        "residences": _residences(town, first, origin, draw["residence_m"]),
        "facilities": _facilities(town, order, origin),
        "states": [_state(state, town, (order, kinds), columns, origin) for state in states],
        "pairs": [_pair(compare(states[a], states[b]), (a, b), town, kinds) for a, b in pairs(states)],
        "statuses": list(KNOWN),
        "columns": columns.texts,
    }


class _Columns:
    """Packed columns, each once."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._at: dict[str, int] = {}

    def add(self, numbers: Iterable[int]) -> int:
        """The position of a column."""
        told = packing.packed(numbers)
        if told not in self._at:
            self._at[told] = len(self.texts)
            self.texts.append(told)
        return self._at[told]


class _Town:
    """The residences, facilities and units of all states, each once, the first state's first."""

    def __init__(self, states: Sequence[State]) -> None:
        results = [state.result for state in states]
        self.homes = _united([result.residences for result in results], "residence_id")
        self.places = _united([result.facilities for result in results], "facility_id")
        self.units = [*dict.fromkeys(unit for result in results for unit in result.coverage["unit"])]


def _united(layers: Sequence[gpd.GeoDataFrame], key: str) -> gpd.GeoDataFrame:
    every = pd.concat(layers, ignore_index=True).drop_duplicates(key, ignore_index=True)
    return gpd.GeoDataFrame(every, crs=layers[0].crs)


def _order(states: Sequence[State]) -> Order:
    results = [state.result for state in states]
    tables = {name: pd.concat([getattr(result, name) for result in results]) for name in ("coverage", "residence_walks")}
    first = results[0]
    return Order(SimpleNamespace(standard=first.standard, settings=first.settings, **tables))


def _kinds(states: Sequence[State], order: Order) -> list[Kind]:
    """Every (category, level, group) judged in any state, categories in the order of the page."""
    judged = {kind for state in states for kind in zip(*(state.result.coverage[key] for key in ("category", "level", "group")), strict=True)}
    return [(c, level, g) for c in order.categories for level in order.levels for g in order.groups if (c, level, g) in judged]


def _study(states: Sequence[State], language: str) -> Content:
    result = states[0].result
    settings, standard, crs = result.settings, result.standard, result.network.crs
    authority = crs.to_authority()
    told = {own: [text(f"{state.name[own]}: {warning}") for state in states for warning in _warnings(state, own)] for own in LANGUAGES}
    sources = dict.fromkeys(text(source) for state in states for source in state.result.facilities["source"])
    return {
        "names": in_both(settings.name if any(settings.name.values()) else {settings.language: settings.study_id}),
        "notes": in_both(settings.note),
        "standard": text(standard.number),
        "standard_names": in_both(standard.name),
        "language": language,
        "rule": text(settings.rule),
        "crs": f"{crs.name} ({':'.join(authority)})" if authority else text(crs.name),
        "osm": bool(result.counts.get("osm")),
        "sources": [source for source in sources if source],
        "warnings_by_language": told,
        "version": livingcircle.__version__,
    }


def _warnings(state: State, language: str) -> Sequence[str]:
    return state.result.warnings_by_language.get(language, state.result.warnings)


def _groups(result: Result, order: Order) -> list[Content]:
    hows = {own: walking_words(replace(result.settings, language=own)) for own in LANGUAGES}
    return [
        {
            "id": text(group.id),
            "names": {own: text(group_name(group.id, own)) for own in LANGUAGES},
            "hows": {own: text(hows[own][at]) for own in LANGUAGES},
            "speed_kmh": float(group.speed_kmh),
            "walks": order.groups.index(result.walked_as[group.id]),
        }
        for at, group in enumerate(result.settings.groups)
    ]


def _residences(town: _Town, first: Result, origin: tuple[int, int], tolerance_m: float) -> Content:
    homes = town.homes
    units, unit = named(homes["unit"])
    return {
        "name": [text(name) or text(id) for name, id in zip(homes["name"], homes["residence_id"], strict=True)],
        "unit": {"names": units, "rows": packing.packed(unit)},
        "people": [packing.packed_or_none(homes[g.people] if g.people in homes else np.full(len(homes), np.nan), scale=10) for g in first.settings.groups],
        "shape": [packing.shape(shape, origin=origin) for shape in places.drawn(homes.geometry, tolerance_m)],
    }


def _facilities(town: _Town, order: Order, origin: tuple[int, int]) -> Content:
    table = town.places
    inside = gpd.GeoSeries(shapely.point_on_surface(table.geometry.to_numpy()), crs=table.crs).to_crs(places.DEGREES)
    return {
        "name": [text(name) for name in table["name"]],
        "categories": [[i for i in order.category(served) if i >= 0] for served in table["categories"]],
        "at": _points(inside.x, inside.y, origin),
    }


def _points(lon: Iterable[float], lat: Iterable[float], origin: tuple[int, int]) -> str:
    """Text of points, each the difference from the one before."""
    at = np.array([origin, *((packing.millionths(x), packing.millionths(y)) for x, y in zip(lon, lat, strict=True))], dtype=np.int64)
    return packing.packed(np.diff(at, axis=0).ravel())


def _state(state: State, town: _Town, asked: tuple[Order, list[Kind]], columns: _Columns, origin: tuple[int, int]) -> Content:
    order, kinds = asked
    result = state.result
    own = result.facilities.drop_duplicates("facility_id").set_index("facility_id")
    ids = town.places["facility_id"]
    opened = own["open"].reindex(ids)
    there = set(result.residences["residence_id"])
    return {
        "id": text(state.id),
        "names": in_both({language: text(name) for language, name in state.name.items()}),
        "year": result.settings.year,
        "lived": "".join("1" if home in there else "0" for home in town.homes["residence_id"]),
        "open": "".join("-" if one is None or one != one else "1" if one else "0" for one in opened.astype(object)),
        "status": columns.add(positions(own["status"].reindex(ids), KNOWN)),
        "capacity": columns.add(_or_none(own["capacity"].reindex(ids))),
        **_moved(own, town, origin),
        "links": _links(state, origin),
        "walks": _walks(result, town, order, columns),
        "gaps": _gaps(result, town, kinds, columns),
        "coverage": _coverage(result, town, kinds, columns),
    }


def _or_none(values: pd.Series) -> list[int]:
    return [0 if value != value else round(value) + 1 for value in values.astype(float)]


def _moved(own: gpd.GeoDataFrame, town: _Town, origin: tuple[int, int]) -> Content:
    """The facilities that stand elsewhere in this state than where all states are told to have them."""
    place = dict(zip(town.places["facility_id"], town.places.geometry, strict=True))
    moved = own[[not shapely.equals(place[id], shape) for id, shape in zip(own.index, own.geometry, strict=True)]]
    points = gpd.GeoSeries(shapely.point_on_surface(moved.geometry.to_numpy()), crs=own.crs).to_crs(places.DEGREES)
    return {"moved": positions(moved.index, town.places["facility_id"]), "moved_at": _points(points.x, points.y, origin)}


def _links(state: State, origin: tuple[int, int]) -> list[Content]:
    if state.links is None:
        return []
    shapes = state.links.to_crs(places.DEGREES)
    told = zip(shapes["name"], shapes["kind"], shapes["change"], shapes.geometry, strict=True)
    return [{"name": text(name), "kind": text(kind), "change": text(change), "shape": packing.shape(shape, origin=origin)} for name, kind, change, shape in told]


def _walks(result: Result, town: _Town, order: Order, columns: _Columns) -> list[dict[int, int]]:
    """For each category, and each group that walks in a way of its own, the column of the middle walk of every residence."""
    told = dict(tuple(result.residence_walks.groupby(["category", "group"], sort=False)))
    out = []
    for category in order.categories:
        own = {}
        for at, group in enumerate(order.groups):
            if (category, group) not in told:
                continue
            rows = told[category, group].drop_duplicates("residence_id").set_index("residence_id").reindex(town.homes["residence_id"])
            hundredths = np.ceil(rows["walk_min"].where(rows["status"] == REACHED, 0).fillna(0).to_numpy(dtype=float) * 100 - 1e-6).astype(int)
            codes = [CODES.get(status, FIRST) if isinstance(status, str) else NO_HOME for status in rows["status"].astype(object)]
            own[at] = columns.add(np.where(np.array(codes) == FIRST, FIRST + hundredths, codes))
        out.append(own)
    return out


def _gaps(result: Result, town: _Town, kinds: list[Kind], columns: _Columns) -> list[int]:
    """For each kind the column of people (tenths, and one more) beyond the limit in every residence; 0 for no gap."""
    at = {home: row for row, home in enumerate(town.homes["residence_id"])}
    by_kind = dict(tuple(result.gaps.groupby(["category", "level", "group"], sort=False)))
    out = []
    for kind in kinds:
        people = np.zeros(len(at), dtype=np.int64)
        if kind in by_kind:
            rows = by_kind[kind]
            people[[at[home] for home in rows["residence_id"]]] = np.rint(rows["people"].to_numpy(dtype=float) * TENTHS).astype(int) + 1
        out.append(columns.add(people))
    return out


def _coverage(result: Result, town: _Town, kinds: list[Kind], columns: _Columns) -> Content:
    """Columns over kinds x units: land (m²) and people (hundredths) covered, facilities; over units x groups land and people; limits by kind."""
    table = result.coverage.set_index(["category", "level", "group", "unit"])
    rows = table.reindex(pd.MultiIndex.from_tuples([(*kind, unit) for kind in kinds for unit in town.units]))
    lived = result.coverage.drop_duplicates(["unit", "group"]).set_index(["group", "unit"])
    groups = [group.id for group in result.settings.groups]
    whole = lived.reindex(pd.MultiIndex.from_tuples([(group, unit) for group in groups for unit in town.units]))
    told = result.coverage.drop_duplicates(["category", "level", "group"]).to_dict("records")
    limits = {(row["category"], row["level"], row["group"]): [number(row["limit_m"]), number(row["limit_min"])] for row in told}
    return {
        "land": columns.add(_scaled(rows["land_covered_ha"], "land")),
        "people": columns.add(_scaled(rows["people_covered"], "people")),
        "facilities": columns.add(rows["facilities"].fillna(0).astype(int)),
        "land_all": columns.add(_scaled(whole["land_ha"], "land")),
        "people_all": columns.add(_scaled(whole["people"], "people")),
        "limits": [limits.get(kind, [None, None]) for kind in kinds],
    }


def _scaled(values: pd.Series, what: str) -> np.ndarray:
    return np.rint(values.fillna(0).to_numpy(dtype=float) * SCALE[what]).astype(np.int64)


def _pair(comparison: Comparison, numbers: tuple[int, int], town: _Town, kinds: list[Kind]) -> Content:
    at, unit = {kind: row for row, kind in enumerate(kinds)}, {name: row for row, name in enumerate(town.units)}
    home = {name: row for row, name in enumerate(town.homes["residence_id"])}
    moved, keys = comparison.moves, ["category", "level", "group"]
    homes = summed(moved, ["residence_id", *keys])
    homes = homes[(homes[[*MOVES]] != 0).any(axis=1)]
    sums = pd.concat([summed(moved, keys).assign(unit=WHOLE_AREA), summed(moved, ["unit", *keys])], ignore_index=True)
    # A study without units tells no row of what lies outside of them.
    sums = sums[sums["unit"].isin(unit)]
    gaps = comparison.gaps
    places_ = comparison.facilities
    return {
        "before": numbers[0],
        "after": numbers[1],
        "homes": {"kind": _rows(homes, at), "home": packing.packed(home[id] for id in homes["residence_id"]), **_amounts(homes, MOVES)},
        "units": {"kind": _rows(sums, at), "unit": packing.packed(unit[name] for name in sums["unit"]), **_amounts(sums, (*MOVES, *ARRIVING))},
        "gaps": {
            "change": packing.packed(positions(gaps["change"], CHANGES)),
            "kind": _rows(gaps, at),
            "home": packing.packed(home[id] for id in gaps["residence_id"]),
        },
        "facilities": {
            "change": packing.packed(positions(places_["change"], FACILITY_CHANGES)),
            "facility": packing.packed(positions(places_["facility_id"], town.places["facility_id"])),
        },
        "residences": {
            "change": packing.packed(positions(comparison.homes["change"], HOME_CHANGES)),
            "home": packing.packed(home[id] for id in comparison.homes["residence_id"]),
            **{side: packing.packed_or_none(comparison.homes[f"people_{side}"], scale=TENTHS) for side in ("before", "after")},
        },
        "only_adds": comparison.only_adds,
        "fallen": len(comparison.fallen),
    }


def _rows(table: pd.DataFrame, at: Mapping[Kind, int]) -> str:
    return packing.packed(at[kind] for kind in zip(table["category"], table["level"], table["group"], strict=True))


def _amounts(table: pd.DataFrame, columns: Sequence[str]) -> dict[str, str]:
    return {column.removesuffix("_ha"): packing.packed(_scaled(table[column], column.split("_")[0])) for column in columns}
