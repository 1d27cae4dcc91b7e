"""Sites that cover people within a distance: the most people (MCLP), the fewest sites (LSCP), the least distance (p-center)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from livingcircle.catchments import ROUNDING_M
from livingcircle.siting.problem import Bounds, Problem, runs
from livingcircle.siting.program import INFEASIBLE, OPTIMAL, TIME_LIMIT, Clock, Openings, Program, openings


@dataclass(frozen=True)
class Alike:
    """Demand rows in reach of the same sites, merged: the people of each group, and its sites `site[first[g]:first[g + 1]]`."""

    people: np.ndarray
    first: np.ndarray
    site: np.ndarray

    def sites(self, group: int) -> np.ndarray:
        """The sites in reach of a group."""
        return self.site[self.first[group] : self.first[group + 1]]


def alike(asked: Problem, limit_m: float) -> Alike:
    """The people who want to be served, merged by the sites within the limit; who has none is left out."""
    demand, site, _ = asked.within(limit_m)
    order = np.lexsort([site, demand])
    demand, site = demand[order], site[order]
    found: dict[bytes, int] = {}
    people: list[float] = []
    kept: list[np.ndarray] = []
    for a, b in runs(demand):
        group = found.setdefault(site[a:b].tobytes(), len(kept))
        if group == len(kept):
            kept.append(site[a:b])
            people.append(0.0)
        people[group] += asked.people[demand[a]]
    first = np.concatenate([[0], np.cumsum([len(one) for one in kept])]).astype(int)
    return Alike(np.array(people), first, np.concatenate(kept) if kept else np.empty(0, dtype=int))


def most_served(asked: Problem, bounds: Bounds, clock: Clock) -> tuple[np.ndarray | None, float, str]:
    """New sites that serve the most people within the limit, the most that can be, and the status."""
    program, groups = Program(), alike(asked, bounds.limit_m)
    opened = openings(program, asked, bounds)
    total = max(float(groups.people.sum()), 1.0)
    amount = _amounts(program, asked, groups, opened)
    for variable, people in zip(*amount, strict=True):
        program.cost[variable] -= people / total
    found = program.solve(time_s=clock.left)
    if found.status == INFEASIBLE:
        return None, 0.0, INFEASIBLE
    bound = min(-found.bound, 1.0) * total
    return (one_by_one(asked, bounds, groups) if found.values is None else opened.chosen(found)), bound, found.status


def one_by_one(asked: Problem, bounds: Bounds, groups: Alike) -> np.ndarray:
    """Sites within the bounds, each the one that serves most people besides; a siting to show where time was up before the solver found one.

    Room in sites is not looked at, so that with capacities it is no more than a guess.
    """
    chosen = list(asked.held)
    of = np.repeat(np.arange(len(groups.people)), np.diff(groups.first))
    served = np.zeros(len(groups.people), dtype=bool)
    open_ = asked.fixed | np.isin(np.arange(len(asked.sites)), chosen)
    served[of[open_[groups.site]]] = True
    new = asked.new
    most = np.inf if bounds.sites is None or isinstance(bounds.sites, Mapping) else bounds.sites
    while True:
        adds = np.minimum(np.bincount(groups.site, groups.people[of] * ~served[of], minlength=len(asked.sites)), asked.capacity)[new]
        #  the first that is allowed of those that add most
        order = new[np.argsort(-adds, kind="stable")[: int((adds > 0).sum())]] if len(chosen) < most else []
        best = next((int(row) for row in order if row not in chosen and _allowed(asked, bounds, [*chosen, int(row)])), None)
        if best is None:
            return np.array(chosen, dtype=int)
        chosen.append(best)
        served[of[groups.site == best]] = True


def _allowed(asked: Problem, bounds: Bounds, rows: list[int]) -> bool:
    """Whether the rows keep to number and budget, and to what their parcels hold."""
    own = asked.sites.iloc[rows]
    if _beyond(asked, bounds, np.array(rows)) or own.duplicated(["parcel", "category"]).any():
        return False
    land = asked.parcels.set_index("parcel")["area_m2"]
    used = own[own["parcel"].isin(land.index)].groupby("parcel")["area_m2"].sum()
    return bool((used <= land.reindex(used.index)).all())


def _amounts(program: Program, asked: Problem, groups: Alike, opened: Openings) -> tuple[np.ndarray, np.ndarray]:
    """Variables whose sum, times the people of each, is the people served."""
    if asked.limited:
        return _flows(program, asked, groups, opened), np.ones(len(groups.site))
    share = program.variables(len(groups.people))
    group = np.repeat(np.arange(len(groups.people)), np.diff(groups.first))
    cells = np.concatenate([np.arange(len(share)), group]), np.concatenate([share, opened.of[groups.site]]), np.repeat([1.0, -1.0], [len(share), len(group)])
    program.rows(len(share), cells, high=0.0)
    return share, groups.people


def _flows(program: Program, asked: Problem, groups: Alike, opened: Openings, *, whole: bool = False) -> np.ndarray:
    """Variables for the people of each group whom each site serves; `whole` groups are served to the last."""
    size = len(groups.people)
    group = np.repeat(np.arange(size), np.diff(groups.first))
    capacity = asked.capacity[groups.site]
    most = np.minimum(groups.people[group], capacity)
    flow = program.variables(len(group), most=most)
    program.rows(size, (group, flow, np.ones(len(group))), low=groups.people if whole else -np.inf, high=groups.people)
    #  a person is served only where a site is open
    pair = np.arange(len(group))
    cells = np.tile(pair, 2), np.concatenate([flow, opened.of[groups.site]]), np.concatenate([np.ones(len(pair)), -most])
    program.rows(len(pair), cells, high=0.0)
    full, row = np.unique(groups.site[np.isfinite(capacity)], return_inverse=True)
    bounded = flow[np.isfinite(capacity)]
    held = np.arange(len(full))
    cells = np.concatenate([row, held]), np.concatenate([bounded, opened.of[full]]), np.concatenate([np.ones(len(row)), -asked.capacity[full]])
    program.rows(len(full), cells, high=0.0)
    return flow


def fewest(asked: Problem, bounds: Bounds, clock: Clock) -> tuple[np.ndarray | None, float, str]:
    """The fewest new sites, or the cheapest, that serve everybody who can be; the bound, and the status."""
    free = replace(bounds, sites=None, budget=None)
    program, groups = Program(), alike(asked, bounds.limit_m)
    everybody = float(groups.people.sum())
    most = everybody
    if asked.limited or _exclusive(asked):
        _, most, status = most_served(asked, free, clock)
        if status != OPTIMAL:
            return None, 0.0, TIME_LIMIT if status == TIME_LIMIT else INFEASIBLE
    opened = openings(program, asked, free)
    variable, people = _amounts(program, asked, groups, opened)
    slack = 1e-6 * max(1.0, everybody)
    if not asked.limited and most >= everybody - slack:
        for one in variable:
            program.least[one] = 1.0
    else:
        program.row(variable, people, low=most - slack)
    scale = _price(program, asked, opened, by_cost=bounds.by_cost)
    found = program.solve(time_s=clock.left)
    if found.values is None:
        return None, max(found.bound * scale, 0.0) if found.status == TIME_LIMIT else np.inf, found.status
    bound = found.bound * scale
    chosen = opened.chosen(found)
    # Sites are counted in whole numbers, and so is their bound.
    bound = bound if bounds.by_cost else float(np.ceil(bound - 1e-6))
    beyond = _beyond(asked, bounds, chosen) and found.status == OPTIMAL
    return chosen, bound, INFEASIBLE if beyond else found.status


def _price(program: Program, asked: Problem, opened: Openings, *, by_cost: bool) -> float:
    """Give the openings their price; what one unit of the objective stands for."""
    if not by_cost:
        for one in opened.of[opened.new]:
            program.cost[one] += 1.0
        return 1.0
    cost = asked.sites["cost"].to_numpy(dtype=float)
    land = asked.parcels.set_index("parcel")["cost"]
    scale = max(1.0, float(cost[opened.new].max(initial=0.0)))
    for row in opened.new:
        program.cost[opened.of[row]] += cost[row] / scale
    for id, one in opened.parcel.items():
        program.cost[one] += float(land[id]) / scale
    return scale


def _exclusive(asked: Problem) -> bool:
    """Whether some sites keep others closed."""
    held = asked.sites.iloc[asked.new]
    return bool(held.duplicated(["parcel", "category"]).any() or held["parcel"].isin(asked.parcels["parcel"]).any())


def _beyond(asked: Problem, bounds: Bounds, chosen: np.ndarray) -> bool:
    """Whether the chosen sites are more, or cost more, than the bounds allow."""
    if bounds.budget is not None and asked.cost(chosen) > bounds.budget * (1 + 1e-12):
        return True
    if bounds.sites is None:
        return False
    if isinstance(bounds.sites, int | np.integer | float):
        return len(chosen) > bounds.sites
    counts = asked.sites["category"].iloc[chosen].value_counts()
    return any(counts.get(category, 0) > most for category, most in bounds.sites.items())


def within_all(asked: Problem, bounds: Bounds, clock: Clock) -> tuple[np.ndarray | None, float, str]:
    """New sites from which the farthest person is the nearest, the least distance proven, and the status.

    Bisects the distances that occur, from that which the farthest person has to the nearest of all candidates.
    """
    demand, _, walk = asked.within(bounds.limit_m)
    if not len(demand):
        return np.array(asked.held, dtype=int), 0.0, OPTIMAL
    nearest = walk[np.flatnonzero(np.diff(demand, prepend=-1))].max()
    metres = np.unique(walk[walk >= nearest])
    # Walks that differ by the rounding of sums are one distance.
    metres = metres[np.append(np.diff(metres) > ROUNDING_M, True)]
    low, high, best = 0, len(metres), None
    doubtful = False
    trial = len(metres) - 1
    while low < high:
        chosen, status = _covered(asked, replace(bounds, limit_m=float(metres[trial])), clock)
        if chosen is not None:
            best, high = chosen, trial
        elif status == TIME_LIMIT:
            doubtful = True
            break
        else:
            low = trial + 1
        trial = (low + high) // 2
    if best is None:
        return None, float(metres[min(low, len(metres) - 1)]) if doubtful else np.inf, TIME_LIMIT if doubtful else INFEASIBLE
    return best, float(metres[low]), TIME_LIMIT if doubtful else OPTIMAL


def _covered(asked: Problem, bounds: Bounds, clock: Clock) -> tuple[np.ndarray | None, str]:
    """Sites within the bounds that serve everybody within the limit, or none."""
    program, groups = Program(), alike(asked, bounds.limit_m)
    opened = openings(program, asked, bounds)
    if asked.limited:
        _flows(program, asked, groups, opened, whole=True)
    else:
        group = np.repeat(np.arange(len(groups.people)), np.diff(groups.first))
        program.rows(len(groups.people), (group, opened.of[groups.site], np.ones(len(group))), low=1.0)
    found = program.solve(time_s=clock.left)
    return (None if found.values is None else opened.chosen(found)), found.status
