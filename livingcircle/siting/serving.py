"""Who is served by which open site: the nearest with room, and why the others are not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from livingcircle.siting.problem import Bounds, Problem, runs

#  Why somebody is not served.
NO_CANDIDATE, EXCLUDED, CAPACITY, SITES, BUDGET, PARCEL, UNPROVEN = "no_candidate", "excluded", "capacity", "sites", "budget", "parcel", "unproven"
REASONS = (NO_CANDIDATE, EXCLUDED, CAPACITY, SITES, BUDGET, PARCEL, UNPROVEN)
# What lies beyond these digits of a person is rounding of the solver, and so are shares of people below that.
DIGITS, NOBODY = 6, 1e-6


def served(asked: Problem, chosen: np.ndarray, *, limit_m: float, penalty_m: float | None = None) -> pd.DataFrame:
    """The people that each open site serves of each demand row within the limit: `demand`, `site`, `people`, `walk_m`.

    Open are the sites that stand and the `chosen` ones. Without capacities everybody goes to the nearest, of equals to the lowest row. With
    capacities as many as can be are served, and of all ways to do so the one of the least metres in sum; the people of a row may be
    divided among sites. With a `penalty_m` whoever is not served counts that many metres, and the sum of metres decides alone.
    """
    demand, site, walk = asked.within(limit_m)
    use = asked.fixed.copy()
    use[np.asarray(chosen, dtype=int)] = True
    kept = use[site]
    demand, site, walk = demand[kept], site[kept], walk[kept]
    if not np.isfinite(asked.capacity[site]).any():
        first = np.ones(len(demand), dtype=bool)
        first[1:] = demand[1:] != demand[:-1]
        people = asked.people[demand[first]]
        return pd.DataFrame({"demand": demand[first], "site": site[first], "people": people, "walk_m": walk[first]})
    people = _divided(asked, demand, site, walk, penalty_m)
    people = np.round(people, DIGITS)
    some = people > 0
    return pd.DataFrame({"demand": demand[some], "site": site[some], "people": people[some], "walk_m": walk[some]})


def _divided(asked: Problem, demand: np.ndarray, site: np.ndarray, walk: np.ndarray, penalty_m: float | None) -> np.ndarray:
    """The people on each walk: a transport between demand rows and sites with room, by linear programs."""
    pair = np.arange(len(demand))
    who, row = np.unique(demand, return_inverse=True)
    where, column = np.unique(site, return_inverse=True)
    room = np.minimum(asked.capacity[where], asked.people[who].sum())
    cells = csr_array((np.ones(2 * len(pair)), (np.concatenate([row, len(who) + column]), np.tile(pair, 2))), shape=(len(who) + len(where), len(pair)))
    least = np.concatenate([asked.people[who], room])
    if penalty_m is not None:
        return linprog(walk - penalty_m, A_ub=cells, b_ub=least, method="highs").x
    whole = linprog(-np.ones(len(pair)), A_ub=cells, b_ub=least, method="highs")
    total = -whole.fun
    enough = csr_array(-np.ones((1, len(pair))))
    best = linprog(walk, A_ub=vstack([cells, enough], format="csr"), b_ub=np.append(least, -total), method="highs")
    return whole.x if best.x is None else best.x


def by_demand(asked: Problem, assigned: pd.DataFrame) -> pd.DataFrame:
    """Every demand row with `people`, `category`, `served` (people), `site` (row of the site that serves most of them, -1 for none) and its `walk_m`.

    Infinite metres where nobody is served.
    """
    size = len(asked.demand)
    order = assigned.sort_values(["demand", "people", "walk_m"], ascending=[True, False, True], kind="stable")
    first = order.drop_duplicates("demand")
    site, walk = np.full(size, -1), np.full(size, np.inf)
    row = first["demand"].to_numpy()
    site[row], walk[row] = first["site"].to_numpy(), first["walk_m"].to_numpy()
    people = np.bincount(assigned["demand"].to_numpy(dtype=int), assigned["people"].to_numpy(), minlength=size)
    told = asked.demand[["people", "category"]]
    return told.assign(served=np.minimum(people, asked.people), site=site, walk_m=walk)


def reasons(asked: Problem, bounds: Bounds, chosen: np.ndarray, *, who: pd.DataFrame, limit_m: float) -> np.ndarray:
    """Why a demand row is not wholly served, a word of `REASONS`; empty where it is, and for nobody.

    `no_candidate` and `excluded`: no site lies within the limit, or only ones that may not be chosen. `capacity`: an open one is full.
    Otherwise a candidate lies within the limit that one more site (`sites`), its cost (`budget`) or its parcel, taken already (`parcel`), keeps
    closed; `unproven` where nothing does, and the time was up.
    """
    short = np.flatnonzero(asked.people - who["served"].to_numpy() > NOBODY * np.maximum(asked.people, 1))
    out = np.full(len(asked.demand), "", dtype=object)
    reach = asked.walks[(asked.walks["walk_m"] <= limit_m + 1e-6) & asked.walks["demand"].isin(short)]
    order = np.argsort(reach["demand"].to_numpy(), kind="stable")
    demand, site = (reach[name].to_numpy(dtype=int)[order] for name in ("demand", "site"))
    near = {int(demand[a]): site[a:b] for a, b in runs(demand)}
    open_ = asked.fixed.copy()
    open_[chosen] = True
    free = np.zeros(len(open_), dtype=bool)
    free[asked.new] = True
    closed = np.unique(reach["site"].to_numpy(dtype=int))
    barred = _barriers(asked, bounds, chosen, closed[free[closed] & ~open_[closed]])
    for row in short:
        sites = near.get(row, np.empty(0, dtype=int))
        if not len(sites):
            out[row] = NO_CANDIDATE
        elif open_[sites].any():
            out[row] = CAPACITY
        elif not free[sites].any():
            out[row] = EXCLUDED
        else:
            found = {barred[int(site)] for site in sites if free[site]}
            out[row] = next(word for word in (UNPROVEN, BUDGET, PARCEL, SITES, CAPACITY) if word in found)
    return out


def _barriers(asked: Problem, bounds: Bounds, chosen: np.ndarray, sites: np.ndarray) -> dict[int, str]:
    """What keeps each of some closed sites closed, one more at a time."""
    category, parcel = (asked.sites[name].to_numpy(dtype=object) for name in ("category", "parcel"))
    area = asked.sites["area_m2"].to_numpy(dtype=float)
    land = dict(zip(asked.parcels["parcel"], asked.parcels["area_m2"], strict=True))
    built = [int(row) for row in chosen]
    taken = {(parcel[row], category[row]) for row in built}
    used: dict[object, float] = {}
    for row in built:
        used[parcel[row]] = used.get(parcel[row], 0.0) + area[row]
    out = {}
    for site in map(int, sites):
        by_kind = isinstance(bounds.sites, Mapping)
        most = bounds.sites.get(category[site]) if by_kind else bounds.sites
        count = sum(category[row] == category[site] for row in built) if by_kind else len(built)
        if asked.capacity[site] == 0:
            out[site] = CAPACITY
        elif most is not None and count >= most:
            out[site] = SITES
        elif (parcel[site], category[site]) in taken or used.get(parcel[site], 0.0) + area[site] > land.get(parcel[site], np.inf):
            out[site] = PARCEL
        else:
            dear = bounds.budget is not None and asked.cost(np.append(chosen, site)) > bounds.budget * (1 + 1e-9)
            out[site] = BUDGET if dear else UNPROVEN
    return out
