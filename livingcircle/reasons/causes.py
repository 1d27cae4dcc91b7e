"""Why points are reached or not, all at once: status, cause, nearest street, barrier in the way, and the link that lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely

from livingcircle.barriers import TOUCH_M
from livingcircle.errors import DataError, Fault, raise_all, said
from livingcircle.layers import BEYOND_LIMIT, Barriers, Positions, WalkTimes, statuses
from livingcircle.network import StreetNetwork
from livingcircle.snapping import BEHIND, INSIDE, NEAREST, SKIPPED, TOO_FAR, coordinates_of, snap
from livingcircle.walk_time import QUICKEST, Way, minutes, nearest, straight

REACHED, BEYOND, LEG_ALONE = "reached", "beyond_limit", "leg_alone"
NOT_JOINED, CLOSED, NO_DOOR = "not_joined", "closed_compound", "no_door"
CAUSES = (REACHED, BEYOND, LEG_ALONE, NOT_JOINED, CLOSED, NO_DOOR, TOO_FAR, BEHIND, INSIDE)
# Walks are sums of rounded lengths.
ROUNDING_M = 1e-6


class Spots(NamedTuple):
    """Points, an (n, 2) array in the network's CRS, and the street positions (`layers.POSITIONS`) found for them."""

    points: np.ndarray
    positions: Positions


@dataclass(frozen=True)
class Terms:
    """On what terms a walk is judged: limit, speed and way, and how points were put on streets.

    `limit_m` is in flat metres of the quickest walk, in metres of the shortest, inclusive; infinite for no limit.
    `snap_limit_m` and `barriers` (`layers.BARRIERS`) are those that the positions were found with.
    """

    speed_kmh: float
    snap_limit_m: float
    limit_m: float = np.inf
    way: Way = QUICKEST
    barriers: Barriers | None = None


def explained(
    network: StreetNetwork, origins: Spots, doors: Spots, *, terms: Terms, walks: WalkTimes | None = None
) -> pd.DataFrame:
    """Status and cause of every origin, with the walk, nearest street and barrier behind them, on the origins' index.

    `walks` may give the walks (`layers.WALK_TIMES`) between these origins and doors, found without a limit on the same
    terms; by default they are searched. Columns: `status`; `cause` (one of `CAUSES`); `reason` of the snapping; `walk_m`,
    `flat_m` (metres of level street that take as long) and `walk_min`; `excess_m` beyond the limit (0 when reached);
    `leg_m`; `door` (row, -1 for none); `straight_m` to the nearest door; `component`, its
    `component_m` of street and `component_share` of all street; `nearest_edge`, `nearest_m` of
    the nearest street, whatever lies between; `barrier`: row of the barrier that the straight leg first tried meets, -1
    for none. What no walk reaches carries infinite metres.

    Raises `DataError` for points that do not fit their positions, and for walks found with a limit.

    >>> import geopandas as gpd
    >>> from livingcircle.network import from_lines
    >>> street = gpd.GeoDataFrame(geometry=gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 900 0)"]), crs="EPSG:4550")
    >>> town = from_lines(street)
    >>> places = np.array([[500.0, 9], [0, 400]]), np.array([[0.0, 0]])
    >>> homes, door = (Spots(p, snap(p, town, limit_m=150)) for p in places)
    >>> got = explained(town, homes, door, terms=Terms(speed_kmh=4, snap_limit_m=150, limit_m=500))
    >>> got["cause"].tolist(), got["excess_m"].tolist(), got["nearest_m"].tolist()
    (['beyond_limit', 'no_street_within_limit'], [9.0, inf], [9.0, 400.0])
    """
    check_spots(origins, doors)
    at, way = origins.positions, terms.way
    if walks is None:
        walks = nearest(network, at, doors.positions, speed_kmh=terms.speed_kmh, way=way)
    if (walks["status"] == BEYOND_LIMIT).any():
        raise DataError(Fault("walks", "were found with a limit", "search them without, so that causes can be told"))
    walk_m, flat_m = walks["walk_m"].to_numpy(), walks["flat_m"].to_numpy()
    judged = walk_m if way.shortest else flat_m
    off, away = at["edge"].to_numpy() < 0, np.isinf(walk_m)
    beyond = np.isfinite(judged) & (judged > terms.limit_m + ROUNDING_M)
    component = at["component"].to_numpy()
    total = np.append(network.components["length_m"].to_numpy(), 0.0)
    near_edge, near_m, barrier = _ways_out(network, origins, terms)
    table = pd.DataFrame(
        {
            "status": statuses(away & ~off, off, beyond),
            "cause": "",
            "reason": at["reason"].to_numpy(),
            "walk_m": walk_m,
            "flat_m": flat_m,
            "walk_min": minutes(flat_m, speed_kmh=terms.speed_kmh),
            "excess_m": np.where(beyond | away, judged - terms.limit_m if np.isfinite(terms.limit_m) else np.inf, 0.0),
            "leg_m": at["leg_m"].to_numpy(),
            "door": walks["source"].to_numpy(),
            "straight_m": straight(origins.points, doors.points)[0],
            "component": component,
            "component_m": total[component],
            "component_share": total[component] / max(total.sum(), ROUNDING_M),
            "nearest_edge": near_edge,
            "nearest_m": near_m,
            "barrier": barrier,
        },
        index=at.index,
    )
    return table.assign(cause=_causes(table, (off, away, beyond), doors.positions, terms))


