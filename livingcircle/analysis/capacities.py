"""Who finds a place: every case of a standard's quotas searched on the streets, assigned, and told by facility, area and residence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from livingcircle import capacity as held
from livingcircle.analysis.inputs import Inputs, Settings
from livingcircle.analysis.reach import View, of_category
from livingcircle.areas import Areas
from livingcircle.capacity import Assignment, Capacity, Case
from livingcircle.catchments import catchments
from livingcircle.layers import Facilities, Residences, Samples
from livingcircle.quotas import serving, with_dwellings
from livingcircle.standards import Standard
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH, Way, nearest

# Few facilities with many doors are quicker searched one by one than door by door.
FEW, DOORS_EACH = 12, 4


@dataclass
class _Town:
    """The layers that every case looks at, and what was found for an earlier case that is the same."""

    inputs: Inputs
    residences: Residences
    samples: Samples
    facilities: Facilities
    view: View
    settings: Settings
    standard: Standard
    areas: tuple[Areas, np.ndarray]
    places: np.ndarray
    pairs: dict[tuple, pd.DataFrame] = field(default_factory=dict)
    found: dict[tuple, _Found] = field(default_factory=dict)


@dataclass(frozen=True)
class _Found:
    """The assignment of a lot of categories that share facilities: of each its flows, the `amounts` of every sample and what it finds by measure."""

    assignment: Assignment
    supply: pd.DataFrame
    flows: Mapping[str, pd.DataFrame]
    amounts: Mapping[str, Mapping[str, np.ndarray]]
    available: Mapping[str, Mapping[str, np.ndarray]]


def capacities(layers: tuple[Inputs, Residences, Samples, Facilities], view: View, *, standard: Standard, settings: Settings, codes: np.ndarray) -> Capacity:
    """What facilities hold against who asks within the limits, for every category judged (`capacity.Capacity`).

    `layers` are the study's `Inputs`, residences, samples, and facilities with the column `open`; `codes` the unit of every facility
    (`Areas.codes`). What a standard does not state is filled by `capacity.demanding`. Categories that share a facility are assigned together, the others of
    the lot within their widest mandatory limit.
    """
    inputs, residences, samples, facilities = layers
    samples = with_dwellings(samples, residences)
    areas = Areas.of(inputs.units)
    told = held.demanding(standard)
    pace = None if settings.rule == "distance" else view.speed_kmh * METRES_PER_MINUTE_PER_KMH
    every = held.cases((one for one in held.asked(told) if settings.judges(told.categories[one.category])), per_minute=pace)
    town = _Town(inputs, residences, samples, facilities, view, settings, told, (areas, areas.codes(samples["unit"].to_numpy())), codes)
    out: dict[str, list[pd.DataFrame]] = {"facilities": [], "units": [], "homes": []}
    for case in every:
        _judge(case, every, town, out)
    empty = held.nothing()
    return Capacity(**{name: pd.concat(parts, ignore_index=True) if parts else getattr(empty, name) for name, parts in out.items()})


def _judge(case: Case, every: list[Case], town: _Town, out: dict[str, list[pd.DataFrame]]) -> None:
    """The rows of one case, added to the tables."""
    category, quota = case.asked.category, case.asked.quota
    lacking = [word for word in (held.missing(town.samples, quota), "" if serving(town.facilities, (category,)).any() else held.NO_FACILITY) if word]
    if lacking:
        out["units"].append(held.missing_rows(case, town.samples, areas=town.areas, missing=";".join(lacking)))
        return
    lot = _lot(case, every, town)
    found = _found(lot, town)
    places = town.facilities.loc[found.supply.index]
    rows = held.facility_rows(case, found.flows[category], found.assignment.facilities, places=places, status=found.supply["status"])
    out["facilities"].append(rows)
    out["units"].append(held.unit_rows(case, found.amounts[category], town.samples, areas=town.areas, offered=_offered(rows, town)))
    homes = held.home_rows(case, found.amounts[category], town.samples, residences=town.residences, available=found.available[category])
    out["homes"].append(homes)


def _lot(case: Case, every: list[Case], town: _Town) -> list[Case]:
    """The case with those of other categories that share its facilities, each within its principal limit."""
    same = [one for one in every if one.asked.quota.measure == case.asked.quota.measure and not held.missing(town.samples, one.asked.quota)]
    categories = list(dict.fromkeys(one.asked.category for one in same))
    lot = next(lot for lot in held.competing(categories, town.facilities) if case.asked.category in lot)
    return [case if one == case.asked.category else held.principal([each for each in same if each.asked.category == one]) for one in lot]


def _found(lot: list[Case], town: _Town) -> _Found:
    key = tuple((*case.keys.values(), case.within_m) for case in lot)
    if key not in town.found:
        town.found[key] = _assigned(lot, town)
    return town.found[key]


def _assigned(lot: list[Case], town: _Town) -> _Found:
    names = [case.asked.category for case in lot]
    supply = held.supply(town.facilities, tuple(names), town.standard, measure=lot[0].asked.quota.measure)
    parts = {case.asked.category: (_pairs(case, supply, town), held.demand(town.samples, case.asked.quota)) for case in lot}
    pairs, demand = held.together(parts)
    # Who has no facility within the limit changes nothing for the others.
    near, origin = np.unique(pairs["origin"].to_numpy(), return_inverse=True)
    pairs, asking = pairs.assign(origin=origin), demand.iloc[near].reset_index(drop=True)
    size = len(town.samples)
    done = held.assign(pairs, asking, supply["capacity"])
    access = _access(pairs, asking, supply["capacity"], np.array([case.within_m for case in lot])[near // size][origin])
    far = demand.to_numpy().copy()
    far[near] = 0.0
    told = {name: _spread(values, near, len(demand)) for name, values in held.amounts(done.origins).items()}
    told["demand"] += far
    told["too_far"] += far
    lots = {name: slice(row * size, (row + 1) * size) for row, name in enumerate(names)}
    owner = near[done.flows["origin"].to_numpy()] // size
    return _Found(
        done,
        supply,
        flows={name: done.flows[owner == row] for row, name in enumerate(names)},
        amounts={name: {key: values[own] for key, values in told.items()} for name, own in lots.items()},
        available={name: {key: _spread(values, near, len(demand))[own] for key, values in access.items()} for name, own in lots.items()},
    )


def _spread(values: np.ndarray, rows: np.ndarray, size: int) -> np.ndarray:
    out = np.zeros(size)
    out[rows] = values
    return out


def _access(pairs: pd.DataFrame, demand: pd.Series, capacity: pd.Series, within_m: np.ndarray) -> dict[str, np.ndarray]:
    """What every origin finds by every measure; of limits of their own (`within_m` of every pair) a walk counts by its part of its limit."""
    widest = float(within_m.max(initial=0.0))
    part = np.divide(pairs["metres"].to_numpy() * widest, within_m, out=np.zeros(len(within_m)), where=within_m > 0)
    told = pairs.assign(metres=np.minimum(part, widest)), demand, capacity
    access = {
        "access_2sfca": held.two_step(*told, limit_m=widest),
        "access_steps": held.two_step(*told, limit_m=widest, kind="steps"),
        "access_gaussian": held.two_step(*told, limit_m=widest, kind="gaussian"),
        "access_balanced": held.balanced(*told, limit_m=widest),
        "access_available": held.spatial_availability(*told, limit_m=widest),
    }
    return {name: one.origins["available"].to_numpy() for name, one in access.items()}


def _pairs(case: Case, supply: pd.DataFrame, town: _Town) -> pd.DataFrame:
    """Every open facility of the category within its limit of every sample; facilities are rows of `supply`."""
    category = case.asked.category
    rows = of_category(town.inputs.entrances, town.facilities, category, town.facilities["open"].to_numpy())
    ids = pd.Index(town.facilities.loc[supply.index, "facility_id"])
    owner = ids.get_indexer(town.inputs.entrances["facility_id"].to_numpy()[rows])
    shortest = town.settings.rule == "distance"
    by, way = ("walk_m" if shortest else "flat_m"), Way(shortest=shortest, engine=town.settings.engine)
    network, origins, doors = town.view.network, town.view.origins, town.view.doors.iloc[rows]
    few = np.unique(owner)
    if 0 < len(few) <= FEW and len(rows) >= DOORS_EACH * len(few):
        reached = _each(few, owner, (doors, by, way), town, case.within_m)
        return held.within(reached, limit_m=case.within_m, by=by)
    reached = catchments(network, doors, origins, limit_m=case.within_m, way=way)
    return held.within(reached, limit_m=case.within_m, doors=owner, by=by)


def _each(few: np.ndarray, owner: np.ndarray, asked: tuple, town: _Town, within_m: float) -> pd.DataFrame:
    """The walks to each facility by its nearest door, as a table of `catchments` whose doors are facilities."""
    doors, by, way = asked
    parts = []
    for facility in few:
        walks = nearest(town.view.network, town.view.origins, doors.iloc[owner == facility], speed_kmh=town.view.speed_kmh, way=way)
        near = np.flatnonzero(walks[by].to_numpy() <= within_m + 1)
        parts.append(pd.DataFrame({"door": facility, "origin": near, by: walks[by].to_numpy()[near]}))
    return pd.concat(parts, ignore_index=True)


def _offered(rows: pd.DataFrame, town: _Town) -> dict[str, np.ndarray]:
    """What facilities in every area hold: their number, how many tell it, and the sum of that."""
    areas = town.areas[0]
    row = pd.Index(town.facilities["facility_id"]).get_indexer(rows["facility_id"])
    codes, capacity = town.places[row], rows["capacity"].to_numpy()
    known = ~np.isnan(capacity)
    weights = {"facilities": np.ones(len(rows)), "capacity_known": known.astype(float), "supply": np.nan_to_num(capacity)}
    return {name: areas.sums(codes, values) for name, values in weights.items()}
