"""The ranked gap list: where, whom, how far beyond which limit, and the first cause."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from livingcircle.coverage import Group, covered, middle_rows
from livingcircle.layers import GAPS, OFF_NETWORK, UNREACHABLE, Facilities, Gaps, Residences, Samples, WalkTimes
from livingcircle.standards import Requirement, Standard
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH

REMEDIES = {
    "not_found": "verify_or_build",
    "planned_only": "build",
    "facility_off_network": "check_place",
    "off_network": "add_street",
    "unreachable": "link",
    "not_yet_open": "wait",
    "severed": "link",
    "far": "build",
    "beyond": "build_or_link",
}


@dataclass(frozen=True)
class Reach:
    """All that is known of one category: today's walks, straight lines, entrances, and walks in years to come.

    `walk` is on the index of the samples, `straight_m` beside it; `facility` and `source` give the facility row and the
    way found of every entrance row; `known` says whether the data hold any,
    open or not, and `joined` whether an open one has a street; `later` maps a coming year to the walk in metres when its facilities are open.
    """

    walk: WalkTimes
    straight_m: np.ndarray
    facility: np.ndarray
    source: np.ndarray
    later: Mapping[int, np.ndarray]
    known: bool = True
    joined: bool = True


def gaps(
    samples: Samples,
    residences: Residences,
    reach: Mapping[str, Reach],
    *,
    facilities: Facilities,
    standard: Standard,
    judged: tuple[Sequence[Group], str, float],
) -> Gaps:
    """A row per residence x category x level x group with people or land beyond the limit (`layers.GAPS`), worst first.

    `judged` holds the groups, the deciding rule and the detour from which a way counts as severed. `people` and
    `land_ha` count what lies beyond the limit, so that they add up to what `coverage` leaves uncovered. The walk, straight
    line and facility of a row belong to one point (`sample`): the middle one of the residence's uncovered part.
    `closes_in` is the first year in which nothing of the residence lies beyond the limit any more.
    Rank: mandatory before on demand, then people, then metres beyond the limit. A gap is identified by residence, category, level, group and clause.
    """
    groups, rule, detour = judged
    homes = pd.factorize(samples["residence_id"].to_numpy())
    parts = []
    for category, requirement in standard.requirements():
        if category not in reach:
            continue
        for group in groups:
            part = _of_requirement(samples, homes, reach[category], requirement, group=group, rule=rule)
            if len(part):
                parts.append(_explained(part, reach[category], requirement, facilities, (group, rule, detour, category)))
    columns = [*GAPS.columns, "name", "status", "flag", "evidence", "sample"]
    if not parts:
        return pd.DataFrame(columns=columns)
    table = pd.concat(parts, ignore_index=True)
    table["unit"] = residences.set_index("residence_id")["unit"].reindex(table["residence_id"]).to_numpy()
    table["gap_id"] = [
        gap_id(*row) for row in zip(*(table[c] for c in ("residence_id", "category", "level", "group", "clause")), strict=True)
    ]
    table["name"] = residences.set_index("residence_id")["name"].reindex(table["residence_id"]).to_numpy()
    order = ["flag", "people", "excess_m", "gap_id"]
    table = table.sort_values(order, ascending=[True, False, False, True], ignore_index=True)
    table["rank"] = np.arange(1, len(table) + 1)
    return table[columns]


def gap_id(*parts: str) -> str:
    """The id of a gap, the same in every run and on every machine for the same place, category, level, group and clause.

    >>> gap_id("R1", "edu_primary", "L10", "all", "5.0.3") == gap_id("R1", "edu_primary", "L10", "all", "5.0.3")
    True
    """
    return "G" + hashlib.blake2b("\x1f".join(parts).encode(), digest_size=5).hexdigest()


def _of_requirement(
    samples: Samples, homes: tuple, reach: Reach, requirement: Requirement, *, group: Group, rule: str
) -> pd.DataFrame:
    owner, names = homes
    walk_m = reach.walk["walk_m"].to_numpy()
    out = np.flatnonzero(~covered(walk_m, requirement, rule=rule, speed_kmh=group.speed_kmh))
    beyond = owner[out]
    held = np.unique(beyond)
    sums = pd.DataFrame(
        {
            "residence_id": names[held],
            "people": np.bincount(beyond, weights=samples[group.people].to_numpy()[out])[held],
            "land_ha": np.bincount(beyond, weights=samples["land_m2"].to_numpy()[out])[held] / 10_000,
            "sample": out[middle_rows(beyond, walk_m[out])],
            "closes_in": np.nan,
        }
    )
    for year in sorted(reach.later):
        then = covered(reach.later[year][out], requirement, rule=rule, speed_kmh=group.speed_kmh)
        left = np.bincount(beyond, weights=~then)[held]
        sums.loc[sums["closes_in"].isna() & (left == 0), "closes_in"] = year
    return sums[(sums["people"] > 0) | (sums["land_ha"] > 0)].reset_index(drop=True)


def _explained(
    part: pd.DataFrame, reach: Reach, requirement: Requirement, facilities: Facilities, judged: tuple
) -> pd.DataFrame:
    group, rule, severed, category = judged
    row = part["sample"].to_numpy()
    walk = reach.walk.iloc[row].reset_index(drop=True)
    walk_m, straight_m = walk["walk_m"].to_numpy(), reach.straight_m[row]
    limit_m = float(requirement.limit_m)
    if rule == "time":
        limit_m = float(requirement.limit_min) * group.speed_kmh * METRES_PER_MINUTE_PER_KMH
    closes = part["closes_in"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        detour = np.where(straight_m > 0, walk_m / straight_m, np.where(np.isinf(walk_m), np.inf, 1.0))
    detour = np.where(np.isinf(straight_m), np.inf, detour)
    status = walk["status"].to_numpy()
    cause = np.select(
        [
            ~np.isnan(closes),
            np.full(len(row), not reach.known),
            np.isinf(straight_m),
            np.full(len(row), not reach.joined),
            status == OFF_NETWORK,
            status == UNREACHABLE,
            straight_m > limit_m,
            detour >= severed,
        ],
        ["not_yet_open", "not_found", "planned_only", "facility_off_network", "off_network", "unreachable", "far", "severed"],
        "beyond",
    )
    source = walk["source"].to_numpy()
    facility = np.where(source >= 0, np.append(reach.facility, -1)[source], -1)
    return part.assign(
        category=category,
        level=requirement.level,
        group=group.id,
        walk_m=walk_m,
        walk_min=walk_m / (group.speed_kmh * METRES_PER_MINUTE_PER_KMH),
        limit_m=float(requirement.limit_m),
        limit_min=float(requirement.limit_min),
        excess_m=walk_m - limit_m,
        straight_m=straight_m,
        detour=detour,
        nearest_facility=np.append(facilities["name"].to_numpy(), "")[facility],
        cause=cause,
        remedy=[REMEDIES[c] for c in cause],
        confidence=_confidence(facility, source, reach, facilities),
        clause=requirement.clause,
        status=status,
        flag=requirement.flag,
        evidence=requirement.evidence,
    )


def _confidence(facility: np.ndarray, source: np.ndarray, reach: Reach, facilities: Facilities) -> np.ndarray:
    """Low where nothing was found or a centroid stands for the entrance; medium where the entrance was derived."""
    given = np.append(facilities["confidence"].to_numpy(), "low")[facility]
    way = np.append(reach.source, "centroid")[source]
    low = (facility < 0) | (given == "low") | (way == "centroid")
    medium = (given == "medium") | (way == "boundary")
    return np.select([low, medium], ["low", "medium"], "high")
