"""The contracts of every table that flows between floors: columns, geometry and index.

A unit stands in the column's name (`length_m`, `walk_min`, `land_m2`). `check` reports all faults of a table at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd

from livingcircle.errors import DataError, Fault, listed, raise_all, said

REACHED = "reached"
UNREACHABLE = "unreachable"
OFF_NETWORK = "off_network"
BEYOND_LIMIT = "beyond_limit"
ROW = "row"
STATUSES = (REACHED, UNREACHABLE, OFF_NETWORK, BEYOND_LIMIT)

Streets: TypeAlias = gpd.GeoDataFrame
Facilities: TypeAlias = gpd.GeoDataFrame
Entrances: TypeAlias = gpd.GeoDataFrame
Residences: TypeAlias = gpd.GeoDataFrame
Samples: TypeAlias = gpd.GeoDataFrame
Units: TypeAlias = gpd.GeoDataFrame
Barriers: TypeAlias = gpd.GeoDataFrame
Positions: TypeAlias = pd.DataFrame
WalkTimes: TypeAlias = pd.DataFrame
Coverage: TypeAlias = pd.DataFrame
Gaps: TypeAlias = pd.DataFrame
Isochrones: TypeAlias = gpd.GeoDataFrame


@dataclass(frozen=True)
class Layer:
    """The contract of one table: its columns with what each holds, and its geometry types (none for a plain table)."""

    name: str
    columns: Mapping[str, str]
    geometry: tuple[str, ...] = ()
    not_null: tuple[str, ...] = field(default=())


STREETS = Layer(
    "streets",
    {
        "highway": "class of the way, OSM word; empty where the source has none",
        "name": "street name",
        "layer": "vertical level, 0 on the ground",
        "source_id": "id of the way in its source",
    },
    ("LineString",),
    ("layer",),
)

FACILITIES = Layer(
    "facilities",
    {
        "facility_id": "stable id",
        "name": "name shown to planners",
        "raw_name": "name as its source writes it",
        "raw_type": "code, tags or word it was classified from",
        "categories": "tuple of category ids of the standard that it serves",
        "status": "existing, under_construction, planned, proposed, or closed (by a scenario)",
        "open_year": "first year of service, NaN when unknown",
        "capacity": "places, beds or berths, NaN when unknown",
        "entrance_source": "given, gate, street, boundary, centroid or point",
        "source": "file it came from",
        "rule": "rule that gave the category",
        "confidence": "high, medium or low",
    },
    ("Point", "MultiPoint", "Polygon", "MultiPolygon", "LineString", "MultiLineString"),
    ("facility_id", "status"),
)

ENTRANCES = Layer(
    "entrances",
    {"facility_id": "facility it leads into", "entrance_source": "how the entrance was found"},
    ("Point",),
    ("facility_id",),
)

RESIDENCES = Layer(
    "residences",
    {
        "residence_id": "stable id",
        "name": "name shown to planners",
        "unit": "unit it lies in, empty outside every unit",
        "people": "residents of all ages",
        "land_m2": "area of residential land, 0 for points",
        "open_year": "year it is lived in, NaN for today",
    },
    ("Point", "Polygon", "MultiPolygon"),
    ("residence_id", "people", "land_m2"),
)

SAMPLES = Layer(
    "samples",
    {
        "residence_id": "residence the point stands for",
        "land_m2": "land it stands for",
        "people": "residents it stands for",
        "unit": "unit the point lies in",
    },
    ("Point",),
    ("residence_id", "land_m2", "people"),
)

BARRIERS = Layer(
    "barriers",
    {"kind": "water, railway, motorway, wall, or a word of the study's own", "source_id": "id in its source"},
    ("Polygon", "MultiPolygon", "LineString", "MultiLineString"),
    ("kind",),
)

UNITS = Layer("units", {"unit": "name of the street or community"}, ("Polygon", "MultiPolygon"), ("unit",))

POSITIONS = Layer(
    "positions",
    {
        "edge": "row of the street edge, -1 when off the network",
        "offset_m": "metres from the edge's start to the position",
        "leg_m": "straight metres from the point to the position, infinite when off the network",
        "component": "street component of the edge, -1 when off the network",
        "status": "reached or off_network",
        "reason": "nearest, isolated_piece_skipped, barrier_avoided, no_street_within_limit, behind_barrier, inside_barrier",
    },
)

WALK_TIMES = Layer(
    "walk_times",
    {
        "walk_m": "metres of the whole walk, both legs included; infinite when unreachable",
        "flat_m": "metres of level street that take as long as the same walk",
        "walk_min": "minutes of the same walk",
        "from_leg_m": "off-street metres at the start",
        "to_leg_m": "off-street metres at the facility, infinite when unreachable",
        "source": "row of the entrance reached, -1 for none",
        "status": "reached, unreachable or off_network",
    },
)

COVERAGE = Layer(
    "coverage",
    {
        "unit": "unit, or the word for the whole area",
        "category": "category id",
        "level": "level of the standard",
        "group": "population group",
        "limit_m": "limit in metres",
        "limit_min": "limit in minutes",
        "rule": "the limit that decides: distance or time",
        "land_ha": "residential land, hectares",
        "land_covered_ha": "covered residential land, hectares",
        "land_share": "covered residential land over all residential land, 0-1, NaN without land",
        "people": "residents of the group",
        "people_covered": "covered residents of the group",
        "people_share": "covered residents over all residents, 0-1, NaN without residents",
        "facilities": "facilities open in the unit (in the whole layer for the whole area)",
        "land_share_radius": "residential land within the limit in a straight line over all of it, 0-1, NaN without land",
        "people_share_radius": "residents within the limit in a straight line over all residents, 0-1, NaN without residents",
        "speed_kmh": "speed of the group on level ground",
        "costs": "what the group's walking bears beyond level metres, empty for nothing",
        "people_uncertain_share": "residents not covered whose limit reaches beyond the street data, over all residents",
    },
)

GAPS = Layer(
    "gaps",
    {
        "gap_id": "stable id",
        "rank": "1 for the most urgent: priority, then mandatory, then people, then metres beyond the limit",
        "unit": "unit",
        "residence_id": "residence",
        "category": "category id",
        "level": "level of the standard",
        "group": "population group",
        "people": "residents beyond the limit",
        "land_ha": "residential land beyond the limit, hectares",
        "walk_m": "walk from the point shown, metres",
        "walk_min": "the same walk, minutes",
        "limit_m": "limit, metres",
        "limit_min": "limit, minutes",
        "excess_m": "metres beyond the deciding limit",
        "straight_m": "straight line from the same point to the nearest entrance, metres",
        "detour": "walk_m over straight_m",
        "nearest_facility": "name of the facility reached on that walk",
        "cause": "first cause",
        "remedy": "first remedy",
        "closes_in": "year a planned facility closes it, NaN otherwise",
        "confidence": "high, medium or low",
        "clause": "clause of the standard",
        "robustness": "robust, or fragile: one small change alone closes it for more than half of its people",
        "fragile_to": "the changes that do, joined by ;",
        "people_low": "least residents beyond the limit over all changes",
        "people_high": "most residents beyond the limit over all changes",
        "from_leg_m": "off-street metres at the home, on the walk shown",
        "limit_street": "street on which that walk uses its limit up, empty where that is on no street",
        "speed_kmh": "speed of the group on level ground",
        "costs": "what the group's walking bears beyond level metres, empty for nothing",
        "uncertain_share": "residents of the gap whose limit reaches beyond the street data, over those of the gap",
        "priority": "A, B or C",
        "priority_points": "weighted mean of the points of its parts, 0-3",
        "priority_people": "points for people beyond the limit, 0-3",
        "priority_flag": "points for mandatory or on demand, 0-3",
        "priority_excess": "points for what is beyond the limit, 0-3",
        "priority_vulnerable": "points for old people and children, 0-3, NaN where age groups are not known",
        "excess_share": "what is beyond the deciding limit over that limit",
        "people_elderly": "old people beyond the limit, NaN where not known",
        "people_children": "children beyond the limit, NaN where not known",
        "vulnerable_share": "old people and children beyond the limit over everybody there, NaN where not known",
        "residences": "residences of the row",
        "severed_by": "kind of the first barrier between home and nearest entrance, missing_link for none, empty where nothing severs",
        "link_m": "straight metres that a link would have to span, NaN where none is asked for",
        "link_from": "street at the home's end of that link",
        "link_to": "street at its other end",
        "closing_facility": "name of the planned facility that closes it, the nearest of several",
        "closing_status": "its status: under_construction, planned or proposed",
    },
)

LINKS = Layer(
    "links",
    {
        "rank": "1 for the best",
        "link_id": "id within the list",
        "name": "name that a planner gave, else empty",
        "how": "found, given by a planner, walled (a street that ends at a wall), or closed (a gate that a scenario closes)",
        "kind": "gate, footpath, crossing or bridge",
        "barrier": "kinds of barriers passed, joined by ;",
        "from_street": "street at its first end, the class in brackets where it has no name",
        "to_street": "street at its last end",
        "residences": "names of residences on whose land its ends lie, else of compounds, joined by ;",
        "length_m": "metres to build, legs to the streets included",
        "walk_m": "metres on foot between its ends today, infinite where no street joins them",
        "detour": "walk_m over length_m",
        "people_gained": "residents newly covered, added up over requirements",
        "people_distinct": "residents newly covered by any requirement, each once",
        "land_gained_ha": "residential land newly covered, added up over requirements, hectares",
        "land_distinct_ha": "residential land newly covered by any requirement, hectares",
        "saved_m": "mean by which walks that end within the limits get shorter, by people and category, metres",
        "people_per_m": "people_gained by metre built, a least length counted",
        "cost": "what it costs, NaN where not told",
        "people_per_cost": "people_gained over cost, NaN where not told",
        "people_first": "people_gained by the first look, from some points of every residence",
        "bound": "how a first look stands to the exact answer of the same points: equal, upper, lower or rough",
        "alternatives": "number of other links that would bring much the same to the same people",
        "turn": "place in the sequence of links built one after another, 0 for none",
    },
    ("LineString",),
    ("rank", "link_id", "kind", "length_m", "people_gained"),
)


def statuses(*conditions: np.ndarray) -> pd.Categorical:
    """One status a row, compact in memory: the last of `STATUSES` whose condition holds.

    `conditions` stand for `unreachable`, `off_network` and `beyond_limit`, in this order; later ones may be left out.

    >>> list(statuses(np.array([True, False]), np.array([False, False])))
    ['unreachable', 'reached']
    """
    codes = np.zeros(len(conditions[0]), dtype=np.int8)
    for code, condition in enumerate(conditions, start=1):
        codes[condition] = code
    return pd.Categorical.from_codes(codes, categories=list(STATUSES))


def row_numbers(frame: pd.DataFrame) -> np.ndarray:
    """The number of each row in its own file: the column that its reader kept, else counted from 1."""
    kept = frame.attrs.get("row_column")
    return frame[kept].to_numpy() if kept in frame.columns else np.arange(1, len(frame) + 1)


def check(frame: pd.DataFrame, contract: Layer, *, where: str) -> None:
    """Nothing when `frame` keeps its contract; raises `DataError` with every fault otherwise.

    `where` names the file or step in the message. Columns beyond the contract are welcome.

    >>> import pandas as pd
    >>> check(pd.DataFrame({"unit": ["A"]}), Layer("units", {"unit": "name"}), where="units.csv")
    >>> check(pd.DataFrame({"x": [1]}), Layer("units", {"unit": "name"}), where="units.csv")
    Traceback (most recent call last):
    ...
    livingcircle.errors.DataError: units.csv: no column 'unit' (name) → add the column, or map it in study.toml
    """
    faults = [
        Fault(where, said("no column '{column}' ({meaning})", column=column, meaning=meaning), "add the column, or map it in study.toml")
        for column, meaning in contract.columns.items()
        if column not in frame.columns
    ]
    for column in contract.not_null:
        if column in frame.columns and frame[column].isna().any():
            rows = list(frame.index[frame[column].isna()][:5])
            faults.append(Fault(where, said("column '{column}' is empty in rows {rows}", column=column, rows=rows), "fill these cells"))
    if contract.geometry:
        faults += _geometry_faults(frame, contract, where)
    raise_all(faults, DataError)


def _geometry_faults(frame: pd.DataFrame, contract: Layer, where: str) -> list[Fault]:
    if not isinstance(frame, gpd.GeoDataFrame):
        return [Fault(where, "carries no geometry", "give a layer with geometry")]
    faults = []
    kinds = set(frame.geometry.geom_type.dropna()) - set(contract.geometry)
    if kinds:
        faults.append(
            Fault(where, said("holds {kinds}", kinds=listed(sorted(kinds))), said("give {kinds} only", kinds=listed(contract.geometry, " or ")))
        )
    missing = frame.geometry.isna() | frame.geometry.is_empty
    if missing.any():
        faults.append(Fault(where, said("no geometry in rows {rows}", rows=list(frame.index[missing][:5])), "draw or drop these rows"))
    if len(frame) and not np.isfinite(frame.geometry[~missing].bounds.to_numpy()).all():
        faults.append(Fault(where, "coordinates that are not numbers", "correct or drop these rows"))
    return faults
