"""What every link of one study is judged by: streets, homes, doors and requirements, and the walks with some links built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely

from livingcircle import residences
from livingcircle.analysis import Inputs, Settings
from livingcircle.analysis.reach import of_category
from livingcircle.analysis.standing import Standing, coordinates, door_positions, settled
from livingcircle.catchments import nth_nearest
from livingcircle.costs import as_walked, closed
from livingcircle.coverage import ROUNDING_M, Group
from livingcircle.facilities import is_open
from livingcircle.layers import Positions, Samples
from livingcircle.links.places import positions
from livingcircle.network import OPEN, StreetNetwork
from livingcircle.network.graph import PUBLIC
from livingcircle.network.links import SAME_M, Foot, Link, linked
from livingcircle.snapping import TOO_FAR
from livingcircle.standards import Requirement, Standard
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH, Way, nearest


class Asked(NamedTuple):
    """What a category asks at its levels of one and the same number of facilities: requirements, their limits in the measure of the rule, door rows."""

    category: str
    n: int
    requirements: tuple[Requirement, ...]
    limits: np.ndarray
    doors: np.ndarray

    @property
    def farthest(self) -> float:
        """The largest limit."""
        return float(self.limits.max())


class Homes(NamedTuple):
    """Points that stand for homes: coordinates, their places on the study's own streets, people of the group and land in hectares."""

    points: np.ndarray
    own: Positions
    people: np.ndarray
    land_ha: np.ndarray

    @property
    def away(self) -> np.ndarray:
        """Whether no street is near, so that a link may be the first."""
        return (self.own["reason"] == TOO_FAR).to_numpy()

    def some(self, residence: np.ndarray, *, points: int) -> Homes:
        """At most `points` points of each residence, evenly drawn from its own (rows that follow each other), standing for all its people and land."""
        first = np.flatnonzero(np.append(True, residence[1:] != residence[:-1])) if len(residence) else np.empty(0, dtype=int)
        size = np.diff(first, append=len(residence))
        many = np.minimum(size, points)
        owner = np.repeat(np.arange(len(first)), many)
        turn = np.arange(len(owner)) - np.repeat(np.cumsum(many) - many, many)
        rows = first[owner] + ((turn + 0.5) * size[owner] / many[owner]).astype(int)
        share = size[owner] / many[owner]
        return Homes(self.points[rows], self.own.iloc[rows].reset_index(drop=True), self.people[rows] * share, self.land_ha[rows] * share)


@dataclass(frozen=True)
class Case:
    """A study as links are judged on it: as one group walks, in the year of the settings; `residences` are the ids of the points of `homes`. See `case_of`."""

    inputs: Inputs
    settings: Settings
    group: Group
    own: StreetNetwork
    asked: tuple[Asked, ...]
    homes: Homes
    some: Homes
    doors: Positions
    residences: np.ndarray

    @property
    def way(self) -> Way:
        """How walks are looked for: what the rule judges."""
        return Way(shortest=self.settings.rule == "distance", engine=self.settings.engine)

    @cached_property
    def given(self) -> tuple[Link, ...]:
        """The links that the inputs hold already, their feet on the group's own streets."""
        shut = closed(self.inputs.network, self.settings.walker_of(self.group), self.inputs.ground)
        rows = np.append(np.where(shut, -1, np.cumsum(~shut) - 1), -1)
        return tuple(link._replace(feet=tuple(Foot(int(rows[foot.edge]), *foot[1:]) for foot in link.feet)) for link in self.inputs.links)

    def opens(self, link: Link) -> tuple[int, int] | None:
        """The closed gate, as node id and compound, that a link opens again: one without length whose two feet are the gate's node; None for any other."""
        if link.length_m > 0 or not self.own.closed_gates:
            return None
        rows = {int(self.own.start[foot.edge] if foot.offset_m <= SAME_M else self.own.end[foot.edge]) for foot in link.feet}
        gate = int(self.own.nodes[min(rows)]), int(self.own.compound[link.feet[0].edge])
        return gate if len(rows) == 1 and gate in self.own.closed_gates else None

    @cached_property
    def _lonely(self) -> shapely.STRtree:
        entrances = coordinates(self.inputs.entrances)[(self.doors["edge"] < 0).to_numpy()]
        return shapely.STRtree(shapely.points(np.vstack([self.homes.points[self.homes.away], entrances])))

    def near_lonely(self, links: Sequence[Link]) -> np.ndarray:
        """Whether each link passes homes or doors that no street is near to, within the limit of snapping, so that they may get one."""
        lines = np.array([shapely.LineString(link.line) for link in links], dtype=object)
        link, _ = self._lonely.query(lines, predicate="dwithin", distance=self.settings.snap_limit_m)
        return np.isin(np.arange(len(links)), link)

    def compounds(self, links: Sequence[Link]) -> np.ndarray:
        """The compound, not open to this walker, that each end of links lies within, as a (2, links) array; -1 for none."""
        edge = np.array([[link.feet[side].edge for link in links] for side in (0, 1)], dtype=int).reshape(2, -1)
        return np.full(edge.shape, PUBLIC) if self.own.permeability == OPEN else self.own.compound[edge]

    def paid(self, links: Sequence[Link]) -> np.ndarray:
        """Flat metres that a walk pays to reach each end of links along the street it lies on, but not by the link; a (2, links) array.

        More than 0 only where an end is the end of a street at which waiting is paid for, and time is judged.
        """
        feet = [[link.feet[side] for link in links] for side in (0, 1)]
        edge = np.array([[foot.edge for foot in own] for own in feet], dtype=int).reshape(2, -1)
        offset = np.array([[foot.offset_m for foot in own] for own in feet], dtype=float).reshape(2, -1)
        if self.own.costs is None or self.way.shortest:
            return np.zeros(edge.shape)
        start, end = offset <= SAME_M, offset >= self.own.length_m[edge] - SAME_M
        return np.where(start, self.own.costs.start_m[edge], 0) + np.where(end, self.own.costs.end_m[edge], 0)

    @cached_property
    def requirements(self) -> pd.DataFrame:
        """A row a requirement, in the order in which gains are told: `category`, `level`, `limit` in the measure of the rule."""
        rows = [(one.category, asked.level, limit) for one in self.asked for asked, limit in zip(one.requirements, one.limits, strict=True)]
        return pd.DataFrame(rows, columns=["category", "level", "limit"])


