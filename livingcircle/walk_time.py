"""Metres and minutes on foot from everywhere to the nearest facility, exact at any position on an edge."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numba import njit
from scipy.spatial import cKDTree

from livingcircle.layers import STATUSES, Positions, WalkTimes
from livingcircle.network import Arcs, StreetNetwork
from livingcircle.search import Ends, Found, at_positions, nearest_start

METRES_PER_MINUTE_PER_KMH = 1000 / 60
POINTS_A_THREAD = 10_000


class Way(NamedTuple):
    """How a walk is looked for: the least minutes, or metres if `shortest`; toward the entrances, or `outward` from them."""

    shortest: bool = False
    outward: bool = False
    engine: str = "numba"


QUICKEST, SHORTEST = Way(), Way(shortest=True)


def minutes(walk_m: np.ndarray, *, speed_kmh: float) -> np.ndarray:
    """Minutes of walks of `walk_m` metres at `speed_kmh`; infinite stays infinite.

    >>> float(minutes(np.array([1000.0]), speed_kmh=4.0)[0])
    15.0
    """
    return np.asarray(walk_m) * 60 / (speed_kmh * 1000)


def nearest(
    network: StreetNetwork,
    origins: Positions,
    entrances: Positions,
    *,
    speed_kmh: float,
    limit_m: float = np.inf,
    way: Way = QUICKEST,
) -> WalkTimes:
    """The walk from every origin to its nearest entrance, as `layers.WALK_TIMES` on the index of `origins`.

    Both tables are street positions (`layers.POSITIONS`). `walk_m` counts both off-street legs; `source` is the row of
    the entrance. One search serves all origins. An origin on the edge of an entrance walks straight along that edge when
    this is shorter. `way` says whether the quickest or the shortest walk is meant, from origins to entrances or
    outward from the entrances, and by which engine; `walk_m` and `walk_min` belong to one and the same walk. Walks beyond
    `limit_m` (inclusive; flat metres of the quickest walk, metres of the shortest) come out `beyond_limit` with infinite
    metres; without a limit an origin that no street joins to any entrance is `unreachable`.
    """
    walk, rest, source = _reached(network, origins, entrances, limit_m, way)
    leg = origins["leg_m"].to_numpy()
    legs = np.append(entrances["leg_m"].to_numpy(), np.inf)
    to_leg, status = _arrived((walk, rest, source), (origins["edge"].to_numpy(), leg), legs, float(limit_m))
    walk_m, flat_m = (walk, rest) if way.shortest else (rest, walk)
    told = {
        "walk_m": walk_m,
        "flat_m": flat_m,
        "walk_min": minutes(flat_m, speed_kmh=speed_kmh),
        "from_leg_m": leg,
        "to_leg_m": to_leg,
        "source": source.astype(np.int32),
        "status": pd.Categorical.from_codes(status, categories=list(STATUSES)),
    }
    return pd.DataFrame(told, index=origins.index, copy=False)


def measured(network: StreetNetwork, origins: Positions, entrances: Positions, *, way: Way = QUICKEST) -> np.ndarray:
    """Of the walks of `nearest` the measure searched for alone: flat metres of the quickest, metres of the shortest."""
    walk, _, _ = _reached(network, origins, entrances, np.inf, way)
    return np.where(origins["edge"].to_numpy() >= 0, walk + origins["leg_m"].to_numpy(), np.inf)


def _reached(
    network: StreetNetwork, origins: Positions, entrances: Positions, limit_m: float, way: Way
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The walk from where each origin stands on its street: the measure searched for, the other one, and the row of the entrance (-1 for none)."""
    door = np.flatnonzero(entrances["edge"].to_numpy() >= 0)
    edge, offset = entrances["edge"].to_numpy()[door], entrances["offset_m"].to_numpy()[door]
    leg = entrances["leg_m"].to_numpy()[door]
    found = search_from(network, (edge, offset, leg), limit_m=limit_m, way=way)
    places = origins["edge"].to_numpy(), origins["offset_m"].to_numpy()
    walk, rest, source = _to_positions(network, found, np.tile(door, 2), places, way)
    same, by, cost, other = along_one_edge(network, places, (door, edge, offset, leg), way)
    shorter = cost < walk[same]
    walk[same[shorter]], rest[same[shorter]], source[same[shorter]] = cost[shorter], other[shorter], by[shorter]
    return walk, rest, source


