"""Who and what land is served: covered residential land over all residential land first, people second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit

from livingcircle.costs import Walker
from livingcircle.layers import Coverage, Samples, WalkTimes
from livingcircle.robustness import AS_IS, Change
from livingcircle.standards import Requirement, Standard
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH

WHOLE_AREA = "ALL"
OUTSIDE = "OUTSIDE"
# Walks are sums of many rounded lengths; a micrometre keeps a limit inclusive.
ROUNDING_M = 1e-6


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
    samples: Samples,
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
    told = {name for counts in facilities_in.values() for name in counts.index if name != WHOLE_AREA}
    code, lived = numbered(samples["unit"].to_numpy())
    lived = [name or OUTSIDE for name in lived]
    # Without units everything would lie outside of them; the whole area says it all.
    names = sorted({*lived, *told}) if {*lived, *told} - {OUTSIDE} else []
    code = np.array([names.index(name) for name in lived], dtype=int)[code] if names else np.zeros(len(code), dtype=int)
    rows = []
    for category, requirement in standard.requirements():
        counts = facilities_in.get(category, pd.Series(dtype=int))
        for group in groups:
            if (category, group.id) not in walks:
                continue
            found = walks[category, group.id]
            inside = {
                way: covered(found.measure(way), requirement, rule=way, speed_kmh=group.speed_kmh)
                for way in ("distance", "time")
            }
            if found.edge_m is not None:
                reached = covered(found.edge_m, requirement, rule=rule, speed_kmh=group.speed_kmh)
                inside["uncertain"] = ~inside[rule] & reached
            if found.straight_m is not None:
                inside["radius"] = covered(found.straight_m, requirement, rule="distance", speed_kmh=group.speed_kmh)
            sums = _sums(samples, group, inside, code=code, size=len(names))
            for number, name in enumerate([WHOLE_AREA, *names]):
                rows.append(
                    {
                        "unit": name,
                        "category": category,
                        "level": requirement.level,
                        "group": group.id,
                        "limit_m": float(requirement.limit_m),
                        "limit_min": float(requirement.limit_min),
                        "rule": rule,
                        **_shares({key: values[number] for key, values in sums.items()}, rule),
                        "facilities": int(counts.get(name, 0)),
                        "flag": requirement.flag,
                        "clause": requirement.clause,
                        "evidence": requirement.evidence,
                    }
                )
    return pd.DataFrame(rows)


def _sums(samples: Samples, group: Group, inside: Mapping[str, np.ndarray], *, code: np.ndarray, size: int) -> dict:
    # Residences come one after another, so units do nearly so: runs are summed first, which is quicker than rows.
    start = np.flatnonzero(np.diff(code, prepend=-1))
    unit = code[start]
    out = {}
    for kind, weight in (("land", samples["land_m2"].to_numpy() / 10_000), ("people", samples[group.people].to_numpy())):
        for word, mask in (("all", None), *inside.items()):
            runs = np.add.reduceat(weight if mask is None else weight * mask, start)
            by_unit = np.bincount(unit, weights=runs, minlength=size)[:size] if size else []
            out[f"{kind}_{word}"] = np.concatenate([[runs.sum()], by_unit])
    return out


def _shares(sums: Mapping[str, float], rule: str) -> dict[str, float]:
    def share(kind: str, way: str) -> float:
        if f"{kind}_{way}" not in sums:
            return float("nan")
        return float(sums[f"{kind}_{way}"] / sums[f"{kind}_all"]) if sums[f"{kind}_all"] > 0 else float("nan")

    return {
        "land_ha": float(sums["land_all"]),
        "land_covered_ha": float(sums[f"land_{rule}"]),
        "land_share": share("land", rule),
        "people": float(sums["people_all"]),
        "people_covered": float(sums[f"people_{rule}"]),
        "people_share": share("people", rule),
        "land_share_distance": share("land", "distance"),
        "land_share_time": share("land", "time"),
        "people_share_distance": share("people", "distance"),
        "people_share_time": share("people", "time"),
        "land_share_radius": share("land", "radius"),
        "people_share_radius": share("people", "radius"),
        "people_uncertain_share": share("people", "uncertain"),
    }


def median_walks(samples: Samples, walk: WalkTimes) -> pd.DataFrame:
    """The middle walk of every residence: half its land and people walk at most that far.

    A row per residence (`residence_id`, the columns of `layers.WALK_TIMES`, and `sample`, the row of the sample meant);
    infinite when most of it is cut off.
    """
    owner, _ = numbered(samples["residence_id"].to_numpy())
    row = middle_rows(owner, walk["walk_m"].to_numpy())
    out = walk.iloc[row].reset_index(drop=True)
    out.insert(0, "residence_id", samples["residence_id"].to_numpy()[row])
    return out.assign(sample=row)


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


def middle_rows(owner: np.ndarray, walk_m: np.ndarray) -> np.ndarray:
    """For each owner (numbers from 0), in their order, the row whose walk is the owner's lower median.

    >>> middle_rows(np.array([0, 1, 1, 1]), np.array([7.0, 9.0, 1.0, np.inf])).tolist()
    [0, 1]
    """
    if (np.diff(owner) < 0).any():
        order = np.argsort(owner, kind="stable")
        return order[middle_rows(owner[order], walk_m[order])]
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    return _middles(np.append(first, len(owner)), np.ascontiguousarray(walk_m, dtype=float))


@njit(cache=True, nogil=True)
def _middles(first, walk_m):
    """Of every run of rows that of the lower median; of equal walks the one in the middle's turn."""
    out = np.empty(len(first) - 1, dtype=np.int64)
    for own in range(len(out)):
        part = walk_m[first[own] : first[own + 1]]
        turn = (len(part) - 1) // 2
        value = np.partition(part, turn)[turn]
        for row in range(len(part)):
            if part[row] < value:
                turn -= 1
        for row in range(len(part)):
            if part[row] == value:
                if turn == 0:
                    out[own] = first[own] + row
                    break
                turn -= 1
    return out
