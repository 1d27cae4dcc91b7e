"""The ranked gap list: where, whom, how far beyond which limit, the first cause, and the priority."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from livingcircle import robustness
from livingcircle.coverage import Group, Walks, covered, middle_rows, numbered
from livingcircle.gaps import causes, priority
from livingcircle.gaps.identity import gap_id
from livingcircle.gaps.units import by_unit
from livingcircle.layers import GAPS, OFF_NETWORK, UNREACHABLE, Facilities, Gaps, Residences, Samples, WalkTimes
from livingcircle.standards import Requirement, Standard
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH

__all__ = ["Reach", "by_unit", "causes", "gap_id", "gaps", "priority", "ranked"]

ARRIVING = {  # what a later step tells of a gap, empty until then
    "from_leg_m": np.nan, "speed_kmh": np.nan, "costs": "", "limit_street": "", "rank": 0, "priority": "", "priority_points": np.nan,
    **{f"priority_{part}": np.nan for part in priority.PARTS}, "residences": 1,
    "severed_by": "", "link_m": np.nan, "link_from": "", "link_to": "", "closing_facility": "",
    "closing_status": "",
}  # fmt: skip
# How remedies begin that ask for a look at the place first.
VERIFY = "verify"


@dataclass(frozen=True)
class Reach:
    """All that is known of one category for one kind of walker: walks, straight lines, entrances, years to come.

    `walks` are on the index of the samples; `straight_m` tells the straight metres from rows of the samples to the nearest
    entrance; `facility` and `source` give the facility row and the way found of every entrance row; `later` maps a coming
    year to the measure of the rule (`coverage.Walks.measure`) when its facilities are open, `varied` a change tried
    (`robustness.changes`) to the same; `known` says whether the data hold any, open or not, and `joined` whether an open
    one has a street.
    """

    walks: Walks
    straight_m: Callable[[np.ndarray], np.ndarray]
    facility: np.ndarray
    source: np.ndarray
    later: Mapping[int, np.ndarray]
    varied: Mapping[str, np.ndarray] = field(default_factory=dict)
    known: bool = True
    joined: bool = True

    @property
    def walk(self) -> WalkTimes:
        """The walk that the rule decides by."""
        return self.walks.table


def gaps(
    samples: Samples,
    residences: Residences,
    reach: Mapping[tuple[str, str], Reach],
    *,
    facilities: Facilities,
    standard: Standard,
    judged: tuple[Sequence[Group], str, float],
) -> Gaps:
    """A row per residence x category x level x group with people or land beyond the limit (`layers.GAPS`), not yet ranked.

    `reach` maps (category, group id) to what is known of it; rows of other categories are left to other calls.
    `judged` holds the groups, the deciding rule and the detour from which a way counts as severed. `people` and
    `land_ha` count what lies beyond the limit, so that they add up to what `coverage` leaves uncovered. The walk, straight
    line and facility of a row belong to one point (`sample`): the middle one of the residence's uncovered part.
    `closes_in` is the first year in which nothing of the residence lies beyond the limit any more.
    A gap is identified by residence, category, level, group and clause.
    """
    groups, rule, detour = judged
    homes = numbered(samples["residence_id"].to_numpy())
    parts = []
    for category, requirement in standard.requirements():
        for group in groups:
            if (category, group.id) not in reach:
                continue
            known = reach[category, group.id]
            part = _of_requirement(samples, homes, known, requirement, group=group, rule=rule)
            if len(part):
                parts.append(_explained(part, known, requirement, facilities, (group, rule, detour, category)))
    columns = [*GAPS.columns, "name", "status", "flag", "evidence", "sample"]
    if not parts:
        return pd.DataFrame(columns=columns)
    table = pd.concat(parts, ignore_index=True)
    of = residences.set_index("residence_id")
    keys = ("residence_id", "category", "level", "group", "clause")
    table = table.assign(
        unit=of["unit"].reindex(table["residence_id"]).to_numpy(),
        name=of["name"].reindex(table["residence_id"]).to_numpy(),
        gap_id=[gap_id(*row) for row in zip(*(table[c] for c in keys), strict=True)],
        **ARRIVING,
    )
    return table[columns]


def ranked(parts: Sequence[Gaps]) -> Gaps:
    """All gaps as one list, most urgent first, with their `priority` (`gaps.priority.judged`) and `rank` from 1.

    Priority A before B before C, then mandatory before on demand, then what is sure before what is to be verified, then people
    (`priority.people_without`), then metres beyond the limit, then the id, so that the order never wavers.
    """
    held = [part for part in parts if len(part)]
    if not held:
        return parts[0] if len(parts) else pd.DataFrame(columns=[*GAPS.columns])
    table = priority.judged(pd.concat(held, ignore_index=True))
    # Figures that a file shows as equal rank as equal, however the last bits of a sum fell.
    table["_people"], table["_excess"] = priority.people_without(table).round(6), table["excess_m"].round(6)
    # Of one class, what is known to lack comes before what has to be looked at first.
    table["_verify"] = table["cause"].map(causes.remedies()).astype(str).str.startswith(VERIFY)
    order = ["priority", "flag", "_verify", "_people", "_excess", "gap_id"]
    table = table.sort_values(order, ascending=[True, True, True, False, False, True], ignore_index=True)
    return table.drop(columns=["_verify", "_people", "_excess"]).assign(rank=np.arange(1, len(table) + 1))


def _of_requirement(
    samples: Samples, homes: tuple, reach: Reach, requirement: Requirement, *, group: Group, rule: str
) -> pd.DataFrame:
    owner, names = homes
    walk_m = reach.walks.measure(rule)
    out = np.flatnonzero(~covered(walk_m, requirement, rule=rule, speed_kmh=group.speed_kmh))
    beyond = owner[out]
    held = np.flatnonzero(np.bincount(beyond))
    people, land = samples[group.people].to_numpy(), samples["land_m2"].to_numpy() / 10_000
    sums = pd.DataFrame(
        {
            "residence_id": names[held],
            "people": np.bincount(beyond, weights=people[out])[held],
            "land_ha": np.bincount(beyond, weights=land[out])[held],
            "sample": out[middle_rows(beyond, walk_m[out])],
            "closes_in": np.nan,
        }
    )
    for year in sorted(reach.later):
        then = covered(reach.later[year][out], requirement, rule=rule, speed_kmh=group.speed_kmh)
        left = np.bincount(beyond, weights=~then)[held]
        sums.loc[sums["closes_in"].isna() & (left == 0), "closes_in"] = year
    judged = (requirement, group, rule)
    kept = ((sums["people"] > 0) | (sums["land_ha"] > 0)).to_numpy()
    sums = sums.join(_robustness(sums, reach, judged, (owner, people, land), held))
    sums["uncertain_share"] = _uncertain(reach, judged, (out, beyond, people, land), held)
    sums = sums.join(_ages(samples, (out, beyond), held))
    return sums[kept].reset_index(drop=True)


def _ages(samples: Samples, beyond: tuple, held: np.ndarray) -> pd.DataFrame:
    """Old people and children beyond the limit, NaN where the study does not tell them, and their share of everybody there."""
    out, owner = beyond
    told = {}
    for kind in ("elderly", "children"):
        column = priority.columns_of(kind, samples.columns)
        ages = np.full(len(held), np.nan)
        if column is not None:
            ages = np.bincount(owner, weights=samples[column].to_numpy()[out])[held]
        told[f"people_{kind}"] = ages
    table = pd.DataFrame(told)
    everybody = np.bincount(owner, weights=samples["people"].to_numpy()[out])[held]
    weak = table.sum(axis=1, min_count=1).to_numpy()
    return table.assign(vulnerable_share=np.divide(weak, everybody, out=np.full(len(held), np.nan), where=everybody > 0))


def _robustness(sums: pd.DataFrame, reach: Reach, judged: tuple, weights: tuple, held: np.ndarray) -> pd.DataFrame:
    """Robust or fragile by people, by land where nobody lives."""
    requirement, group, rule = judged
    owner, people, land = weights
    empty = (sums["people"] == 0).to_numpy()
    measure, left, bare = reach.walks.measure(rule), {}, {}
    size = int(owner.max()) + 1 if len(owner) else 0
    # Homes without a gap are asked for nothing.
    own = np.flatnonzero(np.isin(np.arange(size), held)[owner])
    owner, people, land = owner[own], people[own], land[own]
    for change in robustness.changes():
        tried = reach.varied.get(change.id, measure)[own]
        over = np.flatnonzero(~covered(tried, requirement, rule=rule, speed_kmh=group.speed_kmh, change=change))
        left[change.id] = np.bincount(owner[over], weights=people[over], minlength=size)[held]
        if empty.any():
            bare[change.id] = np.bincount(owner[over], weights=land[over], minlength=size)[held]
    out = robustness.judged(sums["people"].to_numpy(), left).rename(columns={"low": "people_low", "high": "people_high"})
    if empty.any():
        by_land = robustness.judged(sums["land_ha"].to_numpy(), bare)
        words = ["robustness", "fragile_to"]
        out.loc[empty, words] = by_land.loc[empty, words].to_numpy()
    return out


def _uncertain(reach: Reach, judged: tuple, beyond: tuple, held: np.ndarray) -> np.ndarray:
    """Of every gap, the share of people (land where nobody lives) whose limit reaches beyond the street data."""
    requirement, group, rule = judged
    out, owner, people, land = beyond
    if reach.walks.edge_m is None:
        return np.full(len(held), np.nan)
    open_end = covered(reach.walks.edge_m[out], requirement, rule=rule, speed_kmh=group.speed_kmh)
    shares = []
    for weight in (people[out], land[out]):
        part, whole = (np.bincount(owner, weights=weight * mask)[held] for mask in (open_end, np.ones(len(out))))
        shares.append(np.divide(part, whole, out=np.full(len(held), np.nan), where=whole > 0))
    return np.where(np.isnan(shares[0]), shares[1], shares[0])


def _explained(
    part: pd.DataFrame, reach: Reach, requirement: Requirement, facilities: Facilities, judged: tuple
) -> pd.DataFrame:
    group, rule, severed, category = judged
    row = part["sample"].to_numpy()
    walk = reach.walk.iloc[row].reset_index(drop=True)
    walk_m, straight_m = walk["walk_m"].to_numpy(), reach.straight_m(row)
    pace = group.speed_kmh * METRES_PER_MINUTE_PER_KMH
    limit_m = float(requirement.limit_m) if rule == "distance" else float(requirement.limit_min) * pace
    closes = part["closes_in"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        detour = np.where(straight_m > 0, walk_m / straight_m, np.where(np.isinf(walk_m), np.inf, 1.0))
    detour = np.where(np.isinf(straight_m), np.inf, detour)
    status = walk["status"].to_numpy()
    source = walk["source"].to_numpy()
    facility = np.where(source >= 0, np.append(reach.facility, -1)[source], -1)
    near = straight_m <= limit_m
    doubtful = near & (np.append(facilities["confidence"].to_numpy(), "")[facility] == "low")
    cause = causes.first(
        {
            "not_yet_open": ~np.isnan(closes),
            "not_found": np.full(len(row), not reach.known),
            "planned_only": np.isinf(straight_m),
            "facility_off_network": np.full(len(row), not reach.joined),
            "off_network": status == OFF_NETWORK,
            "data_doubtful": doubtful | (part["uncertain_share"].to_numpy() >= causes.uncertain_from()),
            "unreachable": status == UNREACHABLE,
            "far": ~near,
            "severed": detour >= severed,
        }
    )
    remedy = causes.remedies()
    return part.assign(
        category=category,
        level=requirement.level,
        group=group.id,
        walk_m=walk_m,
        walk_min=walk["flat_m"].to_numpy() / pace,
        limit_m=float(requirement.limit_m),
        limit_min=float(requirement.limit_min),
        excess_m=reach.walks.measure(rule)[row] - limit_m,
        excess_share=(reach.walks.measure(rule)[row] - limit_m) / limit_m,
        straight_m=straight_m,
        detour=detour,
        nearest_facility=np.append(facilities["name"].to_numpy(), "")[facility],
        cause=cause,
        remedy=[remedy[c] for c in cause],
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