@njit(cache=True, nogil=True)
def _arrived(walks, homes, legs, limit):
    """Walks with the origins' own legs, infinite beyond the limit; the leg at the entrance, and the code of the status (`layers.STATUSES`)."""
    walk, rest, source = walks
    edge, leg = homes
    to_leg, status = np.full(len(walk), np.inf), np.zeros(len(walk), dtype=np.int8)
    for row in range(len(walk)):
        if edge[row] < 0:
            walk[row] = rest[row] = np.inf
            source[row], status[row] = -1, 2
            continue
        walk[row] += leg[row]
        rest[row] += leg[row]
        if walk[row] > limit:
            walk[row] = rest[row] = np.inf
        if np.isinf(walk[row]):
            source[row], status[row] = -1, 1 if np.isinf(limit) else 3
        else:
            to_leg[row] = legs[source[row]]
    return to_leg, status


def search_from(
    network: StreetNetwork, doors: tuple[np.ndarray, np.ndarray, np.ndarray], *, limit_m: float = np.inf, way: Way = QUICKEST
) -> Found:
    """The walk between every state of the network and the nearest of `doors` (edge rows, metres along them, legs).

    In flat metres, or metres of the shortest walk; `start` is the number of the door, plus the number of doors where it
    is reached by its edge's end.
    """
    edge, offset, leg = doors
    steps = network.leaving if way.outward else network.entering
    states, flat, metres = (part.T.ravel() for part in steps(edge, offset))
    begun = np.tile(leg, 2)
    cost, other = (metres, flat) if way.shortest else (flat, metres)
    return nearest_start(
        arcs_of(network, way), states, begun + cost, others=begun + other, limit=limit_m, engine=way.engine
    )


def arcs_of(network: StreetNetwork, way: Way) -> Arcs:
    """The arcs that a search of `way` follows from the doors: backward along walks unless `outward`."""
    if way.shortest:
        return network.shortest_arcs if way.outward else network.shortest_arcs_back
    return network.arcs if way.outward else network.arcs_back


def _to_positions(
    network: StreetNetwork, found: Found, source: np.ndarray, places: tuple[np.ndarray, np.ndarray], way: Way
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The cheapest of the two ways to each place: the measure searched for, the other one, and the source."""
    ends_of = network.ends_reached if way.outward else network.ends_left
    measures = Ends(*ends_of(way.shortest)), Ends(*ends_of(not way.shortest))
    ends = measures[0].states if network.costs is None else measures
    return at_positions(found._replace(start=np.append(source, -1)[found.start]), network.length_m, ends, places)


def along_one_edge(
    network: StreetNetwork, origins: tuple[np.ndarray, ...], doors: tuple[np.ndarray, ...], way: Way
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """For origins that share an edge with entrances: origin row, entrance row, cost and other measure past no node."""
    at, along = origins
    door, edge, offset, leg = doors
    served = np.zeros(len(network.length_m) + 1, dtype=bool)
    served[edge] = True
    # Row -1, off the network, is the last one.
    rows = np.flatnonzero(served[at])
    order = np.argsort(edge, kind="stable")
    low = np.searchsorted(edge[order], at[rows], side="left")
    count = np.searchsorted(edge[order], at[rows], side="right") - low
    origin = np.repeat(rows, count)
    pick = np.repeat(low - (np.cumsum(count) - count), count) + np.arange(count.sum())
    which = order[pick]
    here, there = along[origin], offset[which]
    ends = (there, here) if way.outward else (here, there)
    flat, metres = network.along(at[origin], *ends) + leg[which], np.abs(here - there) + leg[which]
    cost, other = (metres, flat) if way.shortest else (flat, metres)
    best = np.lexsort([which, cost, origin])
    first = np.ones(len(best), dtype=bool)
    first[1:] = origin[best][1:] != origin[best][:-1]
    best = best[first]
    return origin[best], door[which[best]], cost[best], other[best]


def straight(points: np.ndarray, entrances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Straight metres from every point to the nearest of `entrances`, and its row; infinite and -1 when there is none.

    Both are (n, 2) arrays in one metric CRS.
    """
    if not len(entrances):
        return np.full(len(points), np.inf), np.full(len(points), -1)
    # A few points are found before further threads have begun.
    return cKDTree(entrances).query(points, workers=-1 if len(points) > POINTS_A_THREAD else 1)