def case_of(inputs: Inputs, *, standard: Standard, settings: Settings, points: int, group: str | None = None) -> Case:
    """The study as links are judged on it, for a group of the settings by its id (the first one by default).

    Judged are the categories of `analysis.analyze` that have a facility open. `some` are `points` points a residence, for a first look. Raises
    `KeyError` for an unknown group.
    """
    walks = settings.groups[0] if group is None else {one.id: one for one in settings.groups}[group]
    own = as_walked(inputs.network, settings.walker_of(walks), inputs.ground)
    opened = is_open(inputs.facilities, year=settings.year, certainty=settings.certainty)
    people = residences.in_year(inputs.residences, year=settings.year)
    standing = Standing(own, None, inputs, settings)
    samples = residences.sample(people, inputs.units)
    whole = _homes(samples, standing, walks)
    few = whole.some(samples["residence_id"].to_numpy(), points=points)
    doors = door_positions(coordinates(inputs.entrances), own, inputs, settings, limit_m=settings.snap_limit_m)
    doors = doors.assign(facility=pd.factorize(inputs.entrances["facility_id"])[0])
    asked = []
    for category in standard.categories.values():
        rows = of_category(inputs.entrances, inputs.facilities, category.id, opened)
        if not settings.judges(category) or not len(rows):
            continue
        for n in sorted({one.at_least for one in category.requirements}):
            own_ones = tuple(one for one in category.requirements if one.at_least == n)
            asked.append(Asked(category.id, n, own_ones, np.array([_limit(one, settings, walks) for one in own_ones]), rows))
    return Case(inputs, settings, walks, own, tuple(asked), whole, few, doors, samples["residence_id"].to_numpy(dtype=object))


def _homes(samples: Samples, standing: Standing, group: Group) -> Homes:
    points = coordinates(samples)
    return Homes(points, standing.homes_on_streets(points), samples[group.people].to_numpy(dtype=float), samples["land_m2"].to_numpy() / 10_000)


def _limit(requirement: Requirement, settings: Settings, group: Group) -> float:
    return float(requirement.limit_m if settings.rule == "distance" else requirement.limit_min * group.speed_kmh * METRES_PER_MINUTE_PER_KMH)


