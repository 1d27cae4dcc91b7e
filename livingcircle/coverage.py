"""Who and what land is served: covered residential land over all residential land first, people second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import shapely
from numba import njit

from livingcircle.costs import Walker
from livingcircle.layers import Coverage, Residences, Samples, WalkTimes
from livingcircle.robustness import AS_IS, Change
from livingcircle.standards import Requirement, Standard
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH

WHOLE_AREA = "ALL"
OUTSIDE = "OUTSIDE"
# Ways of judging, as `_tallied` counts them.
WAYS = ("all", "distance", "time", "uncertain", "radius")
# Walks are sums of many rounded lengths; a micrometre keeps a limit inclusive.
ROUNDING_M = 1e-6
Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Group:
    """People who walk alike; `people` names their column in `layers.SAMPLES`, `walker` how they walk where it is told."""

    id: str
    speed_kmh: float
    people: str = "people"
    walker: Walker | None = None


@dataclass(frozen=True)
class Walks:
    """The walks of every sample to a category: `table` (`layers.WALK_TIMES`) is the walk that the rule decides by.

    `metres` are those of the shortest walk, `flat_m` the flat metres (metres of level street that take as long) of the
    quickest; both are one where walking costs nothing but metres. `edge_m` is the walk to where the street data end, in the
    measure of the rule; `straight_m` the straight metres, exact up to the largest limit and infinite beyond.
    """

    table: WalkTimes
    metres: np.ndarray
    flat_m: np.ndarray
    edge_m: np.ndarray | None = None
    straight_m: np.ndarray | None = None

    def measure(self, rule: str) -> np.ndarray:
        """What the rule judges: metres (`distance`) or flat metres (`time`)."""
        return self.metres if rule == "distance" else self.flat_m


@dataclass(frozen=True)
class Sampled:
    """The samples of all residences as they are judged, worked out once for all categories.

    `points` are their (n, 2) coordinates; `owner` the residence of each, a row of `ids`, `names` and `units`, and `first` where the samples of each
    begin, with their number at the end; `unit` the unit of each, a row of `unit_names`. `weights` maps a column of people to an array of a row each for these people, hectares of land, everybody, and the columns of `ages`.
    """

    points: np.ndarray
    owner: np.ndarray
    first: np.ndarray
    ids: np.ndarray
    names: np.ndarray
    units: np.ndarray
    unit: np.ndarray
    unit_names: tuple[str, ...]
    ages: tuple[str, ...]
    weights: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, samples: Samples, residences: Residences, columns: tuple[str, ...], ages: Mapping[str, str]) -> Sampled:
        """The samples of residences; `columns` are those of the people asked about, `ages` the column of each kind of people told beside them."""
        owner, ids = numbered(samples["residence_id"].to_numpy())
        unit, unit_names = numbered(samples["unit"].to_numpy())
        told = residences.set_index("residence_id")[["name", "unit"]].reindex(ids)
        rest = [samples["land_m2"].to_numpy() / 10_000, *(samples[column].to_numpy() for column in ("people", *ages.values()))]
        return cls(
            shapely.get_coordinates(samples.geometry.to_numpy()),
            owner.astype(np.int64),
            np.append(np.flatnonzero(np.diff(owner, prepend=-1)), len(owner)),
            np.asarray(ids, dtype=object),
            *(told[column].to_numpy(dtype=object) for column in ("name", "unit")),
            unit,
            tuple(unit_names),
            tuple(ages),
            {column: np.stack([samples[column].to_numpy(), *rest]).astype(float) for column in columns},
        )

    @cached_property
    def wholes(self) -> dict[str, np.ndarray]:
        """The sums of `weights` over every residence, a row each, added up in the order of the samples."""
        size = len(self.ids)
        return {
            column: np.stack([np.bincount(self.owner, weights=row, minlength=size) for row in weights], axis=1) for column, weights in self.weights.items()
        }


def covered(
    walk_m: np.ndarray, requirement: Requirement, *, rule: str, speed_kmh: float, change: Change = AS_IS
) -> np.ndarray:
    """Whether each walk keeps the limit, the limit included. `rule` is `distance` (metres) or `time` (minutes).

    `walk_m` is `Walks.measure(rule)`: metres, or flat metres. An infinite walk never keeps it. `change` tries another
    speed or limit.
    """
    return np.asarray(walk_m) <= limit_of(requirement, rule=rule, speed_kmh=speed_kmh, change=change) + ROUNDING_M


def limit_of(requirement: Requirement, *, rule: str, speed_kmh: float, change: Change = AS_IS) -> float:
    """The limit in what the rule measures: metres (`distance`), or the flat metres walked in its minutes (`time`).

    `change` tries another speed or limit. Walks are compared with `ROUNDING_M` more.
    """
    if rule == "time":
        pace = speed_kmh * change.speed * METRES_PER_MINUTE_PER_KMH
        return requirement.limit_min * pace + change.limit_m
    return requirement.limit_m + change.limit_m


def coverage(
    samples: Sampled,
    walks: Mapping[tuple[str, str], Walks],
    *,
    standard: Standard,
    groups: Sequence[Group],
    rule: str,
    facilities_in: Mapping[str, pd.Series],
) -> Coverage:
    """A row per unit x category x level x group (`layers.COVERAGE`), the whole area (`ALL`) first.

    `walks` holds, for every (category, group id) judged, the walks of every sample. `people_uncertain_share` is the share
    of the group's people who are not covered, but whose limit reaches beyond the street data (NaN where that is not told).
    `facilities_in` gives for a category the number of open facilities by unit, `ALL` included. Beside the deciding rule
    the shares under both rules stay side by side: `land_share_distance`, `land_share_time`,
    `people_share_distance`, `people_share_time`; `land_share_radius` and `people_share_radius` are those by straight line within
    the limit in metres, NaN where no straight lines are told. Samples and facilities outside every unit form the unit `OUTSIDE`; a unit without homes keeps its row. A share without
    land or people is NaN, never 0 or 1.
    """
    return table([counted(samples, walks, standard=standard, groups=groups, rule=rule, facilities_in=facilities_in)])


def table(parts: Sequence[Columns]) -> Coverage:
    """The columns of several categories (`counted`) as one table."""
    return pd.DataFrame(joined(parts))


def joined(parts: Sequence[Columns]) -> Columns:
    """The same columns of several parts, one after another; parts without any column are left out.

    >>> {name: values.tolist() for name, values in joined([{"walk_m": np.array([1.0])}, {}, {"walk_m": np.array([2.0])}]).items()}
    {'walk_m': [1.0, 2.0]}
    """
    held = [part for part in parts if part]
    return {name: np.concatenate([part[name] for part in held]) for name in held[0]} if held else {}


def counted(
    samples: Sampled,
    walks: Mapping[tuple[str, str], Walks],
    *,
    standard: Standard,
    groups: Sequence[Group],
    rule: str,
    facilities_in: Mapping[str, pd.Series],
) -> Columns:
    """What `coverage` tells, by column; nothing at all where no walks are told."""
    told = {name for counts in facilities_in.values() for name in counts.index if name != WHOLE_AREA}
    lived = [name or OUTSIDE for name in samples.unit_names]
    # Without units everything would lie outside of them; the whole area says it all.
    names = sorted({*lived, *told}) if {*lived, *told} - {OUTSIDE} else []
    code = np.array([names.index(name) for name in lived], dtype=int)[samples.unit] if names else np.zeros(len(samples.unit), dtype=int)
    units = np.array([WHOLE_AREA, *names], dtype=object)
    parts = []
    for category, requirement in standard.requirements():
        counts = facilities_in[category].to_dict() if category in facilities_in else {}
        for group in groups:
            if (category, group.id) not in walks:
                continue
            found = walks[category, group.id]
            sums = _sums(samples.weights[group.people], found, (requirement, rule, group.speed_kmh), code=code, size=len(names))
            own = {
                "unit": units,
                "category": category,
                "level": requirement.level,
                "group": group.id,
                "limit_m": float(requirement.limit_m),
                "limit_min": float(requirement.limit_min),
                "rule": rule,
                **_shares(sums, rule),
                "facilities": np.array([int(counts.get(name, 0)) for name in units]),
                "flag": requirement.flag,
                "clause": requirement.clause,
                "evidence": requirement.evidence,
            }
            parts.append({name: np.full(len(units), one, dtype=object if isinstance(one, str) else None) for name, one in own.items()})
    return joined(parts)


def _sums(weights: np.ndarray, found: Walks, judged: tuple[Requirement, str, float], *, code: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """Land and people, all of them and those inside by each way of judging: the whole area first, then by unit."""
    requirement, rule, speed_kmh = judged
    limits = [limit_of(requirement, rule=way, speed_kmh=speed_kmh) + ROUNDING_M for way in ("distance", "time")]
    decides = rule == "distance"
    nowhere = np.empty(0)
    edge = nowhere if found.edge_m is None else found.edge_m
    straight = nowhere if found.straight_m is None else found.straight_m
    told = _tallied(code, (found.metres, found.flat_m, edge, straight), (*limits, decides), weights, max(size, 1))
    words = ["all", "distance", "time"] + ["uncertain"] * (found.edge_m is not None) + ["radius"] * (found.straight_m is not None)
    whole = told.sum(axis=0, keepdims=True)
    every = np.concatenate([whole, told[:size]])
    return {f"{kind}_{word}": every[:, row, WAYS.index(word)] for row, kind in enumerate(("people", "land")) for word in words}


@njit(cache=True, nogil=True)
def _tallied(code, walks, limits, weights, size):
    """By unit: people and land, all and those inside by each of `WAYS`."""
    metres, flat, edge, straight = walks
    most_m, most_flat, decides = limits
    most = most_m if decides else most_flat
    out = np.zeros((size, 2, 5))
    inside = np.zeros(5, dtype=np.bool_)
    inside[0] = True
    for row in range(len(code)):
        inside[1], inside[2] = metres[row] <= most_m, flat[row] <= most_flat
        inside[3] = len(edge) > 0 and not inside[1 if decides else 2] and edge[row] <= most
        inside[4] = len(straight) > 0 and straight[row] <= most_m
        people, land = weights[0, row], weights[1, row]
        own = out[code[row]]
        for way in range(5):
            own[0, way] += people if inside[way] else 0.0
            own[1, way] += land if inside[way] else 0.0
    return out


def _shares(sums: Mapping[str, np.ndarray], rule: str) -> dict[str, np.ndarray]:
    nothing = np.full(len(sums["land_all"]), np.nan)

    def share(kind: str, way: str) -> np.ndarray:
        every = sums[f"{kind}_all"]
        return np.divide(sums.get(f"{kind}_{way}", nothing), every, out=nothing.copy(), where=every > 0)

    return {
        "land_ha": sums["land_all"],
        "land_covered_ha": sums[f"land_{rule}"],
        "land_share": share("land", rule),
        "people": sums["people_all"],
        "people_covered": sums[f"people_{rule}"],
        "people_share": share("people", rule),
        "land_share_distance": share("land", "distance"),
        "land_share_time": share("land", "time"),
        "people_share_distance": share("people", "distance"),
        "people_share_time": share("people", "time"),
        "land_share_radius": share("land", "radius"),
        "people_share_radius": share("people", "radius"),
        "people_uncertain_share": share("people", "uncertain"),
    }


def numbered(names: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each row the number of its name, and the names in their order; quick where equal names stand together.

    >>> [part.tolist() for part in numbered(np.array(["b", "b", "a", "b"], dtype=object))]
    [[0, 0, 1, 0], ['b', 'a']]
    """
    first = np.ones(len(names), dtype=bool)
    first[1:] = names[1:] != names[:-1]
    start = np.flatnonzero(first)
    code, known = pd.factorize(np.asarray(names[start], dtype=object))
    return np.repeat(code, np.diff(start, append=len(names))), known


