"""Where to build: the four classical models of siting, each solved to proven optimality.

LSCP: Toregas et al. (1971); MCLP: Church and ReVelle (1974); p-median and p-center: Hakimi (1964). p-median is written by distances in
place of pairs (Cornuejols, Nemhauser and Wolsey 1980; Elloumi 2010), p-center as a search over distances on set covering (Minieka 1970).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from livingcircle.errors import Fault, StudyError, said
from livingcircle.siting.covering import fewest, most_served, within_all
from livingcircle.siting.medians import least_metres
from livingcircle.siting.problem import Bounds, Problem, checked
from livingcircle.siting.program import INFEASIBLE, OPTIMAL, TIME_LIMIT, Clock
from livingcircle.siting.serving import by_demand, reasons, served

# Two objectives that differ by less are one: what the solver and the exact sum round differently.
SAME = 1e-7


@dataclass(frozen=True)
class Siting:
    """A siting: the chosen sites, what they achieve, and how near to the best that is proven to be.

    `status` is `optimal` (proven), `time_limit` (the best found, with the bound proven), or `infeasible`: not everybody whom the model must serve can
    be. `demand` tells who; `chosen` serves all who can be at any price, or, where the number or the budget do not let it, the most people
    within them. `objective` is people served (mclp), new sites or their cost (lscp),
    person-metres (p-median) or metres of the farthest walk (p-center), infinite where nothing was found; `bound` what no siting can better, `gap`
    the difference over the objective. `chosen` has a row a new site: `site` (row), `site_id`, `category`, `parcel`, `cost`, `capacity`, `people`
    (served), `farthest_m` (the farthest of them). `demand` is on the index of the demand: `people`, `category`, `served`, `site`, `walk_m`, `reason` (`serving.reasons`).
    `assigned` has a row a demand row and site: `demand`, `site`, `people`, `walk_m`. `cost` is that of new sites and parcels.
    """

    model: str
    status: str
    objective: float
    bound: float
    gap: float
    chosen: pd.DataFrame
    demand: pd.DataFrame
    assigned: pd.DataFrame
    cost: float
    seconds: float

    @property
    def rows(self) -> np.ndarray:
        """Rows of the chosen sites."""
        return self.chosen["site"].to_numpy(dtype=int)

    @property
    def people_served(self) -> float:
        """People served by all open sites."""
        return float(self.demand["served"].sum())


def mclp(asked: Problem, bounds: Bounds) -> Siting:
    """The sites that serve the most people within the limit, for the number of sites and the budget given.

    Maximal covering: existing sites count; with capacities a site serves no more than it can. Raises `StudyError` for bounds that are none.

    >>> from livingcircle.siting.problem import problem, sites_of
    >>> reached = pd.DataFrame({"origin": [0, 1, 1], "door": [0, 0, 1], "walk_m": [200.0, 300.0, 50.0]})
    >>> town = problem(reached, pd.DataFrame({"people": [10, 20, 5], "category": "park"}), sites_of(["a", "b"], category="park"))
    >>> found = mclp(town, Bounds(500, sites=1))
    >>> found.chosen["site_id"].tolist(), found.objective, found.status, found.demand["reason"].tolist()
    (['a'], 30.0, 'optimal', ['', '', 'no_candidate'])
    """
    checked(asked, bounds)
    clock = Clock(bounds.time_s)
    chosen, bound, status = most_served(asked, bounds, clock)
    return _told("mclp", asked, bounds, (chosen, bound, status), clock)


def lscp(asked: Problem, bounds: Bounds) -> Siting:
    """The fewest new sites (or the least cost, if `bounds.by_cost`) that serve everybody who can be served within the limit.

    Location set covering. Where somebody cannot be served by all candidates together, or more sites or money are needed than `bounds` allows, the
    status is `infeasible`, and the answer tells what it takes to serve the rest. Raises `StudyError` for bounds that are none.
    """
    checked(asked, bounds)
    clock = Clock(bounds.time_s)
    return _told("lscp", asked, bounds, fewest(asked, bounds, clock), clock)


def p_median(asked: Problem, bounds: Bounds) -> Siting:
    """The sites by which people walk the fewest metres in sum, for the number of sites and the budget given.

    Only walks within the limit count; whoever has none counts `bounds.unassigned_m` metres (the limit unless told, so that the sum is of
    walks cut at the limit), and is not served from farther than that. If that is infinite everybody with a candidate in reach must have a site;
    where they cannot, or somebody has no candidate, the status is `infeasible`. Raises `StudyError` for bounds that are none.
    """
    checked(asked, bounds)
    clock = Clock(bounds.time_s)
    return _told("p-median", asked, bounds, least_metres(asked, bounds, clock), clock)


def p_center(asked: Problem, bounds: Bounds) -> Siting:
    """The sites by which the farthest walk is the shortest, for the number of sites and the budget given.

    Exact: a search over the distances that occur, each a covering problem. Whoever has no candidate within the limit is told and left out (`infeasible`),
    as is everybody when the sites do not suffice within the limit. Raises `StudyError` for bounds that are none.
    """
    checked(asked, bounds)
    clock = Clock(bounds.time_s)
    return _told("p-center", asked, bounds, within_all(asked, bounds, clock), clock)


MODELS: dict[str, Callable[[Problem, Bounds], Siting]] = {"mclp": mclp, "lscp": lscp, "p-median": p_median, "p-center": p_center}


def solved(model: str, asked: Problem, bounds: Bounds) -> Siting:
    """The siting by the model of that name, one of `MODELS`; raises `StudyError` for another name."""
    if model not in MODELS:
        raise StudyError(Fault("model", said("unknown model {model!r}", model=model), said("choose one of {known}", known=list(MODELS))))
    return MODELS[model](asked, bounds)


def reach_m(model: str, bounds: Bounds) -> float:
    """The metres within which a model lets a site serve."""
    return min(bounds.limit_m, bounds.penalty_m) if model == "p-median" else bounds.limit_m


def objective(model: str, asked: Problem, bounds: Bounds, chosen: np.ndarray, assigned: pd.DataFrame) -> float:
    """What the model counts, worked out from who is served, not by the solver."""
    if model == "mclp":
        return float(assigned["people"].sum())
    if model == "lscp":
        return asked.cost(chosen) if bounds.by_cost else float(len(chosen))
    if model == "p-median":
        metres = float((assigned["people"] * assigned["walk_m"]).sum())
        left = asked.people - np.bincount(assigned["demand"].to_numpy(dtype=int), assigned["people"].to_numpy(), minlength=len(asked.people))
        return metres + (float(left.clip(0).sum()) * bounds.penalty_m if np.isfinite(bounds.penalty_m) else 0.0)
    return float(assigned["walk_m"].max()) if len(assigned) else 0.0


def assignment(model: str, asked: Problem, bounds: Bounds, chosen: np.ndarray, *, limit_m: float | None = None) -> pd.DataFrame:
    """Who is served by the chosen sites and those that stand, as the model lets them be (`serving.served`)."""
    limit = reach_m(model, bounds) if limit_m is None else limit_m
    penalty = bounds.penalty_m if model == "p-median" and np.isfinite(bounds.penalty_m) else None
    return served(asked, chosen, limit_m=limit, penalty_m=penalty)


def _told(model: str, asked: Problem, bounds: Bounds, found: tuple[np.ndarray | None, float, str], clock: Clock) -> Siting:
    chosen, bound, status = found
    nothing = chosen is None
    if nothing and status == INFEASIBLE and model != "mclp":
        chosen, _, _ = most_served(asked, bounds, clock)
    chosen = np.array(asked.held, dtype=int) if chosen is None else np.sort(chosen)
    # The farthest walk is held by the bound found; within it the metres in sum are the least.
    limit = bound if model == "p-center" and status == OPTIMAL and np.isfinite(bound) else None
    assigned = assignment(model, asked, bounds, chosen, limit_m=limit)
    if model in ("mclp", "p-median"):
        chosen, assigned = _of_use(model, asked, bounds, chosen, assigned)
    value = np.inf if nothing and model != "mclp" else objective(model, asked, bounds, chosen, assigned)
    bound = _bound(model, value, bound, status)
    who = by_demand(asked, assigned)
    who["reason"] = reasons(asked, bounds, chosen, who=who, limit_m=reach_m(model, bounds))
    if status != TIME_LIMIT and _must_serve_all(model, bounds) and (who["reason"] != "").any():
        status = INFEASIBLE
    gap = 0.0 if bound == value else abs(bound - value) / abs(value) if np.isfinite(value) and value else np.inf
    return Siting(model, status, value, bound, gap, _sites(asked, chosen, assigned), who, assigned, asked.cost(chosen), clock.spent)


def _of_use(model: str, asked: Problem, bounds: Bounds, chosen: np.ndarray, assigned: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    """The chosen sites without those that add nothing, the dearest first: a number that may be built need not be."""
    value = objective(model, asked, bounds, chosen, assigned)
    before = float(assigned["people"].sum())
    dear = asked.sites["cost"].to_numpy(dtype=float)[chosen]
    for site in chosen[np.argsort(-dear, kind="stable")]:
        if site in asked.held:
            continue
        fewer = chosen[chosen != site]
        others = assignment(model, asked, bounds, fewer)
        lost = abs(objective(model, asked, bounds, fewer, others) - value) > SAME * max(1.0, abs(value))
        if not lost and float(others["people"].sum()) >= before - SAME * max(1.0, before):
            chosen, assigned = fewer, others
    return chosen, assigned


def _must_serve_all(model: str, bounds: Bounds) -> bool:
    return model in ("lscp", "p-center") or (model == "p-median" and not np.isfinite(bounds.penalty_m))


def _bound(model: str, value: float, bound: float, status: str) -> float:
    """The bound on the right side of the objective; equal to it where only rounding lies between."""
    if not np.isfinite(bound) or not np.isfinite(value):
        return bound
    bound = max(bound, value) if model == "mclp" else min(bound, value)
    return value if abs(bound - value) <= SAME * max(1.0, abs(value)) else bound


def _sites(asked: Problem, chosen: np.ndarray, assigned: pd.DataFrame) -> pd.DataFrame:
    told = asked.sites.iloc[chosen][["site_id", "category", "parcel", "cost", "capacity"]].reset_index(drop=True)
    told.insert(0, "site", chosen)
    of = assigned.groupby("site").agg(people=("people", "sum"), farthest_m=("walk_m", "max"))
    return told.assign(
        people=of["people"].reindex(chosen, fill_value=0.0).to_numpy(dtype=float), farthest_m=of["farthest_m"].reindex(chosen, fill_value=0.0).to_numpy(dtype=float)
    )
