"""The links of a ranking built one after another, in their order: what each adds to those above it, and what all bring together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from livingcircle.layers import Positions
from livingcircle.links.case import Built
from livingcircle.links.gains import Gains, gains_of
from livingcircle.links.ranking import Ranking
from livingcircle.reasons import Spots, Terms, trail


@dataclass(frozen=True)
class Package:
    """What the links of a ranking bring together.

    `added` has a row for each link of the ranking, in its order: `people_in_sequence`, `distinct_in_sequence` and `land_in_sequence_ha`, what it newly
    covers once all better ones that bring something are built; 0 for a link that brings nothing alone, which is not built. `built` marks those built.
    `by_requirement` tells what all of them bring, as `category`, `level`, `people`, `land_ha`; `joint` is that in all.
    """

    added: pd.DataFrame
    built: np.ndarray
    by_requirement: pd.DataFrame
    joint: Gains


def package_of(ranking: Ranking) -> Package:
    """The links of a ranking built in its order, exactly: overlaps are told to the better one."""
    chosen = (ranking.table["people_gained"] > 0).to_numpy()
    start = built = ranking.start
    rows = []
    for link, own in zip(ranking.links, chosen, strict=True):
        after = built.adding([link]) if own else built
        found = gains_of(built, after)
        rows.append((found.people.sum(), found.distinct_people[0], found.land_ha.sum()))
        built = after
    joint = gains_of(start, built)
    told = start.case.requirements[["category", "level"]].assign(people=joint.people[0], land_ha=joint.land_ha[0])
    told = told[(told["people"] > 0) | (told["land_ha"] > 0)].reset_index(drop=True)
    return Package(pd.DataFrame(rows, columns=["people_in_sequence", "distinct_in_sequence", "land_in_sequence_ha"]), chosen, told, joint)


def ways_round(ranking: Ranking) -> list[np.ndarray | None]:
    """For each link the walk between its ends on the streets as they are, as coordinates in their CRS, by the shorter of the two ways; None without one."""
    start = ranking.start
    (first, last), _ = start.onward(ranking.links)
    return [_way(start, [(ends.iloc[[row]], link.line[[at]]) for ends, at in ((first, 0), (last, -1))]) for row, link in enumerate(ranking.links)]


def _way(start: Built, ends: list[tuple[Positions, np.ndarray]]) -> np.ndarray | None:
    settings = start.case.settings
    terms = Terms(start.case.group.speed_kmh, settings.snap_limit_m, way=start.case.way)
    spots = [Spots(points, positions.reset_index(drop=True)) for positions, points in ends]
    found = [trail(start.network, a, b, terms=terms) for a, b in (spots, spots[::-1])]
    lines = [(one.walk_m, one.path["line"]) for one in found if one.path is not None]
    if not lines:
        return None
    _, line = min(lines, key=lambda one: one[0])
    points = np.asarray(line, dtype=float)
    return points if shapely.LineString(points).length > 0 else None
