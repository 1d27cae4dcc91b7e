"""What a planner asks of a siting, and what the standard's clauses make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from livingcircle.analysis import Settings
from livingcircle.coverage import Group
from livingcircle.errors import Fault, StudyError, listed, raise_all, said
from livingcircle.siting.models import MODELS
from livingcircle.standards import Requirement, Standard, nearest
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH

# The models that count whom a site has within a limit; the others count metres.
COVERING = ("mclp", "lscp")


@dataclass(frozen=True)
class Wish:
    """What is asked: categories that one site serves together, the model, and what may be built and spent.

    `limit_m` is None for the limit of the standard, infinite for none; `group` the id of a group of the settings, None for the first. `capacity` is
    what one new facility of a category can take; `unserved_m` what p-median counts for whoever has no site (None: the limit).
    """

    categories: tuple[str, ...]
    model: str = "mclp"
    sites: int | None = None
    budget: float | None = None
    limit_m: float | None = None
    group: str | None = None
    time_s: float = 60.0
    unserved_m: float | None = None
    capacity: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Term:
    """A category with the limit that it is judged by: `judged_m`, and `reach_m` within which a site may serve, in the measure of the rule.

    `level` and `clause` are those of the standard, empty where the planner gave the limit. `capacity` is that of a new facility, None for any number.
    """

    category: str
    level: str
    clause: str
    judged_m: float
    reach_m: float
    capacity: float | None


@dataclass(frozen=True)
class Terms:
    """The wish in the words of the study: a term a category, the group, and the rule by which walks are measured."""

    wish: Wish
    each: tuple[Term, ...]
    group: Group
    rule: str

    @property
    def key(self) -> str:
        """The category, or the categories joined by +."""
        return "+".join(term.category for term in self.each)

    @property
    def covering(self) -> bool:
        """Whether the model counts whom a site has within the limit."""
        return self.wish.model in COVERING

    @property
    def limited(self) -> bool:
        """Whether a new site can be full."""
        return any(term.capacity is not None for term in self.each)


def terms(wish: Wish, *, standard: Standard, settings: Settings) -> Terms:
    """The terms of a wish; raises `StudyError` with every fault.

    Of several requirements of a category the strictest binding one decides: mandatory before on demand, then the least metres. p-center looks for
    the shortest farthest walk and therefore knows no limit unless one is given; coverage is judged by the standard's all the same.
    """
    faults: list[Fault] = []
    groups = {group.id: group for group in settings.groups}
    if wish.group is not None and wish.group not in groups:
        faults.append(Fault("--group", said("'{id}' is no group of the study", id=wish.group), nearest(wish.group, [*groups])))
    if wish.model not in MODELS:
        faults.append(Fault("--model", said("unknown model {model!r}", model=wish.model), said("choose one of {known}", known=listed(MODELS))))
    twice = sorted({one for one in wish.categories if wish.categories.count(one) > 1})
    if twice:
        faults.append(Fault("--category", said("{names} stands twice", names=listed(twice)), "name every category once"))
    if len(wish.categories) > 1 and any(one in wish.capacity for one in wish.categories):
        named = listed(one for one in wish.categories if one in wish.capacity)
        faults.append(Fault("siting.capacity", said("several categories on one parcel, and a capacity of {names}", names=named), "ask for one category, or leave its capacity out"))
    rule = settings.rule if wish.limit_m is None else "distance"
    found = [_term(wish, category, (standard, settings, groups.get(wish.group or "", settings.groups[0])), faults) for category in wish.categories]
    raise_all(faults, StudyError)
    return Terms(wish, tuple(found), groups.get(wish.group or "", settings.groups[0]), rule)


def _term(wish: Wish, category: str, told: tuple[Standard, Settings, Group], faults: list[Fault]) -> Term | None:
    standard, settings, group = told
    if category not in standard.categories:
        known = sorted(id for id, one in standard.categories.items() if one.requirements)
        faults.append(Fault("--category", said("'{id}' is no category that {standard} judges", id=category, standard=standard.id), nearest(category, known)))
        return None
    capacity = wish.capacity.get(category)
    asked = strictest(standard.categories[category].requirements)
    if wish.limit_m is not None and np.isfinite(wish.limit_m):
        return Term(category, "", "", wish.limit_m, wish.limit_m, capacity)
    if asked is None:
        faults.append(Fault("--limit", said("{standard} states no limit for {category}", standard=standard.id, category=category), "give metres as --limit"))
        return None
    if asked.at_least > 1:
        problem = said("{standard} asks for {n} facilities of {category} within the limit, and a siting counts one", standard=standard.id, n=asked.at_least, category=category)
        faults.append(Fault("--category", problem, "give metres as --limit"))
        return None
    if wish.limit_m is not None and wish.model in COVERING:
        faults.append(Fault("--limit", said("{model} counts the people within a limit, and none is given", model=wish.model), "give metres as --limit, or choose p-median or p-center"))
        return None
    by_time = settings.rule == "time" and wish.limit_m is None
    limit = asked.limit_min * group.speed_kmh * METRES_PER_MINUTE_PER_KMH if by_time else float(asked.limit_m)
    free = wish.limit_m is not None or wish.model == "p-center"
    return Term(category, asked.level, asked.clause, limit, np.inf if free else limit, capacity)


def strictest(requirements: tuple[Requirement, ...]) -> Requirement | None:
    """The requirement by which a siting is judged: mandatory before on demand, then the least metres; None where nothing is asked."""
    return min(requirements, key=lambda one: (one.flag != "mandatory", one.limit_m), default=None)
