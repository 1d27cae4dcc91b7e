"""The ranked gap list: where, whom, how far beyond which limit, the first cause, and the priority."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from livingcircle.coverage import Columns, Group, Sampled, Walks, joined
from livingcircle.gaps import causes, priority
from livingcircle.gaps.beyond import KINDS, beyond
from livingcircle.gaps.identity import gap_id
from livingcircle.gaps.units import by_unit
from livingcircle.layers import GAPS, OFF_NETWORK, UNREACHABLE, Facilities, Gaps, WalkTimes
from livingcircle.standards import Requirement, Standard
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH

__all__ = ["KINDS", "Columns", "Reach", "by_unit", "causes", "gap_id", "gaps", "priority", "ranked", "table"]

ARRIVING = {  # what a later step tells of a gap, empty until then
    "from_leg_m": np.nan, "speed_kmh": np.nan, "costs": "", "limit_street": "", "rank": 0, "priority": "", "priority_points": np.nan,
    **{f"priority_{part}": np.nan for part in priority.PARTS}, "residences": 1,
    "severed_by": "", "link_m": np.nan, "link_from": "", "link_to": "", "closing_facility": "",
    "closing_status": "",
}  # fmt: skip
# Columns beside those that are handed out.
BESIDE = ("name", "status", "flag", "evidence", "sample")
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


class Names(NamedTuple):
    """Name and confidence of every facility, and of none at the end."""

    name: np.ndarray
    confidence: np.ndarray

    @classmethod
    def of(cls, facilities: Facilities) -> Names:
        """Those of a study's facilities, by row."""
        return cls(*(np.append(facilities[column].to_numpy(dtype=object), "") for column in ("name", "confidence")))


def gaps(
    samples: Sampled,
    reach: Mapping[tuple[str, str], Reach],
    *,
    facilities: Facilities,
    standard: Standard,
    judged: tuple[Sequence[Group], str, float],
) -> Columns:
    """A value per residence x category x level x group with people or land beyond the limit, by column of `layers.GAPS`, not yet ranked.

    `reach` maps (category, group id) to what is known of it; rows of other categories are left to other calls.
    `judged` holds the groups, the deciding rule and the detour from which a way counts as severed. `people` and
    `land_ha` count what lies beyond the limit, so that they add up to what `coverage` leaves uncovered. The walk, straight
    line and facility of a row belong to one point (`sample`): the middle one of the residence's uncovered part.
    `closes_in` is the first year in which nothing of the residence lies beyond the limit any more.
    A gap is identified by residence, category, level, group and clause. `table` makes a table of such columns. Nothing at all where there is no gap.
    """
    groups, rule, detour = judged
    names = Names.of(facilities)
    parts, shared = [], {}
    for category, requirement in standard.requirements():
        for group in groups:
            if (category, group.id) not in reach:
                continue
            known = reach[category, group.id]
            told = known.walks.edge_m, known.later, known.varied
            part = beyond(samples, known.walks.measure(rule), requirement, judged=(group, rule), told=told, shared=shared)
            if len(part["home"]):
                parts.append(_shown(part, known, requirement, (group, rule, category)))
    return _identified(samples, _explained(joined(parts), names, detour)) if parts else {}


def table(parts: Sequence[Columns]) -> Gaps:
    """The columns of several categories as one table, with what is told of none left empty."""
    told = joined(parts)
    if not told:
        return pd.DataFrame(columns=[*GAPS.columns, *BESIDE])
    size = len(told["gap_id"])
    return pd.DataFrame({name: told[name] if name in told else np.full(size, ARRIVING[name]) for name in (*GAPS.columns, *BESIDE)})


def _identified(samples: Sampled, part: Columns) -> Columns:
    """The columns with the residence of every gap, and its id."""
    home = part["home"]
    part = {**part, "residence_id": samples.ids[home], "unit": samples.units[home], "name": samples.names[home]}
    keys = (part[name].tolist() for name in ("residence_id", "category", "level", "group", "clause"))
    ids = np.array([gap_id(*row) for row in zip(*keys, strict=True)], dtype=object)
    return {name: ids if name == "gap_id" else part[name] for name in (*GAPS.columns, *BESIDE) if name in part or name == "gap_id"}


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


def _shown(part: Columns, reach: Reach, requirement: Requirement, judged: tuple) -> Columns:
    """The columns with what is asked of each gap, and what is known of the point shown for it."""
    group, rule, category = judged
    row = part["sample"]
    walk_m, flat_m, source = (reach.walk[column].to_numpy()[row] for column in ("walk_m", "flat_m", "source"))
    pace = group.speed_kmh * METRES_PER_MINUTE_PER_KMH
    told = {
        "category": category, "level": requirement.level, "group": group.id, "limit_m": float(requirement.limit_m),
        "limit_min": float(requirement.limit_min), "clause": requirement.clause, "flag": requirement.flag, "evidence": requirement.evidence,
        "known": reach.known, "joined": reach.joined,
    }  # fmt: skip
    most_m = float(requirement.limit_m) if rule == "distance" else float(requirement.limit_min) * pace
    return {
        **part,
        **{name: np.full(len(row), value, dtype=object if isinstance(value, str) else type(value)) for name, value in told.items()},
        "walk_m": walk_m,
        "walk_min": flat_m / pace,
        "most_m": np.full(len(row), most_m),
        "excess_m": reach.walks.measure(rule)[row] - most_m,
        "straight_m": reach.straight_m(row),
        "facility": np.where(source >= 0, np.append(reach.facility, -1)[source], -1),
        "way": np.append(np.asarray(reach.source, dtype=object), "centroid")[source],
        "status": np.asarray(reach.walk["status"].array[row], dtype=object),
    }


def _explained(told: Columns, names: Names, severed: float) -> Columns:
    """The columns with the cause of every gap, its remedy, and how sure both are."""
    walk_m, straight_m, status, facility = (told[name] for name in ("walk_m", "straight_m", "status", "facility"))
    with np.errstate(divide="ignore", invalid="ignore"):
        detour = np.where(straight_m > 0, walk_m / straight_m, np.where(np.isinf(walk_m), np.inf, 1.0))
    detour = np.where(np.isinf(straight_m), np.inf, detour)
    near = straight_m <= told["most_m"]
    doubtful = near & (names.confidence[facility] == "low")
    cause = causes.first(
        {
            "not_yet_open": ~np.isnan(told["closes_in"]),
            "not_found": ~told["known"],
            "planned_only": np.isinf(straight_m),
            "facility_off_network": ~told["joined"],
            "off_network": status == OFF_NETWORK,
            "data_doubtful": doubtful | (told["uncertain_share"] >= causes.uncertain_from()),
            "unreachable": status == UNREACHABLE,
            "far": ~near,
            "severed": detour >= severed,
        }
    ).astype(object)
    return {
        **told,
        "excess_share": told["excess_m"] / told["most_m"],
        "detour": detour,
        "nearest_facility": names.name[facility],
        "cause": cause,
        "remedy": causes.remedy_of(cause),
        "confidence": _confidence(facility, told["way"], names),
    }


def _confidence(facility: np.ndarray, way: np.ndarray, names: Names) -> np.ndarray:
    """Low where nothing was found or a centroid stands for the entrance; medium where the entrance was derived."""
    given = np.where(facility < 0, "low", names.confidence[facility])
    low = (facility < 0) | (given == "low") | (way == "centroid")
    medium = (given == "medium") | (way == "boundary")
    return np.select([low, medium], ["low", "medium"], "high").astype(object)
