"""What the page needs to judge anew when walks, limits, facilities or the year change: limits, quotas, indicators, causes, priorities."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np

from livingcircle.areas import Areas
from livingcircle.gaps import VERIFY, causes, priority
from livingcircle.indicators import targets_of
from livingcircle.outputs.page import packing
from livingcircle.quotas import sharing_of, site_m2
from livingcircle.residences import unit_of

if TYPE_CHECKING:
    from livingcircle.analysis import Result
    from livingcircle.indicators import Target
    from livingcircle.layers import Residences
    from livingcircle.standards import Category, Indicator, Quota, Standard

# Formulas that need nothing but walks, straight lines, people, land and what facilities hold.
WORKED = (
    "land_within", "people_within", "land_within_all", "land_within_mean", "capacity_per_people", "count_per_people", "area_per_person",
    "units_failing", "number_short",
)  # fmt: skip
DWELLINGS = "dwellings"
# People of a residence are told to the thousandth: sums over a district then differ from Python's by less than one.
PEOPLE_SCALE = 1000
SITE_SCALE = 10

Content = dict[str, Any]


def judging(result: Result, *, categories: Sequence[str], levels: Sequence[str]) -> Content:
    """All that judges in `result`, ready for JSON, as `engine/town.js` reads it.

    `categories` and `levels` are the ids of the page's own, in its order; rows refer to them by position. Categories that only
    quotas or indicators count follow after those of the page. Rows of residences and samples are those of `result.walking`. Only
    indicators are told whose formula the page can work out and whose inputs the study has. The result is not changed.
    """
    areas = Areas.of(result.units)
    standard = result.standard
    told = [(system, one) for system in result.settings.systems for one in system.indicators.values() if _workable(one, result, areas)]
    counted = [c for _, one in told for c in one.counted]
    shared = [c for keys in sharing_of(standard).values() for c in sorted(keys)]
    every = list(dict.fromkeys([*categories, *counted, *shared]))
    at = {category: i for i, category in enumerate(every)}
    settings = result.settings
    return {
        "categories": [_category(standard.categories.get(c), c, levels, settings.categories) for c in every],
        "units": list(areas.units),
        "facilities": _facilities(result, areas, at, len(categories)),
        "residences": _residences(result, told),
        "ends": _ends(result),
        "severed_detour": settings.severed_detour,
        "causes": [{"id": cause, "remedy": remedy, "verify": remedy.startswith(VERIFY)} for cause, remedy in causes.remedies().items()],
        "uncertain_share": causes.uncertain_from(),
        "priority": _priority(result, categories),
        "indicators": [_indicator(system, one, at) for system, one in told],
    }


def _category(category: Category | None, id: str, levels: Sequence[str], chosen: Sequence[str]) -> Content:
    """What is asked of a category at the page's levels, and its quotas; a category not judged is only counted."""
    if category is None:
        return {"id": id, "asked": [], "quotas": [], "told": False}
    judged = not chosen or id in chosen
    return {
        "id": id,
        "asked": [
            {
                **{"level": levels.index(r.level), "limit_m": float(r.limit_m), "limit_min": float(r.limit_min)},
                **{"flag": r.flag, "clause": r.clause, "evidence": r.evidence, "at_least": r.at_least},
            }
            for r in category.requirements
            if judged and r.level in levels
        ],
        "quotas": [_quota(quota) for quota in category.quotas],
        "told": judged,
    }


def _quota(quota: Quota) -> Content:
    return {key: getattr(quota, key) for key in ("measure", "value", "per", "of", "clause", "evidence")}


def _facilities(result: Result, areas: Areas, at: Mapping[str, int], own: int) -> Content:
    """Unit, site and whether inside the study area, of every facility in the page's order; `more` are rows with categories beyond the page's `own`."""
    places = result.facilities
    points = gpd.GeoSeries(places.geometry.representative_point(), crs=places.crs)
    inside = np.ones(len(places), dtype=bool)
    if result.area is not None:
        inside = points.intersects(result.area.union_all()).to_numpy()
    beyond = [[at[c] for c in categories if at.get(c, -1) >= own] for categories in places["categories"]]
    return {
        "more": [[row, told] for row, told in enumerate(beyond) if told],
        "unit": packing.packed(areas.codes(unit_of(points, result.units).astype(object))),
        "inside": "".join("1" if v else "0" for v in inside),
        # Rounded down: a site just below a bound must not read as one that reaches it.
        "site_m2": packing.packed_or_none(np.floor(site_m2(places) * SITE_SCALE) / SITE_SCALE, scale=SITE_SCALE),
    }


