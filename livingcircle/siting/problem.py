"""What a siting is asked: who walks how far to which site, what a site costs and takes, and what may be spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from livingcircle.catchments import ROUNDING_M
from livingcircle.errors import DataError, Fault, StudyError, raise_all, said
from livingcircle.layers import Layer, check

SITES = Layer(
    "sites",
    {
        "site_id": "stable id",
        "category": "category that would be served there",
        "parcel": "parcel it lies on; positions of one parcel and category exclude each other",
        "fixed": "whether it stands already",
        "allowed": "whether it may be chosen",
        "capacity": "people it can serve, infinite for any number",
        "cost": "cost of building it there, in the unit of the budget",
        "area_m2": "land it takes, m²",
    },
    not_null=("site_id", "category", "parcel", "fixed", "allowed", "capacity", "cost", "area_m2"),
)
PARCELS = Layer(
    "parcels",
    {"parcel": "stable id", "area_m2": "land that facilities may share, m²", "cost": "cost of the parcel, however many facilities share it"},
    not_null=("parcel", "area_m2", "cost"),
)
DEMAND = Layer("demand", {"people": "people who want to be served", "category": "category they want"}, not_null=("people", "category"))
WALKS = Layer("walks", {"demand": "row of the demand", "site": "row of the sites", "walk_m": "metres of the walk that decides"})


@dataclass(frozen=True)
class Bounds:
    """What a siting must keep to: the inclusive limit of walks in metres, and what may be built and spent.

    `sites` is the most new sites: in all, or by category. `budget` is the most that new sites and their parcels cost together. Either, both or
    neither may be given. `unassigned_m` is what p-median counts for whoever has no site (infinite: nobody may be without one); the
    limit when None. `by_cost` lets LSCP look for the least cost in place of the fewest sites. `time_s` is the most seconds of one solution.
    """

    limit_m: float
    sites: int | Mapping[str, int] | None = None
    budget: float | None = None
    unassigned_m: float | None = None
    by_cost: bool = False
    time_s: float = 60.0

    @property
    def penalty_m(self) -> float:
        """The metres that p-median counts for whoever has no site."""
        return self.limit_m if self.unassigned_m is None else self.unassigned_m

    def faults(self) -> list[Fault]:
        """What is wrong with them."""
        wrong = []
        if not self.limit_m >= 0:
            wrong.append(Fault("limit_m", said("{limit_m} is no walk", limit_m=self.limit_m), "give metres, 0 or more"))
        if not self.penalty_m >= 0:
            wrong.append(Fault("unassigned_m", said("{limit_m} is no walk", limit_m=self.penalty_m), "give metres, 0 or more"))
        for number in self.sites.values() if isinstance(self.sites, Mapping) else [self.sites]:
            if number is not None and not (number >= 0 and number == int(number)):
                wrong.append(Fault("sites", said("{k} is no number of sites", k=number), "give a whole number, 0 or more"))
        if self.budget is not None and not self.budget >= 0:
            wrong.append(Fault("budget", said("{budget} is no budget", budget=self.budget), "give 0 or more"))
        if not self.time_s > 0:
            wrong.append(Fault("time_s", said("{time_s} is no time", time_s=self.time_s), "give seconds, more than 0"))
        return wrong


@dataclass(frozen=True)
class Problem:
    """Demand, sites, the walks between them, and the parcels that several categories may share; made by `problem`.

    Rows count from 0, whatever the index of the demand, which results keep. Every pair of a demand row and a site of its category stands at most once in `walks`, with its shortest walk.
    A parcel without a row in `parcels` costs nothing of itself and has room for one site of each category; the land told is what is free
    for new sites. `held` are the new sites that must be chosen.
    """

    demand: pd.DataFrame
    sites: pd.DataFrame
    walks: pd.DataFrame
    parcels: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(PARCELS.columns)))
    held: tuple[int, ...] = ()

    @cached_property
    def people(self) -> np.ndarray:
        """The people of every demand row."""
        return self.demand["people"].to_numpy(dtype=float)

    @cached_property
    def new(self) -> np.ndarray:
        """Rows of the sites that may be chosen: allowed, and not standing already."""
        return np.flatnonzero(self.sites["allowed"].to_numpy(dtype=bool) & ~self.fixed)

    @cached_property
    def fixed(self) -> np.ndarray:
        """Whether each site stands already."""
        return self.sites["fixed"].to_numpy(dtype=bool)

    @cached_property
    def capacity(self) -> np.ndarray:
        """The people that each site can serve."""
        return self.sites["capacity"].to_numpy(dtype=float)

    @cached_property
    def limited(self) -> bool:
        """Whether any usable site can be full."""
        return bool(np.isfinite(self.capacity[np.union1d(self.new, np.flatnonzero(self.fixed))]).any())

    def within(self, limit_m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Demand row, site row and metres of every walk within the limit between people and a site that stands or may; by demand, then metres."""
        demand, site, walk = (self.walks[name].to_numpy() for name in WALKS.columns)
        usable = self.fixed.copy()
        usable[self.new] = True
        kept = (walk <= limit_m + ROUNDING_M) & usable[site] & (self.people[demand] > 0)
        return demand[kept], site[kept], walk[kept]

    def cost(self, chosen: np.ndarray) -> float:
        """The cost of the chosen sites and of their parcels, each parcel once."""
        own = self.sites.iloc[chosen]
        land = self.parcels.loc[self.parcels["parcel"].isin(own["parcel"]), "cost"].sum()
        return float(own["cost"].sum() + land)

    def without(self, site: int) -> Problem:
        """The same problem, where the site may not be chosen, nor another position for its category on the same parcel."""
        own = self.sites.iloc[site]
        same = (self.sites["parcel"] == own["parcel"]) & (self.sites["category"] == own["category"])
        allowed = self.sites["allowed"].to_numpy(dtype=bool) & ~same.to_numpy()
        return replace(self, sites=self.sites.assign(allowed=allowed))

    def holding(self, sites: np.ndarray) -> Problem:
        """The same problem, where these new sites must be chosen."""
        return replace(self, held=tuple(int(row) for row in sites))


