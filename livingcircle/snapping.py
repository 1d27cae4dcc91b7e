"""The leg from a door, gate or grid point to a position on a street edge; who is too far away, and why."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import shapely

from livingcircle.barriers import Obstacles, crossed, inside
from livingcircle.layers import Positions, statuses
from livingcircle.network import StreetNetwork

NEAREST = "nearest"
SKIPPED = "isolated_piece_skipped"
AVOIDED = "barrier_avoided"
TOO_FAR = "no_street_within_limit"
BEHIND = "behind_barrier"
INSIDE = "inside_barrier"
REASONS = (NEAREST, SKIPPED, AVOIDED, TOO_FAR, BEHIND, INSIDE)
ISOLATED_M = 200.0
WORKERS = max(1, min(4, os.cpu_count() or 1))
# Points looked at together keep a block to some tens of megabytes; whom the nearest streets do not serve is cut off.
BLOCK = 4_000
MOST_STREETS = 24


def snap(
    points: np.ndarray,
    network: StreetNetwork,
    *,
    limit_m: float,
    barriers: Obstacles | None = None,
    isolated_m: float = ISOLATED_M,
) -> Positions:
    """The street position of every point, as `layers.POSITIONS`: edge, metres along it, and the off-street leg in metres.

    `points` is an (n, 2) array in the network's CRS. The position is the nearest point of any edge, never a node.
    Where the nearest street belongs to a component shorter than `isolated_m` and a longer one lies within `limit_m`,
    the longer one is taken; where the leg would cross one of `barriers`, the nearest place of the next street (of up to
    24) that a free leg reaches.
    The reason says so. A point with no street within `limit_m`, none on its side of the barriers, or inside an area
    that is a barrier is `off_network` with an infinite leg. Rows keep the order of `points`.

    >>> import geopandas as gpd
    >>> from livingcircle.network import from_lines
    >>> street = gpd.GeoDataFrame(geometry=gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 100 0)"]), crs="EPSG:4550")
    >>> got = snap(np.array([[30.0, 20.0], [30.0, 500.0]]), from_lines(street), limit_m=150)
    >>> got["leg_m"].tolist(), list(got["reason"])
    ([20.0, inf], ['nearest', 'no_street_within_limit'])
    """
    points = np.asarray(points, dtype=float).reshape(-1, 2)
    edge, offset, leg = _nearest(points, network, limit_m=limit_m, only=None)
    reason = np.where(edge < 0, REASONS.index(TOO_FAR), 0).astype(np.int8)
    length = network.components["length_m"].to_numpy()
    isolated = length < isolated_m
    main = None
    if isolated.any() and not isolated.all():
        doubtful = np.flatnonzero((edge >= 0) & isolated[network.component[edge]])
        main = ~isolated[network.component]
        other, where, far = _nearest(points[doubtful], network, limit_m=limit_m, only=main)
        better = other >= 0
        rows = doubtful[better]
        edge[rows], offset[rows], leg[rows] = other[better], where[better], far[better]
        reason[rows] = REASONS.index(SKIPPED)
    if barriers is not None:
        _keep_clear(points, network, barriers, limit_m=limit_m, found=(edge, offset, leg, reason))
    return as_positions(network, edge, offset, leg, reason)


def as_positions(
    network: StreetNetwork, edge: np.ndarray, offset_m: np.ndarray, leg_m: np.ndarray, reason: np.ndarray
) -> Positions:
    """Street positions as `layers.POSITIONS`: edge rows (-1 off the network), metres, and reasons as numbers in `REASONS`."""
    return pd.DataFrame(
        {
            "edge": edge,
            "offset_m": offset_m,
            "leg_m": leg_m,
            "component": np.where(edge < 0, -1, network.component[edge]),
            "status": statuses(np.zeros(len(edge), dtype=bool), edge < 0),
            "reason": pd.Categorical.from_codes(reason.astype(np.int8), categories=list(REASONS)),
        }
    )


def _keep_clear(
    points: np.ndarray, network: StreetNetwork, barriers: Obstacles, *, limit_m: float, found: tuple[np.ndarray, ...]
) -> None:
    """Change what was `found` where a leg crosses a barrier: the nearest position with a free leg, or none."""
    edge, offset, leg, reason = found
    off = leg > 0
    within = np.flatnonzero(off & inside(points, barriers))
    edge[within], leg[within], offset[within], reason[within] = -1, np.inf, 0, REASONS.index(INSIDE)
    rows = np.flatnonzero((edge >= 0) & off)
    feet = _places(network, edge[rows], offset[rows])
    blocked = rows[crossed(np.stack([points[rows], feet], axis=1), barriers)]
    edge[blocked], reason[blocked] = -1, REASONS.index(BEHIND)
    offset[blocked], leg[blocked] = 0, np.inf
    for part in np.array_split(blocked, max(1, len(blocked) // BLOCK)):
        _free_legs(points, network, barriers, rows=part, limit_m=limit_m, found=found)


def _free_legs(
    points: np.ndarray,
    network: StreetNetwork,
    barriers: Obstacles,
    *,
    rows: np.ndarray,
    limit_m: float,
    found: tuple[np.ndarray, ...],
) -> None:
    """Try the nearest place of one street after another, nearest first, until a leg is free."""
    edge, offset, leg, reason = found
    ends, owner, before, tree = network.segments
    point, hit = tree.query(shapely.points(points[rows]), predicate="dwithin", distance=limit_m)
    far, along = _feet(points[rows][point], ends[hit])
    order = np.lexsort([far, owner[hit], point])
    point, hit, far, along = point[order], hit[order], far[order], along[order]
    street = np.ones(len(point), dtype=bool)
    street[1:] = (point[1:] != point[:-1]) | (owner[hit[1:]] != owner[hit[:-1]])
    order = np.lexsort([far[street], point[street]])
    point, hit, far, along = (values[street][order] for values in (point, hit, far, along))
    turn = np.arange(len(point)) - np.searchsorted(point, point)
    a, b = ends[hit, :2], ends[hit, 2:]
    size = np.hypot(*(b - a).T)
    feet = a + (b - a) * (along / np.where(size > 0, size, 1))[:, None]
    waiting = np.ones(len(rows), dtype=bool)
    for now in range(MOST_STREETS):
        tried = np.flatnonzero((turn == now) & waiting[point])
        if not len(tried):
            break
        free = tried[~crossed(np.stack([points[rows[point[tried]]], feet[tried]], axis=1), barriers)]
        waiting[point[free]] = False
        at = rows[point[free]]
        edge[at] = owner[hit[free]]
        offset[at] = np.minimum(before[hit[free]] + along[free], network.length_m[owner[hit[free]]])
        leg[at], reason[at] = far[free], REASONS.index(AVOIDED)


def _feet(points: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Metres from each point to its segment, and metres along the segment to the foot."""
    a, along = ends[:, :2], ends[:, 2:] - ends[:, :2]
    square = np.einsum("ij,ij->i", along, along)
    t = np.clip(np.einsum("ij,ij->i", points - a, along) / np.where(square > 0, square, 1), 0, 1)
    return np.hypot(*(points - (a + along * t[:, None])).T), t * np.sqrt(square)


