"""The leg from a door, gate or grid point to a position on a street edge; who is too far away, and why."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import shapely

from livingcircle.layers import Positions, statuses
from livingcircle.network import StreetNetwork

NEAREST = "nearest"
SKIPPED = "isolated_piece_skipped"
TOO_FAR = "no_street_within_limit"
REASONS = (NEAREST, SKIPPED, TOO_FAR)
ISOLATED_M = 200.0
WORKERS = max(1, min(4, os.cpu_count() or 1))


def snap(
    points: np.ndarray,
    network: StreetNetwork,
    *,
    limit_m: float,
    isolated_m: float = ISOLATED_M,
    index: pd.Index | None = None,
) -> Positions:
    """The street position of every point, as `layers.POSITIONS`: edge, metres along it, and the off-street leg in metres.

    `points` is an (n, 2) array in the network's CRS. The position is the nearest point of any edge, never a node.
    Where the nearest street belongs to a component shorter than `isolated_m` and a longer one lies within `limit_m`,
    the longer one is taken and the reason says so. A point with no street within `limit_m` is `off_network` with an
    infinite leg. Rows keep the order of `points`; `index` labels them.
    """
    points = np.asarray(points, dtype=float).reshape(-1, 2)
    edge, offset, leg = _nearest(points, network, limit_m=limit_m, only=None)
    reason = np.where(edge < 0, 2, 0).astype(np.int8)
    length = network.components["length_m"].to_numpy()
    isolated = length < isolated_m
    if isolated.any() and not isolated.all():
        doubtful = np.flatnonzero((edge >= 0) & isolated[network.component[edge]])
        if len(doubtful):
            main = ~isolated[network.component]
            other, where, far = _nearest(points[doubtful], network, limit_m=limit_m, only=main)
            better = other >= 0
            rows = doubtful[better]
            edge[rows], offset[rows], leg[rows] = other[better], where[better], far[better]
            reason[rows] = 1
    return pd.DataFrame(
        {
            "edge": edge,
            "offset_m": offset,
            "leg_m": leg,
            "component": np.where(edge < 0, -1, network.component[edge]),
            "status": statuses(np.zeros(len(edge), dtype=bool), edge < 0),
            "reason": pd.Categorical.from_codes(reason, categories=list(REASONS)),
        },
        index=pd.RangeIndex(len(points)) if index is None else index,
    )


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
    a, b = ends[hit, :2], ends[hit, 2:]
    along = b - a
    size = np.hypot(along[:, 0], along[:, 1])
    square = np.einsum("ij,ij->i", along, along)
    t = np.clip(np.einsum("ij,ij->i", points[point] - a, along) / np.where(square > 0, square, 1), 0, 1)
    foot = a + along * t[:, None]
    edge[point] = owner[hit]
    offset[point] = np.minimum(before[hit] + t * size, network.length_m[owner[hit]])
    leg[point] = np.hypot(*(points[point] - foot).T)
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
    lines = network.streets.geometry.to_numpy()[positions["edge"].to_numpy()[found]]
    out[found] = shapely.get_coordinates(
        shapely.line_interpolate_point(lines, positions["offset_m"].to_numpy()[found])
    )
    return out