def problem(
    reached: pd.DataFrame,
    demand: pd.DataFrame,
    sites: pd.DataFrame,
    parcels: pd.DataFrame | None = None,
    *,
    owner: np.ndarray | None = None,
    by: str = "walk_m",
) -> Problem:
    """The siting problem of a table of walks (`catchments`: `origin`, `door`, metres), demand (row = origin) and `SITES`.

    `demand` keeps `DEMAND`; `owner` names the site row of every door (else the doors are the sites); `by` the column of metres that decides.
    Pairs of two categories are left out; of several doors of a site the nearest counts. Raises `DataError` with everything wrong: a column
    missing or empty, people, capacities, costs or areas that are no quantity, a repeated site or parcel, a door without a site.

    >>> reached = pd.DataFrame({"origin": [0, 1], "door": [0, 0], "walk_m": [200.0, 300.0]})
    >>> made = problem(reached, pd.DataFrame({"people": [10, 20], "category": "park"}), sites_of(["a", "b"], category="park"))
    >>> made.walks.values.tolist()
    [[0.0, 0.0, 200.0], [1.0, 0.0, 300.0]]
    """
    parcels = pd.DataFrame({"parcel": [], "area_m2": [], "cost": []}) if parcels is None else parcels
    for frame, contract in ((demand, DEMAND), (sites, SITES), (parcels, PARCELS)):
        check(frame, contract, where=contract.name)
    owner = np.arange(len(sites)) if owner is None else np.asarray(owner)
    faults = [*_quantities(demand, sites, parcels), *_repeated(sites, "site_id", "sites"), *_repeated(parcels, "parcel", "parcels")]
    door = reached["door"].to_numpy(dtype=int)
    origin = reached["origin"].to_numpy(dtype=int)
    if len(door) and (door.max() >= len(owner) or owner[door].max() >= len(sites)):
        faults.append(Fault("sites", said("{rows} rows for {doors} doors", rows=len(sites), doors=int(door.max()) + 1), "name the site of every door row"))
    if len(origin) and origin.max() >= len(demand):
        faults.append(Fault("demand", said("{rows} rows for {origins} origins", rows=len(demand), origins=int(origin.max()) + 1), "give one row an origin"))
    raise_all(faults, DataError)
    site = owner[door]
    walks = pd.DataFrame({"demand": origin, "site": site, "walk_m": reached[by].to_numpy(dtype=float)})
    same = demand["category"].to_numpy(dtype=object)[origin] == sites["category"].to_numpy(dtype=object)[site]
    walks = walks[same].sort_values(["demand", "walk_m", "site"], kind="stable").drop_duplicates(["demand", "site"])
    return Problem(demand, sites.reset_index(drop=True), walks.reset_index(drop=True), parcels.reset_index(drop=True))


