"""Which facilities count for whom, and how much the walk there takes away from them."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from livingcircle.catchments import ROUNDING_M
from livingcircle.errors import DataError, Fault, StudyError, raise_all, said

MEASURES = ("flat_m", "walk_m")


def within(
    reached: pd.DataFrame, *, limit_m: float, doors: np.ndarray | None = None, by: str = "flat_m"
) -> pd.DataFrame:
    """Every facility within `limit_m` (metres, inclusive) of every origin, by its nearest door: a row a pair, sorted by both.

    `reached` is a table of `catchments` whose own limit is not below this; `doors` names for each door row the row of its
    facility (below 0 for a door that counts for none), without it each door is a facility of its own. Columns: `origin`,
    `facility` (row numbers) and `metres`. Raises `StudyError` for a limit that is no walk and an unknown `by`, `DataError` where
    `doors` leaves out doors.

    >>> table = pd.DataFrame({"door": [0, 1], "origin": [0, 0], "walk_m": [90.0, 40.0], "flat_m": [90.0, 40.0]})
    >>> within(table, limit_m=100, doors=np.array([7, 7])).values.tolist()
    [[0.0, 7.0, 40.0]]
    """
    faults = [] if limit_m >= 0 else [Fault("limit_m", said("{limit_m} is no walk", limit_m=limit_m), "give metres, 0 or more")]
    if by not in MEASURES:
        faults.append(Fault("by", said("unknown measure {by!r}", by=by), said("choose one of {known}", known=list(MEASURES))))
    raise_all(faults, StudyError)
    door, origin, metres = (reached[name].to_numpy() for name in ("door", "origin", by))
    count = int(door.max(initial=-1)) + 1
    facility = np.arange(count) if doors is None else np.asarray(doors)
    if len(facility) < count:
        raise DataError(Fault("doors", said("{rows} rows for {doors} doors", rows=len(facility), doors=count), "name the facility of every door row"))
    kept = (metres <= limit_m + ROUNDING_M) & (facility[door] >= 0)
    origin, facility, metres = origin[kept], facility[door[kept]], metres[kept]
    # One number for both is sorted quicker than one after the other.
    pair = origin.astype(np.int64) * (int(facility.max(initial=0)) + 1) + facility
    order = np.argsort(pair, kind="stable")
    first = np.flatnonzero(np.diff(pair[order], prepend=-1))
    shortest = np.minimum.reduceat(metres[order], first) if len(first) else metres
    return pd.DataFrame({"origin": origin[order[first]], "facility": facility[order[first]], "metres": shortest})


@cache
def decays() -> dict[str, dict]:
    """The decays shipped in `capacity/decays.toml`, by id: `name`, `zones` or `spread`, `source` and `evidence`."""
    told = tomllib.loads((files("livingcircle") / "capacity" / "decays.toml").read_text(encoding="utf-8"))
    return {key: value for key, value in told.items() if key != "version"}


def decay(metres: np.ndarray, kind: str, *, limit_m: float) -> np.ndarray:
    """How much a facility so many metres away counts, 0 to 1; 0 beyond `limit_m`.

    `kind` is `none`, `steps` or `gaussian` (`decays`). Gaussian weights are 0 at the limit itself, the others are not. Raises
    `StudyError` for an unknown kind and a limit that is no walk.
    Source: Luo and Qi (2009) for steps, Dai (2010) for the Gaussian form.

    >>> decay(np.array([0.0, 400.0, 600.0, 601.0]), "steps", limit_m=600).tolist()
    [1.0, 0.68, 0.22, 0.0]
    """
    faults = [] if limit_m >= 0 else [Fault("limit_m", said("{limit_m} is no walk", limit_m=limit_m), "give metres, 0 or more")]
    if kind not in decays():
        faults.append(Fault("decay", said("unknown decay {kind!r}", kind=kind), said("choose one of {known}", known=list(decays()))))
    raise_all(faults, StudyError)
    metres, told = np.asarray(metres, dtype=float), decays()[kind]
    inside = metres <= limit_m + ROUNDING_M
    if "zones" in told:
        ends, parts = np.array(told["zones"]).T
        zone = np.searchsorted(ends * limit_m + ROUNDING_M, metres)
        return np.where(inside, np.append(parts, parts[-1])[zone], 0.0)
    if "spread" in told and limit_m > 0:
        part, end = (np.exp(-0.5 * (share / told["spread"]) ** 2) for share in (np.where(inside, metres, 0.0) / limit_m, 1.0))
        return np.where(inside, np.clip((part - end) / (1 - end), 0.0, 1.0), 0.0)
    return inside.astype(float)