def check_spots(origins: Spots, doors: Spots) -> None:
    """Nothing when every position has its point; raises `DataError` with every fault otherwise."""
    raise_all([*_faults(origins, "origins"), *_faults(doors, "doors")], DataError)


def _faults(spots: Spots, where: str) -> list[Fault]:
    points = np.asarray(spots.points)
    if points.shape != (len(spots.positions), 2):
        problem = said("points of shape {shape} for {positions} positions", shape=points.shape, positions=len(spots.positions))
        return [Fault(where, problem, "give the point of every position")]
    wrong = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(wrong):
        rows = wrong[:5].tolist()
        return [Fault(where, said("coordinates that are not numbers in rows {rows}", rows=rows), "correct these points")]
    return []


def _causes(table: pd.DataFrame, masks: tuple[np.ndarray, ...], doors: Positions, terms: Terms) -> pd.Categorical:
    off, away, beyond = masks
    component = table["component"].to_numpy()
    joined = np.isin(component, door_components(doors))
    no_door = np.full(len(table), not len(door_components(doors)))
    leg = table["leg_m"].to_numpy() > terms.limit_m + ROUNDING_M
    named = np.select(
        [off, away & no_door, away & ~joined, away, beyond & leg, beyond],
        [table["reason"].astype(str).to_numpy(dtype=object), NO_DOOR, NOT_JOINED, CLOSED, LEG_ALONE, BEYOND],
        REACHED,
    )
    return pd.Categorical(named, categories=list(CAUSES))


def door_components(doors: Positions) -> np.ndarray:
    """The street components that doors stand on, each once; doors off the network do not count.

    >>> door_components(pd.DataFrame({"component": [2, -1, 0, 2]})).tolist()
    [0, 2]
    """
    own = np.unique(doors["component"].to_numpy())
    return own[own >= 0]


