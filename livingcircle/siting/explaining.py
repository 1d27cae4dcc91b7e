"""What speaks for a siting: the worth of each site, the next best to each, the curve over the number of sites, and what serving everybody takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from livingcircle.errors import Fault, StudyError, raise_all, said
from livingcircle.siting.models import Siting, assignment, lscp, objective, solved
from livingcircle.siting.problem import Bounds, Problem


def worth(asked: Problem, bounds: Bounds, siting: Siting) -> pd.DataFrame:
    """What each chosen site adds to the others: people served only because of it, and the objective without it.

    A row a chosen site, in the order of `siting.chosen`: `site`, `site_id`, `people_lost` (served with it, not without), `objective_without`, `difference`
    (from the objective to that without it: fewer people for mclp, more metres for p-median and p-center; for lscp the objective is what it is
    without the site, though it no longer serves all). Nobody else moves: the other sites stay where they are. Without a site, whoever p-center leaves
    without any walk makes the farthest walk infinite.
    """
    rows = []
    for site in siting.rows:
        others = siting.rows[siting.rows != site]
        assigned = assignment(siting.model, asked, bounds, others)
        value = objective(siting.model, asked, bounds, others, assigned)
        lost = siting.people_served - float(assigned["people"].sum())
        if siting.model == "p-center" and lost > 1e-6 * max(1.0, siting.people_served):
            value = np.inf
        rows.append((site, asked.sites["site_id"].iloc[site], max(lost, 0.0), value, value - siting.objective))
    return pd.DataFrame(rows, columns=["site", "site_id", "people_lost", "objective_without", "difference"])


def alternatives(asked: Problem, bounds: Bounds, siting: Siting, *, among: np.ndarray | None = None) -> pd.DataFrame:
    """The next best to each chosen site while the others stay: which comes in its place, and how much worse the objective is.

    A row a chosen site: `leaves` (its id), `enters` (ids, joined by ; ; empty for none), `objective`, `difference` (objective less that of the siting),
    `people_served`, `status`. Each is an exact solution of the model with the other sites held and this one forbidden, so `difference` is 0 where
    another place is as good, and never better once the siting is proven. `infeasible` where nothing takes its place. Another position on the same parcel
    is no other place. With `among` only those sites are asked about.
    """
    if siting.model != "lscp":
        counts = siting.chosen["category"].value_counts().to_dict()
        bounds = replace(bounds, sites=counts if isinstance(bounds.sites, Mapping) else len(siting.rows))
    rows = []
    for site in siting.rows if among is None else among:
        others = siting.rows[siting.rows != site]
        other = solved(siting.model, asked.without(site).holding(others), bounds)
        enters = ";".join(str(id) for id in other.chosen["site_id"][~other.chosen["site"].isin(others)])
        rows.append((asked.sites["site_id"].iloc[site], enters, other.objective, other.objective - siting.objective, other.people_served, other.status))
    return pd.DataFrame(rows, columns=["leaves", "enters", "objective", "difference", "people_served", "status"])


def curve(model: str, asked: Problem, bounds: Bounds, numbers: Iterable[int]) -> pd.DataFrame:
    """The objective against the number of new sites, each number solved on its own and proven.

    A row a number: `sites` (at most so many), `built`, `objective`, `bound`, `gap`, `status`, `people_served`, `people_share` (of all demand), `cost`, `seconds`. The other bounds
    hold at every number. Raises `StudyError` for lscp, which finds the number itself, and for numbers by category.
    """
    faults = []
    if model == "lscp":
        faults.append(Fault("model", "LSCP finds the number of sites itself", "draw the curve with mclp, p-median or p-center"))
    if isinstance(bounds.sites, Mapping):
        faults.append(Fault("sites", "a curve has one number of sites", "leave out the numbers by category"))
    raise_all(faults, StudyError)
    everybody = float(asked.people.sum())
    rows = []
    for number in numbers:
        one = solved(model, asked, replace(bounds, sites=int(number)))
        share = one.people_served / everybody if everybody else np.nan
        rows.append((int(number), len(one.chosen), one.objective, one.bound, one.gap, one.status, one.people_served, share, one.cost, one.seconds))
    return pd.DataFrame(rows, columns=["sites", "built", "objective", "bound", "gap", "status", "people_served", "people_share", "cost", "seconds"])


def needed(asked: Problem, bounds: Bounds) -> pd.DataFrame:
    """What serving everybody who can be served takes: the fewest new sites, and the least cost.

    Two rows, `by` = `sites` and `cost` (the latter where anything costs): `sites`, `cost`, `bound` (of what is least), `status` (that of the solver: `infeasible` where not everybody can be served),
    `people_served`, `people_left` (who have no candidate, or no room).
    """
    free = replace(bounds, sites=None, budget=None)
    rows = []
    priced = asked.sites["cost"].iloc[asked.new].gt(0).any() or asked.parcels["cost"].gt(0).any()
    for by in ("sites", "cost") if priced else ("sites",):
        one = lscp(asked, replace(free, by_cost=by == "cost"))
        known = np.isfinite(one.objective)
        count, cost = (len(one.chosen), one.cost) if known else (np.inf, np.inf)
        rows.append((by, count, cost, one.bound, one.status, one.people_served, float(asked.people.sum()) - one.people_served))
    return pd.DataFrame(rows, columns=["by", "sites", "cost", "bound", "status", "people_served", "people_left"])
