"""A programme for a budget: chosen exactly and greedily, and what its measures bring one after another, worked out on all homes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from livingcircle.gaps.identity import gap_id
from livingcircle.links import Built, Ranking
from livingcircle.programme.choosing import Choice, exact, greedy
from livingcircle.programme.measures import ENLARGEMENT, SITE, Costs, measures_of, offered
from livingcircle.programme.places import Places, places_of
from livingcircle.programme.town import Town, town_of
from livingcircle.standards import Standard

# What is less than this is rounding of sums, people or hectares.
NOTHING = 1e-6
STEPS = (
    "turn", "measure_id", "kind", "name", "homes", "category", "facility_id", "places", "cost", "cost_joint", "people", "people_joint", "people_alone", "people_distinct",
    "land_ha", "places_filled", "gaps_closed", "gap_ids", "serves", "clause", "evidence",
)  # fmt: skip


@dataclass(frozen=True)
class Terms:
    """What a programme is asked for: what may be spent, and how it is chosen.

    `budget` is in the unit of the costs, a number of measures where none is told. New sites may serve `categories`, `sites` of them at most in all. `points` of every
    residence stand for it while measures are chosen; `time_s` is the most seconds of the exact choice. A full facility is enlarged by at most `enlarge_most` of its places.
    """

    budget: float
    categories: tuple[str, ...] = ()
    sites: int | None = None
    points: int = 100
    time_s: float = 60.0
    enlarge_most: float = 0.5
    costs: Costs = field(default_factory=Costs)
    cost_unit: str = ""


@dataclass(frozen=True)
class Programme:
    """The measures of a programme in their turn (`steps`), and the proof of their choice.

    `steps` has a row a measure (`STEPS`) with its shape, in the CRS of the streets: `people` and `land_ha` newly covered beside the measures before it, by all requirements
    together, `people_alone` if it were the only one, `people_distinct` everybody once; `places_filled` by an enlargement; `gaps_closed` gaps of the list that close. All
    of these are worked out on all points of homes, on the streets with the links built so far. `others` are measures that were on offer and are not chosen, with
    `people_alone` by the points of the choice. `lost_people` were covered and are no more: 0. `distinct_people` are all who gain by any measure, everybody once.
    """

    terms: Terms
    town: Town
    ranking: Ranking
    standard: Standard
    steps: gpd.GeoDataFrame
    others: gpd.GeoDataFrame
    exact: Choice
    greedy: Choice
    left_out: dict[str, int]
    counts: dict[str, int]
    lost_people: float
    distinct_people: float

    @property
    def cost(self) -> float:
        """What all measures cost together."""
        return float(self.steps["cost"].sum())

    @property
    def people(self) -> float:
        """People x requirements newly covered by all measures together, exactly."""
        return float(self.steps["people"].sum())

    @property
    def people_sum(self) -> float:
        """What the measures would bring each alone, added up; more than `people` where they overlap, less where one helps another."""
        return float(self.steps["people_alone"].sum())

    @property
    def loss(self) -> float:
        """By which share the greedy choice falls short of the exact one, both as the choice counts."""
        return max(0.0, 1 - self.greedy.value / self.exact.value) if self.exact.value > 0 else 0.0


def programme_of(ranking: Ranking, candidates: gpd.GeoDataFrame, *, standard: Standard, terms: Terms) -> Programme:
    """The programme worth most for the budget, of the links of a ranking, the candidate sites (with `category`, `site_id`, `name`, `parcel`, `allowed`, `cost`, `area_m2`
    and `needs_m2`), and enlargements."""
    start = ranking.start
    town = town_of(start, candidates, standard=standard, categories=terms.categories)
    priced = terms.costs.places if terms.costs.told else standard.categories
    places = places_of(start, standard=standard, categories=[*priced])
    measures, left = measures_of(town, ranking, candidates, places, costs=terms.costs, most=terms.enlarge_most)
    offer, kept = offered(town, measures, ranking, places, terms=(terms.points, terms.sites))
    best, quick = exact(offer, terms.budget, time_s=terms.time_s), greedy(offer, terms.budget)
    own = measures.iloc[kept[list(best.chosen)]].reset_index(drop=True)
    rows = list(_steps(town, own, ranking, places))
    lost = max([row.pop("lost") for row in rows], default=0.0)
    distinct = [row.pop("distinct_joint") for row in rows]
    told = pd.DataFrame(rows, columns=list(STEPS))
    others = measures.iloc[kept].assign(people_alone=[offer.value([n]) for n in range(len(kept))])
    others = others.drop(index=others.index[list(best.chosen)]).sort_values("people_alone", ascending=False, kind="stable").reset_index(drop=True)
    counts = {str(kind): int(count) for kind, count in measures["kind"].value_counts().items()}
    steps = gpd.GeoDataFrame(told.assign(row=own["row"].to_numpy()), geometry=own.geometry.to_numpy(), crs=measures.crs)
    return Programme(terms, town, ranking, standard, steps, others, best, quick, left, {**counts, "offered": len(kept)}, lost, distinct[-1] if distinct else 0.0)


@dataclass
class _State:
    """What is built so far."""

    built: Built
    met: np.ndarray
    sites: dict[int, str] = field(default_factory=dict)
    more: dict[int, float] = field(default_factory=dict)


def _steps(town: Town, chosen: pd.DataFrame, ranking: Ranking, places: Sequence[Places]) -> Iterator[dict[str, Any]]:
    """What each measure brings in its turn, exactly."""
    state = _State(town.start, town.before)
    spent, joint = 0.0, 0.0
    for turn, own in enumerate(chosen.to_dict("records"), start=1):
        filled, quota = np.nan, None
        if own["kind"] == ENLARGEMENT:
            told = next(one for one in places if one.told.category == own["category"])
            before = told.served(state.built, state.more)
            state.more[own["row"]] = state.more.get(own["row"], 0.0) + own["places"]
            filled, quota = told.served(state.built, state.more) - before, told.told.quota
            after = state.met
        else:
            after = _taken(town, state, own, ranking)
        fresh, land = after & ~state.met, town.start.case.homes.land_ha
        people = float((town.people * fresh).sum())
        once = fresh.any(axis=0)
        spent, joint = spent + own["cost"], joint + people
        yield {
            "turn": turn, **{key: own[key] for key in ("measure_id", "kind", "name", "homes", "category", "facility_id", "places", "cost")}, "cost_joint": spent,
            "people": people, "people_joint": joint, "people_alone": _alone(town, own, ranking), "people_distinct": float(town.people[once].sum()),
            "land_ha": float((land * fresh).sum()), "places_filled": filled, **_closed(town, state.met, after), **_clauses(town, fresh, own, quota),
            "lost": float((town.people * (state.met & ~after)).sum()), "distinct_joint": float(town.people[(after & ~town.before).any(axis=0)].sum()),
        }  # fmt: skip
        state.met = after


def _taken(town: Town, state: _State, own: dict[str, Any], ranking: Ranking) -> np.ndarray:
    """What is met once the measure is taken too; the state is moved on. A link may lead to the sites before it, so these are walked to anew."""
    if own["kind"] == SITE:
        state.sites = {**state.sites, int(own["row"]): own["category"]}
        return state.met | town.served(state.built, int(own["row"]), own["category"])
    state.built = state.built.adding([ranking.links[int(own["row"])]])
    return town.met(state.built, state.sites)


def _alone(town: Town, own: dict[str, Any], ranking: Ranking) -> float:
    if own["kind"] == ENLARGEMENT:
        return 0.0
    if own["kind"] == SITE:
        return float((town.people * (town.served(town.start, int(own["row"]), own["category"]) & ~town.before)).sum())
    return float(ranking.table["people_gained"].iloc[int(own["row"])])


def _closed(town: Town, before: np.ndarray, after: np.ndarray) -> dict[str, Any]:
    """Gaps that close: residences of which some point lacked a requirement before, and none does now."""
    code, ids = town.residence
    group, found = town.start.case.group.id, []
    for row, want in enumerate(town.wants):
        if (before[row] == after[row]).all():
            continue
        lacking = [np.bincount(code, ~met[row], minlength=len(ids)) > 0 for met in (before, after)]
        for one in np.flatnonzero(lacking[0] & ~lacking[1]).tolist():
            found.append(gap_id(ids[one], want.category, want.requirement.level, group, want.requirement.clause))
    return {"gaps_closed": len(found), "gap_ids": ";".join(found)}


def _clauses(town: Town, fresh: np.ndarray, own: dict[str, Any], quota: Any) -> dict[str, str]:
    """The categories in which anybody gains, most people first, and the clauses they are asked by."""
    if quota is not None:
        return {"serves": own["category"], "clause": quota.clause, "evidence": quota.evidence}
    people = fresh @ town.people
    order = [row for row in np.argsort(-people, kind="stable").tolist() if people[row] > NOTHING]
    wants = [town.wants[row] for row in order] or [want for want in town.wants if want.category == own["category"]]
    parts = ([want.category for want in wants], [want.requirement.clause for want in wants], [want.requirement.evidence for want in wants])
    return dict(zip(("serves", "clause", "evidence"), (";".join(dict.fromkeys(part)) for part in parts), strict=True))
