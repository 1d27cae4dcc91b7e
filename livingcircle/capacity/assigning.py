"""Who finds a place within the limit when places run out: the assignment that serves most, then walks least, and why others get none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from livingcircle.capacity.access import check_quantities
from livingcircle.capacity.asked import NOT_TOLD, TOLD
from livingcircle.capacity.flows import Flow, cheapest
from livingcircle.catchments import ROUNDING_M

NONE_WITHIN, ALL_FULL, NOT_KNOWN = "none_within_limit", "all_full", "capacity_not_told"
REASONS = (NONE_WITHIN, ALL_FULL, NOT_KNOWN)
# Sums of parts of people differ from the true number by their last digits.
ROUNDING = 1e-9


class Assignment(NamedTuple):
    """Who goes where (`flows`), what that means for every origin and facility, and how good it is.

    `origins`, on the index of the demand: `demand`, `served`, `unserved`, `walk_m` (mean walk of those served, NaN without any),
    `within` (facilities within the limit), `not_told` (those of them whose capacity is not known) and `reason`, why somebody is not served:
    `none_within_limit`, `all_full`, `capacity_not_told` (what is known is full, and a facility within the limit does not
    tell what it holds), empty where all are served. `facilities`, on the index of the capacity: `capacity`, `status` (`told` or
    `not_told`), `demand_within` (all who ask within the limit), `load`, `left` (places free, NaN where not known) and `walk_m`. `flows`: `origin`,
    `facility` (row numbers), `people`, `metres`. `served` and `person_m` are the sums; `served_most` is what could be
    served if every facility of unknown capacity took all who come. No assignment is better by more than `gap_m` person-metres, one who is not served
    counted at `unserved_m` metres: the proof of optimality.
    """

    origins: pd.DataFrame
    facilities: pd.DataFrame
    flows: pd.DataFrame
    served: float
    served_most: float
    person_m: float
    gap_m: float
    unserved_m: float


def assign(pairs: pd.DataFrame, demand: pd.Series, capacity: pd.Series) -> Assignment:
    """The assignment within the limit that serves as many as can be and, of these, walks the fewest person-metres.

    `pairs` is a table of `within`: nobody is sent beyond its limit. `demand` is what every origin asks for, `capacity` what every facility holds;
    whoever holds an unknown number (NaN) is assigned nobody and taken neither for empty nor for endless: see
    `capacity_not_told` and `served_most`. The people of an origin may go to several facilities; whole numbers stay whole, except where
    origins reach the same facilities by the same metres: these are served in equal parts. Of assignments that are equally
    good one is given. Raises `DataError` for quantities and rows that do not fit the pairs.

    >>> near = pd.DataFrame({"origin": [0, 0, 1], "facility": [0, 1, 0], "metres": [10.0, 90.0, 40.0]})
    >>> done = assign(near, pd.Series([1.0, 1.0, 2.0]), pd.Series([1.0, 1.0]))
    >>> done.flows[["origin", "facility"]].values.tolist(), done.person_m, done.origins["reason"].tolist()
    ([[0, 1], [1, 0]], 130.0, ['', '', 'none_within_limit'])
    """
    check_quantities(pairs, demand, capacity)
    people, held = demand.to_numpy(dtype=float), capacity.to_numpy(dtype=float)
    origin, facility, metres = _in_order(pairs)
    known = ~np.isnan(held)[facility]
    used = origin[known], facility[known], metres[known]
    unserved_m = (min(len(held), len(people)) + 1) * (float(metres.max(initial=0.0)) + 1)
    amount, left, gap = _solved(used, people, np.nan_to_num(held), unserved_m)
    flows = pd.DataFrame(dict(zip(("origin", "facility", "metres"), used, strict=True))).assign(people=amount)
    flows = flows.loc[flows["people"] > 0, ["origin", "facility", "people", "metres"]].reset_index(drop=True)
    unknown = np.bincount(origin[~known], minlength=len(people)).astype(int)
    within = np.bincount(origin, minlength=len(people)).astype(int)
    reason = np.select([left <= people * ROUNDING, within == 0, unknown == 0], [0, 1, 2], 3)
    origins = pd.DataFrame(
        {"demand": people, "served": people - left, "unserved": left, "walk_m": _mean(flows, "origin", len(people)),
         "within": within, "not_told": unknown, "reason": pd.Categorical.from_codes(reason, ["", *REASONS])},
        index=demand.index,
    )  # fmt: skip
    load = np.bincount(flows["facility"], flows["people"], minlength=len(held))
    near = np.bincount(facility, people[origin], minlength=len(held))
    facilities = pd.DataFrame(
        {"capacity": held, "status": np.where(np.isnan(held), NOT_TOLD, TOLD), "demand_within": near, "load": load,
         "left": np.maximum(held - load, 0.0), "walk_m": _mean(flows, "facility", len(held))},
        index=capacity.index,
    )  # fmt: skip
    person_m = float((flows["people"] * flows["metres"]).sum())
    most = float((people - left).sum()) if not unknown.any() else _most(used, people, np.nan_to_num(held), (unknown > 0, unserved_m))
    return Assignment(origins, facilities, flows, float((people - left).sum()), most, person_m, gap, unserved_m)


def together(parts: Mapping[str, tuple[pd.DataFrame, pd.Series]]) -> tuple[pd.DataFrame, pd.Series]:
    """Pairs and demand of several groups of people as one, so that `assign` lets them share facilities: pupils of a nine-year school.

    `parts` holds by name the pairs of a group, whose `facility` rows are those of one and the same capacity, and its demand. Result: all
    pairs, and the demand with the group's name as the first level of its index.

    >>> near = pd.DataFrame({"origin": [0], "facility": [0], "metres": [10.0]})
    >>> pairs, demand = together({"young": (near, pd.Series([3.0])), "old": (near, pd.Series([4.0]))})
    >>> assign(pairs, demand, pd.Series([5.0])).origins["unserved"].sum().item()
    2.0
    """
    first = np.cumsum([0, *(len(demand) for _, demand in parts.values())])
    pairs = [near.assign(origin=near["origin"] + start) for (near, _), start in zip(parts.values(), first, strict=False)]
    return pd.concat(pairs, ignore_index=True), pd.concat({name: demand for name, (_, demand) in parts.items()}, names=["group"])


def by_unit(assignment: Assignment, units: np.ndarray) -> pd.DataFrame:
    """Who is served and who is short of a place, by unit: a row for each of `units` (the unit of every origin), in their order.

    Columns: `demand`, `served`, `short`, and the parts of `short` by reason: `short_none_within_limit`, `short_all_full`, `short_capacity_not_told`.

    >>> near = pd.DataFrame({"origin": [0], "facility": [0], "metres": [10.0]})
    >>> by_unit(assign(near, pd.Series([3.0, 2.0]), pd.Series([2.0])), np.array(["W", "E"]))["short"].to_dict()
    {'W': 1.0, 'E': 2.0}
    """
    told = assignment.origins
    columns = {"demand": told["demand"], "served": told["served"], "short": told["unserved"]}
    columns |= {f"short_{reason}": told["unserved"].where(told["reason"] == reason, 0.0) for reason in REASONS}
    table = pd.DataFrame({name: values.to_numpy() for name, values in columns.items()})
    return table.groupby(pd.Index(units, name="unit"), sort=False).sum()


def _in_order(pairs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Origin, facility and metres sorted by the first two, each pair once by its shortest walk."""
    told = tuple(pairs[name].to_numpy() for name in ("origin", "facility", "metres"))
    origin, facility, metres = told
    step = np.diff(origin)
    if ((step > 0) | ((step == 0) & (np.diff(facility) > 0))).all():
        return told
    order = np.lexsort([metres, facility, origin])
    origin, facility, metres = (part[order] for part in told)
    once = np.append(True, (np.diff(origin) != 0) | (np.diff(facility) != 0))
    return origin[once], facility[once], metres[once]


