"""Who is served by which open site: the nearest with room, and why the others are not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from livingcircle.siting.problem import Bounds, Problem

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
    near = {row: part["site"].to_numpy() for row, part in reach.groupby("demand")}
    open_ = asked.fixed.copy()
    open_[chosen] = True
    free = np.zeros(len(open_), dtype=bool)
    free[asked.new] = True
    barred = {int(site): _barrier(asked, bounds, chosen, site) for site in np.unique(reach["site"].to_numpy()) if free[site] and not open_[site]}
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


def _barrier(asked: Problem, bounds: Bounds, chosen: np.ndarray, site: int) -> str:
    """What keeps one more site closed."""
    own = asked.sites.iloc[[site]].iloc[0]
    most = bounds.sites.get(own["category"]) if isinstance(bounds.sites, Mapping) else bounds.sites
    built = asked.sites.iloc[chosen]
    count = len(built) if not isinstance(bounds.sites, Mapping) else int((built["category"] == own["category"]).sum())
    if own["capacity"] == 0:
        return CAPACITY
    if most is not None and count >= most:
        return SITES
    beside = built[built["parcel"] == own["parcel"]]
    land = asked.parcels.loc[asked.parcels["parcel"] == own["parcel"], "area_m2"]
    if (beside["category"] == own["category"]).any() or (len(land) and beside["area_m2"].sum() + own["area_m2"] > land.iloc[0]):
        return PARCEL
    if bounds.budget is not None and asked.cost(np.append(chosen, site)) > bounds.budget * (1 + 1e-9):
        return BUDGET
    return UNPROVEN
