"""Sites by which people walk the fewest metres in sum, within a limit beyond which a person counts as unserved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from livingcircle.siting.problem import Bounds, Problem, runs
from livingcircle.siting.program import INFEASIBLE, OPTIMAL, TIME_LIMIT, Clock, Openings, Program, openings
from livingcircle.siting.pruning import Walks, pruned, walks_that_matter

# Below so many walks the whole program is solved at once as quickly.
MANY = 15_000


def least_metres(asked: Problem, bounds: Bounds, clock: Clock) -> tuple[np.ndarray | None, float, str]:
    """New sites of the fewest person-metres, the fewest that are proven to be needed, and the status."""
    walks = walks_that_matter(asked, bounds)
    if asked.limited or len(walks.who) < MANY or not _by_number(asked, bounds):
        return _exact(asked, bounds, clock)
    few = pruned(walks, int(bounds.sites), clock)
    allowed = np.isin(np.arange(len(asked.sites)), few.left)
    chosen, bound, status = _exact(replace(asked, sites=asked.sites.assign(allowed=allowed)), bounds, clock)
    if status == OPTIMAL:
        return chosen, bound, status
    #  time is up: the better of the two sitings and of the two bounds
    own = np.inf if chosen is None else float(np.minimum(walks.last, _to(walks, chosen)) @ walks.people)
    return (chosen if own < few.metres else few.chosen), max(bound, few.bound), TIME_LIMIT


def _by_number(asked: Problem, bounds: Bounds) -> bool:
    """Whether the number of sites is all that bounds what may be chosen, and everybody may be unserved or is served already."""
    alone = not asked.sites["parcel"].iloc[asked.new].duplicated().any() and not len(asked.parcels)
    number = isinstance(bounds.sites, int | np.integer | float) and bounds.sites >= 1
    return bool(alone and number and bounds.budget is None and not asked.held and np.isfinite(bounds.penalty_m))


def _to(walks: Walks, chosen: np.ndarray) -> np.ndarray:
    """Metres of everybody to the nearest of the chosen sites, infinite where none is worth the walk."""
    metres = np.full(len(walks.last), np.inf)
    own = np.isin(walks.sites[walks.which], chosen)
    np.minimum.at(metres, walks.who[own], walks.walk[own])
    return metres


def _exact(asked: Problem, bounds: Bounds, clock: Clock) -> tuple[np.ndarray | None, float, str]:
    program = Program()
    opened = openings(program, asked, bounds)
    total = max(float(asked.people.sum()), 1.0)
    # Metres a person, so that the solver's tolerances mean the same in every town.
    constant = (_divided if asked.limited else _nearest)(program, asked, bounds, opened, total)
    found = program.solve(time_s=clock.left)
    if found.status == INFEASIBLE:
        return None, np.inf, INFEASIBLE
    bound = (found.bound + constant) * total
    return (None if found.values is None else opened.chosen(found)), max(bound, 0.0), found.status


def _nearest(program: Program, asked: Problem, bounds: Bounds, opened: Openings, total: float) -> float:
    """Everybody goes to the nearest open site; the metres a person that are walked in any case.

    A variable stands for "no open site among these": the candidates nearer than the next distance of a demand row. Rows that meet the same
    candidates, in whatever order, share it. Nobody walks past the nearest site that stands, nor farther than the unserved count.
    """
    limit = min(bounds.limit_m, bounds.penalty_m)
    demand, site, walk = asked.within(limit)
    none_of: dict[int, int] = {0: -1}
    constant = 0.0
    reached = np.zeros(len(asked.people), dtype=bool)
    for a, b in runs(demand):
        row = demand[a]
        reached[row] = True
        weight = asked.people[row] / total
        constant += weight * _chain(program, opened, (site[a:b], walk[a:b], asked.fixed[site[a:b]]), bounds.penalty_m, (weight, none_of))
    if np.isfinite(bounds.penalty_m):
        constant += float(asked.people[~reached].sum()) / total * bounds.penalty_m
    return constant


def _chain(
    program: Program, opened: Openings, near: tuple[np.ndarray, np.ndarray, np.ndarray], penalty_m: float, priced: tuple[float, dict[int, int]]
) -> float:
    """One demand row's variables, their prices, and its least metres; `near` are its sites, walks, and which stand, from near to far."""
    site, walk, fixed = near
    weight, none_of = priced
    stands = np.flatnonzero(fixed)
    last = walk[stands[0]] if len(stands) else penalty_m
    count = int(np.searchsorted(walk, last))
    mask, before = 0, -1
    at = 0
    while at < count:
        step = at + int(np.searchsorted(walk[at:count], walk[at], side="right"))
        rows = site[at:step].tolist()
        for row in rows:
            mask |= 1 << row
        farther = walk[step] if step < count else last
        own = none_of.get(mask)
        if own is None:
            (own,) = program.variables(1)
            none_of[mask] = own
            names = [own, *opened.of[rows]] + ([] if before < 0 else [before])
            program.row(names, [1.0] * (1 + len(rows)) + ([] if before < 0 else [-1.0]), low=1.0 if before < 0 else 0.0)
        if np.isfinite(farther):
            program.cost[own] += weight * float(farther - walk[at])
        else:
            program.most[own] = 0.0
        before, at = own, step
    return float(walk[0]) if count else float(last)


def _divided(program: Program, asked: Problem, bounds: Bounds, opened: Openings, total: float) -> float:
    """People are divided among sites with room; the metres a person that count for everybody unserved."""
    limit = min(bounds.limit_m, bounds.penalty_m)
    demand, site, walk = asked.within(limit)
    all_served = not np.isfinite(bounds.penalty_m)
    who, row = np.unique(demand, return_inverse=True)
    people, capacity = asked.people[demand], asked.capacity[site]
    most = np.minimum(people, capacity)
    price = walk if all_served else walk - bounds.penalty_m
    flow = program.variables(len(demand), cost=price / total, most=most)
    program.rows(len(who), (row, flow, np.ones(len(row))), low=asked.people[who] if all_served else -np.inf, high=asked.people[who])
    pair = np.arange(len(demand))
    program.rows(len(pair), (np.tile(pair, 2), np.concatenate([flow, opened.of[site]]), np.concatenate([np.ones(len(pair)), -most])), high=0.0)
    full, column = np.unique(site[np.isfinite(capacity)], return_inverse=True)
    cells = (
        np.concatenate([column, np.arange(len(full))]),
        np.concatenate([flow[np.isfinite(capacity)], opened.of[full]]),
        np.concatenate([np.ones(len(column)), -asked.capacity[full]]),
    )
    program.rows(len(full), cells, high=0.0)
    return 0.0 if all_served else bounds.penalty_m * float(asked.people.sum()) / total