def middles(first: np.ndarray, walk_m: np.ndarray, *, beyond_m: float = -np.inf) -> np.ndarray:
    """For each run of rows (`first`: where each begins, and the number of rows) the row of the lower median of what lies beyond a limit; -1 for none.

    >>> middles(np.array([0, 1, 4]), np.array([7.0, 9.0, 1.0, np.inf])).tolist()
    [0, 1]
    """
    return _middles(first, np.ascontiguousarray(walk_m, dtype=float), float(beyond_m))


@njit(cache=True, nogil=True)
def _ranked(room, size, turn):
    """The value that stands at `turn` in the order of the first `size` of `room`, which are moved about. Source: Hoare's quickselect (1961)."""
    low, high = 0, size - 1
    while low < high:
        pivot = room[(low + high) // 2]
        up, down = low, high
        while up <= down:
            while room[up] < pivot:
                up += 1
            while room[down] > pivot:
                down -= 1
            if up <= down:
                room[up], room[down] = room[down], room[up]
                up, down = up + 1, down - 1
        if turn <= down:
            high = down
        elif turn >= up:
            low = up
        else:
            break
    return room[turn]


@njit(cache=True, nogil=True)
def _middles(first, walk_m, limit):
    """Of equal walks the one in the middle's turn."""
    out = np.full(len(first) - 1, -1)
    room = np.empty(np.diff(first).max() if len(out) else 0)
    for own in range(len(out)):
        size = 0
        for row in range(first[own], first[own + 1]):
            if not walk_m[row] <= limit:
                room[size] = walk_m[row]
                size += 1
        if size == 0:
            continue
        turn = (size - 1) // 2
        value = _ranked(room, size, turn)
        for row in range(size):
            if room[row] < value:
                turn -= 1
        for row in range(first[own], first[own + 1]):
            if walk_m[row] == value:
                if turn == 0:
                    out[own] = row
                    break
                turn -= 1
    return out