def _places(network: StreetNetwork, edge: np.ndarray, offset: np.ndarray) -> np.ndarray:
    lines = network.streets.geometry.to_numpy()[edge]
    return shapely.get_coordinates(shapely.line_interpolate_point(lines, offset))


def _nearest(
    points: np.ndarray, network: StreetNetwork, *, limit_m: float, only: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    ends, owner, before, tree = network.segments
    rows = np.arange(len(owner))
    if only is not None:
        rows = np.flatnonzero(only[owner])
        tree = shapely.STRtree(tree.geometries[rows])
    edge = np.full(len(points), -1)
    offset = np.zeros(len(points))
    leg = np.full(len(points), np.inf)
    if not len(points) or not len(rows):
        return edge, offset, leg
    # GEOS leaves out what lies exactly at the limit; the limit is inclusive here.
    reach = np.nextafter(limit_m, np.inf) if limit_m > 0 else 1e-9
    point, hit = _query(tree, points, reach)
    hit = rows[hit]
    leg[point], along = _feet(points[point], ends[hit])
    edge[point] = owner[hit]
    offset[point] = np.minimum(before[hit] + along, network.length_m[owner[hit]])
    return edge, offset, leg


def _query(tree: shapely.STRtree, points: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    # GEOS works without Python's lock, so two halves run side by side.
    low = np.linspace(0, len(points), WORKERS + 1).astype(int)
    with ThreadPoolExecutor(WORKERS) as pool:
        parts = pool.map(
            lambda a, b: tree.query_nearest(shapely.points(points[a:b]), max_distance=reach, all_matches=False),
            low[:-1],
            low[1:],
        )
        found = [part + np.array([[start], [0]]) for part, start in zip(parts, low[:-1], strict=True)]
    point, hit = np.hstack(found)
    return point, hit


def coordinates_of(positions: Positions, network: StreetNetwork) -> np.ndarray:
    """The (n, 2) coordinates of street positions in the network's CRS; NaN for points off the network."""
    found = positions["edge"].to_numpy() >= 0
    out = np.full((len(positions), 2), np.nan)
    out[found] = _places(network, positions["edge"].to_numpy()[found], positions["offset_m"].to_numpy()[found])
    return out
