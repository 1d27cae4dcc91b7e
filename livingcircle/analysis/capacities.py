"""Who finds a place: every case of a standard's quotas searched on the streets, assigned, and told by facility, area and residence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from livingcircle import capacity as held
from livingcircle.analysis.inputs import Inputs, Settings
from livingcircle.analysis.reach import View, of_category
from livingcircle.analysis.served import codes_of
from livingcircle.areas import Areas
from livingcircle.capacity import Assignment, Capacity, Case
from livingcircle.catchments import catchments
from livingcircle.layers import Entrances, Facilities, Positions, Residences, Samples
from livingcircle.network import StreetNetwork
from livingcircle.quotas import serving, with_dwellings
from livingcircle.reuse import Known, again
from livingcircle.standards import Standard
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH, Way, measured

# Few facilities with many doors are quicker searched one by one than door by door.
FEW, DOORS_EACH = 12, 4


@dataclass(frozen=True)
class _Ways:
    """The streets as everybody walks them, with every sample and the doors of a lot of facilities on them."""

    network: StreetNetwork
    origins: Positions
    entrances: Entrances
    doors: Positions
    rule: str
    engine: str


@dataclass(frozen=True)
class _Lot:
    """Categories that share facilities, each within a limit of its own (`cases`), and all that their assignment hangs on beside walks.

    `told` are the cases whose rows are asked for; `facilities` those of the categories, with the column `open`, `places` their units. `standard` asks
    nothing of anything but them, and holds quotas alone. `codes` are the units of the samples, `homes` their rows of the residences.
    """

    cases: tuple[Case, ...]
    told: tuple[Case, ...]
    standard: Standard
    samples: Samples
    residences: Residences
    facilities: Facilities
    places: np.ndarray
    areas: Areas
    codes: np.ndarray
    homes: np.ndarray

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(case.asked.category for case in self.cases)

    @property
    def supply(self) -> pd.DataFrame:
        """What its facilities hold (`capacity.supply`)."""
        return held.supply(self.facilities, self.names, self.standard, measure=self.cases[0].asked.quota.measure)


# Tables of one case: by facility, by area and by residence.
Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class _Found:
    """The assignment of a lot of categories that share facilities: of each its flows, the `amounts` of every sample and what it finds by measure."""

    assignment: Assignment
    flows: Mapping[str, pd.DataFrame]
    amounts: Mapping[str, Mapping[str, np.ndarray]]
    available: Mapping[str, Mapping[str, np.ndarray]]


def capacities(
    layers: tuple[Inputs, Residences, Samples, Facilities], view: View, *, standard: Standard, settings: Settings, codes: np.ndarray,
    known: Known | None = None,
) -> Capacity:  # fmt: skip
    """What facilities hold against who asks within the limits, for every category judged (`capacity.Capacity`).

    `layers` are the study's `Inputs`, residences, samples, and facilities with the column `open`; `codes` the unit of every facility
    (`Areas.codes`). What a standard does not state is filled by `capacity.demanding`. Categories that share a facility are assigned together, the others of
    the lot within their widest mandatory limit. `known` holds what was assigned before.
    """
    inputs, residences, samples, facilities = layers
    samples = again(known, with_dwellings, samples, residences)
    told = held.demanding(standard)
    pace = None if settings.rule == "distance" else view.speed_kmh * METRES_PER_MINUTE_PER_KMH
    areas = again(known, Areas.of, inputs.units)
    located = again(known, codes_of, samples, inputs.units), again(known, held.residence_rows, samples, residences)
    every = held.cases((one for one in held.asked(told) if settings.judges(told.categories[one.category])), per_minute=pace)
    rows: dict[int, Tables] = {}
    lots: dict[tuple, tuple[list[Case], list[int]]] = {}
    for number, case in enumerate(every):
        lacking = _lacking(case, samples, facilities)
        if lacking:
            rows[number] = {"units": held.missing_rows(case, samples, areas=(areas, located[0]), missing=lacking)}
            continue
        lot = _competing(case, every, samples, facilities)
        lots.setdefault(tuple((*one.keys.values(), one.within_m) for one in lot), (lot, []))[1].append(number)
    for lot, numbers in lots.values():
        own = np.flatnonzero(serving(facilities, tuple(case.asked.category for case in lot)))
        asked = _asked((lot, [every[number] for number in numbers]), (samples, residences, facilities, areas, codes), located, own, told)
        rows |= zip(numbers, again(known, _judged, asked, _ways(inputs, asked.facilities, view, settings), within=True), strict=True)
    empty = held.nothing()
    parts = {name: [rows[number][name] for number in sorted(rows) if name in rows[number]] for name in ("facilities", "units", "homes")}
    return Capacity(**{name: pd.concat(tables, ignore_index=True) if tables else getattr(empty, name) for name, tables in parts.items()})


def _lacking(case: Case, samples: Samples, facilities: Facilities) -> str:
    """What a case cannot be worked out for want of; empty where nothing is wanting."""
    some = serving(facilities, (case.asked.category,)).any()
    return ";".join(word for word in (held.missing(samples, case.asked.quota), "" if some else held.NO_FACILITY) if word)


def _competing(case: Case, every: list[Case], samples: Samples, facilities: Facilities) -> list[Case]:
    """The case with those of other categories that share its facilities, each within its principal limit."""
    same = [one for one in every if one.asked.quota.measure == case.asked.quota.measure and not held.missing(samples, one.asked.quota)]
    categories = list(dict.fromkeys(one.asked.category for one in same))
    lot = next(lot for lot in held.competing(categories, facilities) if case.asked.category in lot)
    return [case if one == case.asked.category else held.principal([each for each in same if each.asked.category == one]) for one in lot]


def _asked(
    cases: tuple[list[Case], list[Case]], layers: tuple, located: tuple[np.ndarray, np.ndarray], own: np.ndarray, standard: Standard
) -> _Lot:
    """The lot with the rows `own` of the facilities; the samples are `located` in units and residences."""
    samples, residences, facilities, areas, codes = layers
    facilities = facilities.iloc[own].reset_index(drop=True)
    sharing = {category for served in facilities["categories"] for category in served}
    quotas = {key: one.model_copy(update={"requirements": ()}) for key, one in standard.categories.items() if key in sharing}
    bare = standard.model_copy(update={"categories": quotas, "indicators": {}, "green": {}, "per_thousand": (), "origins": {}})
    return _Lot(tuple(cases[0]), tuple(cases[1]), bare, samples, residences, facilities, codes[own], areas, *located)


def _ways(inputs: Inputs, facilities: Facilities, view: View, settings: Settings) -> _Ways:
    rows = np.flatnonzero(inputs.entrances["facility_id"].isin(set(facilities["facility_id"])).to_numpy())
    entrances, doors = (table.iloc[rows].reset_index(drop=True) for table in (inputs.entrances, view.doors))
    return _Ways(view.network, view.origins, entrances, doors, settings.rule, settings.engine)


def _judged(lot: _Lot, ways: _Ways, *, known: Known | None) -> list[Tables]:
    """The tables of every case told; where streets change and the walks do not, as they were."""
    supply = lot.supply
    return again(known, _tables, lot, {case.asked.category: _pairs(case, supply, (lot.facilities, ways)) for case in lot.cases})


def _tables(lot: _Lot, pairs: Mapping[str, pd.DataFrame]) -> list[Tables]:
    supply, areas = lot.supply, (lot.areas, lot.codes)
    found = _assigned(lot, supply, pairs)
    places, out = lot.facilities.loc[supply.index], []
    for case in lot.told:
        category = case.asked.category
        rows = held.facility_rows(case, found.flows[category], found.assignment.facilities, places=places, status=supply["status"])
        units = held.unit_rows(case, found.amounts[category], lot.samples, areas=areas, offered=_offered(rows, lot, areas[0]))
        homes = held.home_rows(case, found.amounts[category], lot.homes, residences=lot.residences, available=found.available[category])
        out.append({"facilities": rows, "units": units, "homes": homes})
    return out


def _assigned(lot: _Lot, supply: pd.DataFrame, walks: Mapping[str, pd.DataFrame]) -> _Found:
    names = lot.names
    size = len(lot.samples)
    asking = [held.demand(lot.samples, case.asked.quota).to_numpy() for case in lot.cases]
    # The people of every category are origins of their own.
    pairs = [walks[name] for name in names]
    origin = np.concatenate([pair["origin"].to_numpy() + row * size for row, pair in enumerate(pairs)])
    limits = np.repeat([case.within_m for case in lot.cases], [len(pair) for pair in pairs])
    demand = np.concatenate(asking)
    # Who has no facility within the limit changes nothing for the others.
    seen = np.zeros(len(demand), dtype=bool)
    seen[origin] = True
    near = np.flatnonzero(seen)
    facility, metres = (np.concatenate([pair[name].to_numpy() for pair in pairs]) for name in ("facility", "metres"))
    pairs = pd.DataFrame({"origin": (np.cumsum(seen) - 1)[origin], "facility": facility, "metres": metres})
    asking = pd.Series(demand[near])
    done = held.assign(pairs, asking, supply["capacity"])
    access = _access(pairs, asking, supply["capacity"], limits)
    far = demand.copy()
    far[near] = 0.0
    told = {name: _spread(values, near, len(demand)) for name, values in held.amounts(done.origins).items()}
    told["demand"] += far
    told["too_far"] += far
    parts_of = {name: slice(row * size, (row + 1) * size) for row, name in enumerate(names)}
    owner = near[done.flows["origin"].to_numpy()] // size
    return _Found(
        done,
        flows={name: done.flows[owner == row] for row, name in enumerate(names)},
        amounts={name: {key: values[own] for key, values in told.items()} for name, own in parts_of.items()},
        available={name: {key: _spread(values, near, len(demand))[own] for key, values in access.items()} for name, own in parts_of.items()},
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


def _pairs(case: Case, supply: pd.DataFrame, layers: tuple[Facilities, _Ways]) -> pd.DataFrame:
    """Every open facility of the category within its limit of every sample; facilities are rows of `supply`."""
    facilities, ways = layers
    rows = of_category(ways.entrances, facilities, case.asked.category, facilities["open"].to_numpy())
    owner = pd.Index(facilities.loc[supply.index, "facility_id"]).get_indexer(ways.entrances["facility_id"].to_numpy()[rows])
    shortest = ways.rule == "distance"
    by, way, doors = ("walk_m" if shortest else "flat_m"), Way(shortest=shortest, engine=ways.engine), ways.doors.iloc[rows]
    few = np.unique(owner)
    if 0 < len(few) <= FEW and len(rows) >= DOORS_EACH * len(few):
        reached = _each(few, owner, (doors, by, way), ways, case.within_m)
        return held.within(reached, limit_m=case.within_m, by=by)
    reached = catchments(ways.network, doors, ways.origins, limit_m=case.within_m, way=way)
    return held.within(reached, limit_m=case.within_m, doors=owner, by=by)


def _each(few: np.ndarray, owner: np.ndarray, asked: tuple, ways: _Ways, within_m: float) -> pd.DataFrame:
    """The walks to each facility by its nearest door, as a table of `catchments` whose doors are facilities."""
    doors, by, way = asked
    parts = []
    for facility in few:
        metres = measured(ways.network, ways.origins, doors.iloc[owner == facility], way=way)
        near = np.flatnonzero(metres <= within_m + 1)
        parts.append(pd.DataFrame({"door": facility, "origin": near, by: metres[near]}))
    return pd.concat(parts, ignore_index=True)


def _offered(rows: pd.DataFrame, lot: _Lot, areas: Areas) -> dict[str, np.ndarray]:
    """What facilities in every area hold: their number, how many tell it, and the sum of that."""
    row = pd.Index(lot.facilities["facility_id"]).get_indexer(rows["facility_id"])
    codes, capacity = lot.places[row], rows["capacity"].to_numpy()
    known = ~np.isnan(capacity)
    weights = {"facilities": np.ones(len(rows)), "capacity_known": known.astype(float), "supply": np.nan_to_num(capacity)}
    return {name: areas.sums(codes, values) for name, values in weights.items()}
