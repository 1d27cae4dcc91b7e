"""The answer to a siting of a study, with all that speaks for it: gains of each site, next best, curve, who stays uncovered and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from livingcircle.catchments import ROUNDING_M
from livingcircle.siting.case import Case
from livingcircle.siting.explaining import alternatives, curve, needed
from livingcircle.siting.models import Siting, solved
from livingcircle.siting.problem import Bounds, Problem
from livingcircle.siting.program import TIME_LIMIT
from livingcircle.siting.serving import UNPROVEN, by_demand, reasons, served

# A site that would cover them stays closed for no other reason than that the model looks for something else.
OTHER_AIM = "other_aim"
# No street near, told apart from a home that has streets and no site.
OFF_NETWORK = "off_network"
# The curve goes so many sites beyond the number asked for, in at most so many steps.
BEYOND, STEPS = 3, 16
# Everything that explains a siting takes at most about as long again as the siting itself may.
LEAST_S = 1.0
# The next best is worked out for so many sites, those that cover most.
MOST_NEXT = 20

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Answer:
    """A siting of a study and what explains it.

    `sites` has a row a new site, in the order in which building one after another covers most: `turn`, `site`, `site_id`, `name`, `parcel`, `lon`, `lat`,
    `street`, `area_m2`, `cost`, `capacity`, `people` (served by the model), `farthest_m`, `people_gained` (newly covered in this turn), `people_alone` (newly
    covered were it the only one), `people_only` (covered by it alone of all), `next_id`, `next_difference`, `next_people`, `next_status`. `coverage` has a row a
    category: `category`, `level`, `limit_m`, `people`, `before`, `after`. `curve`: `sites`, `people_served`, `people_share`, `bound`, `status`. `uncovered` and
    `unmet` have a row a category, residence and reason: those beyond the limit, and those whom the model must serve and cannot.
    `gained` tells by category and residence the people newly covered. `needed` is what covering everybody takes.
    """

    case: Case
    siting: Siting
    sites: pd.DataFrame
    coverage: pd.DataFrame
    curve: pd.DataFrame
    needed: pd.DataFrame
    uncovered: pd.DataFrame
    unmet: pd.DataFrame
    gained: pd.DataFrame
    before: np.ndarray
    after: np.ndarray
    farthest_m: float
    mean_m: float

    @property
    def people_before(self) -> float:
        """People covered before, added up over categories."""
        return float(self.coverage["before"].sum())

    @property
    def people_after(self) -> float:
        """People covered after, added up over categories."""
        return float(self.coverage["after"].sum())

    @property
    def people(self) -> float:
        """All people of the group, added up over categories."""
        return float(self.coverage["people"].sum())


def answered(case: Case, *, progress: Progress = lambda done, total: None) -> Answer:
    """The siting that a case asks for, solved and explained; `progress` is told of each step."""
    progress(0, 4)
    asked, row = case.problem
    bounds = case.bounds
    siting = solved(case.terms.wish.model, asked, bounds)
    progress(1, 4)
    covering, cover_row = case.covering
    reach = case.reached(siting.rows)
    after = case.before | reach.any(axis=0)
    gains = _gains(case, reach)
    sites = _with_next(_sites(case, siting, gains), asked, bounds, siting)
    progress(2, 4)
    judged = case.judged
    drawn = _curve(covering, replace(judged, time_s=_share(bounds, STEPS // 2)), len(siting.rows))
    takes = needed(covering, replace(judged, time_s=_share(bounds, 2)))
    progress(3, 4)
    why = _why(covering, judged, siting.rows, siting.status)
    walks = _walks(case, siting.rows)
    found = np.isfinite(walks[0]) & (walks[1] > 0)
    progress(4, 4)
    return Answer(
        case=case,
        siting=siting,
        sites=sites.sort_values("turn", kind="stable").reset_index(drop=True),
        coverage=_coverage(case, after),
        curve=drawn,
        needed=takes,
        uncovered=_left(case, ~after, why[cover_row], walks[0].reshape(after.shape)),
        unmet=_unmet(case, siting, row, walks[0].reshape(after.shape)),
        gained=_gained(case, after & ~case.before),
        before=case.before,
        after=after,
        farthest_m=float(walks[0][found].max(initial=0.0)),
        mean_m=float(np.average(walks[0][found], weights=walks[1][found])) if found.any() else np.inf,
    )


def _share(bounds: Bounds, count: int) -> float:
    """Seconds of one of several further solutions."""
    return max(bounds.time_s / (2 * max(count, 1)), LEAST_S)


def _gains(case: Case, reach: np.ndarray) -> pd.DataFrame:
    """What each chosen site covers: alone, alone of all, and in its turn; the turns are those of building what adds most first."""
    people, count = case.people, len(reach)
    alone = np.array([(people * (one & ~case.before)).sum() for one in reach])
    among = reach.sum(axis=0)
    only = np.array([(people * (one & ~case.before & (among == 1))).sum() for one in reach])
    left, turn, gained = ~case.before, np.zeros(count, dtype=int), np.zeros(count)
    for number in range(1, count + 1):
        adds = [(people * (one & left)).sum() if not turn[at] else -1.0 for at, one in enumerate(reach)]
        best = int(np.argmax(adds))
        turn[best], gained[best] = number, adds[best]
        left = left & ~reach[best]
    return pd.DataFrame({"turn": turn, "people_gained": gained, "people_alone": alone, "people_only": only})


def _sites(case: Case, siting: Siting, gains: pd.DataFrame) -> pd.DataFrame:
    rows = siting.rows - case.first
    own, doors = case.candidates.iloc[rows].reset_index(drop=True), case.doors.iloc[rows]
    streets = case.streets.network.streets
    known = np.where(streets["name"] == "", streets["highway"], streets["name"])
    edge = doors["edge"].to_numpy()
    told = siting.chosen.reset_index(drop=True)[["site", "site_id", "parcel", "cost", "capacity", "people", "farthest_m"]]
    return pd.concat([gains, told, own[["name", "lon", "lat", "area_m2"]]], axis=1).assign(street=np.append(known, "")[edge])


def _with_next(sites: pd.DataFrame, asked: Problem, bounds: Bounds, siting: Siting) -> pd.DataFrame:
    """The sites with the next best to each on another parcel: its ids, how the objective and the people served differ, and the status of that solution.

    Blank beyond the first `MOST_NEXT` turns, and where nothing takes the place of a site.
    """
    first = sites.loc[sites["turn"] <= MOST_NEXT, "site"].to_numpy(dtype=int)
    got = alternatives(asked, replace(bounds, time_s=_share(bounds, len(first))), siting, among=first).set_index("leaves")
    got = got.assign(people=got["people_served"] - siting.people_served)
    names = {"enters": "next_id", "difference": "next_difference", "people": "next_people", "status": "next_status"}
    return sites.join(got[[*names]].rename(columns=names), on="site_id")


def _curve(covering: Problem, bounds: Bounds, count: int) -> pd.DataFrame:
    """The most people that so many sites can cover, each number proven on its own; a budget does not bind the curve."""
    most = min(count + BEYOND, int(pd.Series(covering.sites["parcel"].to_numpy()[covering.new]).nunique()))
    numbers = sorted({*np.linspace(0, most, min(most + 1, STEPS)).round().astype(int).tolist(), min(count, most)})
    return curve("mclp", covering, replace(bounds, budget=None), numbers)


def _why(covering: Problem, judged: Bounds, rows: np.ndarray, status: str) -> np.ndarray:
    """For every demand row of the covering problem why it is not wholly covered."""
    who = by_demand(covering, served(covering, rows, limit_m=judged.limit_m))
    why = reasons(covering, judged, rows, who=who, limit_m=judged.limit_m)
    return np.where((why == UNPROVEN) & (status != TIME_LIMIT), OTHER_AIM, why)


def _walks(case: Case, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The walk of every sample to the nearest site after building, term by term, and its people."""
    each = [case.walks(n, rows) for n in range(len(case.terms.each))]
    return np.concatenate(each), np.tile(case.people, len(each))


