"""How much of what facilities hold is there for everybody: floating catchment areas and spatial availability.

Each takes the pairs of `within`, what every origin asks for (`demand`: people who compete) and what every facility holds
(`capacity`, NaN where it is not known), on the caller's indexes. Of facilities whose capacity is not known nothing is taken:
`not_told` counts them at every origin, and `access` is the least there is wherever it is not 0. In all of them the sum of
demand x access is the capacity of the facilities that anybody who asks can reach.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from livingcircle.capacity.reach import decay
from livingcircle.catchments import ROUNDING_M
from livingcircle.errors import DataError, Fault, raise_all, said

USED, UNUSED, UNKNOWN = "used", "unused", "not_told"


class Access(NamedTuple):
    """What every origin finds (`origins`) and what every facility has to give (`facilities`).

    `origins`, on the index of the demand: `demand`, `access` (capacity for one who asks), `available` (demand x access),
    `within` (facilities within the limit), `not_told` (those of them whose capacity is not known). `facilities`, on the index
    of the capacity: `capacity`, `demand` (who competes for it, weighted by decay or share), `ratio` (capacity for one of
    them, 0 where nobody competes, NaN where it is not known) and `status`: `used`, `unused` (nobody who asks is near
    enough) or `not_told`.
    """

    origins: pd.DataFrame
    facilities: pd.DataFrame


class _Pairs(NamedTuple):
    origin: np.ndarray
    facility: np.ndarray
    inside: np.ndarray
    weight: np.ndarray
    known: np.ndarray


def two_step(pairs: pd.DataFrame, demand: pd.Series, capacity: pd.Series, *, limit_m: float, kind: str = "none") -> Access:
    """The capacity that one who asks finds within the limit, by two-step floating catchment areas (2SFCA, with decay E2SFCA).

    A facility is shared among all who reach it, weighted by decay; an origin's access is the sum over the facilities it
    reaches, weighted likewise. Demand may count at several facilities, so access swells where many overlap, while its sum
    over people stays the capacity. `kind` is one of `decays`. An origin where nobody asks tells what the first one would find,
    0 where nobody competes for a facility. Raises `DataError` for quantities and rows that do not fit the pairs.
    Source: Luo and Wang (2003); Luo and Qi (2009).

    >>> near = pd.DataFrame({"origin": [0, 1], "facility": [0, 0], "metres": [100.0, 300.0]})
    >>> two_step(near, pd.Series([60.0, 20.0, 5.0]), pd.Series([40.0]), limit_m=500).origins["access"].tolist()
    [0.5, 0.5, 0.0]
    """
    told = _weighted(pairs, demand, capacity, (limit_m, kind))
    return _shared(told, told.weight, demand, capacity)


def balanced(pairs: pd.DataFrame, demand: pd.Series, capacity: pd.Series, *, limit_m: float, kind: str = "gaussian") -> Access:
    """The capacity that one who asks finds within the limit, by floating catchment areas whose demand is counted once.

    Everybody's demand is divided among the facilities within reach in proportion to their weights, and access is the mean of
    their ratios by the same shares: neither demand nor capacity counts twice. `kind` and errors as in `two_step`. The parts
    of demand at facilities whose capacity is not known go to the others, so that all of it competes for what is known.
    Source: the shares of demand of Paez, Higgins and Vivona (2019); they are kept in the second step, so that demand x access
    adds up to the capacity.

    >>> near = pd.DataFrame({"origin": [0, 0, 1], "facility": [0, 1, 1], "metres": [100.0, 100.0, 100.0]})
    >>> balanced(near, pd.Series([40.0, 10.0]), pd.Series([10.0, 30.0]), limit_m=500).origins["access"].tolist()
    [0.75, 1.0]
    """
    told = _weighted(pairs, demand, capacity, (limit_m, kind))
    total = np.bincount(told.origin, told.weight * told.known, minlength=len(demand))[told.origin]
    share = np.divide(told.weight, total, out=np.zeros(len(total)), where=(total > 0) & told.known)
    return _shared(told, share, demand, capacity)


def spatial_availability(pairs: pd.DataFrame, demand: pd.Series, capacity: pd.Series, *, limit_m: float, kind: str = "gaussian") -> Access:
    """The capacity available to everybody within the limit, each facility's divided by demand and nearness together.

    `available` of an origin is the sum of its parts of the facilities within reach: the product of its part of the demand and its part of
    the nearness, made to add up to 1 at every facility. `access` is that for one who asks, NaN where nobody asks. `kind` and errors as in `two_step`.
    Source: Soukhov, Paez, Higgins and Mohamed (2023).

    >>> near = pd.DataFrame({"origin": [0, 1], "facility": [0, 0], "metres": [100.0, 100.0]})
    >>> spatial_availability(near, pd.Series([30.0, 10.0]), pd.Series([20.0]), limit_m=500).origins["available"].tolist()
    [15.0, 5.0]
    """
    told = _weighted(pairs, demand, capacity, (limit_m, kind))
    people, held = demand.to_numpy(dtype=float), capacity.to_numpy(dtype=float)

    def part(of: np.ndarray) -> np.ndarray:
        total = np.bincount(told.facility, of, minlength=len(held))[told.facility]
        return np.divide(of, total, out=np.zeros(len(of)), where=total > 0)

    share = part(part(people[told.origin] * (told.weight > 0)) * part(told.weight))
    gained = np.where(told.known, share * np.nan_to_num(held[told.facility]), 0.0)
    available = np.bincount(told.origin, gained, minlength=len(people))
    out = _shared(told, told.weight, demand, capacity)
    access = np.divide(available, people, out=np.full(len(people), np.nan), where=people > 0)
    return out._replace(origins=out.origins.assign(access=access, available=available))


def _weighted(pairs: pd.DataFrame, demand: pd.Series, capacity: pd.Series, terms: tuple[float, str]) -> _Pairs:
    check_quantities(pairs, demand, capacity)
    origin, facility = pairs["origin"].to_numpy(), pairs["facility"].to_numpy()
    limit_m, kind = terms
    metres = pairs["metres"].to_numpy()
    weight = decay(metres, kind, limit_m=limit_m)
    return _Pairs(origin, facility, metres <= limit_m + ROUNDING_M, weight, ~np.isnan(capacity.to_numpy(dtype=float))[facility])


def _shared(told: _Pairs, part: np.ndarray, demand: pd.Series, capacity: pd.Series) -> Access:
    people, held = demand.to_numpy(dtype=float), capacity.to_numpy(dtype=float)
    origin, facility, known = told.origin, told.facility, told.known
    competing = np.bincount(facility, people[origin] * part, minlength=len(held))
    ratio = np.divide(held, competing, out=np.where(np.isnan(held), np.nan, 0.0), where=competing > 0)
    access = np.bincount(origin, np.where(known, part * np.nan_to_num(ratio[facility]), 0.0), minlength=len(people))
    status = np.where(np.isnan(held), UNKNOWN, np.where(competing > 0, USED, UNUSED))
    count, unknown = (np.bincount(origin, mask, minlength=len(people)).astype(int) for mask in (told.inside, told.inside & ~known))
    columns = {"demand": people, "access": access, "available": people * access, "within": count, "not_told": unknown}
    return Access(
        pd.DataFrame(columns, index=demand.index),
        pd.DataFrame({"capacity": held, "demand": competing, "ratio": ratio, "status": status}, index=capacity.index),
    )


def check_quantities(pairs: pd.DataFrame, demand: pd.Series, capacity: pd.Series) -> None:
    """Nothing where demand and capacity are quantities (a capacity may be NaN) and have a row for every pair; `DataError` otherwise."""
    faults = []
    told = (("demand", demand.to_numpy(dtype=float), False), ("capacity", capacity.to_numpy(dtype=float), True))
    for name, values, blank in told:
        wrong = np.flatnonzero(~((np.isfinite(values) & (values >= 0)) | (blank & np.isnan(values))))
        if len(wrong):
            faults.append(Fault(name, said("'{name}' is no quantity in rows {rows}", name=name, rows=wrong[:5].tolist()), "give 0 or more"))
    origin, facility = (int(pairs[name].max()) if len(pairs) else -1 for name in ("origin", "facility"))
    if origin >= len(demand):
        faults.append(Fault("demand", said("{origins} origins, but the table names row {row}", origins=len(demand), row=origin), "give their true number"))
    if facility >= len(capacity):
        problem = said("{facilities} facilities, but the table names row {row}", facilities=len(capacity), row=facility)
        faults.append(Fault("capacity", problem, "give their true number"))
    raise_all(faults, DataError)
