"""Places that run out: which full facilities may be enlarged, by how much, and who would fill the new places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from livingcircle import residences
from livingcircle.analysis.reach import of_category
from livingcircle.capacity import asked, assign, demand, demanding, missing, supply, within
from livingcircle.capacity.asked import Asked
from livingcircle.catchments import catchments
from livingcircle.facilities import is_open
from livingcircle.links import Built
from livingcircle.programme.choosing import Rooms
from livingcircle.standards import Standard

# A facility with fewer free places than this is full; fewer people without a place than this are none.
ONE = 0.5


@dataclass(frozen=True)
class Places:
    """Who asks for places of a category (`asks`, by point of homes) and what its open facilities hold (`holds`, by row of the facilities, NaN where not told)."""

    told: Asked
    limit: float
    asks: np.ndarray
    holds: pd.Series
    weight: float

    def pairs(self, built: Built, rows: np.ndarray) -> pd.DataFrame:
        """Points of homes (of `rows`, numbered from 0) and facilities (numbered as in `holds`) within the limit: `origin`, `facility`, `metres`."""
        case, inputs = built.case, built.case.inputs
        opened = np.isin(np.arange(len(inputs.facilities)), self.holds.index.to_numpy())
        doors = of_category(inputs.entrances, inputs.facilities, self.told.category, opened)
        at = {id: number for number, id in enumerate(inputs.facilities["facility_id"].iloc[self.holds.index])}
        owner = np.array([at[id] for id in inputs.entrances["facility_id"].iloc[doors]], dtype=int)
        found = catchments(built.network, built.doors.iloc[doors].reset_index(drop=True), built.homes.iloc[rows].reset_index(drop=True), limit_m=self.limit, way=case.way)
        return within(found, limit_m=self.limit, doors=owner, by="walk_m" if case.way.shortest else "flat_m")

    def served(self, built: Built, more: Mapping[int, float]) -> float:
        """People who find a place within the limit, exactly, with `more` places in some rows of the facilities."""
        holds = self.holds.add(pd.Series(more, dtype=float).reindex(self.holds.index).fillna(0.0))
        rows = np.flatnonzero(self.asks > 0)
        return assign(self.pairs(built, rows), pd.Series(self.asks[rows]), holds.reset_index(drop=True)).served


def places_of(start: Built, *, standard: Standard, categories: Sequence[str]) -> tuple[Places, ...]:
    """The places asked for and held of every category that a quota counts places, beds, berths or guns of; by its first limit.

    Left out is what the residences do not tell, and categories of which no facility tells its own capacity.
    """
    case, whole = start.case, demanding(standard)
    people = residences.in_year(case.inputs.residences, year=case.settings.year)
    samples = residences.sample(people, case.inputs.units)
    facilities = case.inputs.facilities.assign(open=is_open(case.inputs.facilities, year=case.settings.year, certainty=case.settings.certainty)).reset_index(drop=True)
    limits = {(one.category, asked_.level): float(limit) for one in case.asked for asked_, limit in zip(one.requirements, one.limits, strict=True)}
    out, seen = [], set()
    for one in asked(whole):
        key = one.category, one.requirement.level
        if one.category not in categories or one.category in seen or key not in limits or missing(samples, one.quota):
            continue
        seen.add(one.category)
        holds = supply(facilities, (one.category,), whole, measure=one.quota.measure)["capacity"]
        asks = demand(samples, one.quota).to_numpy(dtype=float)
        if asks.sum() > 0 and holds.notna().any():
            out.append(Places(one, limits[key], asks, holds, float(case.homes.people.sum() / asks.sum())))
    return tuple(out)


def enlargements(told: Places, start: Built, *, most: float) -> pd.DataFrame:
    """Facilities worth enlarging: full today, with people near who find no place. `most` is the largest share of their places that is added.

    Columns: `facility` (row of the facilities), `more` (whole places, for those near without a place), `near` (people near without one).
    """
    rows = np.flatnonzero(told.asks > 0)
    pairs = told.pairs(start, rows)
    done = assign(pairs, pd.Series(told.asks[rows]), told.holds.reset_index(drop=True))
    left = done.origins["unserved"].to_numpy()[pairs["origin"].to_numpy(dtype=int)]
    near = np.bincount(pairs["facility"].to_numpy(dtype=int), left, minlength=len(told.holds))
    holds = told.holds.to_numpy()
    full = (done.facilities["left"].to_numpy() < ONE) & ~np.isnan(holds) & (near >= ONE)
    more = np.ceil(np.minimum(near, most * np.nan_to_num(holds)))
    own = np.flatnonzero(full & (more >= 1))
    return pd.DataFrame({"facility": told.holds.index.to_numpy()[own], "more": more[own], "near": near[own]})


def rooms_of(told: Places, start: Built, measures: Mapping[int, tuple[int, float]], rows: tuple[np.ndarray, np.ndarray]) -> Rooms:
    """The places as the choice counts them, by some points of homes (`rows`, and how many points each stands for).

    `measures` names for rows of the facilities the measure that enlarges them, and by how many places. Facilities that do not tell what they hold take nobody.
    """
    own, stands = rows
    pairs = told.pairs(start, own)
    holds = told.holds.to_numpy()
    known = ~np.isnan(holds)[pairs["facility"].to_numpy(dtype=int)]
    pairs = pairs[known]
    ids = told.holds.index.to_numpy()
    measure = np.array([measures.get(int(id), (-1, 0.0))[0] for id in ids], dtype=int)
    more = np.array([measures.get(int(id), (-1, 0.0))[1] for id in ids], dtype=float)
    asking = told.asks[own] * stands
    # Points with the same facilities within the limit are one to the choice.
    by_origin = pairs.groupby("origin")["facility"].agg(tuple)
    code, sets = pd.factorize(by_origin)
    cells = np.bincount(code, asking[by_origin.index.to_numpy(dtype=int)], minlength=len(sets))
    cell = np.repeat(np.arange(len(sets)), [len(one) for one in sets]) if len(sets) else np.empty(0, dtype=int)
    room = np.array([facility for one in sets for facility in one], dtype=int)
    return Rooms(cells, np.nan_to_num(holds), cell, room, measure, more, told.weight)