def _coverage(case: Case, after: np.ndarray) -> pd.DataFrame:
    people = case.people
    rows = [
        (term.category, term.level, term.clause, term.judged_m, people.sum(), (people * was).sum(), (people * now).sum())
        for term, was, now in zip(case.terms.each, case.before, after, strict=True)
    ]
    return pd.DataFrame(rows, columns=["category", "level", "clause", "limit_m", "people", "before", "after"])


def _left(case: Case, left: np.ndarray, why: np.ndarray, walks: np.ndarray) -> pd.DataFrame:
    """The people beyond the limit by category, residence and reason, most first."""
    parts = []
    off = case.origins["edge"].to_numpy() < 0
    for term, gone, reason, walk in zip(case.terms.each, left, why, walks, strict=True):
        told = np.where(off, OFF_NETWORK, reason)
        parts.append(_by_residence(case, gone, term.category, told, walk, case.people))
    return _ordered(parts)


def _unmet(case: Case, siting: Siting, row: np.ndarray, walks: np.ndarray) -> pd.DataFrame:
    """Those whom the model does not wholly serve, by category, residence and reason, in the weights of the model."""
    reason = siting.demand["reason"].to_numpy(dtype=object)
    share = 1 - np.divide(siting.demand["served"], siting.demand["people"], out=np.ones(len(reason)), where=siting.demand["people"].to_numpy() > 0).to_numpy()
    parts = []
    for n, (term, own, walk) in enumerate(zip(case.terms.each, row, walks, strict=True)):
        off = case.origins["edge"].to_numpy() < 0
        told = np.where(off & (reason[own] != ""), OFF_NETWORK, reason[own])
        parts.append(_by_residence(case, told != "", term.category, told, walk, case.weights[n] * share[own]))
    return _ordered(parts)


def _by_residence(case: Case, chosen: np.ndarray, category: str, reason: np.ndarray, walk: np.ndarray, people: np.ndarray) -> pd.DataFrame:
    rows = np.flatnonzero(chosen & (people > 0))
    table = pd.DataFrame({"category": category, "residence_id": case.samples["residence_id"].to_numpy()[rows], "reason": reason[rows], "row": rows})
    table = table.assign(people=people[rows], walk_m=walk[rows])
    of = table.groupby(["category", "residence_id", "reason"], sort=False)
    return of.agg(people=("people", "sum"), walk_m=("walk_m", _lower_median), row=("row", "first")).reset_index()


def _lower_median(walks: pd.Series) -> float:
    return float(np.sort(walks.to_numpy())[(len(walks) - 1) // 2])


def _ordered(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True).sort_values(["people", "residence_id"], ascending=[False, True], kind="stable").reset_index(drop=True)


def _gained(case: Case, gained: np.ndarray) -> pd.DataFrame:
    parts = []
    for term, own in zip(case.terms.each, gained, strict=True):
        of = pd.Series(case.people * own).groupby(case.samples["residence_id"].to_numpy(), sort=False).sum()
        parts.append(pd.DataFrame({"category": term.category, "residence_id": of.index, "people": of.to_numpy()}))
    return pd.concat(parts, ignore_index=True).query("people > 0").reset_index(drop=True)
