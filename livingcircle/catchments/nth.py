"""The walk, and the straight line, to the nth nearest facility: what counts where a standard asks for several within a limit."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numba import njit
from scipy.spatial import cKDTree

from livingcircle.catchments.choice import k_nearest
from livingcircle.catchments.walks import catchments
from livingcircle.layers import Positions, WalkTimes, statuses
from livingcircle.network import StreetNetwork
from livingcircle.walk_time import POINTS_A_THREAD, QUICKEST, Way, minutes

# Most homes find their few facilities nearby; only those that do not are asked again, farther.
REACHES_M = (500.0, 1_500.0, 6_000.0, np.inf)
BLOCK_ORIGINS = 20_000
# To so few doors it is quicker to look over all of them for each run of points than to look for the nearest in a tree.
FEW_DOORS = 1_000
# Points that stand together have few doors that may be the nearest of any.
RUN = 64


def nth_nearest(
    network: StreetNetwork, origins: Positions, doors: Positions, *, n: int, speed_kmh: float, way: Way = QUICKEST
) -> WalkTimes:
    """The walk from every origin to the nth nearest facility, as `layers.WALK_TIMES` on the index of `origins`.

    Both tables are street positions (`layers.POSITIONS`); `doors` says in a further column `facility` which facility each
    leads into. `source` is the row of that facility's nearest door. Who can walk to fewer than `n` facilities is `unreachable`.
    For `n` = 1 this is `walk_time.nearest`. Equal walks count as far as they are, in the order of the door rows.
    """
    owner = doors["facility"].to_numpy()
    walk, flat = (np.full(len(origins), np.inf) for _ in range(2))
    source = np.full(len(origins), -1)
    on = origins["edge"].to_numpy() >= 0
    left = np.flatnonzero(on & _enough(origins, doors, n))
    for limit_m in REACHES_M:
        for low in range(0, len(left), BLOCK_ORIGINS):
            rows = left[low : low + BLOCK_ORIGINS]
            reached = catchments(network, doors, origins.iloc[rows], limit_m=limit_m, way=way)
            by = "walk_m" if way.shortest else "flat_m"
            last = k_nearest(reached, n, size=len(rows), facilities=owner, by=by).iloc[n - 1 :: n]
            source[rows], walk[rows], flat[rows] = (last[name].to_numpy() for name in ("door", "walk_m", "flat_m"))
        left = left[source[left] < 0]
    legs = np.append(doors["leg_m"].to_numpy(), np.inf)
    return pd.DataFrame(
        {
            "walk_m": walk,
            "flat_m": flat,
            "walk_min": minutes(flat, speed_kmh=speed_kmh),
            "from_leg_m": origins["leg_m"].to_numpy(),
            "to_leg_m": legs[source],
            "source": source.astype(np.int32),
            "status": statuses((source < 0) & on, ~on),
        },
        index=origins.index,
    )


def _enough(origins: Positions, doors: Positions, n: int) -> np.ndarray:
    """Whether the streets of each origin hold doors of at least `n` facilities."""
    held = pd.DataFrame({"component": doors["component"].to_numpy(), "facility": doors["facility"].to_numpy()})
    number = held.drop_duplicates().groupby("component").size()
    return number.reindex(origins["component"].to_numpy(), fill_value=0).to_numpy() >= n


def nth_straight(
    points: np.ndarray, entrances: np.ndarray, facilities: np.ndarray, *, n: int = 1, within_m: float = np.inf
) -> np.ndarray:
    """Straight metres from every point to the nth nearest facility's nearest entrance; infinite beyond `within_m` or without one.

    `points` and `entrances` are (n, 2) arrays in one metric CRS, `facilities` tells whose each entrance is.

    >>> doors = np.array([[0.0, 0.0], [1.0, 0.0], [5.0, 0.0]])
    >>> nth_straight(np.array([[0.0, 0.0]]), doors, np.array([7, 7, 8]), n=2).tolist()
    [5.0]
    """
    out = np.full(len(points), np.inf)
    if len(np.unique(facilities)) < n:
        return out
    if n == 1 and len(entrances) <= FEW_DOORS:
        return _nearest_of_few(np.ascontiguousarray(points, dtype=float), np.ascontiguousarray(entrances, dtype=float), float(within_m))
    tree = cKDTree(entrances)
    # A few points are found before further threads have begun.
    workers = -1 if len(points) > POINTS_A_THREAD else 1
    if n == 1:
        return tree.query(points, distance_upper_bound=np.nextafter(within_m, np.inf), workers=workers)[0]
    left, ask = np.arange(len(points)), 2 * n
    while len(left):
        ask = min(ask, len(entrances))
        far, row = tree.query(points[left], k=np.arange(1, ask + 1), workers=workers)
        owner = facilities[row]
        # An entrance of a facility met before adds none.
        fresh = np.ones(owner.shape, dtype=bool)
        for column in range(1, ask):
            fresh[:, column] = (owner[:, :column] != owner[:, [column]]).all(axis=1)
        met = np.cumsum(fresh, axis=1) >= n
        done = met[:, -1]
        out[left[done]] = far[done, np.argmax(met[done], axis=1)]
        left, ask = left[~done], 2 * ask
    return np.where(out <= within_m, out, np.inf)


@njit(cache=True, nogil=True)
def _nearest_of_few(points, entrances, within_m):
    out, near = np.empty(len(points)), np.empty(len(entrances), dtype=np.int64)
    for low in range(0, len(points), RUN):
        high = min(low + RUN, len(points))
        count = _candidates(points[low:high], entrances, near)
        for row in range(low, high):
            least = np.inf
            for place in range(count):
                across, along = points[row, 0] - entrances[near[place], 0], points[row, 1] - entrances[near[place], 1]
                least = min(least, across * across + along * along)
            metres = np.sqrt(least)
            out[row] = metres if metres <= within_m else np.inf
    return out


@njit(cache=True, nogil=True)
def _candidates(points, entrances, near):
    """How many entrances may be the nearest of any of the points, and which (`near`): others lie farther off their box than one does from all of it."""
    west, east = points[:, 0].min(), points[:, 0].max()
    south, north = points[:, 1].min(), points[:, 1].max()
    most = np.inf
    for door in range(len(entrances)):
        across = max(abs(entrances[door, 0] - west), abs(entrances[door, 0] - east))
        along = max(abs(entrances[door, 1] - south), abs(entrances[door, 1] - north))
        most = min(most, across * across + along * along)
    # Beyond doubt of the last digits.
    most *= 1 + 1e-9
    count = 0
    for door in range(len(entrances)):
        across = max(west - entrances[door, 0], entrances[door, 0] - east, 0.0)
        along = max(south - entrances[door, 1], entrances[door, 1] - north, 0.0)
        if across * across + along * along <= most:
            near[count] = door
            count += 1
    return count