def _solved(
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray], people: np.ndarray, room: np.ndarray, unserved_m: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """People on every pair, people left by origin, and the gap; origins with equal pairs are one to the search."""
    origin, facility, metres = pairs
    first = np.searchsorted(origin, np.arange(len(people) + 1))
    # Positions on one spot differ by the rounding of their sums alone.
    spot = np.column_stack([facility, np.rint(metres / ROUNDING_M)]).astype(np.int64)
    cells, width = spot.tobytes(), spot.itemsize * 2
    some = np.flatnonzero(np.diff(first))
    rows = ((first[some] * width).tolist(), (first[some + 1] * width).tolist())
    # Origins without a pair are one, the last.
    code = pd.factorize(np.array([cells[low:high] for low, high in zip(*rows, strict=True)], dtype=object))[0]
    owner = np.full(len(people), code.max(initial=-1) + 1)
    owner[some] = code
    like = np.unique(owner, return_index=True)[1]
    total = np.bincount(owner, people, minlength=len(like))
    count = np.diff(first)[like]
    start = np.concatenate([[0], np.cumsum(count)])
    row = np.arange(start[-1]) - np.repeat(start[:-1] - first[like], count)
    group = np.repeat(np.arange(len(like)), count)
    told = group, facility[row], metres[row]
    flow = cheapest(told, total, room, unserved_m=unserved_m)
    part = np.divide(people, total[owner], out=np.zeros(len(people)), where=total[owner] > 0)
    place = np.arange(len(origin)) - first[origin] + start[owner[origin]]
    gap = _gap(told, flow, room, unserved_m)
    left = np.where(np.diff(first) > 0, np.minimum(flow.left[owner] * part, people), people)
    return flow.amount[place] * part[origin], left, gap


def _gap(pairs: tuple[np.ndarray, np.ndarray, np.ndarray], flow: Flow, room: np.ndarray, unserved_m: float) -> float:
    """Person-metres that the best assignment may be better by, out of the prices: what is paid beyond the least that they allow."""
    owner, facility, metres = pairs
    cost = metres + flow.price[facility]
    least = np.full(len(flow.left), unserved_m)
    np.minimum.at(least, owner, cost)
    free = room - np.bincount(facility, flow.amount, minlength=len(room))
    beyond = (flow.amount * (cost - least[owner])).sum() + (flow.left * (unserved_m - least)).sum() + (flow.price * free).sum()
    return float(max(beyond, 0.0))


def _most(
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray], people: np.ndarray, room: np.ndarray, terms: tuple[np.ndarray, float]
) -> float:
    """Who could be served if facilities of unknown capacity took everybody: all near one, and as many of the others as can be."""
    endless, unserved_m = terms
    others = np.where(endless, 0.0, people)
    left = _solved(pairs, others, room, unserved_m)[1]
    return float(people[endless].sum() + (others - left).sum())


def _mean(flows: pd.DataFrame, column: str, size: int) -> np.ndarray:
    people = np.bincount(flows[column], flows["people"], minlength=size)
    metres = np.bincount(flows[column], flows["people"] * flows["metres"], minlength=size)
    return np.divide(metres, people, out=np.full(size, np.nan), where=people > 0)