def _ways_out(network: StreetNetwork, origins: Spots, terms: Terms) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nearest edge, metres to it, and the barrier row on the leg that was tried first, for every origin."""
    at = origins.positions
    edge, metres, met = at["edge"].to_numpy().copy(), at["leg_m"].to_numpy().copy(), np.full(len(at), -1)
    reason = at["reason"].astype(str).to_numpy()
    # Whom the nearest street serves is told by the position itself; only the others are looked at again.
    rows = np.flatnonzero(reason != NEAREST)
    near = snap(origins.points[rows], network, limit_m=np.inf, isolated_m=0)
    edge[rows], metres[rows] = near["edge"].to_numpy(), near["leg_m"].to_numpy()
    barred = reason[rows] != SKIPPED
    rows, near = rows[barred], near[barred]
    if terms.barriers is None or terms.barriers.empty or not len(rows):
        return edge, metres, met
    tried = snap(origins.points[rows], network, limit_m=terms.snap_limit_m)
    feet = np.where((tried["edge"].to_numpy() >= 0)[:, None], coordinates_of(tried, network), coordinates_of(near, network))
    met[rows] = barriers_met(np.stack([origins.points[rows], feet], axis=1), terms.barriers)
    return edge, metres, met


def barriers_met(legs: np.ndarray, barriers: Barriers) -> np.ndarray:
    """The row of the barrier that each straight leg meets first, or begins inside of; -1 for none.

    `legs` is (n, 2, 2): from, to; `barriers` as `layers.BARRIERS`. Touching a barrier with an end is no meeting.
    """
    shapes = barriers.geometry.to_numpy()
    met = np.full(len(legs), -1)
    if not len(legs) or not len(shapes):
        return met
    area = np.flatnonzero(shapely.get_dimensions(shapes) == 2)
    drawn = shapes.copy()
    drawn[area] = shapely.boundary(shapes[area])
    parts, part_of = shapely.get_parts(drawn, return_index=True)
    points, owner = shapely.get_coordinates(parts, return_index=True)
    inner = owner[1:] == owner[:-1]
    # Short pieces keep the tree selective, as in `barriers.obstacles`.
    pieces = shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1)[inner])
    lines = shapely.linestrings(legs)
    leg, piece = shapely.STRtree(pieces).query(lines, predicate="intersects")
    reached = pieces[piece]
    starts = shapely.points(legs[leg, 0])
    apart = np.minimum(shapely.distance(starts, reached), shapely.distance(shapely.points(legs[leg, 1]), reached))
    leg, piece, starts = (values[apart > TOUCH_M] for values in (leg, piece, starts))
    far = shapely.distance(starts, shapely.intersection(lines[leg], pieces[piece]))
    order = np.lexsort([far, leg])[::-1]
    met[leg[order]] = part_of[owner[:-1][inner][piece[order]]]
    begun = shapely.points(legs[:, 0])
    point, held = shapely.STRtree(shapes[area]).query(begun)
    shapely.prepare(shapes[area])
    within = shapely.contains_properly(shapes[area][held], begun[point])
    met[point[within][::-1]] = area[held[within][::-1]]
    return met


class Link(NamedTuple):
    """The nearest places of two pieces of the network that are not joined: where a link lacks."""

    gap_m: float
    from_edge: int
    to_edge: int
    ends: np.ndarray


def missing_link(network: StreetNetwork, component: int, toward: np.ndarray) -> Link:
    """The straight gap in metres between a component and the nearest of the components `toward`, with both its ends.

    Raises `DataError` when `toward` is empty or holds the component itself: then no link lacks.
    """
    toward = np.asarray(toward)
    if not len(toward) or component in toward:
        raise DataError(
            Fault("components", said("no link lacks from {component} to {toward}", component=component, toward=toward.tolist()), "give other components")
        )
    lines = network.streets.geometry.to_numpy()
    own, others = np.flatnonzero(network.component == component), np.flatnonzero(np.isin(network.component, toward))
    # The tree holds the longer side, so that few lines are asked for.
    asked, held = (own, others) if len(own) <= len(others) else (others, own)
    (row, hit), far = shapely.STRtree(lines[held]).query_nearest(lines[asked], return_distance=True)
    pairs = np.stack([asked[row], held[hit]])[:: 1 if asked is own else -1]
    # Of gaps equally wide the one between the lowest edges, the same in every run.
    best = np.lexsort([*pairs[::-1], far])[0]
    start, end = pairs[:, best].tolist()
    ends = shapely.get_coordinates(shapely.shortest_line(lines[start], lines[end]))
    return Link(float(far[best]), start, end, ends)