def _metres_to(line: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Straight metres from each point to a line of (k, 2) coordinates, which may be without length."""
    far = np.full(len(points), np.inf)
    for a, b in zip(line[:-1], line[1:], strict=True):
        square = float(((b - a) ** 2).sum())
        t = np.clip((points - a) @ (b - a) / square, 0, 1)[:, None] if square > 0 else 0.0
        far = np.minimum(far, np.hypot(*(a + t * (b - a) - points).T))
    return far


@dataclass(frozen=True)
class Built:
    """A case with links built: its streets, where homes and doors stand on them, and the walks in the measure of the rule."""

    case: Case
    links: tuple[Link, ...] = ()

    @cached_property
    def standing(self) -> Standing:
        """The streets with the links of the inputs and those built, closed gates opened again."""
        gates = [self.case.opens(link) for link in self.links]
        links = (*self.case.given, *(link for link, gate in zip(self.links, gates, strict=True) if gate is None))
        opened = tuple(gate for gate in gates if gate is not None)
        own = self.case.own.with_open_gates(opened) if opened else self.case.own
        return Standing(own, linked(own, links) if links else None, self.case.inputs, self.case.settings)

    @property
    def network(self) -> StreetNetwork:
        """The streets that are walked."""
        return self.standing.network

    @cached_property
    def doors(self) -> Positions:
        """Where entrances stand; on their own street, or on a link where no street is near."""
        told, points = self.case, coordinates(self.case.inputs.entrances)
        settings = told.settings
        found = settled(
            told.doors,
            self.standing.linked,
            lambda rows, network: door_positions(points[rows], network, told.inputs, settings, limit_m=settings.snap_limit_m, isolated_m=0),
        )
        return found.assign(facility=told.doors["facility"].to_numpy())

    @cached_property
    def homes(self) -> Positions:
        """Where homes stand, all points."""
        return self.standing.homes(self.case.homes.points, self.case.homes.own)

    @cached_property
    def some(self) -> Positions:
        """Where homes stand, the points of a first look."""
        return self.standing.homes(self.case.some.points, self.case.some.own)

    @cached_property
    def walks(self) -> tuple[np.ndarray, ...]:
        """For each of `case.asked` the walk of all points of homes."""
        return tuple(self.walk(one, self.homes) for one in self.case.asked)

    @cached_property
    def some_walks(self) -> tuple[np.ndarray, ...]:
        """For each of `case.asked` the walk of the points of a first look."""
        return tuple(self.walk(one, self.some) for one in self.case.asked)

    def adding(self, links: Sequence[Link], *, heeded: np.ndarray | None = None) -> Built:
        """The case with more links built. Walks within the limits are worked out anew wherever a link can matter; longer ones stand as they were.

        `heeded` says for each of `case.asked` whether links can matter to it, where that is known (`heeding`).
        """
        after = Built(self.case, (*self.links, *links))
        homes, reach = self.case.homes, self.case.settings.snap_limit_m
        far = np.min([_metres_to(link.line, homes.points) for link in links], axis=0)
        near = np.flatnonzero(far <= max([reach, *(one.farthest for one in self.case.asked)]))
        origins = after.standing.homes(homes.points[near], homes.own.iloc[near])
        walks = list(self.walks)
        for number in np.flatnonzero(self.heeding(links).any(axis=1) if heeded is None else heeded).tolist():
            one, before = self.case.asked[number], walks[number]
            chosen = np.flatnonzero(far[near] <= max(reach, one.farthest))
            limit = one.farthest + ROUNDING_M
            found = after.walk(one, origins.iloc[chosen], limit=limit)
            rows, now = near[chosen], before.copy()
            now[rows] = np.where((found <= limit) | (before[rows] <= limit), found, before[rows])
            walks[number] = now
        after.__dict__["walks"] = tuple(walks)
        return after

    def onward(self, links: Sequence[Link]) -> tuple[tuple[Positions, Positions], np.ndarray]:
        """The first and the last ends of links on these streets, and as a (2, asked, links) array the walks from there, those within the largest limit."""
        feet = [link.feet[side] for side in (0, 1) for link in links]
        both = positions(self.case.own, np.array([foot.edge for foot in feet], dtype=int), np.array([foot.offset_m for foot in feet]))
        both = self.standing.settled(both)
        more = self.case.paid(links).max(initial=0)
        walks = np.array([self.walk(one, both, limit=one.farthest + more) for one in self.case.asked])
        ends = both.iloc[: len(links)].reset_index(drop=True), both.iloc[len(links) :].reset_index(drop=True)
        return ends, walks.reshape(len(self.case.asked), 2, len(links)).swapaxes(0, 1)

    def heeding(self, links: Sequence[Link]) -> np.ndarray:
        """Whether each link can matter to each of `case.asked`, as an (asked, links) array.

        It cannot where the walks from its ends to the nearest facility differ by no more than its length: then no walk gets shorter by any of such
        links. To the nth nearest, and where somebody gets a first street, it always may.
        """
        _, walks = self.onward(links)
        by_link = walks[::-1] - self.case.paid(links)[::-1, None] + np.array([link.length_m for link in links])
        more = (walks > by_link).any(axis=0)
        return more | np.array([one.n > 1 for one in self.case.asked], dtype=bool)[:, None] | self.case.near_lonely(links)

    def walk(self, asked: Asked, origins: Positions, *, limit: float = np.inf) -> np.ndarray:
        """The walk from origins on these streets to the nearest facility, or the nth nearest, in the measure of the rule; infinite beyond `limit`."""
        doors, way, speed = self.doors.iloc[asked.doors], self.case.way, self.case.group.speed_kmh
        if asked.n == 1:
            found = nearest(self.network, origins, doors, speed_kmh=speed, limit_m=limit, way=way)
        else:
            found = nth_nearest(self.network, origins, doors, n=asked.n, speed_kmh=speed, way=way)
        return found["walk_m" if way.shortest else "flat_m"].to_numpy()