def sites_of(site_id: list | np.ndarray, *, category: str, **told: object) -> pd.DataFrame:
    """A table of `SITES` for candidates of one category: each on a parcel of its own, of any capacity, for no cost, unless `told`."""
    free = {"parcel": list(site_id), "fixed": False, "allowed": True, "capacity": np.inf, "cost": 0.0, "area_m2": 0.0}
    return pd.DataFrame({"site_id": list(site_id), "category": category, **free, **told})


def joint(problems: Mapping[str, Problem], parcels: pd.DataFrame | None = None) -> Problem:
    """One problem of the problems of several categories, by category: sites of different categories may share a parcel, its area and its cost.

    Demand rows and site rows follow one another in the order given; `demand` keeps its category. `parcels` (`PARCELS`) tells the land
    and the cost that are shared.
    """
    demand, sites, walks = [], [], []
    rows = places = 0
    for category, one in problems.items():
        demand.append(one.demand.assign(category=category))
        sites.append(one.sites.assign(category=category, site_id=[f"{category}:{id}" for id in one.sites["site_id"]]))
        walks.append(one.walks.assign(demand=one.walks["demand"] + rows, site=one.walks["site"] + places))
        rows, places = rows + len(one.demand), places + len(one.sites)
    together = pd.concat(walks, ignore_index=True).rename(columns={"demand": "origin", "site": "door"})
    return problem(together, pd.concat(demand, ignore_index=True), pd.concat(sites, ignore_index=True), parcels)


def runs(rows: np.ndarray) -> list[tuple[int, int]]:
    """Where each run of equal numbers begins and ends.

    >>> runs(np.array([3, 3, 7]))
    [(0, 2), (2, 3)]
    """
    start = np.flatnonzero(np.diff(rows, prepend=-1)).tolist()
    return list(zip(start, [*start[1:], len(rows)], strict=False))


def checked(asked: Problem, bounds: Bounds) -> None:
    """Nothing when the bounds can be kept to; raises `StudyError` with everything wrong otherwise."""
    faults = bounds.faults()
    if isinstance(bounds.sites, Mapping):
        known = sorted(set(asked.sites["category"]))
        faults += [
            Fault("sites", said("no candidate for '{category}'", category=category), said("choose one of {known}", known=known))
            for category in bounds.sites
            if category not in known
        ]
    raise_all(faults, StudyError)


def _quantities(demand: pd.DataFrame, sites: pd.DataFrame, parcels: pd.DataFrame) -> list[Fault]:
    faults = []
    for where, frame, names in (("demand", demand, ["people"]), ("sites", sites, ["capacity", "cost", "area_m2"]), ("parcels", parcels, ["area_m2", "cost"])):
        for name in names:
            value = pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float)
            good = (value >= 0) & (np.isfinite(value) | (name == "capacity"))
            if not good.all():
                rows = np.flatnonzero(~good)[:5].tolist()
                faults.append(Fault(where, said("'{name}' is no quantity in rows {rows}", name=name, rows=rows), "give 0 or more"))
    return faults


def _repeated(frame: pd.DataFrame, name: str, where: str) -> list[Fault]:
    twice = frame[name][frame[name].duplicated()].drop_duplicates().tolist()[:5]
    return [Fault(where, said("'{name}' repeats {ids}", name=name, ids=twice), "give every row an id of its own")] if twice else []
