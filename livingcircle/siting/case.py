"""A study as sites are looked for on it: homes and doors on the streets, and the siting problem that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd

from livingcircle import residences as homes
from livingcircle.analysis import Inputs, Settings
from livingcircle.analysis.reach import of_category
from livingcircle.analysis.standing import Standing, coordinates
from livingcircle.capacity import asked, demand, demanding, missing
from livingcircle.catchments import ROUNDING_M, catchments
from livingcircle.costs import as_walked, closed
from livingcircle.errors import DataError, Fault, raise_all, said
from livingcircle.facilities import is_open
from livingcircle.layers import Facilities, Positions, Samples
from livingcircle.network.links import linked
from livingcircle.siting.problem import Bounds, Problem, problem, sites_of
from livingcircle.siting.wish import Term, Terms
from livingcircle.standards import Quota, Standard
from livingcircle.walk_time import Way, nearest

# So many sites are searched from at a time: their walks to all homes would fill the memory.
BLOCK = 64
# Two hashes of 64 bits: two sets of sites that differ are told apart.
KEYS = 2


@dataclass(frozen=True)
class Case:
    """A study as a siting is judged on it, as one group walks, in the year of the settings; see `case_of`.

    `candidates` are points in the CRS of the streets with `site_id`, `name`, `parcel`, `allowed`, `cost`, `area_m2`; `doors` their street positions.
    `standing` are the rows of the facilities open for each term, in its order. `samples` are points that stand for homes, `origins` their positions.
    """

    inputs: Inputs
    terms: Terms
    samples: Samples
    origins: Positions
    candidates: gpd.GeoDataFrame
    doors: Positions
    streets: Standing
    facilities: Facilities
    standing: tuple[np.ndarray, ...]
    weights: tuple[np.ndarray, ...]
    engine: str

    @property
    def way(self) -> Way:
        """How walks are looked for: what the rule judges."""
        return Way(shortest=self.terms.rule == "distance", engine=self.engine)

    @property
    def measure(self) -> str:
        """The column of walks that decides."""
        return "walk_m" if self.way.shortest else "flat_m"

    @cached_property
    def people(self) -> np.ndarray:
        """The people of the group that each sample stands for."""
        return self.samples[self.terms.group.people].to_numpy(dtype=float)

    @cached_property
    def _entrances(self) -> Positions:
        return self.streets.doors(coordinates(self.inputs.entrances), limit_m=self.streets.settings.snap_limit_m)

    @cached_property
    def _door_rows(self) -> tuple[np.ndarray, ...]:
        """The entrances that lead into what stands, by term."""
        entrances, out = self.inputs.entrances, []
        for term, rows in zip(self.terms.each, self.standing, strict=True):
            chosen = np.isin(np.arange(len(self.facilities)), rows)
            out.append(of_category(entrances, self.facilities, term.category, chosen))
        return tuple(out)

    @cached_property
    def sites(self) -> pd.DataFrame:
        """The sites of the problem (`SITES`): what stands for each term, then the candidates."""
        parts = [self._standing_sites(term, rows) for term, rows in zip(self.terms.each, self.standing, strict=True)]
        own, room = self.candidates, self.terms.each[0].capacity
        told = {name: own[name].to_numpy() for name in ("parcel", "allowed", "cost", "area_m2")}
        parts.append(sites_of(own["site_id"].to_numpy(), category=self.terms.key, capacity=np.inf if room is None else room, **told))
        return pd.concat(parts, ignore_index=True)

    def _standing_sites(self, term: Term, rows: np.ndarray) -> pd.DataFrame:
        own = self.facilities.iloc[rows]
        room = np.inf if term.capacity is None else pd.to_numeric(own["capacity"], errors="coerce").fillna(np.inf).to_numpy(dtype=float)
        return sites_of([f"{term.category}:{id}" for id in own["facility_id"]], category=self.terms.key, fixed=True, capacity=room)

    @property
    def first(self) -> int:
        """The row of the first candidate among the sites."""
        return sum(map(len, self.standing))

    def _doors_of(self, number: int) -> tuple[Positions, np.ndarray]:
        """The doors by which a term is served, and the site row of each: of what stands for it, and of all candidates."""
        rows = self._door_rows[number]
        before = sum(map(len, self.standing[:number]))
        at = {id: before + turn for turn, id in enumerate(self.facilities["facility_id"].iloc[self.standing[number]])}
        owner = [at[id] for id in self.inputs.entrances["facility_id"].iloc[rows]]
        doors = pd.concat([self._entrances.iloc[rows], self.doors], ignore_index=True)
        return doors, np.array([*owner, *range(self.first, self.first + len(self.doors))], dtype=int)

    def walks(self, number: int, chosen: Sequence[int] = ()) -> np.ndarray:
        """The walk of every sample, in the measure of the rule, to the nearest site of a term: of what stands and of the chosen rows of sites."""
        rows = np.asarray(chosen, dtype=int) - self.first
        doors = pd.concat([self._entrances.iloc[self._door_rows[number]], self.doors.iloc[rows]], ignore_index=True)
        found = nearest(self.streets.network, self.origins, doors, speed_kmh=self.terms.group.speed_kmh, way=self.way)
        return found[self.measure].to_numpy()

    @cached_property
    def before(self) -> np.ndarray:
        """Whether each sample has what stands within the limit, as a (terms, samples) array."""
        return np.array([self.walks(n) <= term.judged_m + ROUNDING_M for n, term in enumerate(self.terms.each)])

    def reached(self, chosen: Sequence[int]) -> np.ndarray:
        """Whether each sample has each of the chosen sites within the limit, as a (chosen, terms, samples) array."""
        out = np.zeros((len(chosen), len(self.terms.each), len(self.samples)), dtype=bool)
        doors = self.doors.iloc[np.asarray(chosen, dtype=int) - self.first].reset_index(drop=True)
        for n, term in enumerate(self.terms.each):
            found = catchments(self.streets.network, doors, self.origins, limit_m=term.judged_m, way=self.way)
            out[found["door"].to_numpy(), n, found["origin"].to_numpy()] = True
        return out

    @cached_property
    def covering(self) -> tuple[Problem, np.ndarray]:
        """The problem within the limits judged, exact, and the demand row of every sample, as a (terms, samples) array.

        A demand row is the people of a residence who have the same sites within the limit.
        """
        keys = [self._alike(n, term.judged_m) for n, term in enumerate(self.terms.each)]
        return self._posed(keys, [term.judged_m for term in self.terms.each])

    @cached_property
    def problem(self) -> tuple[Problem, np.ndarray]:
        """The problem of the model, and the demand row of every sample.

        p-median and p-center count metres: there a demand row is the people of a residence who come out on the same street.
        """
        if self.terms.covering:
            return self.covering
        edge = self.origins["edge"].to_numpy()
        return self._posed([[edge]] * len(self.terms.each), [term.reach_m for term in self.terms.each])

    def _alike(self, number: int, limit_m: float) -> list[np.ndarray]:
        """Columns that are equal for samples with the same sites within the limit."""
        doors, owner = self._doors_of(number)
        key = np.random.default_rng(0).integers(1, 2**63, size=(len(self.sites), KEYS), dtype=np.uint64)
        mark = np.zeros((KEYS, len(self.samples)), dtype=np.uint64)
        kept = np.arange(len(self.sites)) >= self.first
        if self.terms.limited:
            kept[:] = True
        for sites in np.array_split(np.flatnonzero(kept), max(1, -(-int(kept.sum()) // BLOCK))):
            rows = np.flatnonzero(np.isin(owner, sites))
            found = catchments(self.streets.network, doors.iloc[rows].reset_index(drop=True), self.origins, limit_m=limit_m, way=self.way)
            origin, site = found["origin"].to_numpy(dtype=int), owner[rows][found["door"].to_numpy(dtype=int)]
            pair = np.unique(origin * len(self.sites) + site)
            origin, site = np.divmod(pair, len(self.sites))
            for n in range(KEYS):
                np.add.at(mark[n], origin, key[site, n])
        return [*mark, self.before[number], self.origins["edge"].to_numpy() >= 0]

    def _posed(self, keys: Sequence[Sequence[np.ndarray]], limits: Sequence[float]) -> tuple[Problem, np.ndarray]:
        row = np.zeros((len(self.terms.each), len(self.samples)), dtype=int)
        reached, people = [], []
        count = 0
        residence = pd.factorize(self.samples["residence_id"])[0]
        for n, (columns, limit_m) in enumerate(zip(keys, limits, strict=True)):
            alike = pd.DataFrame({"residence": residence, **{str(at): column for at, column in enumerate(columns)}})
            group = alike.groupby([*alike], sort=False).ngroup().to_numpy()
            stands = _middle(group, self.origins)
            doors, owner = self._doors_of(n)
            found = catchments(self.streets.network, doors, self.origins.iloc[stands].reset_index(drop=True), limit_m=limit_m, way=self.way)
            told = {"origin": found["origin"].to_numpy(dtype=int) + count, "door": owner[found["door"].to_numpy(dtype=int)], "walk_m": found[self.measure]}
            reached.append(pd.DataFrame(told))
            people.append(pd.DataFrame({"people": np.bincount(group, self.weights[n], minlength=len(stands)), "category": self.terms.key}))
            row[n] = group + count
            count += len(stands)
        return problem(pd.concat(reached, ignore_index=True), pd.concat(people, ignore_index=True), self.sites), row

    @property
    def bounds(self) -> Bounds:
        """What the wish lets be built and spent: one new site where neither a number nor a budget is told."""
        wish = self.terms.wish
        sites = 1 if wish.sites is None and wish.budget is None and wish.model != "lscp" else wish.sites
        limit = max(term.reach_m for term in self.terms.each)
        by_cost = wish.model == "lscp" and wish.sites is None and wish.budget is not None
        return Bounds(limit, sites=sites, budget=wish.budget, unassigned_m=wish.unserved_m, by_cost=by_cost, time_s=wish.time_s)

    @property
    def judged(self) -> Bounds:
        """The same within the limits judged."""
        return replace(self.bounds, limit_m=max(term.judged_m for term in self.terms.each), unassigned_m=None, by_cost=False)


def _middle(group: np.ndarray, origins: Positions) -> np.ndarray:
    """For each group of samples, numbered from 0, the row in the middle of them as they lie along their street."""
    order = np.lexsort([origins["offset_m"].to_numpy(), group])
    first = np.flatnonzero(np.diff(group[order], prepend=-1))
    size = np.diff(first, append=len(order))
    return order[first + (size - 1) // 2]


def case_of(inputs: Inputs, candidates: gpd.GeoDataFrame, *, terms: Terms, standard: Standard, settings: Settings) -> Case:
    """The study as sites are looked for on it. Homes, facilities and candidates stand on the streets as `analysis.analyze` would have them.

    Raises `DataError` with every fault: nobody of the group lives in the study, or its people ask for something that the residences do not tell.
    """
    walker = settings.walker_of(terms.group)
    own = as_walked(inputs.network, walker, inputs.ground)
    kept = ~closed(inputs.network, walker, inputs.ground) if inputs.links else None
    streets = Standing(own, linked(own, inputs.links, kept=kept) if inputs.links else None, inputs, settings)
    people = homes.in_year(inputs.residences, year=settings.year)
    samples = homes.sample(people, inputs.units, among=inputs.sampled_among)
    opened = is_open(inputs.facilities, year=settings.year, certainty=settings.certainty)
    standing = tuple(np.flatnonzero(opened & np.array([t.category in served for served in inputs.facilities["categories"]], dtype=bool)) for t in terms.each)
    return Case(
        inputs=inputs,
        terms=terms,
        samples=samples,
        origins=streets.homes(coordinates(samples)),
        candidates=candidates.reset_index(drop=True),
        doors=streets.doors(coordinates(candidates), limit_m=settings.snap_limit_m),
        streets=streets,
        facilities=inputs.facilities,
        standing=standing,
        weights=tuple(_weights(samples, term, terms, standard) for term in terms.each),
        engine=settings.engine,
    )


def _weights(samples: Samples, term: Term, terms: Terms, standard: Standard) -> np.ndarray:
    """How much each sample asks of a term: its people, or with capacities the places that they ask for."""
    quota = quota_of(term, standard)
    lacking = missing(samples, quota) if quota is not None else ""
    people = samples[terms.group.people].to_numpy(dtype=float)
    faults = []
    if lacking:
        problem = said("{category} has a capacity, and the residences tell no '{column}'", category=term.category, column=lacking)
        faults.append(Fault("siting.capacity", problem, "give the people of this group, or leave the capacity out"))
    elif not people.sum() > 0:
        faults.append(Fault("residences", said("nobody of the group '{id}' lives in the study", id=terms.group.id), "choose another group or year"))
    raise_all(faults, DataError)
    return people if quota is None else demand(samples, quota).to_numpy(dtype=float)


def quota_of(term: Term, standard: Standard) -> Quota | None:
    """The quota by which a term with a capacity asks for places; None without a capacity, and where people ask for one place each."""
    if term.capacity is None:
        return None
    return next((one.quota for one in asked(demanding(standard)) if one.category == term.category), None)
