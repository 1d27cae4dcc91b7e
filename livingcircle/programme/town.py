"""Who is served by which measures: homes, requirements, and the walks with some measures taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from livingcircle.analysis.standing import coordinates, door_positions
from livingcircle.catchments import catchments
from livingcircle.coverage import ROUNDING_M
from livingcircle.layers import Positions
from livingcircle.links import Built
from livingcircle.network.links import Link
from livingcircle.standards import Requirement, Standard
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH


class Want(NamedTuple):
    """A requirement of a category and its limit in the measure of the rule; `at` is its place among `case.asked` and there, None where nothing is open."""

    category: str
    requirement: Requirement
    limit: float
    at: tuple[int, int] | None


@dataclass(frozen=True)
class Town:
    """A study as measures are judged on it: streets, homes and facilities as they are (`start`), and what is wanted of them.

    `doors` are the street positions of candidate sites, on the streets as they are.
    """

    start: Built
    wants: tuple[Want, ...]
    doors: Positions

    @property
    def people(self) -> np.ndarray:
        """The people of every point of homes."""
        return self.start.case.homes.people

    @cached_property
    def before(self) -> np.ndarray:
        """Whether each point of homes has each requirement met, as a (wants, points) array."""
        return self.met(self.start, {})

    @cached_property
    def residence(self) -> tuple[np.ndarray, np.ndarray]:
        """The number of the residence of every point, and the ids."""
        code, ids = pd.factorize(self.start.case.residences)
        return code, np.asarray(ids, dtype=object)

    def met(self, built: Built, sites: Mapping[int, str]) -> np.ndarray:
        """As `before`, with links built and sites (row of `doors`: its category) taken. A site counts where one facility is asked for."""
        out = np.zeros((len(self.wants), len(self.people)), dtype=bool)
        for row, want in enumerate(self.wants):
            if want.at is not None:
                out[row] = built.walks[want.at[0]] <= want.limit + ROUNDING_M
        for site, category in sites.items():
            out |= self.served(built, site, category)
        return out

    def served(self, built: Built, site: int, category: str) -> np.ndarray:
        """Whether a site of a category meets each requirement of each point of homes, on the streets with links built."""
        out = np.zeros((len(self.wants), len(self.people)), dtype=bool)
        rows = [row for row, want in enumerate(self.wants) if want.category == category and want.requirement.at_least == 1]
        limit = max((self.wants[row].limit for row in rows), default=-1.0)
        _, home, walk = self.reached(built, [site], np.arange(len(self.people)), limit_m=limit) if rows else (None, np.empty(0, dtype=int), np.empty(0))
        for row in rows:
            out[row, home[walk <= self.wants[row].limit + ROUNDING_M]] = True
        return out

    def reached(self, built: Built, doors: Sequence[int], rows: np.ndarray, *, limit_m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pairs of a candidate (row of `doors`) and a point of homes (of `rows`) within the limit: candidate, point, metres."""
        if not len(doors):
            return np.empty(0, dtype=int), np.empty(0, dtype=int), np.empty(0)
        own = built.standing.settled(self.doors.iloc[list(doors)].reset_index(drop=True))
        way = built.case.way
        found = catchments(built.network, own, built.homes.iloc[rows].reset_index(drop=True), limit_m=limit_m, way=way)
        metres = found["walk_m" if way.shortest else "flat_m"].to_numpy()
        return np.asarray(doors)[found["door"].to_numpy(dtype=int)], rows[found["origin"].to_numpy(dtype=int)], metres

    def with_links(self, links: Sequence[Link]) -> Built:
        """The streets with links built."""
        return self.start.adding(links) if links else self.start


def town_of(start: Built, candidates: gpd.GeoDataFrame, *, standard: Standard, categories: Sequence[str]) -> Town:
    """The study as measures are judged on it; `candidates` are points in the CRS of the streets, `categories` those that new sites may serve.

    Wanted is everything that `start` judges, and what the standard asks of the categories, open anywhere today or not.
    """
    case = start.case
    wants = [Want(one.category, asked, float(limit), (n, m)) for n, one in enumerate(case.asked) for m, (asked, limit) in enumerate(zip(one.requirements, one.limits, strict=True))]
    known = {want.category for want in wants}
    for category in categories:
        if category not in known:
            wants += [Want(category, asked, _limit(asked, start), None) for asked in standard.categories[category].requirements]
    settings = case.settings
    doors = door_positions(coordinates(candidates), case.own, case.inputs, settings, limit_m=settings.snap_limit_m)
    return Town(start, tuple(wants), doors)


def _limit(requirement: Requirement, start: Built) -> float:
    case = start.case
    return float(requirement.limit_m if case.settings.rule == "distance" else requirement.limit_min * case.group.speed_kmh * METRES_PER_MINUTE_PER_KMH)


def some_of(residence: np.ndarray, *, points: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of at most `points` points of each residence, evenly drawn, and how many points each stands for.

    >>> [part.tolist() for part in some_of(np.array([0, 0, 0, 0, 1]), points=2)]
    [[1, 3, 4], [2.0, 2.0, 1.0]]
    """
    order = np.argsort(residence, kind="stable")
    first = np.flatnonzero(np.diff(residence[order], prepend=-1))
    size = np.diff(first, append=len(order))
    many = np.minimum(size, points)
    owner = np.repeat(np.arange(len(first)), many)
    turn = np.arange(len(owner)) - np.repeat(np.cumsum(many) - many, many)
    return order[first[owner] + ((turn + 0.5) * size[owner] / many[owner]).astype(int)], size[owner] / many[owner]
