"""What origins can choose from: the nearest few facilities, how many, whose area is whose, and what a closure costs.

Several doors may belong to one facility. `facilities` then gives the facility of every door row; without it each door
is a facility of its own. `by` names the column that decides what is near: `flat_m` (quickest walks) or `walk_m`
(shortest walks), as in the search that the table came from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from livingcircle.catchments.walks import ROUNDING_M
from livingcircle.errors import DataError, Fault, StudyError, raise_all, said
from livingcircle.layers import Positions
from livingcircle.network import StreetNetwork
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH, QUICKEST, Way, nearest

MEASURES = ("flat_m", "walk_m")
# A door counts this much farther than the row above it: less than any drawing tells, more than sums are rounded by.
TIE_M = 1e-9


class Exclusive(NamedTuple):
    """Whose every origin is (`nearest`), the sums of every facility's own area, and the sums of nobody's."""

    nearest: pd.DataFrame
    sums: pd.DataFrame
    unserved: pd.Series


def k_nearest(
    reached: pd.DataFrame, k: int, *, size: int, facilities: np.ndarray | None = None, by: str = "flat_m"
) -> pd.DataFrame:
    """The `k` nearest doors of every origin, each of another facility, with the walk in metres.

    `reached` is a table of `catchments`, `size` the number of its origins. Result: `k` rows an origin, by `origin` and
    `rank` (from 1), with `door`, `walk_m`, `flat_m`; where fewer are within reach `door` is -1 and the metres are infinite.
    Of equals, to a micrometre, the lowest door row comes first. Raises `StudyError` for `k` below 1 or an unknown `by`,
    `DataError` where `facilities` or `size` leave out rows of the table.

    >>> table = pd.DataFrame({"door": [0, 1], "origin": [0, 0], "walk_m": [90.0, 40.0], "flat_m": [90.0, 40.0]})
    >>> k_nearest(table, 2, size=2)["door"].tolist()
    [1, 0, -1, -1]
    """
    faults = [] if k >= 1 else [Fault("k", said("{k} is no number of facilities", k=k), "give 1 or more")]
    raise_all(faults, StudyError)
    best = _by_facility(reached, facilities, by, size=size)
    origin = best["origin"].to_numpy()
    rank = np.arange(len(origin)) - np.searchsorted(origin, origin)
    kept = rank < k
    cell = origin[kept] * k + rank[kept]
    number = np.arange(size * k)
    door = np.full(size * k, -1)
    door[cell] = best["door"].to_numpy()[kept]
    metres = {name: np.full(size * k, np.inf) for name in ("walk_m", "flat_m")}
    for name, values in metres.items():
        values[cell] = best[name].to_numpy()[kept]
    return pd.DataFrame({"origin": number // k, "rank": number % k + 1, "door": door, **metres})


def counts(
    reached: pd.DataFrame,
    limits_m: Sequence[float],
    *,
    size: int,
    facilities: np.ndarray | None = None,
    by: str = "flat_m",
) -> pd.DataFrame:
    """The number of facilities within each of `limits_m` (metres, inclusive) of every origin.

    `reached` is a table of `catchments` whose own limit is not below these, `size` the number of its origins. Result: a
    row an origin, a column a limit (its metres, ascending); numbers never fall from left to right. Raises `StudyError`
    for limits that are not metres or an unknown `by`, `DataError` where `facilities` or `size` leave out rows of the table.

    >>> table = pd.DataFrame({"door": [0, 1], "origin": [0, 0], "walk_m": [90.0, 40.0], "flat_m": [90.0, 40.0]})
    >>> counts(table, [50, 100], size=2).values.tolist()
    [[1, 2], [0, 0]]
    """
    wrong = [limit for limit in limits_m if not limit >= 0]
    raise_all([Fault("limits_m", said("{limit_m} is no walk", limit_m=limit), "give metres, 0 or more") for limit in wrong], StudyError)
    best = _by_facility(reached, facilities, by, size=size)
    origin, metres = best["origin"].to_numpy(), best[by].to_numpy()
    return pd.DataFrame(
        {
            limit: np.bincount(origin[metres <= limit + ROUNDING_M], minlength=size)
            for limit in sorted({float(limit) for limit in limits_m})
        },
        index=np.arange(size),
    )


def exclusive(
    network: StreetNetwork,
    origins: Positions,
    doors: Positions,
    *,
    weights: pd.DataFrame,
    facilities: np.ndarray | None = None,
    way: Way = QUICKEST,
) -> Exclusive:
    """The facility that each origin is nearest to, and the people and land of every facility's exclusive service area.

    `origins` and `doors` are street positions (`layers.POSITIONS`); `weights` holds columns to sum up, such as `people` and
    `land_m2`, a row an origin. Result: `nearest` on the index of `origins` with `door` (-1 for none), `walk_m`, `flat_m`
    and `status` (`walk_time.nearest` without a limit); `sums`, a row a facility in the order of the doors, with `origins`
    (their number) and the sums of the weights, 0 where nobody is nearest; `unserved`, the same sums over origins without a
    walk to any door. Between equals the lowest door row takes the origin. Raises `DataError` for weights that do not fit.
    """
    held = _facilities(facilities, len(doors))
    _check_weights(weights, len(origins))
    plain = nearest(network, origins, doors, speed_kmh=1 / METRES_PER_MINUTE_PER_KMH, way=way)
    nudged = doors.assign(leg_m=doors["leg_m"].to_numpy() + TIE_M * np.arange(len(doors)))
    door = nearest(network, origins, nudged, speed_kmh=1 / METRES_PER_MINUTE_PER_KMH, way=way)["source"].to_numpy()
    code, names = pd.factorize(held)
    owner = np.where(door >= 0, np.append(code, -1)[door], len(names))
    columns = {"origins": np.ones(len(origins)), **{str(name): weights[name].to_numpy() for name in weights.columns}}
    sums = pd.DataFrame({name: np.bincount(owner, values, minlength=len(names) + 1) for name, values in columns.items()})
    sums = sums.astype({"origins": int})
    table = plain[["walk_m", "status"]].copy()
    # At this speed a metre takes a minute.
    table.insert(1, "flat_m", plain["walk_min"])
    table.insert(0, "door", door)
    areas = sums.iloc[:-1].set_axis(pd.Index(names, name="facility"))
    return Exclusive(table, areas, sums.iloc[-1].rename("unserved"))


def marginal(
    reached: pd.DataFrame, weights: np.ndarray, *, facilities: np.ndarray, limit_m: float, by: str = "flat_m"
) -> pd.DataFrame:
    """What each facility's closure would cost: people with a longer walk, people no longer within `limit_m`, extra metres.

    `reached` is a table of `catchments` whose own limit is not below `limit_m`; `weights` are the people of every origin,
    `facilities` the facility of every door row. Result: a row a facility in the order of the doors, with `people`
    (whose nearest it is, within the table), `people_farther` (of these, who would walk farther, or find none in the table),
    `people_beyond` (who are within the limit now and would not be) and `extra_m`, the mean of the extra metres
    of all who would walk farther to another one in the table; NaN without such people. Who has another one as near loses
    nothing. Raises `StudyError` for a limit that is no walk or an unknown `by`, `DataError` for weights or facilities that
    do not fit the table.
    """
    if not limit_m >= 0:
        raise StudyError(Fault("limit_m", said("{limit_m} is no walk", limit_m=limit_m), "give metres, 0 or more"))
    people = np.asarray(weights, dtype=float)
    _check_weights(pd.DataFrame({"people": people}), len(people))
    two = k_nearest(reached, 2, size=len(people), facilities=facilities, by=by)
    now, then = two[by].to_numpy().reshape(-1, 2).T
    door = two["door"].to_numpy()[::2]
    code, names = pd.factorize(np.asarray(facilities))
    served = door >= 0
    owner = code[door[served]]
    now, then, people = now[served], then[served], people[served]
    farther = then > now + ROUNDING_M
    beyond = (now <= limit_m + ROUNDING_M) & (then > limit_m + ROUNDING_M)
    known = farther & np.isfinite(then)
    extra = np.where(known, then, now) - now
    total, more, out, those, metres = (
        np.bincount(owner, people * part, minlength=len(names)) for part in (1, farther, beyond, known, known * extra)
    )
    mean = np.divide(metres, those, out=np.full(len(names), np.nan), where=those > 0)
    return pd.DataFrame(
        {"people": total, "people_farther": more, "people_beyond": out, "extra_m": mean},
        index=pd.Index(names, name="facility"),
    )


def _by_facility(reached: pd.DataFrame, facilities: np.ndarray | None, by: str, *, size: int) -> pd.DataFrame:
    """The nearest door of every facility for every origin, by origin, then from near to far."""
    if by not in MEASURES:
        raise StudyError(Fault("by", said("unknown measure {by!r}", by=by), said("choose one of {known}", known=list(MEASURES))))
    door, origin = reached["door"].to_numpy(), reached["origin"].to_numpy()
    if len(origin) and origin.max() >= size:
        raise DataError(Fault("size", said("{origins} origins, but the table names row {row}", origins=size, row=origin.max()), "give their true number"))
    # Sums of one walk's metres in another order differ beyond the micrometre.
    metres = np.rint(reached[by].to_numpy() / ROUNDING_M)
    order = np.lexsort([door, metres, origin])
    if facilities is not None:
        code = pd.factorize(_facilities(facilities, int(door.max(initial=-1)) + 1))[0]
        order = order[np.argsort(code[door[order]], kind="stable")]
        order = order[np.argsort(origin[order], kind="stable")]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (np.diff(origin[order]) != 0) | (np.diff(code[door[order]]) != 0)
        order = order[first]
        order = order[np.lexsort([door[order], metres[order], origin[order]])]
    return reached.iloc[order]


def _facilities(facilities: np.ndarray | None, doors: int) -> np.ndarray:
    held = np.arange(doors) if facilities is None else np.asarray(facilities)
    if len(held) < doors:
        raise DataError(
            Fault("facilities", said("{rows} rows for {doors} doors", rows=len(held), doors=doors), "name the facility of every door row")
        )
    return held


def _check_weights(weights: pd.DataFrame, size: int) -> None:
    faults = []
    if len(weights) != size:
        faults.append(Fault("weights", said("{rows} rows for {origins} origins", rows=len(weights), origins=size), "give one row an origin"))
    for name in weights.columns:
        wrong = np.flatnonzero(~(np.isfinite(weights[name].to_numpy(dtype=float)) & (weights[name].to_numpy() >= 0)))
        if len(wrong):
            faults.append(Fault("weights", said("'{name}' is no quantity in rows {rows}", name=name, rows=wrong[:5].tolist()), "give 0 or more"))
    raise_all(faults, DataError)