def _residences(result: Result, told: Iterable[tuple[Standard, Indicator]]) -> Content:
    """Of every residence the people that quotas and indicators count, its age groups' points, and whether a barrier cuts it off."""
    homes = result.walking.residences
    asked = [quota.of for category in result.standard.categories.values() for quota in category.quotas]
    asked += [one.of for _, one in told] + [one.quota.of for _, one in told if one.quota]
    columns = {of: _column(of) for of in dict.fromkeys(asked)}
    return {
        "people": {of: packing.packed_or_none(homes[c].astype(float), scale=PEOPLE_SCALE) for of, c in columns.items() if c in homes},
        "vulnerable": _vulnerable(homes),
    }


def _column(of: str) -> str:
    return of if of in ("people", DWELLINGS) else f"people_{of}"


def _vulnerable(homes: Residences) -> str:
    """A character for each residence: the points of its old people and children, `-` where they are not told."""
    kinds = [priority.columns_of(kind, homes.columns) for kind in ("elderly", "children")]
    columns = [column for column in kinds if column is not None]
    people = homes["people"].to_numpy(dtype=float)
    if not columns:
        return "-" * len(homes)
    weak = homes[columns].sum(axis=1, min_count=1).to_numpy(dtype=float)
    share = np.divide(weak, people, out=np.full(len(homes), np.nan), where=people > 0)
    bounds = priority.rules()["parts"]["vulnerable"]["bounds"]
    # A person counted to the last digit: a share on a bound must not be missed by the last bit.
    points = np.searchsorted(np.asarray(bounds, dtype=float), share + 1e-9, side="right")
    return "".join("-" if math.isnan(s) else str(p) for s, p in zip(share, points, strict=True))


def _ends(result: Result) -> str:
    """The nodes by which a walk may leave the street data."""
    network, ends = result.walking.network, result.walking.ends
    edge, first = ends["edge"].to_numpy(), ends["offset_m"].to_numpy() == 0
    return packing.packed(np.diff(np.unique(np.where(first, network.start[edge], network.end[edge])), prepend=0))


def _priority(result: Result, categories: Sequence[str]) -> Content:
    """The rule of ranking, and how many gaps of the page's list are of each class, the most urgent first."""
    rules = priority.rules()
    parts = rules["parts"]
    listed = result.gaps[result.gaps["category"].isin(list(categories))]
    return {
        "classes": dict(rules["classes"]),
        "people": {"weight": parts["people"]["weight"], "bounds": parts["people"]["bounds"]},
        "flag": {"weight": parts["flag"]["weight"], "points": dict(parts["flag"]["points"])},
        "excess": {"weight": parts["excess"]["weight"], "bounds": parts["excess"]["bounds"]},
        "vulnerable": {"weight": parts["vulnerable"]["weight"]},
        "listed": {letter: int(count) for letter, count in listed["priority"].value_counts().sort_index().items()} if len(listed) else {},
    }


def _workable(one: Indicator, result: Result, areas: Areas) -> bool:
    """Whether the page can work out an indicator: its formula, all limits stated, and its inputs there."""
    if one.formula not in WORKED or any(not target.stated for target in targets_of(one).values()):
        return False
    homes = result.walking.residences
    held = {c for c in homes.columns if c == DWELLINGS or c.startswith("people")}
    # Whether capacities are told may change with a scenario, so that is asked in the page.
    words = {"capacity", *(["units"] if areas.units else []), *held}
    of = [one.quota.of] if one.formula == "number_short" else [] if one.formula.startswith(("land", "units")) else [one.of]
    return words.issuperset(one.needs) and all(_column(name) in held for name in of) and (one.formula != "units_failing" or bool(areas.units))


def _indicator(system: Standard, one: Indicator, at: Mapping[str, int]) -> Content:
    return {
        **{"system": system.id, "id": one.id, "name": one.name.model_dump(), "unit": one.unit.model_dump()},
        **{"formula": one.formula, "measure": one.measure, "per": one.per, "of": one.of, "capacity": "capacity" in one.needs},
        **{"target": one.target, "better": one.better, "clause": one.clause, "evidence": one.evidence},
        "categories": [at[c] for c in one.categories],
        "targets": [_target(target, at) for target in targets_of(one).values()],
        "quota": None if one.quota is None else _quota(one.quota),
    }


def _target(target: Target, at: Mapping[str, int]) -> Content:
    bands = [[band.min_m2, band.below_m2, band.radius_m] for band in target.bands]
    return {"categories": [at[c] for c in target.categories], "limit_m": target.limit_m, "minutes": target.minutes, "bands": bands}

